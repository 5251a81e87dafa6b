//! Counts calls and times them.

use std::sync::Arc;

use super::{Answer, Layer, Next, Request, Time, time};
use crate::Error;

/// The layer that counts: one per call, tries together.
pub struct Metering {
    pub(crate) app: &'static str,
    pub(crate) time: Arc<dyn Time>,
}

impl Layer for Metering {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(self.around(request.op.name, next.run(request)))
    }
}

impl Metering {
    /// Counts whatever this is.
    pub(crate) async fn around<T>(
        &self,
        op: &'static str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let begun = self.time.now();
        let result = work.await;
        let outcome = result.as_ref().err().map_or("ok", |error| error.kind.name());
        let labels = [("app", self.app), ("op", op), ("outcome", outcome)];
        metrics::counter!("kalends_outgoing_calls_total", &labels).increment(1);
        metrics::histogram!("kalends_outgoing_seconds", &labels)
            .record(time::until(begun, self.time.now()).as_secs_f64());
        result
    }
}
