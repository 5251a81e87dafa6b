//! Mail by Amazon SES: what is sent in what order.

mod api;
mod error;
mod fake;
mod hook;
mod sign;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Declared, Error, Kind, Messenger, Part, Request, Response,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::{Mail, parts};

/// The app.
pub static APP: App = App {
    slug: "amazon-ses",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(AmazonSes)), Part::Hook(Arc::new(hook::AmazonSes))],
    judge: error::judge,
    fake: || Arc::new(fake::AmazonSes::default()),
};

/// Mails from one region of one account.
#[derive(Debug, Clone, Copy)]
pub struct AmazonSes;

impl Messenger for AmazonSes {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let sender = parts::sender(cx)?;
        let trial = match allowed(cx.http.send(api::account(cx)?).await)? {
            Some(answer) => api::may_send(&answer)?.trial,
            None => false,
        };
        verified(cx, &sender.email).await?;
        let region = api::region(cx);
        let trial = if trial { ", on trial: to verified addresses only" } else { "" };
        Ok(Probe::of(format!("{} by Amazon SES in {region}{trial}", sender.email)))
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        // Amazon gives each mail a `Message-ID` of its own. What it calls a mail comes back in notices, and so does this.
        let mut message = message.clone();
        message.headers.push((parts::OUR_NAME.to_owned(), message.message_id.clone()));
        let mail = Mail::compose(&message, &parts::sender(cx)?, cx.now)?;
        let answer = cx.http.send(api::send(cx, &mail)?).await?;
        api::receipt(&answer)
    }
}

/// Nothing where the key may not ask, for then it is a good key all the same.
fn allowed(answer: Result<Response, Error>) -> Result<Option<Response>, Error> {
    match answer {
        Err(error) if matches!(error.kind, Kind::ScopeMissing { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// The address, its domain or one above that must be verified in this region.
async fn verified(cx: &Cx, email: &str) -> Result<(), Error> {
    for name in api::identities(email) {
        let asked: Request = api::identity(cx, name)?;
        match allowed(cx.http.send(asked).await) {
            Ok(None) => return Ok(()),
            Ok(Some(answer)) if api::is_verified(&answer)? => return Ok(()),
            Ok(Some(_)) => {}
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let region = api::region(cx);
    let message = format!(
        "neither the sender’s address nor its domain is verified in {region}: verify one there under Identities, or take another region"
    );
    Err(Error::new(Kind::PolicyDenied, message))
}
