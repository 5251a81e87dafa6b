//! Mail through Microsoft 365 and Outlook.com: over SMTP, signed in to by a token.

mod fake;
mod says;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Error, Kind, Messenger, Part,
    kind::{
        Probe,
        calendar::Person,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::{Mail, Server, SignIn, smtp};

/// The app.
pub static APP: App = App {
    slug: "outlook-mail",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(OutlookMail))],
    judge: vendor_microsoft::judge,
    fake: || Arc::new(fake::Outlook::default()),
};

struct OutlookMail;

impl Messenger for OutlookMail {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: false, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let mailbox = mailbox(cx)?;
        // Microsoft lets nobody in whose token is not good for this mailbox.
        smtp::probe(cx, &server(cx, mailbox)?).await?;
        Ok(Probe { subject: Some(mailbox.to_lowercase()), ..Probe::of(mailbox) })
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let mailbox = mailbox(cx)?;
        let sender = sender(cx, mailbox, message);
        let mail = Mail::compose(&Message { from: None, ..message.clone() }, &sender, cx.now)?;
        smtp::send(cx, &server(cx, mailbox)?, &mail).await
    }
}

fn mailbox(cx: &Cx) -> Result<&str, Error> {
    cx.setting("mailbox")
        .ok_or_else(|| Error::new(Kind::Invalid, "mailbox: this is not set; open the app's settings"))
}

fn server(cx: &Cx, mailbox: &str) -> Result<Server, Error> {
    let sign_in = SignIn::Token { user: mailbox.to_owned() };
    Server::at(cx.endpoints.get("smtp")?, sign_in, mailbox, says::judge)
}

/// Whatever name a message has for its sender, it comes from the mailbox: Microsoft sends as nobody else.
fn sender(cx: &Cx, mailbox: &str, message: &Message) -> Person {
    let own = || cx.setting("from_name").unwrap_or_default().to_owned();
    let name = message.from.as_ref().map_or_else(own, |from| from.name.clone());
    Person { name, email: mailbox.to_owned() }
}

#[cfg(test)]
mod tests;
