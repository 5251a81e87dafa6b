//! The wire: our values to requests, answers to our values. No sending happens here.

use http::Method;
use kalends_app::{Cx, Error, Kind, Request, Response, hook::signature, kind::messenger::Receipt};
use serde::Deserialize;
use url::Url;
use vendor_mail::Mail;

/// The sending domain as it stands there.
pub fn domain(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("domain", url(cx, |domain| format!("v4/domains/{domain}"))?))
}

/// A mail without anything, which nobody takes.
pub fn nothing(cx: &Cx) -> Result<Request, Error> {
    let request = Request::new("may_send", Method::POST, url(cx, mime)?).reading();
    Ok(request.body("application/x-www-form-urlencoded", ""))
}

/// One mail, as the text we made: `to` is its envelope. Its links stay as they are, and nobody counts who opens it.
pub fn send(cx: &Cx, mail: &Mail) -> Result<Request, Error> {
    let boundary = format!("=_{}", &signature::hmac_hex(mail.id.as_bytes(), &[mail.text.as_bytes()])[..32]);
    let to = mail.to.iter().map(|(_, address)| part(&boundary, "name=\"to\"", address.as_ref()));
    let file = "name=\"message\"; filename=\"mail.eml\"\r\nContent-Type: message/rfc822";
    let rest = [
        part(&boundary, "name=\"o:tracking\"", "no"),
        part(&boundary, file, &mail.text),
        format!("--{boundary}--\r\n"),
    ];
    let body: String = to.chain(rest).collect();
    let request = Request::new("message", Method::POST, url(cx, mime)?).body("multipart/form-data", body);
    request.header("content-type", &format!("multipart/form-data; boundary=\"{boundary}\""))
}

fn part(boundary: &str, head: &str, value: &str) -> String {
    format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
}

/// The mail's own `Message-ID`, which Mailgun keeps.
pub fn receipt(answer: &Response) -> Result<Receipt, Error> {
    #[derive(Deserialize)]
    struct Queued {
        id: String,
    }
    let queued: Queued = answer.json()?;
    Ok(Receipt { id: queued.id.trim_matches(['<', '>']).to_owned(), refused: vec![] })
}

/// Whether the domain may send.
pub fn verified(cx: &Cx, answer: &Response) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct There {
        domain: Domain,
    }
    #[derive(Deserialize)]
    struct Domain {
        state: String,
    }
    let there: There = answer.json()?;
    let words = match there.domain.state.as_str() {
        "active" => return Ok(()),
        "disabled" => "is disabled at Mailgun: ask there why",
        _ => "is not verified at Mailgun: its DNS records are listed there under Domains",
    };
    Err(Error::new(Kind::PolicyDenied, format!("{} {words}", cx.setting("domain").unwrap_or_default())))
}

fn mime(domain: &str) -> String {
    format!("v3/{domain}/messages.mime")
}

fn url(cx: &Cx, path: impl FnOnce(&str) -> String) -> Result<Url, Error> {
    let missing = || Error::new(Kind::Invalid, "domain: this is not set; open the app's settings");
    let path = path(cx.setting("domain").ok_or_else(missing)?);
    let base = cx.endpoints.get(cx.setting("region").unwrap_or("us"))?;
    base.join(&path).map_err(|error| Error::new(Kind::Invalid, format!("{path}: {error}")))
}
