//! A host whose calendar is connected, and the provider behind it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Gateway, NoNames,
    fake::{Fake, Played},
    http::Recorder,
};
use kalends_domain::{
    Id, Span,
    availability::Schedule,
    booking::Booking,
    event_type::{EventType, Settings},
    people::{CalendarChanges, Profile, User},
    zone::Zone,
};
use kalends_engine::{
    Engine, Member,
    book::{BookAsk, Booker},
    connect::Outside,
    flights::FlightLog,
    notify::Links,
    schedules::ScheduleDraft,
    slots::{SlotsAsk, Which},
};
use kalends_store::{
    repo::{Calendar, Installation},
    seal::Keys,
};
use kalends_testkit::{
    Counting, Hurried, TestDb, make,
    planner::{PLANNER, Planner},
    postbox::{self, Mailbox, POSTBOX},
    settle,
};

pub struct Stage<'t> {
    pub t: &'t TestDb,
    pub engine: Engine,
    pub planner: Arc<Planner>,
    pub post: Arc<Mailbox>,
    pub host: User,
    pub member: Member,
    pub event_type: EventType,
    pub installation: Id<Installation>,
}

/// An engine whose only calendar is the planner, reached by the world at this address; mails arrive in `post`.
pub fn engine(t: &TestDb, planner: &Arc<Planner>, post: &Arc<Mailbox>, base: &str) -> Engine {
    let chance = Arc::new(Counting::default());
    let time = Arc::new(Hurried(t.clock.clone()));
    let transport = Arc::new(Played::new(planner.played()));
    let log = Arc::new(FlightLog::default());
    let gateway =
        Gateway::new(transport, Arc::new(NoNames), time, chance, Arc::clone(&log) as Arc<dyn Recorder>)
            .playing(&PLANNER, planner.played())
            .playing(&POSTBOX, Arc::clone(post) as Arc<dyn Fake>);
    let keys = Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap();
    let links = Links::new(&base.parse().unwrap());
    let outside = Outside::new(vec![&PLANNER], gateway, links, Arc::new(keys)).with_flights(log);
    Engine::new(t.db.clone(), outside.with_post(postbox::post()).unwrap())
}

impl<'t> Stage<'t> {
    /// Ines, open nine to five on weekdays, whose only calendar is `work`; calendars' changes are followed.
    pub async fn following(t: &'t TestDb) -> Self {
        Self::with(t, CalendarChanges::Follow, "https://book.example/").await
    }

    pub async fn with(t: &'t TestDb, wish: CalendarChanges, base: &str) -> Self {
        let planner = Arc::new(Planner::new(&t.clock, &["work"]));
        let post = Arc::<Mailbox>::default();
        let engine = engine(t, &planner, &post, base);
        let mut users = t.people(&["ines", "jonas"]).await;
        for user in &mut users {
            user.profile = Profile { calendar_changes: wish, ..Profile::default() };
            let stored = user.clone();
            t.db.write(move |tx| {
                let user = stored.clone();
                Box::pin(async move { tx.people().save(&user).await })
            })
            .await
            .unwrap();
            let draft = ScheduleDraft { name: "Hours".into(), hours: Schedule::nine_to_five(Zone::utc()) };
            let made = engine.create_schedule(&make::member(user), user.id, &draft).await.unwrap();
            engine.set_default_schedule(&make::member(user), made.id).await.unwrap();
        }
        let host = users.remove(0);
        let event_type = make::event_type(&t.ids, "consultation", &[&host]);
        let installation = engine.connect(&make::member(&host), "planner", &planner.form()).await.unwrap();
        let member = make::member(&host);
        let stage = Self { t, engine, planner, post, host, member, event_type, installation };
        stage.offer(&stage.event_type).await;
        stage.settle().await;
        stage
    }

    pub async fn offer(&self, event_type: &EventType) {
        self.t.offer(event_type).await;
    }

    /// An event type of its own, changed where the test cares.
    pub async fn another(&self, name: &str, change: impl FnOnce(&mut Settings)) -> EventType {
        let mut event_type = make::event_type(&self.t.ids, name, &[&self.host]);
        change(&mut event_type.settings);
        self.offer(&event_type).await;
        event_type
    }

    /// A booking by a guest at this time, written to the calendar.
    pub async fn booked(&self, start: &str) -> Booking {
        let booking = self.book(&self.event_type, start).await;
        self.settle().await;
        booking
    }

    pub async fn book(&self, event_type: &EventType, start: &str) -> Booking {
        let gus = Booker { name: "Gus".into(), ..make::booker("gus") };
        let ask = BookAsk::new(Which::Id(event_type.id), at(start), gus);
        self.engine.book(&ask).await.unwrap().bookings.remove(0)
    }

    /// The booking as it is stored.
    pub async fn now(&self, booking: &Booking) -> Booking {
        self.t.now(booking).await
    }

    pub async fn history(&self, booking: &Booking) -> Vec<String> {
        let events = self.t.db.read().await.unwrap().bookings().history(booking).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    /// Messages made about a booking, in order.
    pub async fn told(&self, booking: &Booking) -> Vec<String> {
        let all = self.t.db.read().await.unwrap().deliveries().of_booking(booking).await.unwrap();
        all.into_iter().filter(|one| one.what.part == "guest").map(|one| one.what.message).collect()
    }

    pub async fn calendar(&self) -> Calendar {
        let mut tx = self.t.db.read().await.unwrap();
        tx.calendars().of_users(&[self.host.id]).await.unwrap().remove(0)
    }

    /// The busy times in the mirror, in order.
    pub async fn mirrored(&self) -> Vec<Span> {
        let mut tx = self.t.db.read().await.unwrap();
        let all = tx.calendars().busy_of(&[self.host.id], Span::new(0, i64::MAX / 4)).await.unwrap();
        let mut spans: Vec<Span> = all.into_values().flatten().map(|one| one.span).collect();
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        spans
    }

    /// Reads the calendar and does all that follows.
    pub async fn sync(&self) {
        self.engine.sync_now(&self.member, self.installation).await.unwrap();
        self.settle().await;
    }

    /// The starts offered on a day, as `HH:MM`.
    pub async fn starts(&self, day: &str) -> Vec<String> {
        let ask = SlotsAsk {
            event_type: Which::Id(self.event_type.id),
            from: at(&format!("{day} 00:00")),
            until: at(&format!("{day} 23:59")),
            zone: "UTC".into(),
            minutes: None,
            rescheduling: None,
            hold: None,
        };
        let offers = self.engine.slots(&ask).await.unwrap().days.into_values().flatten();
        offers.map(|offer| offer.start.to_string()[11..16].to_owned()).collect()
    }

    /// Lets time pass until no job waits that is due within an hour.
    pub async fn settle(&self) {
        settle(self.t, &self.engine, SignedDuration::from_hours(1)).await;
        assert_eq!(self.planner.bench().strays(), Vec::<String>::new());
    }
}

/// An instant of the test's year: `at("11-24 10:00")`.
pub fn at(text: &str) -> Timestamp {
    let (date, time) = text.split_once(' ').unwrap();
    format!("2026-{date}T{time}:00Z").parse().unwrap()
}

/// From one time of a day to another: `span("11-24 10:00", 30)` is half an hour.
pub fn span(start: &str, minutes: i64) -> Span {
    let start = at(start).as_second();
    Span::new(start, start + minutes * 60)
}
