//! Mail through Postmark: what is sent in what order. The requests are in `api`, its notices in `hook`.

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

/// The app.
pub static APP: App = App {
    slug: "postmark",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Postmark)), Part::Hook(Arc::new(hook::Postmark))],
    judge: error::judge,
    fake: || Arc::new(fake::Postmark::default()),
};

/// Mails by one server there.
#[derive(Debug, Clone, Copy)]
pub struct Postmark;

impl Messenger for Postmark {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let answer = cx.http.send(api::server(cx)?).await?;
        api::probe(cx, &answer)
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        match cx.http.send(api::send(cx, message)?).await {
            Ok(answer) => api::receipt(&answer, message),
            // None of them takes mails any more.
            Err(error) if error.kind == Kind::Gone => Ok(api::refused(message, &error)),
            Err(error) => Err(error),
        }
    }
}
