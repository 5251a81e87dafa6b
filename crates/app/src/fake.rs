//! Providers played in memory: strict about what they are asked, stateful, and out of order on demand.

mod assertion;
mod delegate;
mod dns;
pub mod example;
mod gate;
mod laid;
mod mirror;
mod oauth;
mod p256;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use url::Url;

use crate::{
    Error, Kind, Names, NoNames, Request, Response,
    hook::{Back, Raw},
    http::{Answer, Connection, Transport},
    kind::calendar::Shown,
};

pub use self::{
    dns::Dns,
    gate::{Counted, Same, gateway},
    laid::{Laid, LaidWhen, Says},
    mirror::Mirror,
    oauth::{Granted, OAuth},
    p256::P256,
};

/// A way in, by name, and what is typed into the setup form for it.
pub type Way = (&'static str, &'static [(&'static str, &'static str)]);

/// A provider, played.
pub trait Fake: Send + Sync + 'static {
    /// Answers one request, keeping state as the provider would. What the provider's description does not allow is
    /// an `Err` that says why: a failed test, not a 404 nobody looks at.
    fn answer(&self, request: &Request) -> Result<Response, String>;

    /// Its record and its faults.
    fn bench(&self) -> &Bench;

    /// What to type into the setup form to use it.
    fn form(&self) -> BTreeMap<String, String>;

    /// Other ways in, by name: what is typed differently there. The suites go each of them.
    fn ways(&self) -> &'static [Way] {
        &[]
    }

    /// Its sign-in, where tokens are granted there.
    fn oauth(&self) -> Option<&OAuth> {
        None
    }

    /// How our event of this uid stands there, in our words: what the provider itself would show; none where nothing is.
    fn shown(&self, _: &str) -> Option<Shown> {
        None
    }

    /// The provider's published description that requests are judged by: its file among the descriptions, and the endpoint
    /// its paths stand below.
    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// What that description leaves out, though the provider documents it elsewhere: ends of paths, names of parameters.
    fn undescribed(&self) -> &'static [&'static str] {
        &[]
    }

    /// Another client puts this into the calendar that bookings go to; false where the provider has no word for it.
    fn lay(&self, _: &Laid) -> bool {
        false
    }

    /// The notices it has sent to our addresses since this was last asked, oldest first.
    fn notices(&self) -> Vec<Raw> {
        Vec::new()
    }

    /// A mail as it was handed over with this request: its text, in whatever form the provider takes it.
    fn mail(&self, request: &Request) -> String {
        String::from_utf8_lossy(&request.body).into_owned()
    }

    /// What becomes of a mail it has taken, by our message id, told by a notice to this address at this time; the notice is
    /// signed by what its form says. None where it has no such mail, or tells nobody.
    fn tell_of_mail(
        &self,
        _message_id: &str,
        _became: Became,
        _address: &Url,
        _at: Timestamp,
    ) -> Option<Raw> {
        None
    }

    /// Where its hosts are, for what is not HTTP.
    fn names(&self) -> Arc<dyn Names> {
        Arc::new(NoNames)
    }

    /// The root certificate that vouches for its hosts there, PEM; empty where nothing is encrypted.
    fn root(&self) -> &'static str {
        ""
    }
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It is in its recipient's mailbox.
    Delivered,
    /// It came back.
    Returned(Back),
}

