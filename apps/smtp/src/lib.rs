//! Mail over SMTP: the form and its settings. The mail and the conversation are in `vendors/mail`.

mod fake;
mod settings;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Messenger, Part,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::{Mail, smtp};

/// The app.
pub static APP: App = App {
    slug: "smtp",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Smtp))],
    judge: kalends_app::no_opinion,
    fake: || Arc::new(fake::Smtp::default()),
};

struct Smtp;

impl Messenger for Smtp {
    type Error = kalends_app::Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: false, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Self::Error> {
        let (server, sender) = settings::read(cx)?;
        smtp::probe(cx, &server).await?;
        Ok(Probe::of(format!("{} by {}", sender.email, server.host)))
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Self::Error> {
        let (server, sender) = settings::read(cx)?;
        smtp::send(cx, &server, &Mail::compose(message, &sender, cx.now)?).await
    }
}

#[cfg(test)]
mod tests;
