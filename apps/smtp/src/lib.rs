//! Mail over SMTP.

mod api;
mod error;
mod fake;
mod session;
mod wary;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kalends_app::{
    App, Cx, Kind, Messenger, Part,
    http::line::Call,
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
};

use crate::{
    api::{Mail, Setup},
    session::Session,
};

/// The app.
pub static APP: App = App {
    slug: "smtp",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Messenger(Arc::new(Smtp))],
    judge: kalends_app::no_opinion,
    fake: || Arc::new(fake::Smtp::default()),
};

/// No mail takes longer.
const DEADLINE: Duration = Duration::from_mins(1);

struct Smtp;

impl Messenger for Smtp {
    type Error = kalends_app::Error;

    const CAN: MessengerCan = MessengerCan { html: true, parts: true };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Self::Error> {
        let setup = Setup::read(cx)?;
        let work = async {
            let session = Session::open(cx, &setup).await?;
            session.close().await;
            Ok(Probe::of(format!("{} by {}", setup.sender.email, setup.host)))
        };
        nothing_sent(cx.line.around(&call("probe", cx, &setup), work).await)
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Self::Error> {
        let setup = Setup::read(cx)?;
        let mail = Mail::compose(message, &setup.sender, cx.now)?;
        // Before the mail's text goes out, a broken connection has sent nothing.
        let handed_over = AtomicBool::new(false);
        let work = async {
            let mut session = Session::open(cx, &setup).await?;
            let receipt = session.send(&mail, &handed_over).await?;
            session.leave();
            Ok(receipt)
        };
        let result = cx.line.around(&call("send", cx, &setup), work).await;
        if handed_over.load(Ordering::Relaxed) { result } else { nothing_sent(result) }
    }
}

fn call<'a>(op: &'static str, cx: &Cx, setup: &'a Setup) -> Call<'a> {
    Call { op, protocol: "SMTP", host: &setup.host, deadline: cx.http.patience().min(DEADLINE) }
}

/// A deadline that passed before anything was handed over is an outage, not a doubt.
fn nothing_sent<T>(result: Result<T, kalends_app::Error>) -> Result<T, kalends_app::Error> {
    result.map_err(|error| if error.kind == Kind::UnknownOutcome { error.as_kind(Kind::Down) } else { error })
}

#[cfg(test)]
mod tests;
