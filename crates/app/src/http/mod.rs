//! Outgoing HTTP: a request, the transport that carries it, and the layers around the transport.
//!
//! No socket is in here. The binary brings one; a fake answers by itself.

pub mod breaker;
pub mod connection;
pub mod deadline;
pub mod handshake;
pub mod judge;
pub mod line;
pub mod meter;
pub mod pace;
pub mod private;
pub mod record;
pub mod request;
pub mod retry;
pub mod retry_after;
pub mod sign;
pub mod silence;
pub mod time;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

pub use self::{
    connection::Connection,
    handshake::Handshake,
    line::{Line, Lines},
    private::keeps_secrets,
    record::{Flight, Logged, NoRecorder, Recorder},
    request::{CONNECT, Limits, Op, Request, Response},
    sign::{Signer, Unsigned},
    silence::Silence,
    time::{Simulated, Time, Tokio},
};
use crate::Error;

/// What comes back, in time.
pub type Answer<'a> = BoxFuture<'a, Result<Response, Error>>;

/// Carries one request, once.
///
/// It follows no redirect. Its error is [`Down`](crate::Kind::Down) only while surely nothing was sent; once the
/// request may have arrived it is [`UnknownOutcome`](crate::Kind::UnknownOutcome).
pub trait Transport: Send + Sync + 'static {
    /// Sends and waits for the whole answer.
    fn send(&self, request: Request) -> Answer<'_>;
}

/// A policy around the transport.
pub trait Layer: Send + Sync + 'static {
    /// Lets the request pass by `next`: never, once, or more than once.
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a>;
}

/// The rest of the way. `Copy`, so that trying again is a loop.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [Arc<dyn Layer>],
    base: &'a dyn Transport,
}

impl<'a> Next<'a> {
    /// Goes on inwards.
    pub fn run(self, request: Request) -> Answer<'a> {
        match self.layers.split_first() {
            Some((layer, rest)) => layer.call(request, Next { layers: rest, base: self.base }),
            None => self.base.send(request),
        }
    }
}

/// A transport with its policies around it.
#[derive(Clone)]
pub struct Http {
    layers: Arc<[Arc<dyn Layer>]>,
    base: Arc<dyn Transport>,
    patience: Duration,
}

impl Http {
    /// The layers from the outside in, around this transport.
    pub fn new(base: Arc<dyn Transport>, layers: impl Into<Arc<[Arc<dyn Layer>]>>) -> Self {
        Self { layers: layers.into(), base, patience: Duration::from_mins(1) }
    }

    /// How long one call may take with all its tries: two seconds when a person waits, more for a job (ALL-05).
    #[must_use]
    pub const fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long one call may take with all its tries.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends a request through every layer. A status of 400 and more is an error here.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let request = request.within(self.patience);
        Next { layers: &self.layers, base: self.base.as_ref() }.run(request).await
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("layers", &self.layers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
