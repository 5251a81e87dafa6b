//! A server without sockets, and clients of it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, header};
use kalends_domain::people::{Role, User};
use kalends_engine::Member;
use kalends_testkit::{Dialect, House, TestDb, planner::Planner, suite::Ground};
use kalends_web::{Site, Web, router};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::sample_apps;

/// What clients read: every code must be in it.
const DOCS: &str = include_str!("../../../../docs/api.md");

/// A server: Monday 23 November 2026, nine in the morning in Lisbon, where its first host is.
pub(crate) struct Api {
    pub house: House,
    /// The provider of the one calendar app that is played.
    pub planner: Arc<Planner>,
    pub host: User,
    key: String,
    router: Router,
    seen: Mutex<Vec<Seen>>,
}

/// An answer that said yes.
#[derive(Debug)]
pub(crate) struct Seen {
    pub method: Method,
    pub path: String,
    pub status: u16,
    pub body: Value,
}

/// Somebody who asks.
pub(crate) struct Caller<'a> {
    api: &'a Api,
    key: Option<String>,
}

/// What they were told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Ground for Api {
    async fn open(dialect: Dialect) -> Self {
        Self::over(TestDb::open(dialect).await).await
    }

    async fn close(self) {
        Self::close(self).await;
    }
}

impl Api {
    async fn over(test: TestDb) -> Self {
        let (house, planner) = sample_apps::house(test);
        let host = house.owner().await.user;
        let key = key_of(&house, &host).await;
        let site = Site::new("https://book.example/".parse().expect("an address"));
        let router = router(Web { site: site.into(), engine: house.engine.clone() });
        Self { house, planner, host, key, router, seen: Mutex::default() }
    }

    /// Ends the server; what it said yes to.
    pub async fn close(self) -> Vec<Seen> {
        self.house.test.close().await;
        self.seen.into_inner().expect("nobody panicked while holding it")
    }

    /// The host, with a key.
    pub fn host(&self) -> Caller<'_> {
        Caller { api: self, key: Some(self.key.clone()) }
    }

    /// Anybody.
    pub fn guest(&self) -> Caller<'_> {
        Caller { api: self, key: None }
    }

    /// Somebody with this key.
    pub fn with_key(&self, key: &str) -> Caller<'_> {
        Caller { api: self, key: Some(key.to_owned()) }
    }

    /// One more user here, with hours from nine to five in UTC, and a key of theirs.
    pub async fn colleague(&self, name: &str) -> (User, String) {
        let user = self.house.colleague(&self.host, name).await;
        let key = key_of(&self.house, &user).await;
        (user, key)
    }

    /// An event type of half an hour with these parts besides; its number.
    pub async fn event_type(&self, parts: Value) -> i64 {
        let mut whole = json!({ "title": "Half an hour", "slug": "half-an-hour", "lengthInMinutes": 30 });
        merge(&mut whole, parts);
        let made = self.host().post("/v2/event-types", whole).await.made();
        made["id"].as_i64().expect("a number")
    }

    /// Books as a guest.
    pub async fn book(&self, event_type: i64, start: &str) -> Value {
        self.guest().post("/v2/bookings", wish(event_type, start, json!({}))).await.made()
    }

    /// The starts offered on a day.
    pub async fn starts(&self, event_type: i64, day: &str) -> Vec<String> {
        let path = format!("/v2/slots?eventTypeId={event_type}&start={day}&end={day}");
        let days = self.guest().get(&path).await.ok();
        let slots = days[day].as_array().cloned().unwrap_or_default();
        slots.iter().map(|slot| text(&slot["start"])).collect()
    }
}

async fn key_of(house: &House, user: &User) -> String {
    let made = house.engine.make_api_key(&member(user), "tests", None).await.expect("a key");
    made.key.expose_secret().to_owned()
}

pub(crate) fn member(user: &User) -> Member {
    Member { user: user.id, organization: user.organization, role: Role::Owner.min(user.role) }
}

/// A booking to ask for, with these parts besides.
pub(crate) fn wish(event_type: i64, start: &str, parts: Value) -> Value {
    let mut whole = json!({
        "start": start,
        "eventTypeId": event_type,
        "attendee": { "name": "Gus", "email": "gus@example.com", "timeZone": "Europe/Vienna" },
    });
    merge(&mut whole, parts);
    whole
}

pub(crate) fn guest(name: &str) -> Value {
    json!({ "name": name, "email": format!("{name}@example.com"), "timeZone": "UTC" })
}

fn merge(whole: &mut Value, parts: Value) {
    let (Value::Object(whole), Value::Object(parts)) = (whole, parts) else { panic!("parts are an object") };
    whole.extend(parts);
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text")).to_owned()
}

impl Caller<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.asking(Method::GET, path).body(Body::empty())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.asking(Method::DELETE, path).body(Body::empty())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.with_body(Method::POST, path, &body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.with_body(Method::PUT, path, &body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.with_body(Method::PATCH, path, &body).await
    }

    async fn with_body(&self, method: Method, path: &str, body: &Value) -> Answer {
        let asking = self.asking(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(asking.body(Body::from(body.to_string()))).await
    }

    /// The beginning of a request.
    pub fn asking(&self, method: Method, path: &str) -> http::request::Builder {
        let asking = Request::builder().method(method).uri(path);
        match &self.key {
            Some(key) => asking.header(header::AUTHORIZATION, format!("Bearer {key}")),
            None => asking,
        }
    }

    pub async fn send(&self, request: http::Result<Request<Body>>) -> Answer {
        let request = request.expect("a request");
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.api.router.clone().oneshot(request).await.expect("the router answers");
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        let yes = (200..300).contains(&answer.status) && method != Method::OPTIONS;
        if yes && path.starts_with("/v2/") {
            let seen = Seen { method, path, status: answer.status, body: answer.body.clone() };
            self.api.seen.lock().expect("nobody panicked while holding it").push(seen);
        }
        answer
    }
}

impl Answer {
    /// What was asked for.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.yes(200)
    }

    /// What was made.
    #[track_caller]
    pub fn made(self) -> Value {
        self.yes(201)
    }

    #[track_caller]
    fn yes(mut self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["status"], "success");
        self.body["data"].take()
    }

    /// Why not: the error inside the envelope.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["error"]["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.body["status"], "error");
        assert!(DOCS.contains(&format!("`{code}`")), "docs/api.md does not list {code}");
        assert!(self.body["path"].as_str().is_some_and(|path| path.starts_with("/v2")), "{}", self.body);
        assert!(text(&self.body["timestamp"]).parse::<jiff::Timestamp>().is_ok());
        let error = &self.body["error"];
        assert_eq!(
            (error["type"].as_str(), error["status"].as_u64()),
            (Some("about:blank"), Some(status.into()))
        );
        assert!(!text(&error["title"]).is_empty() && !text(&error["message"]).is_empty());
        error.clone()
    }

    /// The fields that will not do.
    #[track_caller]
    pub fn wrong(self, status: u16) -> Vec<String> {
        let error = self.refused(status, "invalid_fields");
        let fields = error["fields"].as_array().expect("fields");
        fields.iter().map(|one| text(&one["field"])).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
