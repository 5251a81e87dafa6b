//! Mail by Mailgun: what is sent in what order.

mod api;
mod error;
mod fake;
mod hook;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Declared, Error, Kind, Messenger, Part,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::{Mail, parts};

/// The app.
pub static APP: App = App {
    slug: "mailgun",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Mailgun)), Part::Hook(Arc::new(hook::Mailgun))],
    judge: error::judge,
    fake: || Arc::new(fake::Mailgun::default()),
};

/// Mails from one domain.
#[derive(Debug, Clone, Copy)]
pub struct Mailgun;

impl Messenger for Mailgun {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let sender = parts::sender(cx)?;
        match cx.http.send(api::domain(cx)?).await {
            Ok(answer) => api::verified(cx, &answer)?,
            // A key for sending alone may not look at its domain. Whether it is one, an empty mail tells: it is refused as
            // empty, and a wrong key before anybody looks at the mail.
            Err(error) if error.kind == Kind::AuthRevoked => match cx.http.send(api::nothing(cx)?).await {
                Ok(_) => return Err(Error::new(Kind::Malformed, "Mailgun takes an empty mail")),
                Err(error) if error.kind == Kind::Invalid => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
        Ok(Probe::of(format!("{} by Mailgun", sender.email)))
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let mail = Mail::compose(message, &parts::sender(cx)?, cx.now)?;
        let answer = cx.http.send(api::send(cx, &mail)?).await?;
        api::receipt(&answer)
    }
}
