//! `GET /healthz`: for whoever restarts or routes.

use axum::response::IntoResponse;
use http::header;

/// Says that requests are answered.
pub async fn healthz() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}
