//! A house with hosts, ready to be booked: Monday 23 November 2026, nine in the morning, UTC.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    NoNames,
    fake::{Bench, Fake, Played},
    gateway::Gateway,
    http::{NoRecorder, Request, Response, Tokio},
};
use kalends_domain::{
    Clock, Id, Ids,
    availability::Schedule,
    booking::Booking,
    event_type::{Assignment, EventType, Settings},
    people::{Role, User},
    zone::Zone,
};
use kalends_engine::{
    Actor, Engine, Member,
    book::{BookAsk, BookError, Booked, CancelAsk, CancelWhat, RescheduleAsk},
    connect::Outside,
    notify::Links,
    schedules::ScheduleDraft,
    slots::{Slots, SlotsAsk, Which},
};
use kalends_store::seal::Keys;
use kalends_testkit::{Counting, Dialect, TestDb, make, suite::Ground};

/// Hosts, each open nine to five, Monday to Friday.
pub(crate) struct House {
    pub t: TestDb,
    pub engine: Engine,
    pub users: Vec<User>,
}

/// An instant of the test's year: `at("11-24 10:00")`.
pub(crate) fn at(text: &str) -> Timestamp {
    let (date, time) = text.split_once(' ').expect("a date and a time");
    format!("2026-{date}T{time}:00Z").parse().expect("an instant")
}

/// So many half hours.
pub(crate) fn later(half_hours: usize) -> SignedDuration {
    SignedDuration::from_mins(30 * i64::try_from(half_hours).expect("a small number"))
}

/// A world in which nothing answers.
struct Nothing(Bench);

impl Fake for Nothing {
    fn bench(&self) -> &Bench {
        &self.0
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn answer(&self, request: &Request) -> Result<Response, String> {
        Err(format!("nothing outside is asked while booking, but {} was", request.url))
    }
}

fn outside(clock: &impl Clock, ids: &Ids) -> Outside {
    let transport = Arc::new(Played::new(Arc::new(Nothing(Bench::default()))));
    let chance = Arc::new(Counting::default());
    let clock: Arc<dyn Clock> = Arc::new(Standing(clock.now()));
    let gateway =
        Gateway::new(transport, Arc::new(NoNames), Arc::new(Tokio(clock)), chance, Arc::new(NoRecorder));
    let links = Links::new(&"https://kalends.example".parse().expect("an address"));
    let keys = Keys::new(("test", &Keys::fresh(ids)), &[]).expect("a fresh key");
    Outside::new(Vec::new(), gateway, links, Arc::new(keys))
}

struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Ground for House {
    async fn open(dialect: Dialect) -> Self {
        let t = TestDb::open(dialect).await;
        let mut users = t.people(&["anna", "ben", "cleo", "dora", "emil"]).await;
        let engine = Engine::new(t.db.clone(), outside(&t.clock, &t.ids));
        for user in &mut users {
            let member = Member { user: user.id, organization: user.organization, role: user.role };
            let hours = Schedule::nine_to_five(Zone::utc());
            let draft = ScheduleDraft { name: "Office".into(), hours };
            let made = engine.create_schedule(&member, user.id, &draft).await.expect("a schedule");
            user.default_schedule = Some(made.id);
        }
        Self { t, engine, users }
    }

    /// No two claims lie over each other, whatever the check did.
    async fn close(self) {
        let overlaps = self.t.db.read().await.unwrap().claims().overlaps().await.unwrap();
        assert_eq!(overlaps, [], "claims lie over each other");
        self.t.close().await;
    }
}

impl House {
    /// A second node over the same database; on SQLite, which has one, the same again.
    pub(crate) async fn another(&self) -> Engine {
        if self.t.db.is_postgres() {
            let db = self.t.another_node().await;
            let ids = db.ids().clone();
            Engine::new(db, outside(&self.t.clock, &ids))
        } else {
            self.engine.clone()
        }
    }

    pub(crate) fn member(&self, host: usize) -> Member {
        let user = &self.users[host];
        Member { user: user.id, organization: user.organization, role: Role::Member }
    }

    pub(crate) fn admin(&self) -> Member {
        Member { role: Role::Admin, ..self.member(0) }
    }

    /// Half an hour with the first host, changed where the test cares.
    pub(crate) async fn single(&self, change: impl FnOnce(&mut Settings)) -> EventType {
        self.event_type(Assignment::Single, 1, |event_type| change(&mut event_type.settings)).await
    }

    /// Half an hour with the first hosts.
    pub(crate) async fn event_type(
        &self,
        assignment: Assignment,
        hosts: usize,
        change: impl FnOnce(&mut EventType),
    ) -> EventType {
        let hosts: Vec<&User> = self.users[..hosts].iter().collect();
        let name = format!("type-{}", self.t.ids.number());
        let mut event_type = make::event_type(&self.t.ids, &name, &hosts);
        event_type.assignment = assignment;
        change(&mut event_type);
        self.t.offer(&event_type).await;
        event_type
    }

    pub(crate) async fn book(
        &self,
        event_type: &EventType,
        start: &str,
        guest: &str,
    ) -> Result<Booked, BookError> {
        self.engine.book(&ask(event_type.id, at(start), guest)).await
    }

    /// Books what must be free.
    pub(crate) async fn booked(&self, event_type: &EventType, start: &str, guest: &str) -> Booking {
        let booked = self.book(event_type, start, guest).await.expect("a free slot");
        booked.bookings.into_iter().next().expect("a booking")
    }

    pub(crate) async fn slots(&self, event_type: &EventType, from: &str, until: &str) -> Slots {
        self.engine.slots(&slots_ask(event_type, from, until)).await.expect("slots")
    }

    /// The starts of a day, as `HH:MM`.
    pub(crate) async fn starts(&self, event_type: &EventType, day: &str) -> Vec<String> {
        let slots = self.slots(event_type, &format!("{day} 00:00"), &format!("{day} 23:59")).await;
        let offers = slots.days.into_values().flatten();
        offers.map(|offer| offer.start.to_string()[11..16].to_owned()).collect()
    }

    /// The kinds of jobs that wait, and what they are about.
    pub(crate) async fn waiting(&self) -> i64 {
        self.t.db.read().await.unwrap().jobs().waiting(None).await.unwrap()
    }

    pub(crate) async fn history(&self, booking: &Booking) -> Vec<String> {
        let mut tx = self.t.db.read().await.unwrap();
        let events = tx.bookings().history(booking).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

pub(crate) fn slots_ask(event_type: &EventType, from: &str, until: &str) -> SlotsAsk {
    SlotsAsk {
        event_type: Which::Id(event_type.id),
        from: at(from),
        until: at(until),
        zone: "UTC".into(),
        minutes: None,
        rescheduling: None,
        hold: None,
    }
}

pub(crate) fn ask(event_type: Id<EventType>, start: Timestamp, guest: &str) -> BookAsk {
    BookAsk::new(Which::Id(event_type), start, make::booker(guest))
}

pub(crate) fn moving(booking: &Booking, start: &str, actor: Actor) -> RescheduleAsk {
    RescheduleAsk::new(booking.uid.clone(), at(start), actor)
}

pub(crate) fn cancelling(booking: &Booking, what: CancelWhat, actor: Actor) -> CancelAsk {
    CancelAsk { booking: booking.uid.clone(), what, reason: "no time".into(), actor }
}
