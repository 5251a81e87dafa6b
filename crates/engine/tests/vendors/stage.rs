//! A host with an account at a vendor of two apps, played once for both.

use std::{collections::BTreeMap, sync::Arc};

use http::{Method, header::AUTHORIZATION};
use jiff::SignedDuration;
use kalends_app::{
    App, Gateway, NoNames, Request, Secret,
    fake::{Fake, OAuth, Played},
    http::NoRecorder,
};
use kalends_domain::{
    Clock, Id, Span,
    availability::Schedule,
    booking::{Booking, Event, Rules},
    event_type::{BookedLocation, EventType, Settings},
    people::CalendarChanges,
    zone::Zone,
};
use kalends_engine::{
    Engine, Member,
    connect::{Answer, Begin, Configured, Finished, Outside},
    event_types::{EventTypeDraft, LeftOut},
    hooks_in::Heard,
    job::{self, Reconcile},
    notify::Links,
    schedules::ScheduleDraft,
};
use kalends_store::{
    repo::{Installation, Session},
    seal::Keys,
};
use kalends_testkit::{Counting, Hurried, TestDb, hear, make, settle};
use serde_json::Value;

/// A vendor's calendar, and the app that makes rooms in its events.
pub struct Vendor {
    pub calendar: &'static str,
    /// Empty where there is none.
    pub rooms: &'static str,
    /// What is typed into the setup form of the app for rooms.
    pub form: &'static [(&'static str, &'static str)],
    /// The app whose fake plays the vendor, for both.
    pub played: &'static str,
    /// Addresses of the calendar's app that differ there.
    pub addresses: &'static [(&'static str, &'static str)],
}

pub struct Stage<'t> {
    pub t: &'t TestDb,
    pub engine: Engine,
    /// The vendor.
    pub played: Arc<dyn Fake>,
    vendor: &'static Vendor,
    pub member: Member,
    event_type: EventType,
    session: Id<Session>,
}

fn app(slug: &str) -> &'static App {
    kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug).unwrap()
}

fn engine(t: &TestDb, vendor: &Vendor, played: &Arc<dyn Fake>) -> Engine {
    let calendar = app(vendor.calendar);
    let apps: Vec<&'static App> =
        [vendor.calendar, vendor.rooms].into_iter().filter(|slug| !slug.is_empty()).map(app).collect();
    let (base, time) = (Arc::new(Played::new(Arc::clone(played))), Arc::new(Hurried(t.clock.clone())));
    let chance = Arc::new(Counting::default());
    let gateway = Gateway::new(base, Arc::new(NoNames), time, chance, Arc::new(NoRecorder));
    let gateway = apps.iter().fold(gateway, |gateway, app| gateway.playing(app, Arc::clone(played)));
    let addresses =
        vendor.addresses.iter().map(|(name, url)| ((*name).to_owned(), url.parse().unwrap())).collect();
    let overrides = BTreeMap::from([(calendar.slug.to_owned(), addresses)]);
    let gateway = gateway.overriding(overrides, &[calendar]).unwrap();
    let keys = Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap();
    let links = Links::new(&"https://book.example/".parse().unwrap());
    let known = played.oauth().into_iter().flat_map(|sign_in| {
        let client = sign_in.client();
        let known = Configured { client, webhook_secret: None, webhook_secret_before: None };
        apps.iter().map(move |app| (app.slug.to_owned(), known.clone()))
    });
    let known: BTreeMap<_, _> = known.collect();
    let outside = Outside::new(apps.clone(), gateway, links, Arc::new(keys));
    Engine::new(t.db.clone(), outside.with_registrations(known).unwrap())
}

impl<'t> Stage<'t> {
    /// A host who has connected both apps; bookings go into the account's main calendar.
    pub async fn new(t: &'t TestDb, vendor: &'static Vendor) -> Self {
        let stage = Self::with_calendar(t, vendor).await;
        stage.connect(vendor.rooms, vendor.form).await;
        stage
    }

    /// A host who has connected the calendar alone.
    pub async fn with_calendar(t: &'t TestDb, vendor: &'static Vendor) -> Self {
        let stage = Self::before(t, vendor).await;
        stage.connect(vendor.calendar, &[]).await;
        stage.settle().await;
        stage
    }

    /// A host who has connected the calendar by its form, as it is filled in for the played vendor.
    pub async fn by_form(t: &'t TestDb, vendor: &'static Vendor) -> Self {
        let stage = Self::before(t, vendor).await;
        stage.engine.connect(&stage.member, vendor.calendar, &stage.played.form()).await.unwrap();
        stage.settle().await;
        stage
    }

