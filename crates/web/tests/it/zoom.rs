//! Zoom's webhooks, all the way: received, written down, followed by a job, mended there; and a day's allowance at its edge.

mod account;

use std::{collections::BTreeMap, sync::Arc};

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    App, Request as Call, Secret,
    fake::{Fake, OAuth},
    hook::signature,
};
use kalends_domain::{
    Clock, Id, Span,
    booking::{Booking, Event, Rules},
    event_type::{BookedLocation, EventType},
};
use kalends_engine::{
    Engine,
    connect::{Answer, Begin, Configured, Finished},
    job::{self, Reconcile},
};
use kalends_store::{repo::Session, sql};
use kalends_testkit::{House, TestDb, make};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::house::{Server, plain};

const SECRET: &str = "the secret token of the registration";

/// A server whose owner has signed in at Zoom.
struct World {
    server: Server,
    zoom: Arc<dyn Fake>,
    /// Where Zoom sends its notices.
    path: String,
    event_type: EventType,
}

fn app() -> &'static App {
    kalends_catalog::APPS.iter().copied().find(|app| app.slug == "zoom").unwrap()
}

impl World {
    async fn new() -> Self {
        let world = Self::before().await;
        world.sign_in().await;
        world
    }

    /// Nobody has connected anything yet.
    async fn before() -> Self {
        let test = TestDb::sqlite().await;
        let zoom = (app().fake)();
        let client = zoom.oauth().unwrap().client();
        let known =
            Configured { client, webhook_secret: Some(Secret::new(SECRET)), webhook_secret_before: None };
        let outside = House::outside(&test, &[app()], |gateway| gateway.playing(app(), Arc::clone(&zoom)))
            .with_registrations(BTreeMap::from([("zoom".to_owned(), known)]))
            .unwrap();
        let house = House { engine: Engine::new(test.db.clone(), outside), test };
        let server = Server::around(house).await;
        let event_type = server.offer("call", plain()).await;
        let view = server.house.engine.registration_of(&server.member(), "zoom").await.unwrap();
        let path = view.notices.unwrap().strip_prefix("https://book.example").unwrap().to_owned();
        Self { server, zoom, path, event_type }
    }

    fn engine(&self) -> &Engine {
        &self.server.house.engine
    }

    async fn sign_in(&self) {
        let (member, session): (_, Id<Session>) = (self.server.member(), self.server.house.test.ids.id());
        let form = BTreeMap::from([("grant".to_owned(), "authorization_code".to_owned())]);
        let back = self.engine().begin_sign_in(&member, session, "zoom", &form, Begin::Usual).await.unwrap();
        let part = |name: &str| {
            back.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
        };
        let answer = Answer {
            state: part("state").unwrap(),
            code: part("code").map(Secret::new),
            issuer: part("iss"),
            ..Answer::default()
        };
        let done = self.engine().finish_sign_in(&member, session, "zoom", &answer).await.unwrap();
        assert!(matches!(done, Finished::Connected(_)));
        self.settle().await;
    }

    fn now(&self) -> Timestamp {
        self.server.house.test.clock.now()
    }

    async fn settle(&self) {
        job::drain(self.engine()).await.unwrap();
        assert_eq!(self.zoom.bench().strays(), Vec::<String>::new());
    }

