//! A node of several: its way out can be paused in the middle of a call, as a stopped process is.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Request,
    fake::{Fake, Played},
    http::{Answer, Flight, Recorder, Time, Transport},
};
use kalends_domain::Clock;
use kalends_testkit::Held;
use tokio::sync::oneshot;

/// Before what a node stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The turn is taken, nothing is sent.
    Sending,
    /// The provider has answered; the answer is on its way.
    Hearing,
    /// The answer is there; nothing is stored.
    Storing,
    /// Tokens are about to be given back.
    Revoking,
    /// The account is about to be asked who it is.
    Asking,
}

/// Stops a node once, and lets it go on.
#[derive(Default)]
pub struct Stops(Mutex<Option<Stop>>);

struct Stop {
    at: At,
    reached: Option<oneshot::Sender<()>>,
    go_on: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// A node that will stop, or has.
pub struct Stopped {
    reached: Option<oneshot::Receiver<()>>,
    go_on: mpsc::Sender<()>,
}

impl Stops {
    /// The next call that comes there stops.
    pub fn plan(&self, at: At) -> Stopped {
        let (reached, is_reached) = oneshot::channel();
        let (go, go_on) = mpsc::channel();
        let stop = Stop { at, reached: Some(reached), go_on: Arc::new(Mutex::new(go_on)) };
        *self.0.lock().unwrap() = Some(stop);
        Stopped { reached: Some(is_reached), go_on: go }
    }

    /// Waits here, if that was planned: the thread stands still, as in a process that is stopped.
    fn pass(&self, at: At) {
        let stop = {
            let mut planned = self.0.lock().unwrap();
            if planned.as_ref().is_none_or(|stop| stop.at != at) {
                return;
            }
            planned.take().unwrap()
        };
        stop.reached.map(|reached| reached.send(()));
        tokio::task::block_in_place(|| stop.go_on.lock().unwrap().recv()).ok();
    }
}

impl Stopped {
    /// Done when the node stands still.
    pub async fn reached(&mut self) {
        self.reached.take().unwrap().await.unwrap();
    }

    /// Lets it go on.
    pub fn go_on(self) {
        self.go_on.send(()).ok();
    }
}

/// A way to the provider that stops on demand.
pub struct Way {
    pub played: Played,
    pub stops: Arc<Stops>,
}

impl Way {
    pub fn to(fake: Arc<dyn Fake>, stops: &Arc<Stops>) -> Self {
        Self { played: Played::new(fake), stops: Arc::clone(stops) }
    }
}

impl Transport for Way {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            match request.op.name {
                "oauth_refresh" => {
                    self.stops.pass(At::Sending);
                    let answer = self.played.send(request).await;
                    self.stops.pass(At::Hearing);
                    return answer;
                }
                "oauth_revoke" => self.stops.pass(At::Revoking),
                "me" => self.stops.pass(At::Asking),
                _ => {}
            }
            self.played.send(request).await
        })
    }
}

/// Records nothing, and stops on demand: a call is recorded once its answer is there.
pub struct Watching(pub Arc<Stops>);

impl Recorder for Watching {
    fn record(&self, flight: Flight) {
        if flight.op == "oauth_refresh" {
            self.0.pass(At::Storing);
        }
    }
}

/// A held clock. Short waits pass by letting others run; long ones end when the clock is moved.
pub struct Patient(pub Held);

impl Time for Patient {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.0.clone();
        let short = duration <= Duration::from_secs(5);
        let until = clock.now() + SignedDuration::try_from(duration).unwrap();
        Box::pin(async move {
            for turn in 0_u32.. {
                if (short && turn > 20) || clock.now() >= until {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
    }
}
