//! The two ways a domain is asked where a mailbox is: plain XML, as every Exchange has it, and SOAP, since 2010 (EWS-03).

use kalends_app::{Error, Kind, Request, Response};
use url::Url;
use vendor_xml::{Element, escaped, parse};

use crate::soap::{self, SOAP};

/// Where plain XML is asked.
pub(crate) const PLAIN: &str = "/autodiscover/autodiscover.xml";
/// Where SOAP is asked.
pub(crate) const SERVICE: &str = "/autodiscover/autodiscover.svc";
const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const ANSWER: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const SPACE: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";

/// What a place says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The service is here.
    Found(Url),
    /// Ask there.
    Ask(Url),
    /// Ask for this mailbox instead.
    Mailbox(String),
}

fn is_service(place: &Url) -> bool {
    place.path().to_ascii_lowercase().ends_with(".svc")
}

/// The question for a place, by its address.
pub(crate) fn question(request: Request, email: &str) -> Result<Request, Error> {
    let email = escaped(email);
    let xml = "text/xml; charset=utf-8";
    if !is_service(&request.url) {
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{REQUEST}"><Request><EMailAddress>{email}</EMailAddress><AcceptableResponseSchema>{ANSWER}</AcceptableResponseSchema></Request></Autodiscover>"#
        );
        return Ok(request.body(xml, body).reading());
    }
    let action = format!("{SPACE}/Autodiscover/GetUserSettings");
    let to = escaped(request.url.as_str());
    let body = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:a="{SPACE}" xmlns:w="{ADDRESSING}"><s:Header><a:RequestedServerVersion>Exchange2010</a:RequestedServerVersion><w:Action>{action}</w:Action><w:To>{to}</w:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>{email}</a:Mailbox></a:User></a:Users><a:RequestedSettings><a:Setting>ExternalEwsUrl</a:Setting><a:Setting>InternalEwsUrl</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body></s:Envelope>"#
    );
    let request = request.header("soapaction", &format!("\"{action}\""))?;
    Ok(request.body(xml, body).reading())
}

/// The answer of a place.
pub(crate) fn read(response: &Response) -> Result<Next, Error> {
    let root = parse(&response.body)?;
    if is_service(&response.url) { by_service(&root) } else { plain(&root) }
}

fn address(text: &str) -> Result<Url, Error> {
    Url::parse(text.trim()).map_err(|_| soap::lacking("an address that is one"))
}

fn plain(root: &Element) -> Result<Next, Error> {
    let text = |of: &Element, name: &str| of.child(ANSWER, name).and_then(Element::words).map(str::to_owned);
    let account = root
        .children
        .iter()
        .find(|part| part.name == "Response")
        .and_then(|response| response.child(ANSWER, "Account"))
        .ok_or_else(|| soap::lacking("the account"))?;
    match text(account, "Action").as_deref() {
        Some("redirectUrl") => {
            address(&text(account, "RedirectUrl").ok_or_else(|| soap::lacking("where to go"))?).map(Next::Ask)
        }
        Some("redirectAddr") => {
            text(account, "RedirectAddr").map(Next::Mailbox).ok_or_else(|| soap::lacking("the other mailbox"))
        }
        _ => {
            // Reached from outside first: that is where we are, as far as we know.
            let of = |kind: &str| {
                let mut all = account.all(ANSWER, "Protocol");
                all.find(|one| text(one, "Type").as_deref() == Some(kind)).and_then(|one| text(one, "EwsUrl"))
            };
            let found = of("EXPR").or_else(|| of("EXCH"));
            address(&found.ok_or_else(|| soap::lacking("the address of the service"))?).map(Next::Found)
        }
    }
}

fn by_service(root: &Element) -> Result<Next, Error> {
    let inside = |of: &Element, path: &[&str]| -> Option<Element> {
        path.iter().try_fold(of.clone(), |of, name| of.child(SPACE, name).cloned())
    };
    let text = |of: &Element, name: &str| of.child(SPACE, name).and_then(Element::words).map(str::to_owned);
    let answer = root
        .child(SOAP, "Body")
        .and_then(|body| inside(body, &["GetUserSettingsResponseMessage", "Response"]))
        .ok_or_else(|| soap::lacking("the settings of the mailbox"))?;
    // The answer as a whole has a code, and so has each mailbox in it: ours is the only one.
    let of_user = inside(&answer, &["UserResponses", "UserResponse"]);
    let told = of_user.as_ref().filter(|_| text(&answer, "ErrorCode").as_deref() == Some("NoError"));
    let told = told.unwrap_or(&answer);
    let target = || text(told, "RedirectTarget").ok_or_else(|| soap::lacking("where to go"));
    match text(told, "ErrorCode").as_deref().unwrap_or("NoError") {
        "RedirectUrl" => address(&target()?).map(Next::Ask),
        "RedirectAddress" => target().map(Next::Mailbox),
        "NoError" => {
            let settings = inside(told, &["UserSettings"]).ok_or_else(|| soap::lacking("the settings"))?;
            let of = |name: &str| {
                let mut all = settings.all(SPACE, "UserSetting");
                all.find(|one| text(one, "Name").as_deref() == Some(name)).and_then(|one| text(one, "Value"))
            };
            let found = of("ExternalEwsUrl").or_else(|| of("InternalEwsUrl"));
            address(&found.ok_or_else(|| soap::lacking("the address of the service"))?).map(Next::Found)
        }
        "ServerBusy" => Err(Error::new(Kind::Down, "the server is busy: try again in a minute")),
        code => Err(Error::new(Kind::NotFound, "the domain knows no such mailbox").said(code)),
    }
}

