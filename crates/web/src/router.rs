//! The router: one list of every route, and what stands around all of them.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderName, Request, StatusCode};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::SizeAbove},
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use crate::{
    Web, api, assets,
    extract::csrf,
    failed::failed,
    guard, health, hooks, kept,
    pages::{entry, guest, host},
    problem,
};

/// The longest a handler may take.
const LONGEST: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything this server answers. What comes first in a part does not decide; literal paths win over names.
pub fn router(web: Web) -> Router {
    let plain =
        Router::new().route("/healthz", get(health::healthz)).route("/assets/{file}", get(assets::show));
    let parts = Router::new()
        .merge(plain)
        .merge(door(&web))
        .merge(public(&web))
        .merge(desk(&web))
        .merge(api::routes())
        // Said outright, so that what stands around pages stands around what is not there, too.
        .fallback(|| async { StatusCode::NOT_FOUND });
    around(parts, &web).merge(hooks::routes()).with_state(web)
}

/// Signing in, and the first owner.
fn door(web: &Web) -> Router<Web> {
    Router::new()
        .route("/", get(entry::front))
        .route("/login", get(entry::login).post(entry::enter))
        .route("/logout", post(entry::leave))
        .route("/login/forgot", get(entry::forgot).post(entry::ask))
        .route("/login/reset/{token}", get(entry::reset).post(entry::renew))
        .route("/login/verify/{token}", get(entry::verify))
        .route("/setup", get(entry::setup).post(entry::make))
        .route("/bookings/{uid}/confirm", get(guest::accept).post(guest::accepted))
        .route("/bookings/{uid}/decline", get(guest::decline).post(guest::declined))
        .layer(from_fn_with_state(web.clone(), csrf::visit))
        .layer(from_fn_with_state(web.clone(), guard::same_origin))
}

/// What guests see. No cookie is set here but for what a guest says about page statistics.
fn public(web: &Web) -> Router<Web> {
    let forms = Router::new()
        .route("/{owner}/{event}/book", get(guest::form).post(guest::send))
        .route("/team/{owner}/{event}/book", get(guest::form).post(guest::send))
        .route("/d/{uid}/book", get(guest::private_form).post(guest::private_send))
        .layer(from_fn_with_state(guard::Pace::new(web), guard::paced));
    Router::new()
        .merge(forms)
        .route("/{owner}", get(guest::profile))
        .route("/team/{owner}", get(guest::profile))
        .route("/{owner}/{event}", get(guest::event))
        .route("/team/{owner}/{event}", get(guest::event))
        .route("/d/{uid}", get(guest::private))
        .route("/booking/{uid}", get(guest::booking))
        .route("/booking/{uid}/link", get(guest::waiting))
        .route("/booking/{uid}/calendar.ics", get(guest::calendar))
        .route("/booking/{uid}/reschedule", get(guest::other_times).post(guest::reschedule))
        .route("/booking/{uid}/cancel", get(guest::ask_cancel).post(guest::cancel))
        .route("/join/{uid}", get(guest::join))
        .route("/privacy/consent", post(guest::consent))
        .layer(from_fn(guard::embeddable))
        .layer(from_fn(kept::keep))
        .layer(from_fn_with_state(web.clone(), guard::same_origin))
}

/// The signed-in side.
fn desk(web: &Web) -> Router<Web> {
    host::routes().layer(from_fn_with_state(web.clone(), guard::same_origin))
}

/// What stands around every handler, outermost first.
fn around(parts: Router<Web>, web: &Web) -> Router<Web> {
    parts.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(REQUEST_ID, Named(Arc::new(web.clone()))))
            .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(failed))
            .layer(PropagateRequestIdLayer::new(REQUEST_ID))
            .layer(compressed())
            .layer(from_fn_with_state(web.clone(), guard::headers))
            .layer(from_fn_with_state(web.clone(), problem::draw))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
            .layer(from_fn(guard::not_too_long))
            .layer(DefaultBodyLimit::max(guard::LONGEST_BODY)),
    )
}

/// Small answers go as they are: squeezing them takes longer than sending them.
fn compressed() -> CompressionLayer<impl Predicate> {
    let worth = SizeAbove::new(1024).and(DefaultPredicate::new());
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth)
}

/// Names each request, so that a page and the log can speak of the same one.
#[derive(Clone)]
struct Named(Arc<Web>);

impl MakeRequestId for Named {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        self.0.engine.ids().uid().as_str().parse().ok().map(RequestId::new)
    }
}

fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    // The path alone: a query may hold what a guest typed.
    tracing::info_span!("http", method = %request.method(), path = logged(request), request = id)
}

/// The path, and where knowing it is all it takes to be let in, its form alone.
fn logged<B>(request: &Request<B>) -> &str {
    let form = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    form.filter(|form| form.contains("{token}") || form.starts_with("/d/")).unwrap_or(request.uri().path())
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let said = cause.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no words");
    tracing::error!(panic = said, "a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
