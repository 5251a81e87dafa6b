//! Mail by Brevo: what is sent in what order.

mod api;
mod error;
mod fake;
mod hook;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Declared, Error, Messenger, Part,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::parts;

/// The app.
pub static APP: App = App {
    slug: "brevo",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Brevo)), Part::Hook(Arc::new(hook::Brevo))],
    judge: error::judge,
    fake: || Arc::new(fake::Brevo::default()),
};

/// Mails in one account.
#[derive(Debug, Clone, Copy)]
pub struct Brevo;

impl Messenger for Brevo {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: true };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let sender = parts::sender(cx)?;
        let account = api::account_of(&cx.http.send(api::account(cx)?).await?)?;
        let senders = api::senders_of(&cx.http.send(api::senders(cx)?).await?)?;
        if !senders.has(&sender.email) {
            let domains = api::domains_of(&cx.http.send(api::domains(cx)?).await?)?;
            domains.verdict(parts::domain(&sender))?;
        }
        Ok(Probe::of(format!("{} by Brevo, account {account}", sender.email)))
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        match cx.http.send(api::send(cx, message)?).await {
            Ok(answer) => api::receipt(&answer),
            // It was asked for again, and Brevo has it. Its own name for it is lost, but notices say ours.
            Err(error) if error::is_known_already(&error) => {
                Ok(Receipt { id: message.message_id.clone(), refused: vec![] })
            }
            Err(error) => Err(error),
        }
    }
}
