//! The wire: our values to requests, answers to our values.

use http::Method;
use kalends_app::{Cx, Error, Kind, Request, Response};
use serde::Deserialize;
use vendor_google::call;

/// Gmail takes no larger mail, all its parts encoded.
const MOST: usize = 25_000_000;

/// Whose account it is.
#[derive(Debug, Deserialize)]
pub struct Owner {
    /// Google's own number of it; `OpenID` calls it `sub`.
    #[serde(alias = "sub")]
    pub id: String,
    /// Its mail address.
    pub email: String,
}

/// Asks whose account it is; more of it may not be seen.
pub async fn owner(cx: &Cx) -> Result<Owner, Error> {
    call::read(cx, "read_account", call::address(cx, "account", ["userinfo"])?).await
}

/// Hands a mail over, word for word. Nothing tells a second one from the first, so it is never sent twice.
pub fn send(cx: &Cx, mail: String) -> Result<Request, Error> {
    if mail.len() > MOST {
        let message = format!(
            "the mail has {} MB and Gmail takes at most 25: leave files out of it",
            mail.len() / 1_000_000
        );
        return Err(Error::new(Kind::Invalid, message));
    }
    let url = call::address(cx, "upload", ["users", "me", "messages", "send"])?;
    let url = call::with(url, &[("uploadType", "media")]);
    Ok(Request::new("message", Method::POST, url).body("message/rfc822", mail))
}

/// What Gmail calls the mail. An answer that makes no sense says nothing about whether it went out.
pub fn sent(answer: &Response) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Sent {
        id: String,
    }
    let sent: Result<Sent, Error> = answer.json();
    sent.map(|sent| sent.id).map_err(|error| error.as_kind(Kind::UnknownOutcome))
}
