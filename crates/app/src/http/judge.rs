//! Tells a "no" from an answer: the app's own reading first, then the status.

use std::sync::Arc;

use super::{Answer, Layer, Next, Request, Response, Time, retry_after, time};
use crate::{Error, Kind, Retry};

/// The layer that judges answers.
pub struct Judged {
    pub(crate) app: fn(&Response) -> Option<Error>,
    pub(crate) time: Arc<dyn Time>,
}

impl Layer for Judged {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let reading = request.is_reading();
            let repeatable = request.op.repeatable;
            let challenged = request.op.challenged;
            match next.run(request).await {
                // Reading leaves nothing behind, so a lost answer is only an outage.
                Err(error) if reading && error.kind == Kind::UnknownOutcome => Err(error.as_kind(Kind::Down)),
                Err(error) => Err(error),
                Ok(response) if challenged && response.status == http::StatusCode::UNAUTHORIZED => {
                    Ok(response)
                }
                // A 200 may still say no (ALL-09), so the app sees every answer.
                Ok(response) => match (self.app)(&response).or_else(|| Self::by_status(&response)) {
                    Some(error) => Err(self.weighed(error, &response, repeatable)),
                    None => Ok(response),
                },
            }
        })
    }
}

impl Judged {
    /// What the status alone says; `None` below 400.
    fn by_status(response: &Response) -> Option<Error> {
        let status = response.status.as_u16();
        if status < 400 {
            return None;
        }
        let (kind, message) = match status {
            401 => (Kind::AuthExpired, "the provider refused the sign-in"),
            403 => (Kind::PolicyDenied, "the account may not do this at the provider"),
            404 => (Kind::NotFound, "the provider has no such thing"),
            410 => (Kind::Gone, "the provider has it no more"),
            409 | 412 | 423 => (Kind::Conflict, "somebody changed it at the provider meanwhile"),
            429 => (Kind::RateLimited { until: None }, "the provider asks for fewer calls"),
            507 => (Kind::QuotaExhausted { resets: None }, "the account is full at the provider"),
            501 => (Kind::Invalid, "the provider does not know this request"),
            408 | 425 | 500.. => (Kind::Down, "the provider has trouble"),
            _ => (Kind::Invalid, "the provider refused the request"),
        };
        Some(Error::new(kind, format!("{message} (status {status})")))
    }

    /// The error with its status, its `Retry-After`, and doubt where a write may have happened.
    fn weighed(&self, error: Error, response: &Response, repeatable: bool) -> Error {
        let mut error = error.status(response.status.as_u16());
        // A gateway that gave up says nothing about the server behind it.
        if error.kind == Kind::Down && !repeatable && matches!(response.status.as_u16(), 500 | 502 | 504) {
            return error.as_kind(Kind::UnknownOutcome);
        }
        let now = self.time.now();
        if error.retry == Retry::Backoff
            && let Some(wait) = retry_after::read(&response.headers, now)
        {
            error.retry = Retry::After(wait);
            let at = Some(time::after(now, wait));
            match &mut error.kind {
                Kind::RateLimited { until } => *until = until.or(at),
                Kind::QuotaExhausted { resets } => *resets = resets.or(at),
                _ => {}
            }
        }
        error
    }
}
