//! From what somebody typed to where their mailbox is (EWS-01, EWS-02, EWS-03).

use http::{Method, StatusCode, header::WWW_AUTHENTICATE};
use kalends_app::http::keeps_secrets;
use kalends_app::{Cx, Error, Kind, Request, Response};
use url::Url;

use crate::autodiscover::{self, Next, PLAIN, SERVICE};
use crate::session::{Place, Scheme, Session, email};
use crate::{folders, soap};

/// The interface as Exchange 2013 has it since its first service pack, and all later ones.
pub(crate) const VERSION: &str = "Exchange2013_SP1";
/// What an older one still takes.
const OLDER: &str = "Exchange2010_SP2";
const PATH: &str = "/EWS/Exchange.asmx";
const REDIRECTS: usize = 10;

/// Where the account's mailbox is and how to sign in there; the newest version it takes.
pub(crate) async fn place(cx: &Cx) -> Result<Place, Error> {
    let endpoint = match cx.setting("server") {
        Some(typed) => endpoint(typed)?,
        None => search(cx).await?,
    };
    in_the_cloud(&endpoint)?;
    let scheme = scheme(cx, &endpoint).await?;
    let place = Place { endpoint, scheme, version: VERSION.to_owned() };
    let session = Session::at(cx, place.clone());
    match folders::own(&session).await {
        Ok(_) => Ok(place),
        Err(error) if error.provider_said().is_some_and(|said| said.starts_with("InvalidServerVersion")) => {
            Ok(Place { version: OLDER.to_owned(), ..place })
        }
        Err(error) => Err(error),
    }
}

/// A host or an address as the address of the service.
fn endpoint(typed: &str) -> Result<Url, Error> {
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let mut url = Url::parse(&whole)
        .ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
        })
        .ok_or_else(|| {
            wrong("server: type a host such as mail.example.com, or the address that ends in .asmx")
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("server: leave name and password out of the address"));
    }
    if !keeps_secrets(&url) {
        return Err(wrong("server: the password would go there unprotected: use https://"));
    }
    if !url.path().to_ascii_lowercase().ends_with(".asmx") {
        url.set_path(PATH);
    }
    Ok(url)
}

/// Mailboxes in Microsoft's cloud no longer answer here (EWS-01).
fn in_the_cloud(url: &Url) -> Result<(), Error> {
    let host = url.host_str().unwrap_or_default();
    let within = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if ["office365.com", "outlook.com", "office.com", "hotmail.com", "live.com"].into_iter().any(within) {
        let message = "this mailbox is in Microsoft's cloud, which closed this way in: connect it with the Microsoft 365 app";
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(())
}

/// How the server lets us in: as chosen, else as it says itself. NTLM first, for it shows nobody the password.
async fn scheme(cx: &Cx, at: &Url) -> Result<Scheme, Error> {
    match cx.setting("sign_in") {
        Some("ntlm") => return Ok(Scheme::Ntlm),
        Some("basic") => return Ok(Scheme::Basic),
        _ => {}
    }
    let body = soap::envelope(VERSION, folders::GET_OWN);
    let request = Request::new("offers", Method::POST, at.clone()).body("text/xml; charset=utf-8", body);
    offered(&cx.http.send(request.reading().challenged()).await?)
}

fn offered(response: &Response) -> Result<Scheme, Error> {
    if response.status != StatusCode::UNAUTHORIZED {
        let message =
            "the server does not ask for a sign-in there, as an Exchange server does: check the address";
        return Err(Error::new(Kind::Malformed, message).status(response.status.as_u16()));
    }
    let offers = response.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|offer| offer.to_str().ok());
    let offers: Vec<String> = offers
        .flat_map(|offer| offer.split(','))
        .filter_map(|offer| offer.split_whitespace().next())
        .map(str::to_ascii_lowercase)
        .collect();
    if offers.iter().any(|offer| offer == "ntlm") {
        Ok(Scheme::Ntlm)
    } else if offers.iter().any(|offer| offer == "basic") {
        Ok(Scheme::Basic)
    } else {
        let message = "the server refuses us, and offers neither NTLM nor Basic to sign in with: ask its operator to allow one for EWS";
        Err(Error::new(Kind::AuthRevoked, message).status(401))
    }
}

/// Asks the places where a domain says where its mailboxes are: two by name, then what the DNS names.
async fn search(cx: &Cx) -> Result<Url, Error> {
    let email = email(cx)?;
    let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    for host in [&format!("autodiscover.{domain}"), domain] {
        match by_host(cx, host, domain).await {
            Ok(found) => return Ok(found),
            Err(error) if is_answer(&error) => return Err(error),
            Err(_) => {}
        }
    }
    let records = cx.names.srv(&format!("_autodiscover._tcp.{domain}")).await.unwrap_or_default();
    if let Some(record) = records.into_iter().next() {
        // Names come unprotected: they may not send the password to a stranger.
        if !is_kin(&record.target, domain) {
            return Err(ask_first(domain, &record.target));
        }
        return by_host(cx, &format!("{}:{}", record.target, record.port), domain).await;
    }
    Err(Error::new(
        Kind::NotFound,
        format!("{domain} does not say where its mailboxes are: type the server, such as mail.{domain}"),
    ))
}

