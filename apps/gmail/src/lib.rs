//! Mail through Gmail and Google Workspace, by the Gmail API.

mod api;
mod fake;
mod judge;

use std::sync::Arc;

use kalends_app::{
    App, Cx, Error, Messenger, Part,
    kind::{
        Probe,
        calendar::Person,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::Mail;

/// The app.
pub static APP: App = App {
    slug: "gmail",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Gmail))],
    judge: judge::judge,
    fake: || Arc::new(fake::Gmail::default()),
};

/// The setting in which the probe leaves the account's address.
const ADDRESS: &str = "address";

struct Gmail;

impl Messenger for Gmail {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: false, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let owner = api::owner(cx).await?;
        let found = [(ADDRESS.to_owned(), owner.email.clone().into())].into_iter().collect();
        Ok(Probe { subject: Some(owner.id), found, ..Probe::of(owner.email) })
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let sender = sender(cx, message).await?;
        let mail = Mail::compose(&Message { from: None, ..message.clone() }, &sender, cx.now)?;
        let id = api::sent(&cx.http.send(api::send(cx, mail.text)?).await?)?;
        Ok(Receipt { id, refused: vec![] })
    }
}

/// Whatever name a message has for its sender, it comes from the account: Gmail writes any other address over with it.
async fn sender(cx: &Cx, message: &Message) -> Result<Person, Error> {
    let own = || cx.setting("from_name").unwrap_or_default().to_owned();
    let name = message.from.as_ref().map_or_else(own, |from| from.name.clone());
    let email = match cx.setting(ADDRESS) {
        Some(address) => address.to_owned(),
        None => api::owner(cx).await?.email,
    };
    Ok(Person { name, email })
}

#[cfg(test)]
mod tests;
