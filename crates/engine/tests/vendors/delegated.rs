//! A service account that speaks for people of its organization: nobody signs in (GCAL-24).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kalends_app::Kind;
use kalends_domain::Id;
use kalends_engine::connect::ConnectError;
use kalends_store::{
    repo::{Health, Installation},
    sql,
};
use kalends_testkit::TestDb;
use serde_json::json;

use crate::stage::Stage;

checks![
    gcal_24_a_service_account_connects_and_its_persons_calendars_are_listed,
    gcal_24_the_key_is_kept_sealed,
    gcal_24_tokens_are_asked_for_again_before_they_end_and_after_a_401,
    gcal_24_what_was_pasted_is_told_apart_and_never_said_back,
    gcal_24_a_key_or_a_person_that_is_not_known_there_is_the_owners_to_mend,
    gcal_24_a_scope_that_is_not_allowed_needs_an_administrator_there,
    gcal_25_a_service_account_makes_rooms_with_the_event,
    gcal_25_a_service_account_makes_rooms_by_themselves,
    gcal_24_an_allowance_taken_back_ends_the_connection_with_words,
];

/// Test keys, used nowhere else.
const PRIVATE: &str = include_str!("service.pem");
const PUBLIC: &str = include_str!("service.pub.pem");

const ROBOT: &str = "kalends@project.iam.example.com";
const PERSON: &str = "host@example.com";
const SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    "https://www.googleapis.com/auth/calendar.freebusy",
    "https://www.googleapis.com/auth/calendar.events",
];

/// What rooms need beside the last of those.
const ROOMS: [&str; 2] = [
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/meetings.space.created",
];

/// The key file, as it is downloaded; its token address is a trap.
fn file(kind: &str, key: &str) -> String {
    json!({
        "type": kind, "client_email": ROBOT, "client_id": "104857600", "private_key_id": "k1",
        "private_key": key, "token_uri": "https://elsewhere.example/token",
    })
    .to_string()
}

fn form(file: &str, person: &str) -> BTreeMap<String, String> {
    let typed = [("grant", "jwt_bearer"), ("service_account", file), ("subject", person)];
    typed.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

/// Before a Workspace whose administrator has allowed these scopes.
async fn stage<'t>(t: &'t TestDb, allowed: &[&str]) -> Stage<'t> {
    let stage = Stage::before(t, &super::google::GOOGLE).await;
    stage.played.oauth().unwrap().delegates(ROBOT, PUBLIC, allowed);
    stage
}

async fn try_connect(stage: &Stage<'_>, file: &str, person: &str) -> Result<Id<Installation>, ConnectError> {
    stage.engine.connect(&stage.member, "google-calendar", &form(file, person)).await
}

async fn connected(stage: &Stage<'_>) -> Id<Installation> {
    try_connect(stage, &file("service_account", PRIVATE), PERSON).await.unwrap()
}

async fn gcal_24_a_service_account_connects_and_its_persons_calendars_are_listed(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let id = connected(&stage).await;
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!((view.account.as_str(), view.health), (PERSON, Health::Connected));
    let names: Vec<_> = view.calendars.iter().map(|one| one.name.as_str()).collect();
    assert!(names.contains(&"Hanna Host") && names.contains(&"Team"), "{names:?}");
    assert!(stage.engine.unregistered().await.unwrap().is_empty(), "it needs no client of ours");
    stage.settle().await;
}

async fn gcal_24_the_key_is_kept_sealed(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let id = connected(&stage).await;
    let mut tx = t.db.read().await.unwrap();
    let middle = PRIVATE.lines().nth(10).unwrap();
    for table in ["SELECT sealed AS text FROM credentials", "SELECT settings AS text FROM installations"] {
        let rows = tx.rows(sql(table)).await.unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains(middle) && !text.contains("private_key"), "{table}");
        }
    }
    drop(tx);
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert!(!format!("{view:?}").contains(middle));
}

async fn gcal_24_tokens_are_asked_for_again_before_they_end_and_after_a_401(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let id = connected(&stage).await;
    let asked = || stage.played.bench().count("oauth_delegated");
    assert_eq!(asked(), 1);
    stage.played.oauth().unwrap().expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(asked(), 2, "after a 401");
    t.clock.advance(SignedDuration::from_mins(56));
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(asked(), 3, "early, by the clock");
    assert_eq!(stage.played.bench().strays(), Vec::<String>::new());
}

