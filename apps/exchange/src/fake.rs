//! An Exchange server in memory: one mailbox, strict about every request, with faults on demand.

pub(crate) mod acceptor;
mod mailbox;
mod operations;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::fake::{Bench, Fake, Laid, Way, answer as reply, connection};
use kalends_app::kind::calendar::Shown;
use kalends_app::{Request, Response};
use kalends_domain::event_type::Visibility;

use self::acceptor::{Acceptor, Verdict};
#[cfg(test)]
pub(crate) use self::mailbox::CALENDAR;
pub(crate) use self::mailbox::Event;
use self::mailbox::Mailbox;
use crate::ntlm::SCHEME;
use crate::soap::{MESSAGES, SOAP, TYPES};

const SERVICE: &str = "https://ews.example.test/EWS/Exchange.asmx";
const EMAIL: &str = "host@example.com";
const USER: &str = "EXAMPLE\\host";
const PASSWORD: &str = "correct horse battery staple";
const ACCEPTOR: Acceptor =
    Acceptor { user: "host", domain: "EXAMPLE", password: PASSWORD, timed: true, binding: [0; 16] };

/// The server. Its names differ in how they let people in.
#[derive(Default)]
pub(crate) struct Server {
    bench: Bench,
    mailbox: Mutex<Mailbox>,
    /// What was said on each connection, and who is signed in there.
    talks: Mutex<BTreeMap<u64, Talk>>,
}

#[derive(Debug, Clone)]
enum Talk {
    Asked { hello: String, challenge: String },
    SignedIn,
}

/// How a host lets people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// `ews.example.test`, `autodiscover.example.com`
    Basic,
    /// `ntlm.example.test`
    Ntlm,
    /// `kerberos.example.test`
    Neither,
}

impl Server {
    pub(crate) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is not let in gets this.
    fn refused(&self, request: &Request, door: Door) -> Result<Option<Response>, String> {
        let said =
            request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let refuse = |offer: &str| reply(request, 401, &[("www-authenticate", offer)], "");
        match door {
            Door::Basic => {
                let known = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")));
                Ok((said != known).then(|| refuse("Basic realm=\"ews.example.test\"")))
            }
            Door::Neither => Ok(Some(refuse("Negotiate"))),
            Door::Ntlm if said.is_empty() && connection(request).is_none() => {
                Ok(Some(refuse("Negotiate, NTLM")))
            }
            Door::Ntlm => {
                let number = connection(request).ok_or("an NTLM message on any connection")?;
                let mut talks = self.talks.lock().unwrap_or_else(PoisonError::into_inner);
                match talks.get(&number).cloned() {
                    Some(Talk::SignedIn) if said.is_empty() => Ok(None),
                    Some(Talk::Asked { hello, challenge }) if request.body.len() > 1 => {
                        talks.remove(&number);
                        if ACCEPTOR.judge(&hello, &challenge, said) == Verdict::Welcome {
                            talks.insert(number, Talk::SignedIn);
                            return Ok(None);
                        }
                        Ok(Some(refuse(SCHEME)))
                    }
                    _ => match ACCEPTOR.challenge(said) {
                        Some(challenge) if request.body.is_empty() => {
                            let answer = refuse(&challenge);
                            talks.insert(number, Talk::Asked { hello: said.to_owned(), challenge });
                            Ok(Some(answer))
                        }
                        Some(_) => Err("a hello that already says what it wants".into()),
                        None => Ok(Some(refuse(SCHEME))),
                    },
                }
            }
        }
    }

    fn service(&self, request: &Request) -> Result<Response, String> {
        let header =
            |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header("content-type") != "text/xml; charset=utf-8" {
            return Err("SOAP 1.1 is text/xml; charset=utf-8 (EWS-02)".into());
        }
        let root = vendor_xml::parse(&request.body).map_err(|error| error.to_string())?;
        if !root.is(SOAP, "Envelope") {
            return Err("no envelope".into());
        }
        let version =
            root.child(SOAP, "Header").and_then(|header| header.child(TYPES, "RequestServerVersion"));
        let version =
            version.and_then(|version| version.attribute("Version")).ok_or("no RequestServerVersion")?;
        if !matches!(version, "Exchange2013_SP1" | "Exchange2010_SP2") {
            return Err(format!("the version {version}"));
        }
        let body = root.child(SOAP, "Body").ok_or("no body")?;
        let [operation] = body.children.as_slice() else {
            return Err("not one operation in the body".into());
        };
        let name = operation.name.strip_suffix("Request").unwrap_or(&operation.name);
        if operation.space != MESSAGES || header("soapaction") != format!("\"{MESSAGES}/{name}\"") {
            return Err(format!(
                "the operation {} under the action {}",
                operation.name,
                header("soapaction")
            ));
        }
        if self.mailbox().is_old() && version == "Exchange2013_SP1" {
            return Ok(operations::too_new(request));
        }
        let told = operations::perform(&mut self.mailbox(), name, operation)?;
        Ok(reply(request, 200, &[("content-type", "text/xml; charset=utf-8")], operations::enveloped(&told)))
    }
}

