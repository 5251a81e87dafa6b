//! Gives up on an answer that does not come.

use std::{sync::Arc, time::Duration};

use futures::future::{Either, select};

use super::{Answer, Layer, Next, Request, Time};
use crate::{Error, Kind};

/// The layer that ends a try at its total limit, whatever the transport does.
pub struct Deadline {
    pub(crate) time: Arc<dyn Time>,
}

impl Layer for Deadline {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let limit = request.limits.total.min(request.patience);
        Box::pin(within(self.time.as_ref(), limit, next.run(request)))
    }
}

/// The future's result, or an unknown outcome when the limit passes first.
pub(crate) async fn within<T>(
    time: &dyn Time,
    limit: Duration,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    let work = std::pin::pin!(work);
    match select(work, time.sleep(limit)).await {
        Either::Left((result, _)) => result,
        Either::Right(((), _)) => Err(Error::new(
            Kind::UnknownOutcome,
            format!("no answer within {} s", limit.as_secs_f32().ceil()),
        )),
    }
}
