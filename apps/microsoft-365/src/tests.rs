//! Microsoft 365, beyond what the suites ask of every calendar.

mod changes;
mod events;
mod limits;
mod times;
mod watch;

use std::sync::Arc;

use kalends_app::{
    Account, AnyCalendar, Cx, RemoteId,
    fake::{Fake, Instead, OAuth, Played, example, gateway},
    gateway::Patience,
    http::Transport,
    kind::calendar::Draft,
};
use kalends_domain::Span;
use serde_json::{Value, json};
use vendor_microsoft::fake::{BEGIN, Server};

use super::{APP, Microsoft365, fake};

struct World {
    server: Arc<Server>,
    cx: Cx,
}

impl World {
    fn new() -> Self {
        Self::where_some(|_| None)
    }

    /// A world in which some requests are answered otherwise.
    fn where_some(own: Instead) -> Self {
        let server = Arc::new(fake::server());
        let net = Arc::new(Played::new(Arc::clone(&server) as Arc<dyn Fake>).but(own));
        let cx = cx(&server, net, &json!({}));
        Self { server, cx }
    }

    /// The account with other settings.
    fn set(mut self, settings: Value) -> Self {
        self.cx.settings = settings;
        self
    }

    async fn busy(&self, of: &str) -> Vec<Span> {
        let of = [id(of)];
        let mut busy: Vec<Span> =
            part().busy(&self.cx, &of, window()).await.expect("says").into_iter().map(|b| b.span).collect();
        busy.sort();
        busy
    }

    /// At the end: the mailbox understood everything.
    fn understood(&self) {
        assert_eq!(self.server.bench().strays(), Vec::<String>::new());
    }
}

fn cx(server: &Arc<Server>, net: Arc<dyn Transport>, settings: &Value) -> Cx {
    let gateway = gateway(net, BEGIN.parse().expect("a time"));
    let account = Account {
        settings: settings.clone(),
        signer: server.oauth().map(OAuth::signer),
        ..example::account()
    };
    gateway.cx(&APP, account, Patience::Job).expect("the account can be used")
}

fn part() -> &'static dyn AnyCalendar {
    &Microsoft365
}

#[test]
fn msg_01_no_more_is_asked_for_than_is_used() {
    let scopes = &APP.manifest().auth.oauth().expect("people sign in").scopes;
    let asked: Vec<_> = scopes.iter().map(|one| one.scope.as_str()).collect();
    assert_eq!(asked, ["offline_access", "User.Read", "Calendars.ReadWrite"]);
}

#[tokio::test(start_paused = true)]
async fn msg_10_every_call_asks_for_ids_that_stay() {
    let world = World::new();
    let written = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    part().update(&world.cx, &id("main"), &written, &draft(12)).await.expect("moves");
    world.busy("main").await;
    part().changes(&world.cx, &id("main"), None, window()).await.expect("reads");
    let seen = world.server.bench().seen();
    for request in seen.iter().filter(|request| request.url.host_str() == Some("graph.microsoft.com")) {
        let prefers: Vec<_> =
            request.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(prefers.concat().contains("IdType=\"ImmutableId\""), "{request:?}: {prefers:?}");
    }
    world.understood();
}

/// The calendar of this name.
fn id(calendar: &str) -> RemoteId {
    RemoteId::new(format!("AAMkAGI2-{calendar}="))
}

fn window() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

/// An hour of somebody's, from this hour of the window on.
fn hour(subject: &str, hour: i64) -> Value {
    let moment = |at: i64| {
        let wall = jiff::Timestamp::from_second(at).expect("a time").to_string();
        json!({ "dateTime": wall.trim_end_matches('Z'), "timeZone": "UTC" })
    };
    let start = window().start + hour * 3_600;
    json!({ "subject": subject, "start": moment(start), "end": moment(start + 3_600) })
}

fn of_hour(hour: i64) -> Span {
    let start = window().start + hour * 3_600;
    Span::new(start, start + 3_600)
}

/// A booking at this hour of the window.
fn draft(hour: i64) -> Draft {
    Draft {
        description: "See you\nMove or cancel it: https://kalends.example.com/x".into(),
        ..example::draft("kalends-booking", of_hour(hour))
    }
}
