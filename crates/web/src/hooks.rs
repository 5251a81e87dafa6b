//! Inbound webhooks over HTTP: read once, capped, handed on, answered at once (INB-01, INB-02).

use std::{any::Any, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use kalends_engine::hooks_in::{Arrived, Heard};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer, trace::TraceLayer};

use crate::{Web, failed::failed};

/// The longest notice.
const LONGEST: usize = 1024 * 1024;
/// Providers wait three seconds, some of them.
const PATIENCE: Duration = Duration::from_secs(3);

/// The one address. Nothing of what stands around pages stands around it: no session, no drawn errors, no logged path,
/// for the path is known to the provider alone.
pub fn routes() -> Router<Web> {
    Router::new().route("/hooks/{app}/{key}", any(receive)).route_layer(
        ServiceBuilder::new()
            .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(failed))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE)),
    )
}

async fn receive(
    State(web): State<Web>,
    Path((app, key)): Path<(String, String)>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // Before anything is looked at: size, then verb.
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if !matches!(method, Method::POST | Method::GET) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match web.engine.receive(&app, &key, Arrived { method, query, headers, body }).await {
        Ok(Heard::Taken) => StatusCode::ACCEPTED.into_response(),
        Ok(Heard::Reply(reply)) => replied(reply.status, reply.media_type, reply.body),
        Ok(Heard::Nowhere) => StatusCode::NOT_FOUND.into_response(),
        Ok(Heard::Refused) => StatusCode::UNAUTHORIZED.into_response(),
        Ok(Heard::Odd) => StatusCode::BAD_REQUEST.into_response(),
        Err(error) => {
            // Not taken: the provider sends it again.
            tracing::warn!(%error, "a notice could not be written down");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// A handshake's answer: what a stranger sent comes back, so no browser may take it for a page.
fn replied(status: u16, media_type: &'static str, body: bytes::Bytes) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn span<B>(request: &Request<B>) -> tracing::Span {
    let app = request.uri().path().split('/').nth(2).unwrap_or_default();
    tracing::info_span!("hook", method = %request.method(), app)
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("the handler of notices panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