async fn gcal_24_what_was_pasted_is_told_apart_and_never_said_back(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let broken = PRIVATE.replace("MII", "MMM");
    for (pasted, fix) in [
        ("canary {".to_owned(), "This is not JSON."),
        (
            json!({ "installed": { "client_secret": "canary" } }).to_string(),
            "not the key of a service account",
        ),
        (file("authorized_user", PRIVATE), "not the key of a service account"),
        (file("service_account", "canary"), "private_key in this file cannot be read"),
        (file("service_account", &broken), "private_key in this file cannot be read"),
    ] {
        let refused = try_connect(&stage, &pasted, PERSON).await;
        let Err(ConnectError::Invalid(invalid)) = &refused else { panic!("{fix}: {refused:?}") };
        assert_eq!(invalid.problems[0].field, "service_account");
        assert!(invalid.problems[0].fix.contains(fix), "{}", invalid.problems[0].fix);
        let said = format!("{refused:?}");
        assert!(!said.contains("canary") && !said.contains("PRIVATE KEY"), "{said}");
    }
    assert_eq!(stage.played.bench().count("oauth_delegated"), 0, "nobody was asked");
}

async fn gcal_24_a_key_or_a_person_that_is_not_known_there_is_the_owners_to_mend(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let other = include_str!("../../../../apps/jitsi/src/tests-key.pem");
    for (key, person) in [(other, PERSON), (PRIVATE, "stranger@example.com")] {
        let refused = try_connect(&stage, &file("service_account", key), person).await;
        let Err(ConnectError::Probe(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.kind, Kind::AuthRevoked);
        assert!(error.message().contains("does not speak for this person"), "{error}");
    }
}

async fn gcal_24_a_scope_that_is_not_allowed_needs_an_administrator_there(t: &TestDb) {
    let stage = stage(t, &SCOPES[..2]).await;
    let refused = try_connect(&stage, &file("service_account", PRIVATE), PERSON).await;
    let Err(ConnectError::Probe(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.kind, Kind::AuthRevoked);
    for word in ["client id 104857600", "admin console", "domain-wide delegation", "calendar.events"] {
        assert!(error.message().contains(word), "{word}: {error}");
    }
}

async fn gcal_24_an_allowance_taken_back_ends_the_connection_with_words(t: &TestDb) {
    let stage = stage(t, &SCOPES).await;
    let id = connected(&stage).await;
    let sign_in = stage.played.oauth().unwrap();
    sign_in.delegates(ROBOT, PUBLIC, &[]);
    sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap_err();
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!(view.health, Health::NeedsReconnect);
    assert!(view.cause.contains("domain-wide delegation"), "{}", view.cause);
    // Allowed again, and connected again with the key that is kept.
    sign_in.delegates(ROBOT, PUBLIC, &SCOPES);
    stage.engine.reconnect(&stage.member, id, &form("", PERSON)).await.unwrap();
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!(view.health, Health::Connected);
}

async fn gcal_25_a_service_account_makes_rooms_with_the_event(t: &TestDb) {
    makes_a_room(t, "event", "make_event_room").await;
}

async fn gcal_25_a_service_account_makes_rooms_by_themselves(t: &TestDb) {
    makes_a_room(t, "space", "make_space").await;
}

async fn makes_a_room(t: &TestDb, rooms: &str, by: &str) {
    let stage = stage(t, &[&SCOPES[..], &ROOMS[..]].concat()).await;
    connected(&stage).await;
    let mut form = form(&file("service_account", PRIVATE), PERSON);
    form.insert("rooms".to_owned(), rooms.to_owned());
    let id = stage.engine.connect(&stage.member, "google-meet", &form).await.unwrap();
    stage.settle().await;
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!((view.account.as_str(), view.health), (PERSON, Health::Connected));
    let booking = stage.book("google-meet").await;
    let link = booking.location.url().unwrap_or_default();
    assert!(link.starts_with("https://meet.google.com/"), "{link}");
    assert_eq!(stage.played.bench().count(by), 1);
    assert_eq!(stage.played.bench().count("oauth_exchange"), 0, "nobody signed in");
}
