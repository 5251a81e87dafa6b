//! What every answer of the API has around it.

use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::shape::Wrong;
use crate::Problem;

/// `{"status": "success", "data": …}`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always `success`; what went wrong has another shape.
    status: &'static str,
    /// What was asked for.
    data: T,
}

/// What an operation answers that asks or changes: 200.
pub type Answer<T> = Result<Json<Success<T>>, Problem>;

/// What an operation answers that makes something: 201.
pub type Made<T> = Result<(StatusCode, Json<Success<T>>), Problem>;

/// What an operation answers that has nothing to tell: 200.
pub type Acknowledged = Result<Json<Done>, Problem>;

/// What an operation answers that lists: 200 with one page.
pub type Paged<T, P> = Result<Json<Page<T, P>>, Problem>;

/// A list, and where its page lies in the whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T, P> {
    status: &'static str,
    data: Vec<T>,
    pagination: P,
}

/// `{"status": "success"}`: there is nothing more to say.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Done {
    status: &'static str,
}

/// 200 with what was asked for.
pub fn ok<T: Serialize>(data: T) -> Json<Success<T>> {
    Json(Success { status: "success", data })
}

/// 201 with what was made.
pub fn made<T: Serialize>(data: T) -> (StatusCode, Json<Success<T>>) {
    (StatusCode::CREATED, ok(data))
}

/// 200 with a page of a list.
pub fn page<T, P>(data: Vec<T>, pagination: P) -> Json<Page<T, P>> {
    Json(Page { status: "success", data, pagination })
}

/// 200, done.
pub fn done() -> Json<Done> {
    Json(Done { status: "success" })
}

impl From<Vec<Wrong>> for Problem {
    fn from(wrong: Vec<Wrong>) -> Self {
        let field = |one: Wrong| kalends_domain::event_type::FieldProblem { field: one.field, fix: one.fix };
        Self { status: StatusCode::BAD_REQUEST, ..Self::fields(wrong.into_iter().map(field).collect()) }
    }
}

/// The header by which a client says which shapes it knows.
pub const VERSION: &str = "cal-api-version";

/// Refuses a client that asks for shapes of another version; one that says nothing gets ours.
pub async fn version(ours: &'static str, request: Request, next: Next) -> Response {
    let asked = request.headers().get(VERSION);
    if asked.is_some_and(|asked| asked.as_bytes() != ours.as_bytes()) {
        let problem =
            Problem::bad_request("unknown_api_version", "This version of the API is not served here.");
        return problem.say(format!("Send `{VERSION}: {ours}`, or leave the header out.")).into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(VERSION, HeaderValue::from_static(ours));
    response
}
