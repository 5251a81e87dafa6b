//! How loudly the log says that an answer was 500 and more.

use std::time::Duration;

use http::StatusCode;
use tower_http::classify::ServerErrorsFailureClass;
use tracing::{Level, Span};

/// Says it. The cause itself is logged where it is known.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn failed(class: ServerErrorsFailureClass, latency: Duration, _: &Span) {
    let level = match &class {
        ServerErrorsFailureClass::StatusCode(status) => level(*status),
        ServerErrorsFailureClass::Error(_) => Level::ERROR,
    };
    let milliseconds = latency.as_millis();
    match level {
        Level::DEBUG => tracing::debug!(%class, milliseconds, "answered"),
        Level::WARN => tracing::warn!(%class, milliseconds, "could not answer now"),
        _ => tracing::error!(%class, milliseconds, "a request failed"),
    }
}

/// An error is what somebody has to mend here, and wakes them. What is not offered is an answer like any other. A provider that
/// refused (502) or something that does not answer just now (503, 504) passes by itself, or is mended elsewhere.
const fn level(status: StatusCode) -> Level {
    match status {
        StatusCode::NOT_IMPLEMENTED => Level::DEBUG,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Level::WARN
        }
        _ => Level::ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_mended_here_is_an_error() {
        let of = |status: u16| level(StatusCode::from_u16(status).unwrap());
        assert_eq!(of(501), Level::DEBUG);
        assert_eq!([502, 503, 504].map(of), [Level::WARN; 3]);
        assert_eq!([500, 507].map(of), [Level::ERROR; 2]);
    }
}
