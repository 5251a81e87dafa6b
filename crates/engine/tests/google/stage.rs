//! A host with an account at Google, played once for both apps.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    App, Gateway, NoNames, Request, Secret,
    fake::{Fake, OAuth, Played},
    http::{NoRecorder, Time},
};
use kalends_domain::{
    Clock, Id, Span,
    booking::{Booking, Event, Rules},
    event_type::{BookedLocation, EventType},
};
use kalends_engine::{
    Engine, Member,
    connect::{Answer, Begin, Configured, Finished, Outside},
    hooks_in::{Arrived, Heard},
    job::{self, Reconcile},
    notify::Links,
};
use kalends_store::{
    repo::{Installation, Session},
    seal::Keys,
};
use kalends_testkit::{Counting, Held, TestDb, make};
use serde_json::Value;

/// A clock whose waits pass at once.
struct Hurried(Held);

impl Time for Hurried {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: std::time::Duration) -> BoxFuture<'static, ()> {
        let clock = self.0.clone();
        Box::pin(async move { clock.advance(SignedDuration::try_from(duration).unwrap()) })
    }
}

pub struct Stage<'t> {
    pub t: &'t TestDb,
    pub engine: Engine,
    /// Google.
    pub google: Arc<dyn Fake>,
    pub member: Member,
    event_type: EventType,
    session: Id<Session>,
}

fn app(slug: &str) -> &'static App {
    kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug).unwrap()
}

fn engine(t: &TestDb, google: &Arc<dyn Fake>) -> Engine {
    let (calendar, meet) = (app("google-calendar"), app("google-meet"));
    let (base, time) = (Arc::new(Played::new(Arc::clone(google))), Arc::new(Hurried(t.clock.clone())));
    let chance = Arc::new(Counting::default());
    let gateway = Gateway::new(base, Arc::new(NoNames), time, chance, Arc::new(NoRecorder))
        .playing(calendar, Arc::clone(google))
        .playing(meet, Arc::clone(google));
    let keys = Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap();
    let links = Links::new(&"https://book.example/".parse().unwrap());
    let client = google.oauth().unwrap().client();
    let known = [calendar, meet]
        .map(|app| (app.slug.to_owned(), Configured { client: client.clone(), webhook_secret: None }));
    let outside = Outside::new(vec![calendar, meet], gateway, links, Arc::new(keys));
    Engine::new(t.db.clone(), outside.with_registrations(BTreeMap::from(known)).unwrap())
}

impl<'t> Stage<'t> {
    /// A host who has connected both apps; bookings go into the account's main calendar.
    pub async fn new(t: &'t TestDb) -> Self {
        let stage = Self::with_calendar(t).await;
        stage.connect("google-meet").await;
        stage
    }

    /// A host who has connected the calendar alone.
    pub async fn with_calendar(t: &'t TestDb) -> Self {
        let google = (app("google-calendar").fake)();
        let engine = engine(t, &google);
        let host = t.people(&["ines"]).await.remove(0);
        let event_type = make::event_type(&t.ids, "consultation", &[&host]);
        let stored = event_type.clone();
        t.db.write(move |tx| {
            let stored = stored.clone();
            Box::pin(async move { tx.event_types().add(&stored).await })
        })
        .await
        .unwrap();
        let member = Member { user: host.id, organization: host.organization, role: host.role };
        let stage = Self { t, engine, google, member, event_type, session: t.ids.id() };
        stage.connect("google-calendar").await;
        stage.settle().await;
        stage
    }

    /// Signs in at Google for an app, all the way. A played provider says yes at once.
    pub async fn connect(&self, slug: &str) -> Id<Installation> {
        let none = BTreeMap::new();
        let back =
            self.engine.begin_sign_in(&self.member, self.session, slug, &none, Begin::Usual).await.unwrap();
        let part = |name: &str| {
            back.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
        };
        let answer = Answer {
            state: part("state").unwrap(),
            code: part("code").map(Secret::new),
            error: part("error"),
            issuer: part("iss"),
            ..Answer::default()
        };
        match self.engine.finish_sign_in(&self.member, self.session, slug, &answer).await.unwrap() {
            Finished::Connected(id) => id,
            Finished::AskSwitch(_) => panic!("there is nothing to switch"),
        }
    }

    /// A confirmed booking tomorrow, with what follows from it.
    pub async fn book(&self, app: &str) -> Booking {
        let now = self.t.clock.now();
        let start = now.as_second() + 86_400;
        let mut booking = make::booking(&self.t.ids, &self.event_type, Span::new(start, start + 1800), now);
        booking.location = BookedLocation::app(app);
        let new = booking.clone();
        self.t
            .db
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    tx.bookings().add(&new).await?;
                    job::add(tx, &Reconcile::of(&new)).await
                })
            })
            .await
            .unwrap();
        self.settle().await;
        self.now(&booking).await
    }

    /// Takes one change, by the rules, and follows it.
    pub async fn change(&self, booking: &Booking, event: Event, to: Option<Span>) -> Booking {
        let before = self.now(booking).await;
        let mut after = before.clone();
        let now = self.t.clock.now();
        (after.state, _) = before.state.clone().step(event, Rules { host_approves: false }, now).unwrap();
        after.revision += 1;
        after.span = to.unwrap_or(before.span);
        after.updated_at = now;
        let seen = before.revision;
        self.t
            .db
            .write(move |tx| {
                let saved = after.clone();
                Box::pin(async move {
                    assert!(tx.bookings().save(&saved, seen).await?);
                    job::add(tx, &Reconcile::of(&saved)).await
                })
            })
            .await
            .unwrap();
        self.settle().await;
        self.now(booking).await
    }

    /// The booking as it is stored.
    pub async fn now(&self, booking: &Booking) -> Booking {
        self.t.db.read().await.unwrap().bookings().get(booking.id).await.unwrap().unwrap()
    }

    /// What Google answers its owner.
    pub async fn google_says(&self, path: &str) -> Value {
        let url = format!("https://www.googleapis.com/calendar/v3/{path}").parse().unwrap();
        let mut request = Request::get("look", url);
        self.google.oauth().map(OAuth::signer).unwrap().sign(&mut request).await.unwrap();
        assert!(request.headers.contains_key(AUTHORIZATION));
        self.google.answer(&request).unwrap().json().unwrap()
    }

    /// The events in the main calendar.
    pub async fn events(&self) -> Vec<Value> {
        let all = self.google_says("calendars/host@example.com/events").await;
        all["items"].as_array().unwrap().clone()
    }

    /// Notices Google sends to where it was told to.
    pub async fn hear(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for raw in self.google.notices() {
            let key = raw.url.path().rsplit('/').next().unwrap().to_owned();
            let query = raw.url.query().map(str::to_owned);
            let arrived = Arrived { method: raw.method, query, headers: raw.headers, body: raw.body };
            heard.push(self.engine.receive("google-calendar", &key, arrived).await.unwrap());
        }
        self.settle().await;
        heard
    }

    /// Lets time pass until no job waits.
    pub async fn settle(&self) {
        for _ in 0..400 {
            job::drain(&self.engine).await.unwrap();
            let mut tx = self.t.db.read().await.unwrap();
            if tx.jobs().waiting(None).await.unwrap() == 0 {
                assert_eq!(self.google.bench().strays(), Vec::<String>::new());
                return;
            }
            let next = tx.jobs().next_at().await.unwrap().unwrap();
            self.t.clock.set(next.max(self.t.clock.now()));
        }
        panic!("jobs are still waiting");
    }
}
