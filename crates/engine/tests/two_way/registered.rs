//! Notices that belong to a registration: one address for all of an app's accounts in an organization.

use std::{collections::BTreeMap, sync::Arc};

use http::Method;
use kalends_app::{
    App, Declared, Gateway, NoNames, Secret,
    fake::{Fake, Played},
    hook::{Raw, signature},
    http::{NoRecorder, Tokio},
    no_opinion,
    oauth::Client,
};
use kalends_domain::{Clock, people::Role};
use kalends_engine::{
    Engine, Member,
    connect::{Configured, Outside},
    hooks_in::Heard,
    notify::Links,
};
use kalends_store::{seal::Keys, sql};
use kalends_testkit::{
    Counting, TestDb, hear,
    planner::{PLANNER, Planner},
};

checks![
    a_registration_shows_one_address_and_believes_its_own_secret_alone,
    without_a_secret_everything_is_refused,
];

/// As the planner, but people sign in there, and its notices are signed by the registration's secret.
static RINGER: App = App {
    slug: "ringer",
    manifest: Declared::new(
        r#"
slug = "ringer"
name = "Ringer"
tagline = "A calendar people sign in to."
description = "For tests."
kinds = ["calendar"]
categories = ["calendar"]
publisher = "Kalends"
may = ["Read and write events"]

[auth]
scheme = "oauth2"
authorize = "authorize"
token = "token"
webhook_secret = true

[endpoints]
api = "https://ringer.example/"
authorize = "https://ringer.example/authorize"
token = "https://ringer.example/token"
"#,
    ),
    icon: "<svg/>",
    parts: || (PLANNER.parts)(),
    judge: no_opinion,
    fake: || Arc::new(Planner::default()),
};

/// An engine with this registration, and one who manages.
async fn engine(t: &TestDb, webhook_secret: Option<&str>) -> (Engine, Member) {
    let planner = Arc::new(Planner::new(&t.clock, &["work"]));
    let time = Arc::new(Tokio(Arc::new(t.clock.clone())));
    let transport = Arc::new(Played::new(planner.played()));
    let chance = Arc::new(Counting::default());
    let gateway = Gateway::new(transport, Arc::new(NoNames), time, chance, Arc::new(NoRecorder));
    let keys = Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap();
    let links = Links::new(&"https://book.example/".parse().unwrap());
    let client = Client::with_secret("kalends", "client");
    let configured = Configured {
        client,
        webhook_secret: webhook_secret.map(Secret::new),
        webhook_secret_before: Some(Secret::new("before")).filter(|_| webhook_secret.is_some()),
    };
    let outside = Outside::new(vec![&RINGER], gateway, links, Arc::new(keys))
        .with_registrations(BTreeMap::from([("ringer".to_owned(), configured)]))
        .unwrap();
    assert!(planner.bench().seen().is_empty());
    let user = t.people(&["ines"]).await.remove(0);
    let member = Member { user: user.id, organization: user.organization, role: Role::Owner };
    (Engine::new(t.db.clone(), outside), member)
}

/// A notice as this secret signs it.
fn notice(t: &TestDb, address: &str, secret: &str) -> Raw {
    let body = br#"{"id":"n1","kind":"fireworks","channel":"c"}"#;
    let at = t.clock.now().as_second().to_string();
    let signed = signature::hmac_hex(secret.as_bytes(), &[at.as_bytes(), b".", body]);
    let mut headers = http::HeaderMap::new();
    headers.insert("x-planner-signature", signed.parse().unwrap());
    headers.insert("x-planner-time", at.parse().unwrap());
    Raw { method: Method::POST, url: address.parse().unwrap(), headers, body: body.to_vec().into() }
}

async fn address(engine: &Engine, manager: &Member) -> String {
    engine.registration_of(manager, "ringer").await.unwrap().notices.unwrap()
}

async fn a_registration_shows_one_address_and_believes_its_own_secret_alone(t: &TestDb) {
    let (engine, manager) = engine(t, Some("signed by this")).await;
    let shown = address(&engine, &manager).await;
    assert!(shown.starts_with("https://book.example/hooks/ringer/"));
    assert_eq!(address(&engine, &manager).await, shown, "it stays, for it is entered by hand over there");
    assert_eq!(hear(&engine, "ringer", &notice(t, &shown, "another")).await, Heard::Refused);
    assert_eq!(hear(&engine, "ringer", &notice(t, &shown, "signed by this")).await, Heard::Taken);
    assert_eq!(
        hear(&engine, "ringer", &notice(t, &shown, "before")).await,
        Heard::Taken,
        "INB-07: two secrets are good"
    );
    let mut tx = t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT sealed FROM hooks")).await.unwrap();
    let sealed: String = rows[0].get("sealed").unwrap();
    assert!(
        !sealed.contains(shown.rsplit('/').next().unwrap()),
        "the key is not in the database in the open"
    );
}

async fn without_a_secret_everything_is_refused(t: &TestDb) {
    let (engine, manager) = engine(t, None).await;
    let shown = address(&engine, &manager).await;
    assert_eq!(hear(&engine, "ringer", &notice(t, &shown, "")).await, Heard::Refused);
}