    /// A confirmed booking in so many hours, and what follows from it.
    async fn book(&self, hours: i64) -> Booking {
        let start = self.now().as_second() + hours * 3600;
        let test = &self.server.house.test;
        let mut booking =
            make::booking(&test.ids, &self.event_type, Span::new(start, start + 1800), self.now());
        booking.location = BookedLocation::app("zoom");
        let new = booking.clone();
        test.db
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    tx.bookings().add(&new).await?;
                    job::add(tx, &Reconcile::of(&new)).await
                })
            })
            .await
            .map_err(|error: kalends_store::Error| error)
            .unwrap();
        self.settle().await;
        self.stored(&booking).await
    }

    async fn stored(&self, booking: &Booking) -> Booking {
        self.server.house.test.db.read().await.unwrap().bookings().get(booking.id).await.unwrap().unwrap()
    }

    async fn cancel(&self, booking: &Booking) {
        let mut after = self.stored(booking).await;
        let (rules, before) = (Rules { host_approves: false }, after.revision);
        let event = Event::Cancelled { by: kalends_domain::booking::By::Guest, reason: String::new() };
        (after.state, _) = after.state.clone().step(event, rules, self.now()).unwrap();
        after.revision += 1;
        self.server
            .house
            .test
            .db
            .write(move |tx| {
                let after = after.clone();
                Box::pin(async move {
                    assert!(tx.bookings().save(&after, before).await?);
                    job::add(tx, &Reconcile::of(&after)).await
                })
            })
            .await
            .map_err(|error: kalends_store::Error| error)
            .unwrap();
        self.settle().await;
    }

    /// Somebody at Zoom, not us: what they send, and the answer.
    async fn there(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("https://api.zoom.us/v2{path}").parse().unwrap();
        let mut call = Call::new("by_hand", method, url);
        if let Some(body) = body {
            call = call.body("application/json", body.to_string().into_bytes());
        }
        self.zoom.oauth().map(OAuth::signer).unwrap().sign(&mut call).await.unwrap();
        let answer = self.zoom.answer(&call).unwrap();
        assert!(answer.status.is_success(), "{answer:?}");
        answer.json().unwrap_or_default()
    }

    /// The id of the only meeting there, and the meeting.
    async fn meeting(&self) -> (String, Value) {
        let all = self.there(Method::GET, "/users/me/meetings?type=upcoming", None).await;
        let all = all["meetings"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        let id = all[0]["id"].to_string();
        let one = self.there(Method::GET, &format!("/meetings/{id}"), None).await;
        (id, one)
    }

    /// A notice as Zoom would sign it now.
    fn notice(&self, event: &str, payload: &Value) -> (String, Vec<(&'static str, String)>) {
        self.signed_at(self.now(), event, payload, SECRET)
    }

    fn signed_at(
        &self,
        at: Timestamp,
        event: &str,
        payload: &Value,
        secret: &str,
    ) -> (String, Vec<(&'static str, String)>) {
        let body = json!({ "event": event, "event_ts": self.now().as_millisecond(), "payload": payload });
        let (body, time) = (body.to_string(), at.as_second().to_string());
        let parts: [&[u8]; 4] = [b"v0:", time.as_bytes(), b":", body.as_bytes()];
        let hex = signature::hmac_hex(secret.as_bytes(), &parts);
        let headers = vec![("x-zm-request-timestamp", time), ("x-zm-signature", format!("v0={hex}"))];
        (body, headers)
    }

    async fn post(&self, (body, headers): &(String, Vec<(&'static str, String)>)) -> (StatusCode, String) {
        let mut request =
            Request::builder().method("POST").uri(&self.path).header(header::HOST, "book.example");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer =
            self.server.router().oneshot(request.body(Body::from(body.clone())).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Tells it, and does what follows.
    async fn tell(&self, event: &str, id: &str) {
        self.server.house.test.clock.advance(SignedDuration::from_secs(1));
        let object = json!({ "id": id.parse::<u64>().unwrap(), "uuid": format!("/{id}==") });
        let notice = self.notice(event, &json!({ "account_id": "A", "object": object }));
        assert_eq!(self.post(&notice).await.0, StatusCode::ACCEPTED);
        self.settle().await;
    }

    /// Tells everything of what we did there, and of what we did because we were told, until nothing more is to be told; so many
    /// rounds it took.
    async fn echo(&self, mut told: usize) -> usize {
        for round in 0..20 {
            let writes = self.writes();
            let new: Vec<(String, String)> = writes[told..].to_vec();
            told = writes.len();
            if new.is_empty() {
                return round;
            }
            for (event, id) in new {
                self.tell(&event, &id).await;
            }
        }
        panic!("it goes round in a circle");
    }

    /// What we changed there, as notices name it.
    fn writes(&self) -> Vec<(String, String)> {
        let of = |call: &Call| {
            let id = call.url.path().rsplit('/').next().unwrap_or_default().to_owned();
            match call.op.name {
                "update_meeting" => Some(("meeting.updated".to_owned(), id)),
                "delete_meeting" => Some(("meeting.deleted".to_owned(), id)),
                _ => None,
            }
        };
        self.zoom.bench().seen().iter().filter_map(of).collect()
    }

    async fn heard(&self) -> usize {
        let mut tx = self.server.house.test.db.read().await.unwrap();
        tx.rows(sql("SELECT id FROM inbound_events")).await.unwrap().len()
    }
}

#[tokio::test]
async fn zoom_12_the_challenge_is_answered_at_the_door_only_when_it_is_signed() {
    let world = World::new().await;
    let payload = json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw" });
    let (status, answer) = world.post(&world.notice("endpoint.url_validation", &payload)).await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let encrypted = signature::hmac_hex(SECRET.as_bytes(), &[b"qgg8vlvZRS6UYooatFL8Aw"]);
    assert_eq!(answer, json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": encrypted }));
    let forged = world.signed_at(world.now(), "endpoint.url_validation", &payload, "guessed");
    assert_eq!(world.post(&forged).await, (StatusCode::UNAUTHORIZED, String::new()));
    assert_eq!(world.heard().await, 0, "nothing of it is written down");
}

#[tokio::test]
async fn zoom_11_zoom_14_what_is_forged_or_stale_is_refused_and_what_is_replayed_counts_once() {
    let world = World::new().await;
    world.book(24).await;
    let (id, _) = world.meeting().await;
    let object = json!({ "id": id.parse::<u64>().unwrap(), "uuid": "/x==" });
    let payload = json!({ "account_id": "A", "object": object });
    let forged = world.signed_at(world.now(), "meeting.deleted", &payload, "guessed");
    assert_eq!(world.post(&forged).await.0, StatusCode::UNAUTHORIZED);
    let unsigned = (forged.0.clone(), vec![]);
    assert_eq!(world.post(&unsigned).await.0, StatusCode::UNAUTHORIZED);
    for minutes in [-6, 6] {
        let at = world.now() + SignedDuration::from_mins(minutes);
        let stale = world.signed_at(at, "meeting.deleted", &payload, SECRET);
        assert_eq!(world.post(&stale).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.heard().await, 0);
    let good = world.notice("meeting.updated", &payload);
    let looks = world.zoom.bench().count("get_meeting");
    for _ in 0..3 {
        assert_eq!(world.post(&good).await.0, StatusCode::ACCEPTED);
        world.settle().await;
    }
    assert_eq!((world.heard().await, world.zoom.bench().count("get_meeting") - looks), (1, 1));
    // Caught and sent again later, with its own signature: too old by then.
    world.server.house.test.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(world.post(&good).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn zoom_13_a_meeting_changed_there_is_set_right_once_and_no_circle_begins() {
    let world = World::new().await;
    let booking = world.book(24).await;
    let (id, mut meeting) = world.meeting().await;
    let ours = meeting["start_time"].clone();
    meeting["start_time"] = json!("2026-12-24T18:00:00Z");
    meeting["topic"] = json!("Moved by hand");
    world.there(Method::PATCH, &format!("/meetings/{id}"), Some(&meeting)).await;
    let told = world.writes().len();
    world.tell("meeting.updated", &id).await;
    let (same, now) = world.meeting().await;
    assert_eq!((&same, &now["start_time"], &now["topic"]), (&id, &ours, &json!(booking.title)));
    // Zoom tells of our own correction too: it is looked at, and that is all.
    assert_eq!(world.echo(told).await, 1);
    assert_eq!(world.writes().len() - told, 1);
    assert_eq!(world.stored(&booking).await.location.url(), booking.location.url());
}

#[tokio::test]
async fn zoom_13_a_meeting_deleted_there_is_made_anew_with_a_link_that_works() {
    let world = World::new().await;
    let booking = world.book(24).await;
    let (id, _) = world.meeting().await;
    let path = format!("/meetings/{id}?schedule_for_reminder=false&cancel_meeting_reminder=false");
    world.there(Method::DELETE, &path, None).await;
    world.tell("meeting.deleted", &id).await;
    let (anew, meeting) = world.meeting().await;
    let now = world.stored(&booking).await;
    assert_ne!(anew, id);
    assert_eq!(now.location.url(), meeting["join_url"].as_str());
    assert_eq!(now.location.password(), meeting["password"].as_str());
    assert_eq!(world.echo(0).await, 0, "making one tells nothing we listen to");
    // A booking of ours that is called off takes its meeting away, and hearing of that makes none anew.
    world.cancel(&now).await;
    assert_eq!(world.echo(0).await, 1);
    let left = world.there(Method::GET, "/users/me/meetings?type=upcoming", None).await;
    assert_eq!(left["meetings"], json!([]));
}

#[tokio::test]
async fn zoom_13_the_end_of_a_meeting_stands_in_the_bookings_history() {
    let world = World::new().await;
    let booking = world.book(1).await;
    let (id, _) = world.meeting().await;
    world.server.house.test.clock.set(booking.span.ends());
    let calls = world.zoom.bench().seen().len();
    world.tell("meeting.ended", &id).await;
    let mut tx = world.server.house.test.db.read().await.unwrap();
    let history = tx.bookings().history(&booking).await.unwrap();
    assert!(history.iter().any(|one| one.kind == "meeting_ended" && one.actor == "zoom"), "{history:?}");
    assert_eq!(world.zoom.bench().seen().len(), calls);
}

#[tokio::test]
async fn zoom_06_the_hundredth_write_of_a_day_is_made_and_the_next_waits_for_utc_midnight() {
    let world = World::new().await;
    world.book(30).await;
    world
        .server
        .house
        .test
        .db
        .write(|tx| Box::pin(async move { tx.run(sql("UPDATE daily_writes SET used = 99")).await }))
        .await
        .map(|_: u64| ())
        .map_err(|error: kalends_store::Error| error)
        .unwrap();
    let hundredth = world.book(33).await;
    assert!(hundredth.location.url().is_some());
    let calls = world.zoom.bench().seen().len();
    let next = world.book(36).await;
    assert_eq!(next.location.url(), None);
    assert_eq!(world.zoom.bench().seen().len(), calls, "Zoom is not asked to refuse it");
    let told = world.engine().happened_outside(&world.server.member(), &next.uid).await.unwrap();
    let room = told.iter().find(|one| one.what == kalends_engine::reconcile::What::Room).unwrap();
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    assert!(room.detail.contains("100 meetings a day"), "{room:?}");
    assert!(room.next_try.unwrap() >= midnight, "{room:?}");
    world.server.house.test.clock.set(midnight - SignedDuration::from_secs(1));
    world.settle().await;
    assert_eq!(world.zoom.bench().seen().len(), calls, "not a second early");
    world.server.house.test.clock.set(room.next_try.unwrap().max(midnight));
    world.settle().await;
    assert!(world.stored(&next).await.location.url().is_some(), "and the new day has its own hundred");
}

#[tokio::test]
async fn inb_02_a_notice_can_be_looked_into_and_applied_again() {
    let world = World::new().await;
    world.book(24).await;
    let (id, _) = world.meeting().await;
    world.tell("meeting.updated", &id).await;
    let mut host = world.server.host();
    let list = host.get("/settings/notices").await;
    let link =
        list.text.split("href=\"/settings/notices/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = host.get(&format!("/settings/notices/{link}")).await;
    assert!(page.text.contains("meeting.updated") && page.text.contains(&id), "{}", page.text);
    assert!(!page.text.contains("v0="), "its signature is masked");
    let looks = world.zoom.bench().count("get_meeting");
    let again = format!("/settings/notices/{link}/again");
    assert_eq!(host.submit_to(&page, &again, &[]).await.to(), "/settings/notices?did=again");
    world.settle().await;
    assert_eq!(world.zoom.bench().count("get_meeting") - looks, 1);
}