/// What a fake remembers beside its provider's state: what it was asked, and what is to go wrong next.
#[derive(Debug, Default)]
pub struct Bench {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    seen: Vec<Request>,
    strays: Vec<String>,
    faults: VecDeque<Fault>,
    write_faults: VecDeque<Fault>,
    connections: u64,
}

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused: nothing arrives.
    Refuse,
    /// The request is turned away with this status and these headers; nothing happens.
    Status(u16, Vec<(&'static str, String)>),
    /// No answer comes; nothing happens.
    Hang,
    /// It happens, but its answer is lost.
    Drop,
    /// It happens, but its answer trickles in and never ends.
    SlowLoris,
    /// It happens, but the answer is this instead.
    Garbage(Bytes),
}

impl Fault {
    /// 429 with a `Retry-After` in either form.
    pub fn too_many(retry_after: impl Into<String>) -> Self {
        Self::Status(429, vec![("retry-after", retry_after.into())])
    }

    /// 401: the credential is spent.
    pub const fn expired() -> Self {
        Self::Status(401, vec![])
    }
}

impl Bench {
    /// The next requests go wrong in these ways, in order.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().faults.extend(faults);
    }

    /// The next requests that change something go wrong in these ways; questions before them are answered.
    pub fn next_write(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().write_faults.extend(faults);
    }

    /// What is to go wrong with this request.
    fn fault_of(&self, request: &Request) -> Option<Fault> {
        let mut inner = self.inner();
        let of_writes = if request.is_reading() { None } else { inner.write_faults.pop_front() };
        of_writes.or_else(|| inner.faults.pop_front())
    }

    /// The next fault, for fakes that do not speak HTTP.
    pub fn fault(&self) -> Option<Fault> {
        self.inner().faults.pop_front()
    }

    /// Notes what arrived, for fakes that do not speak HTTP.
    pub fn note(&self, request: Request) {
        self.inner().seen.push(request);
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Request> {
        self.inner().seen.clone()
    }

    /// How many requests of this operation arrived.
    pub fn count(&self, op: &str) -> usize {
        self.inner().seen.iter().filter(|request| request.op.name == op).count()
    }

    /// What the provider would not have understood; a test that ends with one fails.
    pub fn strays(&self) -> Vec<String> {
        self.inner().strays.clone()
    }

    /// Notes something the provider would not have understood.
    pub fn stray(&self, problem: impl Into<String>) {
        self.inner().strays.push(problem.into());
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is answered in place of the fake; `None` leaves a request to it.
pub type Instead = fn(&Request) -> Option<Response>;

/// A fake as a transport.
pub struct Played {
    fake: Arc<dyn Fake>,
    instead: Instead,
}

impl Played {
    /// Goes to this fake.
    pub fn new(fake: Arc<dyn Fake>) -> Self {
        Self { fake, instead: |_| None }
    }

    /// Some requests are answered otherwise, and the fake never sees them.
    #[must_use]
    pub fn but(self, instead: Instead) -> Self {
        Self { instead, ..self }
    }

    fn ask(&self, request: &Request) -> Result<Response, Error> {
        let bench = self.fake.bench();
        bench.inner().seen.push(request.clone());
        self.fake.answer(request).map_err(|problem| {
            let stray = format!("{} {}: {problem}", request.method, request.url.path());
            let error = Error::new(Kind::Invalid, format!("the fake does not understand {stray}"));
            bench.stray(stray);
            error
        })
    }
}

impl Transport for Played {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            if let Some(answer) = (self.instead)(&request) {
                return Ok(answer);
            }
            let open = Open::by(&request, self.fake.bench());
            let answer = match self.fake.bench().fault_of(&request) {
                None => self.ask(&request),
                Some(Fault::Refuse) => Err(Error::new(Kind::Down, "connection refused")),
                Some(Fault::Status(status, headers)) => {
                    self.fake.bench().inner().seen.push(request.clone());
                    let headers: Vec<_> =
                        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    Ok(answer(&request, status, &headers, ""))
                }
                Some(Fault::Hang) => futures::future::pending().await,
                Some(Fault::Drop) => {
                    self.ask(&request)?;
                    Err(Error::new(Kind::UnknownOutcome, "the connection closed before the answer"))
                }
                Some(Fault::SlowLoris) => {
                    self.ask(&request)?;
                    futures::future::pending().await
                }
                Some(Fault::Garbage(body)) => self.ask(&request).map(|answer| {
                    if answer.status == StatusCode::UNAUTHORIZED {
                        // A question who is there comes before the answer that is meant.
                        self.fake.bench().inner().faults.push_front(Fault::Garbage(body));
                        return answer;
                    }
                    Response { body, ..answer }
                }),
            };
            if answer.is_ok() {
                open.stays();
            }
            answer
        })
    }
}

/// The number of the connection a request came over, the same for all on it; `None` for one that may take any.
pub fn connection(request: &Request) -> Option<u64> {
    let connection = request.connection()?;
    let number = connection.take::<u64>()?;
    connection.keep(number);
    Some(number)
}

/// A played connection, closed when its request gets no answer.
struct Open(Option<Connection>);

impl Open {
    fn by(request: &Request, bench: &Bench) -> Self {
        let connection = request.connection();
        if let Some(connection) = connection.filter(|_| self::connection(request).is_none()) {
            let mut inner = bench.inner();
            inner.connections += 1;
            connection.opened(None);
            connection.keep(inner.connections);
        }
        Self(connection.cloned())
    }

    fn stays(mut self) {
        self.0 = None;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.take::<u64>();
        }
    }
}

/// Nobody: an app that calls nothing has no provider to play.
#[derive(Debug, Default)]
pub struct Nobody(Bench);

impl Fake for Nobody {
    fn answer(&self, _: &Request) -> Result<Response, String> {
        Err("this app calls nobody".to_owned())
    }

    fn bench(&self) -> &Bench {
        &self.0
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// An answer to this request.
pub fn answer(request: &Request, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    Response {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        headers: pairs.collect::<HeaderMap>(),
        body: body.into(),
        url: request.url.clone(),
    }
}

/// The parts of a path where the pattern says `{}`; `None` when it does not fit.
pub fn parts<'a>(path: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let (mut found, mut path, mut pattern) = (Vec::new(), path.split('/'), pattern.split('/'));
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return Some(found),
            (Some(part), Some("{}")) if !part.is_empty() => found.push(part),
            (Some(part), Some(literal)) if part == literal => {}
            _ => return None,
        }
    }
}