#[cfg(test)]
mod tests {
    use kalends_app::fake::answer;
    use rstest::rstest;

    use super::*;

    fn place(path: &str) -> Request {
        Request::get(
            "autodiscover",
            format!("https://autodiscover.example.com{path}").parse().expect("an address"),
        )
    }

    fn soap(user: &str) -> String {
        format!(
            r#"<s:Envelope xmlns:s="{SOAP}"><s:Body><GetUserSettingsResponseMessage xmlns="{SPACE}"><Response><ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses><UserResponse>{user}</UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"#
        )
    }

    fn told(body: &str) -> Result<Next, Error> {
        read(&answer(&place(SERVICE), 200, &[], body.to_owned()))
    }

    fn setting(name: &str, value: &str) -> String {
        format!("<UserSetting><Name>{name}</Name><Value>{value}</Value></UserSetting>")
    }

    #[test]
    fn ews_03_a_soap_answer_names_the_service_as_reached_from_outside() {
        let inside = setting("InternalEwsUrl", "https://inside.example.com/EWS/Exchange.asmx");
        let outside = setting("ExternalEwsUrl", "https://mail.example.com/EWS/Exchange.asmx");
        let both = format!("<ErrorCode>NoError</ErrorCode><UserSettings>{inside}{outside}</UserSettings>");
        let url = |text: &str| Next::Found(text.parse().expect("an address"));
        assert_eq!(told(&soap(&both)).unwrap(), url("https://mail.example.com/EWS/Exchange.asmx"));
        let one = format!("<ErrorCode>NoError</ErrorCode><UserSettings>{inside}</UserSettings>");
        assert_eq!(told(&soap(&one)).unwrap(), url("https://inside.example.com/EWS/Exchange.asmx"));
    }

    #[rstest]
    #[case("RedirectUrl", "https://other.example.com/autodiscover/autodiscover.svc")]
    #[case("RedirectAddress", "host@other.example.com")]
    fn ews_03_a_soap_answer_may_send_us_on(#[case] code: &str, #[case] target: &str) {
        let user = format!("<ErrorCode>{code}</ErrorCode><RedirectTarget>{target}</RedirectTarget>");
        let next = match told(&soap(&user)).unwrap() {
            Next::Ask(url) => ("RedirectUrl", url.to_string()),
            Next::Mailbox(address) => ("RedirectAddress", address),
            Next::Found(url) => panic!("it found {url}"),
        };
        assert_eq!(next, (code, target.to_owned()));
    }

    #[rstest]
    #[case(&soap("<ErrorCode>InvalidUser</ErrorCode>"), "not_found")]
    #[case(&soap("<ErrorCode>ServerBusy</ErrorCode>"), "provider_down")]
    #[case(&soap("<ErrorCode>NoError</ErrorCode><UserSettings/>"), "malformed")]
    #[case(&soap("<ErrorCode>RedirectUrl</ErrorCode>"), "malformed")]
    #[case("<html/>", "malformed")]
    fn ews_03_all_09_a_soap_answer_that_says_no_is_none(#[case] body: &str, #[case] kind: &str) {
        assert_eq!(told(body).unwrap_err().kind.name(), kind);
    }

    #[test]
    fn ews_03_the_question_names_its_operation_and_escapes_the_address() {
        let asked = question(place(SERVICE), "a&b@example.com").unwrap();
        let action = asked.headers["soapaction"].to_str().unwrap();
        assert_eq!(
            action,
            "\"http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings\""
        );
        let text = String::from_utf8_lossy(&asked.body).into_owned();
        assert!(text.contains("<a:Mailbox>a&amp;b@example.com</a:Mailbox>"), "{text}");
        assert!(parse(&asked.body).is_ok());
        let plain = question(place(PLAIN), "a&b@example.com").unwrap();
        assert!(String::from_utf8_lossy(&plain.body).contains("<EMailAddress>a&amp;b@example.com<"));
    }
}
