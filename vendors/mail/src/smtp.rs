//! Mail over SMTP, with what every call of ours has around it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kalends_app::{Cx, Error, Kind, http::line::Call, kind::messenger::Receipt};

use crate::{Mail, Server, session::Session};

/// No mail takes longer.
const DEADLINE: Duration = Duration::from_mins(1);

/// Connects and signs in, and sends nothing.
pub async fn probe(cx: &Cx, server: &Server) -> Result<(), Error> {
    let work = async {
        Session::open(cx, server).await?.close().await;
        Ok(())
    };
    nothing_sent(cx.line.around(&call("probe", cx, server), work).await)
}

/// Hands one mail over, in a conversation of its own.
pub async fn send(cx: &Cx, server: &Server, mail: &Mail) -> Result<Receipt, Error> {
    // Before the mail's text goes out, a broken connection has sent nothing.
    let handed_over = AtomicBool::new(false);
    let work = async {
        let mut session = Session::open(cx, server).await?;
        let receipt = session.send(mail, &handed_over).await?;
        session.leave();
        Ok(receipt)
    };
    let result = cx.line.around(&call("send", cx, server), work).await;
    if handed_over.load(Ordering::Relaxed) { result } else { nothing_sent(result) }
}

fn call<'a>(op: &'static str, cx: &Cx, server: &'a Server) -> Call<'a> {
    Call { op, protocol: "SMTP", host: &server.host, deadline: cx.http.patience().min(DEADLINE) }
}

/// A deadline that passed before anything was handed over is an outage, not a doubt.
fn nothing_sent<T>(result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|error| if error.kind == Kind::UnknownOutcome { error.as_kind(Kind::Down) } else { error })
}
