//! The flight record: what went out, without secrets.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Answer, Layer, Next, Request, Time, retry::TRIES};
use crate::{Error, Kind, Retry, Secrets};

/// The outcome of what nothing judges, such as a token endpoint's no: it is read by its body.
pub const REFUSED: &str = "refused";

/// One try of one call, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The app's slug.
    pub app: &'static str,
    /// Whose call.
    pub account: String,
    /// The call's name.
    pub op: &'static str,
    /// The verb, or the protocol's name where there is none.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path with what may be secret masked; never a query's values.
    pub path: String,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Which try, from 1.
    pub attempt: u32,
    /// Of so many at most.
    pub attempts: u32,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// `ok`, the error's name, or [`REFUSED`].
    pub outcome: &'static str,
    /// The error in words, redacted.
    pub error: Option<String>,
    /// The provider wants to hear nothing before this instant.
    pub not_before: Option<Timestamp>,
}

/// Keeps flight records.
pub trait Recorder: Send + Sync + 'static {
    /// Takes one; must not block.
    fn record(&self, flight: Flight);
}

/// Keeps none.
#[derive(Debug, Clone, Copy)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn record(&self, _: Flight) {}
}

/// Writes them into the log: failures as warnings, the rest for whoever looks closely.
#[derive(Debug, Clone, Copy)]
pub struct Logged;

impl Recorder for Logged {
    fn record(&self, flight: Flight) {
        let Flight { app, account, op, method, host, path, attempt, status, outcome, error, .. } = flight;
        let ms = flight.took.as_millis();
        match error {
            Some(error) => {
                tracing::warn!(
                    app,
                    account,
                    op,
                    method,
                    host,
                    path,
                    attempt,
                    status,
                    outcome,
                    ms,
                    error,
                    "outgoing call failed"
                );
            }
            None => {
                tracing::debug!(app, account, op, method, host, path, attempt, status, ms, "outgoing call");
            }
        }
    }
}

/// The layer that records every try.
pub struct Recording {
    pub(crate) app: &'static str,
    pub(crate) account: Arc<str>,
    pub(crate) time: Arc<dyn Time>,
    pub(crate) recorder: Arc<dyn Recorder>,
    /// The account's: no error that passes may hold one.
    pub(crate) secrets: Arc<Secrets>,
    /// A status of 400 and more is an error by now.
    pub(crate) judged: bool,
}

impl Recording {
    /// What came of a try, without the account's secrets.
    pub(crate) fn hushed<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        answer.map_err(|error| error.without(self.secrets.exposed()))
    }

    /// Writes down how a try that began at this instant ended.
    pub(crate) fn ended(&self, begun: &Begun, status: Option<u16>, error: Option<&Error>) {
        let took = super::time::until(begun.at, self.time.now());
        self.recorder.record(Flight {
            app: self.app,
            account: self.account.to_string(),
            op: begun.op,
            method: begun.method.clone(),
            host: begun.host.clone(),
            path: begun.path.clone(),
            at: begun.at,
            took,
            attempt: begun.attempt,
            attempts: begun.attempts,
            status: status.or_else(|| error.and_then(Error::http_status)),
            outcome: match error {
                Some(error) => error.kind.name(),
                None if !self.judged && status >= Some(400) => REFUSED,
                None => "ok",
            },
            error: error.map(ToString::to_string),
            not_before: error.and_then(|error| asked(error, self.time.now())),
        });
    }
}

/// When calls are welcome again, as the provider said.
fn asked(error: &Error, now: Timestamp) -> Option<Timestamp> {
    match (&error.kind, error.retry) {
        (Kind::RateLimited { until: Some(at) } | Kind::QuotaExhausted { resets: Some(at) }, _) => Some(*at),
        (_, Retry::After(wait)) => Some(super::time::after(now, wait)),
        _ => None,
    }
}

/// A try under way.
pub(crate) struct Begun {
    pub(crate) op: &'static str,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) at: Timestamp,
    pub(crate) attempt: u32,
    pub(crate) attempts: u32,
}

impl Layer for Recording {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let begun = Begun {
                op: request.op.name,
                method: request.method.to_string(),
                host: request.url.host_str().unwrap_or_default().to_owned(),
                path: request.shown_path(),
                at: self.time.now(),
                attempt: request.attempt(),
                attempts: if request.op.repeatable { TRIES } else { 1 },
            };
            let answer = self.hushed(next.run(request).await);
            let status = answer.as_ref().ok().map(|answer| answer.status.as_u16());
            self.ended(&begun, status, answer.as_ref().err());
            answer
        })
    }
}
