//! Mail by Resend: what is sent in what order.

mod api;
mod error;
mod fake;
mod hook;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use kalends_app::{
    App, Cx, Declared, Error, Kind, Messenger, Part,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};
use vendor_mail::parts;

/// So many pages of domains are read at most (ALL-11): 1,000 domains.
const PAGES: usize = 10;

/// The app.
pub static APP: App = App {
    slug: "resend",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Resend)), Part::Hook(Arc::new(hook::Resend))],
    judge: error::judge,
    fake: || Arc::new(fake::Resend::default()),
};

/// Mails in one account.
#[derive(Debug, Clone, Copy)]
pub struct Resend;

impl Messenger for Resend {
    type Error = Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: true, once: true };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let sender = parts::sender(cx)?;
        match sends_from(cx, parts::domain(&sender)).await {
            // A key that may only send is a good key, and says so itself.
            Err(error) if !matches!(error.kind, Kind::ScopeMissing { .. }) => Err(error),
            _ => Ok(Probe::of(format!("{} by Resend", sender.email))),
        }
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let answer = cx.http.send(api::send(cx, message)?).await?;
        api::receipt(&answer)
    }
}

/// Looks for the sender's domain, page by page; one that is not verified sends nothing.
async fn sends_from(cx: &Cx, domain: &str) -> Result<(), Error> {
    let (mut after, mut seen) = (None, BTreeSet::new());
    for _ in 0..PAGES {
        let page = api::page(&cx.http.send(api::domains(cx, after.as_deref())?).await?)?;
        if let Some(verdict) = page.verdict(domain) {
            return verdict;
        }
        let Some(last) = page.next() else { return api::verified(domain, false) };
        if !seen.insert(last.clone()) {
            return Err(Error::new(Kind::Malformed, "Resend lists the same page again and again"));
        }
        after = Some(last);
    }
    Err(Error::new(Kind::Malformed, "Resend lists more domains than are read at once"))
}
