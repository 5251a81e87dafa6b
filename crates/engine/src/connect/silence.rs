//! The silence a provider asked for, kept with the account: it holds on every node and after every start (ALL-04).

use futures::future::BoxFuture;
use jiff::Timestamp;
use kalends_app::{
    Error, Kind, Retry,
    http::{Silence, silence},
};
use kalends_domain::Id;
use kalends_store::{Result as StoreResult, repo::Connection};

use crate::Engine;

/// Writes an account's silence down.
pub(super) struct Kept {
    engine: Engine,
    of: Id<Connection>,
}

impl Kept {
    pub const fn new(engine: Engine, of: Id<Connection>) -> Self {
        Self { engine, of }
    }
}

impl Silence for Kept {
    fn keep(&self, until: Timestamp) -> BoxFuture<'_, ()> {
        let (engine, of) = (self.engine.clone(), self.of);
        // Whoever called may go away; what the provider said is kept all the same.
        let kept = tokio::spawn(async move {
            let most = silence::last(engine.now());
            let kept = engine
                .db
                .write(move |tx| Box::pin(async move { tx.installations().silence(of, until, most).await }));
            if let Err(error) = kept.await {
                let error: kalends_store::Error = error;
                tracing::warn!(%error, "a silence could not be written down; it holds here alone");
            }
        });
        Box::pin(async move { drop(kept.await) })
    }
}

impl Engine {
    /// Until when an account's provider wants to hear nothing of it; none for one that is not there yet.
    pub(super) async fn silent_until(&self, of: Id<Connection>) -> StoreResult<Option<Timestamp>> {
        let connection = self.db.read().await?.installations().connection(of).await?;
        Ok(connection.and_then(|connection| connection.silent_until))
    }
}

/// Refuses a call in the middle of a silence that another node was asked for.
pub(super) fn heed(until: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    let Some(until) = until.and_then(|until| silence::ends(until, now)) else { return Ok(()) };
    let wait = until.duration_since(now).unsigned_abs();
    let error = Error::new(Kind::RateLimited { until: Some(until) }, "the provider asked us to wait");
    Err(error.retry(Retry::After(wait)))
}
