//! A transaction somebody asked for, its types forgotten: both drivers run it without knowing what it gives.
//!
//! So what runs transactions is compiled once, not once for each of them.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;

use super::{Tx, Work};
use crate::{Error, Result};

/// A transaction that takes longer is undone: others wait behind it.
const LONGEST: Duration = Duration::from_secs(30);

pub(super) type Ask = Box<dyn Waiting>;

pub(super) trait Waiting: Send {
    /// Runs the body; whether it is to be kept. It may be run again: the last run counts.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Answers the caller: with what the body gave, or with why it could not be kept.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

struct Asked<F, T, E> {
    work: F,
    done: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

/// A transaction to run, and where its answer comes; the sender is gone when it was never run.
pub(super) fn ask<T, E>(work: impl Work<T, E>) -> (Ask, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (Box::new(Asked { work, done: None, caller }), answer)
}

impl<F: Work<T, E>, T: Send, E: From<Error> + Send> Waiting for Asked<F, T, E> {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let run = AssertUnwindSafe((self.work)(tx)).catch_unwind();
            let done = match tokio::time::timeout(LONGEST, run).await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) => Err(Error::Database("the transaction panicked and was undone".into()).into()),
                Err(_) => {
                    Err(Error::Unavailable("the transaction took too long and was undone".into()).into())
                }
            };
            self.done.insert(done).is_ok()
        })
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let answer = match (failure, self.done) {
            (None, Some(done)) => done,
            // Its own error says more than that of the group.
            (Some(_), Some(Err(own))) => Err(own),
            (Some(failure), _) => Err(failure.into()),
            (None, None) => Err(Error::Unavailable("the transaction was not run".into()).into()),
        };
        // A caller who went away does not care.
        drop(self.caller.send(answer));
    }
}
