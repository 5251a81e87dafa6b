//! What a client is told when something does not work: one value, drawn at the edge for whoever asked.

use std::borrow::Cow;

use askama::Template;
use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kalends_domain::event_type::FieldProblem;

use crate::{
    Web,
    api::refused::{Refused, Trouble},
    kept::Kept,
    pages::Frame,
};

/// What happened and what to do, without a cause. The cause is in the log.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Where the blame lies, in HTTP's words.
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: &'static str,
    /// What happened, in a sentence.
    pub title: Cow<'static, str>,
    /// What to do about it, if anything.
    pub detail: String,
    /// Which fields will not do.
    pub fields: Vec<FieldProblem>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this status, code and title.
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            title: title.into(),
            detail: String::new(),
            fields: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 401: nobody has signed in.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first.")
    }

    /// 403: signed in, but not allowed.
    pub fn forbidden(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, title)
    }

    /// 404: not here, or not for you.
    pub fn not_found(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title)
    }

    /// 404 for a booking.
    pub fn no_such_booking() -> Self {
        Self::not_found("booking_not_found", "This booking does not exist.")
    }

    /// 409: it does not fit what is there now.
    pub fn conflict(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    /// 410: it was here once.
    pub fn gone(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, code, title)
    }

    /// 422: understood, but these fields will not do.
    pub fn fields(fields: Vec<FieldProblem>) -> Self {
        let title = if fields.len() == 1 { "One answer needs a look." } else { "Some answers need a look." };
        let detail = match fields.as_slice() {
            [one] => one.to_string(),
            several => {
                let parts: Vec<String> =
                    several.iter().map(|one| one.to_string().trim_end_matches('.').to_owned()).collect();
                format!("{}.", parts.join("; "))
            }
        };
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", title).say(detail) }
    }

    /// The same with fields by the names that whoever asked knows them by.
    #[must_use]
    pub fn naming(self, name: impl Fn(&str) -> String) -> Self {
        if self.fields.is_empty() {
            return self;
        }
        let fields =
            self.fields.into_iter().map(|one| FieldProblem { field: name(&one.field), fix: one.fix });
        Self { status: self.status, ..Self::fields(fields.collect()) }
    }

    /// 429: too often; again in so many seconds.
    pub fn too_many(seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many tries.")
                .say(format!("Wait {seconds} seconds, then try again."))
        }
    }

    /// 503: something this server needs does not answer.
    pub fn unavailable(code: &'static str, title: impl Into<Cow<'static, str>>) -> Self {
        Self { retry_after: Some(30), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title) }
    }

    /// 500: our fault; 503 while the database is away, 507 when its disk is full. The cause goes to the log, never to the client.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut said = cause.to_string();
        let mut source = cause.source();
        while let Some(deeper) = source {
            said = format!("{said}: {deeper}");
            source = deeper.source();
        }
        tracing::error!(error = said, "a request failed");
        if kalends_engine::disk_is_full(cause) {
            let title = "The server has no room left to keep anything.";
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", title)
                .say("Nothing was changed. Tell whoever runs it: its disk is full.");
        }
        if kalends_engine::database_is_away(cause) {
            return Self::unavailable("database_away", "The server cannot reach its data right now.")
                .say("Nothing was changed. Try again in a minute.");
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server could not do this.")
            .say("Nothing was changed. Try again in a minute.")
    }

    /// Says what to do.
    #[must_use]
    pub fn say(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

impl IntoResponse for Problem {
    /// Carries the problem to the edge, where [`draw`] knows who asked.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "problem/page.html")]
struct Page {
    frame: Frame,
    problem: Problem,
    request: String,
    /// Where the form goes that was sent, and what stood in it.
    path: String,
    kept: Option<Kept>,
    /// What was only looked at is looked at again here; empty where that does not help.
    again: String,
}

/// Draws what went wrong: the envelope under `/v2`, a page for browsers, problem+json for the rest.
pub async fn draw(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let browser = wants_page(request.headers());
    let asked = request.uri().path_and_query().map(|asked| asked.as_str().to_owned());
    let again = asked.filter(|_| request.method() == Method::GET).unwrap_or_default();
    // The answer is given its name further out.
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("").to_owned();
    let response = next.run(request).await;
    let Some(problem) = problem_of(&response) else { return response };

    let body = if path.starts_with("/v2/") || path == "/v2" {
        Json(Refused::of(&problem, &path, web.engine.now())).into_response()
    } else if browser {
        let kept = response.extensions().get::<Kept>().cloned();
        let frame = Frame::of(&web).await;
        let again = if problem.status.is_server_error() { again } else { String::new() };
        let page = Page { frame, problem: problem.clone(), request: id, path, kept, again };
        match page.render() {
            Ok(html) => Html(html).into_response(),
            Err(_) => problem.title.clone().into_response(),
        }
    } else {
        let mut plain = Json(Trouble::from(&problem)).into_response();
        plain
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        plain
    };
    let (mut head, _) = response.into_parts();
    let (kind, body) = body.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    if let Some(kind) = kind.headers.get(header::CONTENT_TYPE) {
        head.headers.insert(header::CONTENT_TYPE, kind.clone());
    }
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(head, body)
}

/// The problem a response carries; or one for a refusal that a layer or an extractor of the framework made.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let spoken = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if spoken || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found("not_found", "There is nothing at this address.")
            .say("Check it for a missing letter, or ask whoever gave it to you."),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(status, "method_not_allowed", "This address does not take that kind of request.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => {
            Problem::unavailable("timeout", "The server took too long.").say("Try again in a minute.")
        }
        status if status.is_server_error() => {
            Problem::new(status, "internal", "The server could not do this.").say("Try again in a minute.")
        }
        status => Problem::new(status, "bad_request", "The request cannot be understood."),
    })
}

impl Problem {
    /// 413: more than this server reads.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "That is more than this server takes.")
            .say("Send at most 512 KB.")
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