/// What the domain says of its mailboxes.
fn autodiscover(request: &Request) -> Result<Response, String> {
    let text = String::from_utf8_lossy(&request.body);
    if !text.contains("<EMailAddress>host@example.com</EMailAddress>") {
        return Err("a question about a mailbox nobody has".into());
    }
    let space = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    let body = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="{space}"><User><DisplayName>Hanna Host</DisplayName></User><Account><AccountType>email</AccountType><Action>settings</Action><Protocol><Type>EXCH</Type><EwsUrl>https://inside.example.test/EWS/Exchange.asmx</EwsUrl></Protocol><Protocol><Type>EXPR</Type><EwsUrl>{SERVICE}</EwsUrl></Protocol></Account></Response></Autodiscover>"#
    );
    Ok(reply(request, 200, &[("content-type", "text/xml")], body))
}

/// The same, asked by SOAP.
fn settings(request: &Request) -> Result<Response, String> {
    const SPACE: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";
    let root = vendor_xml::parse(&request.body).map_err(|error| error.to_string())?;
    let action = request.headers.get("soapaction").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if action != format!("\"{SPACE}/Autodiscover/GetUserSettings\"") {
        return Err(format!("the action {action}"));
    }
    let path = ["GetUserSettingsRequestMessage", "Request", "Users", "User", "Mailbox"];
    let body = root.child(SOAP, "Body").ok_or("no body")?;
    let mailbox = path.iter().try_fold(body, |of, name| of.child(SPACE, name));
    if mailbox.and_then(vendor_xml::Element::words) != Some(EMAIL) {
        return Err("a question about a mailbox nobody has".into());
    }
    let version = root.child(SOAP, "Header").and_then(|header| header.child(SPACE, "RequestedServerVersion"));
    version.ok_or("no RequestedServerVersion")?;
    let body = format!(
        r#"<s:Envelope xmlns:s="{SOAP}"><s:Body><GetUserSettingsResponseMessage xmlns="{SPACE}"><Response><ErrorCode>NoError</ErrorCode><UserResponses><UserResponse><ErrorCode>NoError</ErrorCode><UserSettings><UserSetting><Name>ExternalEwsUrl</Name><Value>{SERVICE}</Value></UserSetting></UserSettings></UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>"#
    );
    Ok(reply(request, 200, &[("content-type", "text/xml; charset=utf-8")], body))
}

impl Fake for Server {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let host = request.url.host_str().unwrap_or_default();
        let door = match (request.url.scheme(), host) {
            ("https", "ews.example.test" | "autodiscover.example.com") => Door::Basic,
            ("https", "ntlm.example.test") => Door::Ntlm,
            ("https", "kerberos.example.test") => Door::Neither,
            (scheme, host) => return Err(format!("a request to {scheme}://{host}")),
        };
        if request.method != "POST" {
            return Err(format!("everything here is a POST, not {}", request.method));
        }
        if let Some(refused) = self.refused(request, door)? {
            return Ok(refused);
        }
        match (host, request.url.path()) {
            ("autodiscover.example.com", "/autodiscover/autodiscover.xml") => autodiscover(request),
            ("autodiscover.example.com", "/autodiscover/autodiscover.svc") => settings(request),
            ("ews.example.test" | "ntlm.example.test", "/EWS/Exchange.asmx") => self.service(request),
            _ => Ok(reply(request, 404, &[], "")),
        }
    }

    fn ways(&self) -> &'static [Way] {
        &[("ntlm", &[("server", "ntlm.example.test")])]
    }

    fn lay(&self, laid: &Laid) -> bool {
        self.mailbox().put_by_other(Event::laid(laid));
        true
    }

    fn shown(&self, uid: &str) -> Option<Shown> {
        let mailbox = self.mailbox();
        let mut events = mailbox.folders.values().flat_map(|folder| folder.events.values());
        let texts = &events.find(|event| event.uid == uid)?.texts;
        let text = |name: &str| texts.get(name).map(String::as_str);
        let minutes = text("ReminderMinutesBeforeStart").and_then(|minutes| minutes.parse().ok());
        Some(Shown {
            colour: text("Categories").and_then(vendor_microsoft::colour),
            visibility: match text("Sensitivity") {
                Some("Private") => Visibility::Private,
                _ => Visibility::Usual,
            },
            reminders: match text("ReminderIsSet") {
                None => None,
                Some("true") => minutes.map(|minutes| vec![minutes]),
                Some(_) => Some(vec![]),
            },
            ..Shown::default()
        })
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("email", EMAIL), ("username", USER), ("password", PASSWORD), ("server", SERVICE)]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }
}
