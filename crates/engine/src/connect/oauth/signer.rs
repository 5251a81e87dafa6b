//! Signs an account's requests with the token it was granted; the app never sees it.

use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use kalends_app::{
    Error, Request, Secret,
    http::{Signer, sign::Fixed},
};

use crate::{
    Engine,
    connect::{Installed, silence},
};

/// Signs by the tokens of a connection, renewing them when it is time.
pub(crate) struct Granted {
    engine: Engine,
    of: Installed,
    /// The version that signed last: what a refusal is about.
    used: Mutex<Option<i64>>,
}

impl Granted {
    pub fn new(engine: Engine, of: Installed) -> Self {
        Self { engine, of, used: Mutex::default() }
    }
}

impl Signer for Granted {
    fn sign<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { Fixed::bearer(self.token().await?.expose())?.sign(request).await })
    }

    fn token(&self) -> BoxFuture<'_, Result<Secret, Error>> {
        Box::pin(async move {
            let kept = self.engine.tokens(&self.of).await?;
            // The tokens were read just now, so this is as fresh: another node may have been asked to wait meanwhile.
            silence::heed(kept.silent_until, self.engine.now())?;
            *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept.version);
            Ok(kept.access)
        })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(version) = used else { return Ok(false) };
            self.engine.renewed(&self.of, version).await.map(|_| true)
        })
    }
}
