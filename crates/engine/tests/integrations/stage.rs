//! A host with a connected provider, and bookings to follow.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    Gateway, NoNames, Secret, Secrets,
    fake::{Fake, Played},
    gateway::Account,
};
use kalends_domain::{
    Clock, Id, Span,
    booking::{Booking, Effect, Event, Message, Rules, State},
    event_type::{BookedLocation, EventType},
};
use kalends_engine::{
    Engine, Member,
    connect::{Outside, Post},
    flights::FlightLog,
    job::{self, Notify, Reconcile},
    notify::Links,
};
use kalends_store::{
    Error,
    repo::{Delivery, Installation, Reference},
    seal::Keys,
};
use kalends_testkit::{Counting, Hurried, TestDb, make, settle};

use crate::{
    board::BOARD,
    booths::{BLUE, Booths, RED},
    life::{ANNEX, HALLS, TALLY},
    toy::{Provider, TOY},
};

pub struct Stage<'t> {
    pub t: &'t TestDb,
    pub engine: Engine,
    pub provider: Arc<Provider>,
    pub red: Arc<Booths>,
    pub blue: Arc<Booths>,
    pub member: Member,
    pub event_type: EventType,
}

/// An engine whose only app is the toy, played by this provider; with a mail server, or without.
pub fn engine(t: &TestDb, provider: &Arc<Provider>, with_mail: bool) -> Engine {
    let chance = Arc::new(Counting::default());
    let fake = Arc::clone(provider) as Arc<dyn Fake>;
    let log = Arc::new(FlightLog::default());
    let recorder = Arc::clone(&log);
    let (base, time) = (Arc::new(Played::new(Arc::clone(&fake))), Arc::new(Hurried(t.clock.clone())));
    let gateway = Gateway::new(base, Arc::new(NoNames), time, chance, recorder)
        .playing(&TOY, fake)
        .playing(&RED, Arc::clone(&provider.red) as Arc<dyn Fake>)
        .playing(&BLUE, Arc::clone(&provider.blue) as Arc<dyn Fake>);
    // The same in every process of a test.
    let key = Keys::fresh(&Counting::default().ids(t.clock.clone()));
    let keys = Keys::new(("k1", &key), &[]).unwrap();
    let links = Links::new(&"https://book.example/".parse().unwrap());
    let outside =
        Outside::new(vec![&TOY, &BOARD, &RED, &BLUE, &HALLS, &TALLY, &ANNEX], gateway, links, Arc::new(keys))
            .with_flights(log);
    let outside = if with_mail { outside.with_post(post()).unwrap() } else { outside };
    Engine::new(t.db.clone(), outside)
}

fn post() -> Post {
    Post {
        app: &TOY,
        account: Account {
            id: "instance".into(),
            settings: serde_json::json!({ "user": "mailer" }),
            secrets: Secrets::none().with("password", Secret::new("canary-mail")),
            zone: "UTC".into(),
            locale: "en".into(),
            ..Account::default()
        },
        from: None,
    }
}

impl<'t> Stage<'t> {
    /// A host whose account at the provider is connected; bookings go into the calendar `work`.
    pub async fn new(t: &'t TestDb) -> Self {
        let stage = Self::bare(t, true).await;
        stage.connect(&stage.member).await;
        stage.settle().await;
        stage
    }

    /// A host with nothing connected.
    pub async fn bare(t: &'t TestDb, with_mail: bool) -> Self {
        let provider = Arc::new(Provider::default());
        provider.kept().calendars = vec!["family", "holidays", "work"];
        let engine = engine(t, &provider, with_mail);
        let host = t.people(&["ines", "jonas"]).await.remove(0);
        let event_type = make::event_type(&t.ids, "consultation", &[&host]);
        t.offer(&event_type).await;
        let (red, blue) = (Arc::clone(&provider.red), Arc::clone(&provider.blue));
        Self { t, engine, provider, red, blue, member: make::member(&host), event_type }
    }

    pub async fn connect(&self, whose: &Member) -> Id<Installation> {
        self.engine.connect(whose, "toy", &self.provider.form()).await.unwrap()
    }

