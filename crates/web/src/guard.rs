//! What stands before and after every handler: where a request may come from, what a browser may do with the answer.

use std::sync::Arc;

use axum::{
    extract::{FromRef, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use jiff::SignedDuration;
use kalends_engine::sign_in::Throttle;

use crate::{Problem, Site, Web, extract::Client};

/// Put into an answer's extensions: its forms end at this origin, too (a host's own thank-you page).
#[derive(Debug, Clone)]
pub struct FormsEndAt(pub String);

/// Put into an answer's extensions: it may be shown in a frame where the operator allows it.
#[derive(Debug, Clone, Copy)]
pub struct Embeddable;

/// Put into an answer's extensions: the page loads this besides our own files, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Loads {
    /// What its elements carry; new for each answer.
    pub nonce: String,
    /// Origins of scripts.
    pub scripts: String,
    /// Origins that may be asked.
    pub connect: String,
    /// Origins of pictures.
    pub images: String,
}

/// The longest body anybody may send.
pub const LONGEST_BODY: usize = 512 * 1024;

/// What is longer is heard to its end up to here.
const PATIENCE: u64 = 16 * 1024 * 1024;

/// Refuses a body that says it is too long, after it was heard: an answer to somebody who is still sending gets lost.
pub async fn not_too_long(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    let Some(length) = length.filter(|length| *length > LONGEST_BODY as u64) else {
        return next.run(request).await;
    };
    if length <= PATIENCE {
        let mut rest = request.into_body().into_data_stream();
        while let Some(Ok(_)) = rest.next().await {}
    }
    Problem::too_large().into_response()
}

/// Marks what guests see as embeddable.
pub async fn embeddable(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Embeddable);
    response
}

/// Refuses a change that another site's page asks for, by what the browser itself says about it.
///
/// A request without any such header comes from no browser of the last years; forms that act for
/// somebody signed in ask for a token besides ([`crate::extract::Csrf`]).
pub async fn same_origin(State(web): State<Web>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || asked_from_here(request.headers(), &web.site) {
        return next.run(request).await;
    }
    Problem::forbidden("other_site", "This came from another site’s page.")
        .say("Open the page here and try again.")
        .into_response()
}

/// How often guests of one network may keep or book a time.
#[derive(Clone)]
pub struct Pace {
    web: Web,
    tries: Arc<Throttle>,
}

impl Pace {
    /// Thirty at once, then one every ten seconds: enough for an office, too few to keep a whole calendar.
    pub fn new(web: &Web) -> Self {
        Self { web: web.clone(), tries: Arc::new(Throttle::new(30, SignedDuration::from_secs(10))) }
    }
}

/// Refuses a guest who keeps or books too often.
pub async fn paced(State(pace): State<Pace>, client: Client, request: Request, next: Next) -> Response {
    match pace.tries.take(&client.network(), pace.web.engine.now()) {
        Ok(()) => next.run(request).await,
        Err(too_many) => Problem::from(too_many).into_response(),
    }
}

impl FromRef<Pace> for Web {
    fn from_ref(pace: &Pace) -> Self {
        pace.web.clone()
    }
}

fn asked_from_here(headers: &HeaderMap, site: &Site) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("").to_owned());
    if let Some(from) = text(HeaderName::from_static("sec-fetch-site")) {
        return from == "same-origin" || from == "none";
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let here = origin == site.base_url.origin().ascii_serialization();
    let asked = text(header::HOST).unwrap_or_default();
    here || origin.split_once("://").is_some_and(|(_, host)| !host.is_empty() && host == asked)
}

/// Tells browsers what they may do with an answer: run only our files, ask only us, guess nothing.
pub async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let embed = response.extensions().get::<Embeddable>().is_some().then(|| web.site.embed_on.join(" "));
    let ancestors = embed.filter(|list| !list.is_empty()).unwrap_or_else(|| "'none'".into());
    let forms = match response.extensions().get::<FormsEndAt>() {
        Some(FormsEndAt(origin)) => format!("'self' {origin}"),
        None => "'self'".into(),
    };
    let (scripts, connect, images) = match response.extensions().get::<Loads>() {
        Some(loads) => (
            format!(" 'nonce-{}' {}", loads.nonce, loads.scripts),
            format!(" {}", loads.connect),
            format!(" {}", loads.images),
        ),
        None => Default::default(),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data:{images}; \
         connect-src 'self'{connect}; manifest-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {ancestors}"
    );
    let out = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        out.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    if ancestors == "'none'" {
        out.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("strict-origin-when-cross-origin"));
    out.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    );
    if web.site.secure() {
        out.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        asked_from_here(&headers, &Site::new("https://book.example".parse().unwrap()))
    }

    #[test]
    fn other_sites_are_refused_by_what_the_browser_says() {
        assert!(!from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("sec-fetch-site", "same-site")]));
        assert!(!from(&[("origin", "https://evil.example"), ("host", "book.example")]));
        assert!(!from(&[("origin", "null"), ("host", "book.example")]));
    }

    #[test]
    fn this_site_and_programs_are_let_through() {
        assert!(from(&[("sec-fetch-site", "same-origin"), ("origin", "https://book.example")]));
        assert!(from(&[("origin", "https://book.example")]));
        assert!(from(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(from(&[]));
    }
}
