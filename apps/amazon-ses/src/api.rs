//! The wire: our values to requests, answers to our values. No sending happens here.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use kalends_app::{Cx, Error, Kind, Request, Response, kind::messenger::Receipt};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use vendor_mail::Mail;

use crate::sign::{self, Key};

/// Whether the account may send, and to whom.
pub fn account(cx: &Cx) -> Result<Request, Error> {
    signed(cx, Request::get("account", url(cx, "v2/email/account")?))
}

/// One sender, as it stands in this region.
pub fn identity(cx: &Cx, name: &str) -> Result<Request, Error> {
    let path = format!("v2/email/identities/{}", sign::encoded(name));
    signed(cx, Request::get("identity", url(cx, &path)?))
}

/// One mail, as the text we made.
pub fn send(cx: &Cx, mail: &Mail) -> Result<Request, Error> {
    let to: Vec<&str> = mail.to.iter().map(|(_, address)| address.as_ref()).collect();
    let mut body = json!({
        "Destination": { "ToAddresses": to },
        "Content": { "Raw": { "Data": BASE64_STANDARD.encode(&mail.text) } },
    });
    if let Some(set) = cx.setting("configuration_set") {
        body["ConfigurationSetName"] = set.into();
    }
    let request = Request::new("message", Method::POST, url(cx, "v2/email/outbound-emails")?);
    signed(cx, request.body("application/json", body.to_string()))
}

/// What Amazon calls the mail it has taken.
pub fn receipt(answer: &Response) -> Result<Receipt, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Taken {
        message_id: String,
    }
    let taken: Taken = answer.json()?;
    Ok(Receipt { id: taken.message_id, refused: vec![] })
}

/// An account that may send.
pub struct MaySend {
    /// Only to addresses that are verified there.
    pub trial: bool,
}

/// Reads whether it may.
pub fn may_send(answer: &Response) -> Result<MaySend, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct There {
        sending_enabled: bool,
        #[serde(default = "yes")]
        production_access_enabled: bool,
    }
    const fn yes() -> bool {
        true
    }
    let there: There = answer.json()?;
    if there.sending_enabled {
        return Ok(MaySend { trial: !there.production_access_enabled });
    }
    let message = "Amazon lets this account send nothing in this region: look there under Account dashboard";
    Err(Error::new(Kind::PolicyDenied, message))
}

/// Whether mails may come from it.
pub fn is_verified(answer: &Response) -> Result<bool, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Identity {
        verified_for_sending_status: bool,
    }
    Ok(answer.json::<Identity>()?.verified_for_sending_status)
}

/// By what a sender may be known there: its address, its domain, and those above, for they count for all below them.
pub fn identities(email: &str) -> Vec<&str> {
    let mut all = vec![email];
    let mut rest = email.rsplit_once('@').map(|(_, domain)| domain);
    while let Some(domain) = rest.filter(|domain| domain.contains('.')) {
        all.push(domain);
        rest = domain.split_once('.').map(|(_, above)| above);
    }
    all
}

/// The region in which mails are sent.
pub fn region(cx: &Cx) -> &str {
    cx.setting("region").unwrap_or("us-east-1")
}

fn signed(cx: &Cx, request: Request) -> Result<Request, Error> {
    let missing = || Error::new(Kind::AuthRevoked, "access_key_id: this is not set; open the app's settings");
    let id = cx.setting("access_key_id").ok_or_else(missing)?;
    let key = Key { id, secret: cx.secret("secret_access_key")?, region: region(cx), service: "ses" };
    sign::signed(request, &key, cx.now)
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let joined = cx.endpoints.get(region(cx))?.join(path);
    joined.map_err(|error| Error::new(Kind::Invalid, format!("{path}: {error}")))
}