    /// A confirmed booking tomorrow, told to everybody, not followed yet.
    pub async fn book(&self, location: BookedLocation) -> Booking {
        let booking = self.booking(location);
        self.store(&booking).await;
        booking
    }

    /// The same, not stored.
    pub fn booking(&self, location: BookedLocation) -> Booking {
        let now = self.t.clock.now();
        let start = now.as_second() + 86_400;
        let mut booking = make::booking(&self.t.ids, &self.event_type, Span::new(start, start + 1800), now);
        booking.location = location;
        booking
    }

    /// Stores a fresh booking with what must follow.
    pub async fn store(&self, booking: &Booking) {
        let (new, message) = (booking.clone(), message(&booking.state));
        self.t
            .db
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    tx.bookings().add(&new).await?;
                    job::add(tx, &Reconcile::of(&new)).await?;
                    job::add(tx, &Notify::of(&new, message, tx.now())).await
                })
            })
            .await
            .unwrap();
    }

    /// Takes one change, by the rules, as the booking engine does.
    pub async fn change(&self, booking: &Booking, event: Event, to: Option<Span>) -> Booking {
        let before = self.now(booking).await;
        let mut after = before.clone();
        let (state, effects) =
            before.state.clone().step(event, Rules { host_approves: false }, self.t.clock.now()).unwrap();
        after.state = state;
        after.revision += 1;
        after.span = to.unwrap_or(before.span);
        after.updated_at = self.t.clock.now();
        let (saved, seen) = (after.clone(), before.revision);
        self.t
            .db
            .write(move |tx| {
                let (saved, effects) = (saved.clone(), effects.clone());
                Box::pin(async move {
                    assert!(tx.bookings().save(&saved, seen).await?);
                    for effect in effects {
                        match effect {
                            Effect::Reconcile => job::add(tx, &Reconcile::of(&saved)).await?,
                            Effect::Tell(message) => {
                                job::add(tx, &Notify::of(&saved, message, tx.now())).await?;
                            }
                            Effect::ReleaseTime | Effect::Refund => {}
                        }
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
        after
    }

    /// The booking as it is stored.
    pub async fn now(&self, booking: &Booking) -> Booking {
        self.t.now(booking).await
    }

    /// Enqueues another look at a booking.
    pub async fn look_again(&self, booking: &Booking) {
        let job = Reconcile::of(booking);
        self.t.db.write(move |tx| Box::pin(async move { job::add(tx, &job).await })).await.unwrap();
    }

    /// Runs what is due, as one worker.
    pub async fn drain(&self) {
        job::drain(&self.engine).await.unwrap();
    }

    /// Lets time pass until no job waits.
    pub async fn settle(&self) {
        settle(self.t, &self.engine, SignedDuration::MAX).await;
        assert_eq!(self.provider.bench().strays(), Vec::<String>::new());
    }

    pub async fn references(&self, booking: &Booking) -> Vec<Reference> {
        self.t.db.read().await.unwrap().references().of_booking(booking).await.unwrap()
    }

    pub async fn deliveries(&self, booking: &Booking) -> Vec<Delivery> {
        self.t.db.read().await.unwrap().deliveries().of_booking(booking).await.unwrap()
    }

    /// Mails by recipient and subject, sorted.
    pub fn mails(&self) -> Vec<(String, String)> {
        let mut mails: Vec<_> =
            self.provider.kept().mails.iter().map(|mail| (mail.to.clone(), mail.subject.clone())).collect();
        mails.sort();
        mails
    }

    /// Runs one statement of the test's own, to bring about what only a crash leaves behind.
    pub async fn sql(&self, text: &'static str) {
        self.t
            .db
            .write(move |tx| Box::pin(async move { tx.run(kalends_store::sql(text)).await }))
            .await
            .map(|_: u64| ())
            .unwrap();
    }
}

pub fn toy_room() -> BookedLocation {
    BookedLocation::app("toy")
}

pub fn nowhere() -> BookedLocation {
    BookedLocation::Unspecified
}

const fn message(state: &State) -> Message {
    match state {
        State::AwaitingConfirmation { .. } => Message::Requested,
        _ => Message::Confirmed,
    }
}
