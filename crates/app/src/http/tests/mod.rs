//! The layers, each by itself and all together, in paused time.

mod breaker;
mod judge;
mod line;
mod pace;
mod retry;
mod retry_after;
mod sign;
mod silence;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;
use jiff::Timestamp;
use url::Url;

use super::{Answer, Http, Layer, Request, Response, Simulated, Time, Tokio, Transport};
use crate::{
    Error, Kind,
    fake::{self, Same},
};

/// Every wait is as long as it can be.
const MOST: Same = Same(0xff);

/// The instant at which every test begins.
const BEGIN: &str = "2027-03-01T08:00:00Z";

fn begin() -> Timestamp {
    BEGIN.parse().expect("an instant")
}

fn time() -> Arc<dyn Time> {
    Arc::new(Tokio(Arc::new(Simulated::from(begin()))))
}

/// What a transport does with one request.
#[derive(Clone)]
enum Step {
    Status(u16),
    With(u16, &'static str, String),
    Fail(Kind),
    Hang,
    Slow(Duration),
}

/// A transport that follows a script and then always says 200.
#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Request>>,
}

impl Script {
    fn of(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), seen: Mutex::default() })
    }

    fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }

    fn count(&self) -> usize {
        self.seen().len()
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> Answer<'_> {
        self.seen.lock().expect("no panic").push(request.clone());
        let step = self.steps.lock().expect("no panic").pop_front().unwrap_or(Step::Status(200));
        Box::pin(async move {
            match step {
                Step::Status(status) => Ok(fake::answer(&request, status, &[], "")),
                Step::With(status, name, value) => Ok(fake::answer(&request, status, &[(name, &value)], "")),
                Step::Fail(kind) => Err(Error::new(kind, "scripted")),
                Step::Hang => std::future::pending().await,
                Step::Slow(wait) => {
                    tokio::time::sleep(wait).await;
                    Ok(fake::answer(&request, 200, &[], ""))
                }
            }
        })
    }
}

fn http(script: &Arc<Script>, layers: impl IntoIterator<Item = Arc<dyn Layer>>) -> Http {
    Http::new(Arc::clone(script) as Arc<dyn Transport>, layers.into_iter().collect::<Vec<_>>())
}

fn read() -> Request {
    Request::get("read", address())
}

fn write() -> Request {
    Request::new("write", Method::POST, address())
}

fn address() -> Url {
    Url::parse("https://api.example.com/v1/things").expect("an address")
}

fn kind(result: Result<Response, Error>) -> Kind {
    result.expect_err("fails").kind
}