/// True for what ends the search: a refused password is not tried elsewhere, and what asks a question says more than that
/// nobody is there.
fn is_answer(error: &Error) -> bool {
    matches!(error.kind, Kind::AuthRevoked | Kind::RateLimited { .. })
        || error.kind == Kind::Invalid && error.http_status().is_none()
}

/// Asks one host in both ways: whoever answers, but not to the first, may know the second.
async fn by_host(cx: &Cx, host: &str, domain: &str) -> Result<Url, Error> {
    let at = |path: &str| {
        Url::parse(&format!("https://{host}{path}")).map_err(|_| soap::lacking("an address that is one"))
    };
    match autodiscover(cx, at(PLAIN)?, domain).await {
        Err(error) if error.http_status().is_some() && !is_answer(&error) => {
            autodiscover(cx, at(SERVICE)?, domain).await
        }
        answer => answer,
    }
}

/// Asks one place, which may send us on (EWS-03).
async fn autodiscover(cx: &Cx, place: Url, domain: &str) -> Result<Url, Error> {
    let (mut place, mut email) = (place, email(cx)?.to_owned());
    for _ in 0..=REDIRECTS {
        let request = |op| autodiscover::question(Request::new(op, Method::POST, place.clone()), &email);
        // Who asks for no sign-in gets none: most send us on like that.
        let first = cx.http.send(request("autodiscover")?.challenged()).await?;
        let response = if first.status == StatusCode::UNAUTHORIZED {
            let session = Session::at(
                cx,
                Place { endpoint: place.clone(), scheme: offered(&first)?, version: String::new() },
            );
            session.send(request("autodiscover")?).await?
        } else {
            first
        };
        let next = if response.status.is_redirection() {
            Next::Ask(response.location().ok_or_else(|| soap::lacking("the place it sends us on to"))?)
        } else {
            autodiscover::read(&response)?
        };
        match next {
            Next::Found(url) => return checked(url),
            Next::Ask(url) => {
                let host = url.host_str().unwrap_or_default().to_owned();
                if url.scheme() != "https" {
                    return Err(Error::new(
                        Kind::Malformed,
                        format!("{domain} sends us on to {host} without https"),
                    ));
                }
                if !is_kin(&host, domain) {
                    return Err(ask_first(domain, &host));
                }
                place = url;
            }
            Next::Mailbox(address) => email = address,
        }
    }
    Err(Error::new(Kind::Malformed, format!("{domain} sends us around in circles: type the server")))
}

fn checked(url: Url) -> Result<Url, Error> {
    if keeps_secrets(&url) {
        Ok(url)
    } else {
        Err(Error::new(
            Kind::Malformed,
            "the server names an address without https, where no password may go",
        ))
    }
}

fn is_kin(host: &str, domain: &str) -> bool {
    host.eq_ignore_ascii_case(domain)
        || host.to_ascii_lowercase().ends_with(&format!(".{}", domain.to_ascii_lowercase()))
            && domain.contains('.')
}

/// The second confirmation before a password goes to another house: its owner types the server.
fn ask_first(domain: &str, host: &str) -> Error {
    let message = format!(
        "{domain} sends us on to another house, {host}. If you trust it with your password, type this as the server: {host}"
    );
    Error::new(Kind::Invalid, message)
}

fn wrong(message: &str) -> Error {
    Error::new(Kind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("mail.example.com", "https://mail.example.com/EWS/Exchange.asmx")]
    #[case("https://mail.example.com/owa/", "https://mail.example.com/EWS/Exchange.asmx")]
    #[case("https://mail.example.com/ews/exchange.asmx", "https://mail.example.com/ews/exchange.asmx")]
    #[case("http://exchange.local", "http://exchange.local/EWS/Exchange.asmx")]
    fn ews_02_what_was_typed_becomes_the_service(#[case] typed: &str, #[case] means: &str) {
        assert_eq!(endpoint(typed).unwrap().as_str(), means);
    }

    #[rstest]
    #[case("http://mail.example.com")]
    #[case("ftp://mail.example.com")]
    #[case("https://me:secret@mail.example.com")]
    #[case("https://")]
    fn an_unsafe_or_strange_server_is_refused_by_its_field(#[case] typed: &str) {
        assert!(endpoint(typed).unwrap_err().message().starts_with("server: "), "{typed}");
    }

    #[test]
    fn ews_01_a_mailbox_in_the_cloud_is_sent_to_its_own_app() {
        let cloud = |host: &str| in_the_cloud(&endpoint(host).unwrap());
        assert!(cloud("outlook.office365.com").unwrap_err().message().contains("Microsoft 365"));
        assert!(cloud("notoffice365.com").is_ok() && cloud("mail.example.com").is_ok());
    }

    #[test]
    fn dav_02_only_the_domain_itself_is_kin() {
        assert!(is_kin("Mail.Example.com", "example.com") && is_kin("example.com", "example.com"));
        assert!(!is_kin("badexample.com", "example.com") && !is_kin("a.com", "com"));
    }

    proptest! {
        #[test]
        fn all_10_nothing_typed_makes_it_panic(typed in "\\PC{0,40}") {
            let _ = endpoint(&typed); // whatever it says, it says it
        }
    }
}
