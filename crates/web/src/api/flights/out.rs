//! Calls, notices and connections as they go out.

use axum::Json;
use kalends_engine::{
    connect::{ConnectionView, Health},
    flights::{Again, Call, TimeLine},
    hooks_in::{Inbound, InboundNotice},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        answer::{Page, page},
        shape::instant,
    },
    mark,
};

/// One call to another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "01a0b1c2-d3e4-7f56-8901-23456789abcd", "at": "2030-09-05T09:00:03.120Z", "app": "planner", "operation": "create_event",
    "connectionId": "01a0b1c2-0000-7f56-8901-23456789abcd", "bookingUid": "7Vq2Kd0cW9mYtR3sLhX1aB", "method": "PUT",
    "host": "calendar.example.com", "path": "/ines/work/…", "status": 503, "durationMs": 84, "outcome": "provider_down",
    "detail": "the provider has trouble (status 503)", "attempt": 4, "attempts": 4, "run": 2, "runs": 30,
    "nextTryAt": "2030-09-05T09:00:12.000Z", "replay": { "possible": true }
}))]
pub struct FlightOut {
    /// Its name.
    id: String,
    /// When it began.
    at: String,
    /// The app's slug.
    app: String,
    /// What was to be done, as the app calls it.
    operation: String,
    /// Through which connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    /// For which booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_uid: Option<String>,
    /// Because of which notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_id: Option<String>,
    /// The method, or the protocol's name where it is not HTTP.
    method: String,
    /// To whom.
    host: String,
    /// The path; what may be secret is masked, and a query is never shown.
    path: String,
    /// The status, where there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    /// How long it took.
    duration_ms: u32,
    /// `ok`, or what went wrong: `provider_down`, `rate_limited`, `auth_revoked`, …
    outcome: String,
    /// The same in words, without secrets.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// Which try of the call this was.
    attempt: u32,
    /// Of so many at most.
    attempts: u32,
    /// Which run of its step this was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u32>,
    /// Of so many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<u32>,
    /// The provider asked not to be called before.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    /// When its step, which is not done yet, is tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<String>,
    /// Whether its step can be done again.
    replay: ReplayOut,
}

/// Whether something can be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayOut {
    /// It can.
    possible: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Something a provider told, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a0b1c2-d3e4-7f56-8901-23456789abcd", "at": "2030-09-05T09:00:03.120Z", "app": "planner",
    "what": "a calendar changed", "status": "applied", "triesFailed": 0, "replay": { "possible": false }
}))]
#[serde(rename_all = "camelCase")]
pub struct NoticeOut {
    /// Its name.
    id: String,
    /// When it came.
    at: String,
    /// From which app.
    app: String,
    /// What it told, in a few words.
    what: &'static str,
    /// `waiting`, `parked`, `applied`, `ignored` or `given_up`.
    status: &'static str,
    /// So often applying it failed.
    tries_failed: u32,
    /// Why it failed last.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// Whether it can be applied again.
    replay: ReplayOut,
}

/// An app connected for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a0b1c2-0000-7f56-8901-23456789abcd", "app": "planner", "name": "Planner", "account": "ines@calendar.example.com",
    "enabled": true, "health": "connected"
}))]
pub struct ConnectionOut {
    /// Its name.
    id: String,
    /// The app's slug.
    app: &'static str,
    /// The app's name.
    name: String,
    /// Which account.
    account: String,
    /// It is not switched off.
    enabled: bool,
    /// `connected`, `degraded`, `needs_reconnect` or `revoked`.
    health: &'static str,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    cause: String,
}

/// Where a page of a time line lies in it: the whole is never counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cursors {
    returned_items: usize,
    items_per_page: u32,
    has_next_page: bool,
    /// To be sent as `cursor` for what comes after; none at the end.
    next_cursor: Option<String>,
}

impl Cursors {
    pub(super) const fn new(returned_items: usize, items_per_page: u32, next_cursor: Option<String>) -> Self {
        Self { returned_items, items_per_page, has_next_page: next_cursor.is_some(), next_cursor }
    }
}

/// A page of a time line.
pub(super) fn line(line: &TimeLine, take: u32) -> Json<Page<FlightOut, Cursors>> {
    let calls: Vec<_> = line.calls.iter().map(flight).collect();
    let next = line.more.map(|place| mark::write(place.at, place.id));
    let pagination = Cursors::new(calls.len(), take, next);
    page(calls, pagination)
}

fn flight(call: &Call) -> FlightOut {
    let (next_try, replay) = match &call.again {
        Again::Yes { next_try } => (*next_try, ReplayOut { possible: true, why: None }),
        Again::NotNeeded => (None, ReplayOut { possible: false, why: None }),
        Again::No(why) => (None, ReplayOut { possible: false, why: Some(why.clone()) }),
    };
    FlightOut {
        id: call.id.to_string(),
        at: instant(call.at),
        app: call.app.clone(),
        operation: call.operation.clone(),
        connection_id: call.installation.map(|id| id.to_string()),
        booking_uid: call.booking.as_ref().map(ToString::to_string),
        notice_id: call.notice.map(|id| id.to_string()),
        method: call.method.clone(),
        host: call.host.clone(),
        path: call.path.clone(),
        status: call.status,
        duration_ms: call.millis,
        outcome: call.outcome.clone(),
        detail: call.said.clone(),
        attempt: call.attempt.0,
        attempts: call.attempt.1,
        run: call.run.map(|run| run.0),
        runs: call.run.map(|run| run.1),
        not_before: call.not_before.map(instant),
        next_try_at: next_try.map(instant),
        replay,
    }
}

/// A notice.
pub(super) fn notice(told: &InboundNotice) -> NoticeOut {
    let status = match told.state {
        Inbound::Waiting => "waiting",
        Inbound::Parked => "parked",
        Inbound::Done => "applied",
        Inbound::Ignored => "ignored",
        Inbound::Dead => "given_up",
    };
    let possible = matches!(told.state, Inbound::Done | Inbound::Ignored | Inbound::Dead);
    NoticeOut {
        id: told.id.to_string(),
        at: instant(told.at),
        app: told.app.clone(),
        what: told.what,
        status,
        tries_failed: told.tries,
        detail: told.error.clone(),
        replay: ReplayOut { possible, why: None },
    }
}

/// A connection.
pub(super) fn connection(view: &ConnectionView) -> ConnectionOut {
    ConnectionOut {
        id: view.id.to_string(),
        app: view.app.slug,
        name: view.app.manifest().name.clone(),
        account: view.account.clone(),
        enabled: view.enabled,
        health: match view.health {
            Health::Connected => "connected",
            Health::Degraded => "degraded",
            Health::NeedsReconnect => "needs_reconnect",
            Health::Revoked => "revoked",
        },
        cause: view.cause.clone(),
    }
}
