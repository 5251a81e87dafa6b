//! Mail through SendGrid: what is sent in what order. The requests are in `api`, its notices in `hook`.

mod api;
mod error;
mod fake;
mod hook;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Declared, Error, Messenger, Part,
    hook::{SECRET, signature},
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};

/// The app.
pub static APP: App = App {
    slug: "sendgrid",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(SendGrid)), Part::Hook(Arc::new(hook::SendGrid))],
    judge: error::judge,
    fake: || Arc::new(fake::SendGrid::default()),
};

/// Mails by one account.
#[derive(Debug, Clone, Copy)]
pub struct SendGrid;

impl Messenger for SendGrid {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        if let Some(key) = cx.secrets.get(SECRET) {
            signature::p256_key(key)?;
        }
        let answer = cx.http.send(api::scopes(cx)?).await?;
        api::probe(cx, &answer)
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let answer = cx.http.send(api::send(cx, message)?).await?;
        Ok(api::receipt(&answer, message))
    }
}