    /// A host who has connected nothing yet.
    pub async fn before(t: &'t TestDb, vendor: &'static Vendor) -> Self {
        let played = (app(vendor.played).fake)();
        let engine = engine(t, vendor, &played);
        let host = t.people(&["ines"]).await.remove(0);
        let event_type = make::event_type(&t.ids, "consultation", &[&host]);
        t.offer(&event_type).await;
        let member = Member { user: host.id, organization: host.organization, role: host.role };
        Self { t, engine, played, vendor, member, event_type, session: t.ids.id() }
    }

    /// Signs in at the vendor for an app, all the way. A played provider says yes at once.
    pub async fn connect(&self, slug: &str, form: &[(&str, &str)]) -> Id<Installation> {
        let form: BTreeMap<String, String> =
            form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let back =
            self.engine.begin_sign_in(&self.member, self.session, slug, &form, Begin::Usual).await.unwrap();
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

    /// The event type's rules from now on.
    pub async fn wishing(&self, wish: impl FnOnce(&mut Settings)) {
        let mut draft = EventTypeDraft::from(&self.event_type);
        wish(&mut draft.settings);
        self.engine.update_event_type(&self.member, self.event_type.id, &draft).await.unwrap();
    }

    /// What calendars leave out of it.
    pub async fn left_out(&self) -> Vec<LeftOut> {
        self.engine.left_out(&self.member, self.event_type.id).await.unwrap()
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
        self.save(after, before.revision).await
    }

    /// Changes something about the booking that is no change of its state, and follows it.
    pub async fn edit(&self, booking: &Booking, change: impl FnOnce(&mut Booking)) -> Booking {
        let before = self.now(booking).await;
        let mut after = Booking { revision: before.revision + 1, ..before.clone() };
        change(&mut after);
        self.save(after, before.revision).await
    }

    async fn save(&self, booking: Booking, seen: u32) -> Booking {
        let after = booking.clone();
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
        self.now(&booking).await
    }

    /// The booking as it is stored.
    pub async fn now(&self, booking: &Booking) -> Booking {
        self.t.now(booking).await
    }

    /// What the vendor answers its owner.
    pub async fn reads(&self, url: &str, headers: &[(&'static str, &str)]) -> Value {
        let mut request = Request::get("look", url.parse().unwrap());
        for (name, value) in headers {
            request = request.header(name, value).unwrap();
        }
        self.played.oauth().map(OAuth::signer).unwrap().sign(&mut request).await.unwrap();
        assert!(request.headers.contains_key(AUTHORIZATION));
        self.played.answer(&request).unwrap().json().unwrap()
    }

    /// What another program of its owner does at the vendor, as JSON or with no body; it must be taken.
    pub async fn does(&self, method: Method, url: &str, headers: &[(&'static str, &str)], body: &Value) {
        let mut request = Request::new("another_program", method, url.parse().unwrap());
        for (name, value) in headers {
            request = request.header(name, value).unwrap();
        }
        if !body.is_null() {
            request = request.body("application/json", body.to_string());
        }
        self.played.oauth().map(OAuth::signer).unwrap().sign(&mut request).await.unwrap();
        let answer = self.played.answer(&request).unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.text());
    }

    /// What becomes of bookings whose events their host, who works nine to five on weekdays, changes.
    pub async fn wishes(&self, wish: CalendarChanges) {
        let draft = ScheduleDraft { name: "Hours".into(), hours: Schedule::nine_to_five(Zone::utc()) };
        let made = self.engine.create_schedule(&self.member, self.member.user, &draft).await.unwrap();
        self.engine.set_default_schedule(&self.member, made.id).await.unwrap();
        let mut host = self.t.db.read().await.unwrap().people().get(self.member.user).await.unwrap().unwrap();
        host.profile.calendar_changes = wish;
        self.t
            .db
            .write(move |tx| {
                let host = host.clone();
                Box::pin(async move { tx.people().save(&host).await })
            })
            .await
            .unwrap();
    }

    /// How many requests of ours have changed something at the vendor.
    pub fn writes(&self) -> usize {
        let seen = self.played.bench().seen();
        seen.iter().filter(|one| !one.is_reading() && one.url.path().contains("/events")).count()
    }

    /// Lets notices come and be heard, until none comes any more: our own writes are told of, too.
    pub async fn calm(&self) {
        for _ in 0..10 {
            if self.hear().await.is_empty() {
                return;
            }
        }
        panic!("each notice brings another one");
    }

    /// Notices the vendor sends to where it was told to.
    pub async fn hear(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for raw in self.played.notices() {
            heard.push(hear(&self.engine, self.vendor.calendar, &raw).await);
        }
        self.settle().await;
        heard
    }

    /// Lets time pass until no job waits.
    pub async fn settle(&self) {
        settle(self.t, &self.engine, SignedDuration::MAX).await;
        assert_eq!(self.played.bench().strays(), Vec::<String>::new());
    }
}
