//! The same for calendars that are asked by the clock: another program of their owner, which speaks their own language, changes
//! an event of ours.

use std::sync::Arc;

use kalends_app::{
    Account, AnyCalendar, App, Cx, RemoteId, Secrets,
    fake::{Played, gateway},
    gateway::Patience,
    kind::calendar::{Draft, Person, Shown, Written},
};
use kalends_domain::{
    Clock, Span,
    booking::{Booking, State},
    people::CalendarChanges,
};
use kalends_testkit::TestDb;

use crate::stage::{Stage, Vendor};

checks![
    an_event_moved_in_caldav_moves_its_booking_once,
    an_event_deleted_in_caldav_calls_its_booking_off,
    an_event_moved_in_icloud_moves_its_booking_once,
    an_event_deleted_in_icloud_calls_its_booking_off,
    an_event_moved_in_exchange_moves_its_booking_once,
    an_event_deleted_in_exchange_calls_its_booking_off,
];

const fn alone(slug: &'static str) -> Vendor {
    Vendor { calendar: slug, rooms: "", form: &[], played: slug, addresses: &[] }
}

static CALDAV: Vendor = alone("caldav");
static ICLOUD: Vendor = alone("icloud");
static EXCHANGE: Vendor = alone("exchange");

/// Another program at the same account.
struct Other {
    calendar: Arc<dyn AnyCalendar>,
    cx: Cx,
    of: RemoteId,
    event: Written,
}

impl Other {
    async fn at(stage: &Stage<'_>, slug: &str, booking: &Booking) -> Self {
        let app: &'static App = kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug).unwrap();
        let calendar = app.calendar().unwrap();
        let filled = app.manifest().check(&stage.played.form(), &Secrets::none()).unwrap();
        let mut account = Account {
            id: "another program".into(),
            settings: filled.settings.into(),
            secrets: filled.secrets,
            zone: "UTC".into(),
            locale: "en".into(),
            ..Account::default()
        };
        let played = Arc::clone(&stage.played);
        let gateway =
            gateway(Arc::new(Played::new(Arc::clone(&played))), stage.t.clock.now()).playing(app, played);
        let cx = gateway.cx(app, account.clone(), Patience::Job).unwrap();
        let found = calendar.probe(&cx).await.unwrap().found;
        account.settings.as_object_mut().unwrap().extend(found);
        let cx = gateway.cx(app, account, Patience::Job).unwrap();
        let rows = stage.t.db.read().await.unwrap().references().of_booking(booking).await.unwrap();
        let of = RemoteId::new(&rows[0].wanted.target);
        let event = calendar.find(&cx, &of, booking.uid.as_str()).await.unwrap().unwrap();
        Self { calendar, cx, of, event }
    }

    async fn moves(&self, booking: &Booking, to: Span) {
        let draft = Draft {
            uid: booking.uid.to_string(),
            sequence: 1,
            title: "Moved".into(),
            description: String::new(),
            span: to,
            zone: "UTC".into(),
            location: None,
            url: None,
            organizer: Person { name: "Ines".into(), email: "ines@example.com".into() },
            attendees: vec![],
            shown: Shown::default(),
            stamp: self.cx.now,
        };
        self.calendar.update(&self.cx, &self.of, &self.event, &draft).await.unwrap();
    }
}

async fn booked<'t>(t: &'t TestDb, vendor: &'static Vendor) -> (Stage<'t>, Booking, Other) {
    let stage = Stage::by_form(t, vendor).await;
    stage.wishes(CalendarChanges::Follow).await;
    let booking = stage.book("nowhere-connected").await;
    let other = Other::at(&stage, vendor.calendar, &booking).await;
    (stage, booking, other)
}

/// As the clock does it.
async fn read_again(stage: &Stage<'_>) {
    let id = stage.engine.connections(&stage.member).await.unwrap()[0].id;
    stage.engine.sync_now(&stage.member, id).await.unwrap();
    stage.settle().await;
}

async fn a_move_is_followed_once(t: &TestDb, vendor: &'static Vendor) {
    let (stage, booking, other) = booked(t, vendor).await;
    let to = Span::new(booking.span.start + 3600, booking.span.end + 3600);
    other.moves(&booking, to).await;
    read_again(&stage).await;
    let after = stage.now(&booking).await;
    assert_eq!((after.span, after.revision), (to, 1));
    let there = other.calendar.busy(&other.cx, std::slice::from_ref(&other.of), around(to)).await.unwrap();
    assert_eq!(there.iter().map(|busy| busy.span).collect::<Vec<_>>(), [to]);
    for _ in 0..3 {
        read_again(&stage).await;
    }
    assert_eq!(stage.now(&booking).await.revision, 1, "our own writes begin no circle");
}

async fn a_deletion_is_followed(t: &TestDb, vendor: &'static Vendor) {
    let (stage, booking, other) = booked(t, vendor).await;
    other.calendar.delete(&other.cx, &other.of, &other.event).await.unwrap();
    read_again(&stage).await;
    assert!(matches!(stage.now(&booking).await.state, State::Cancelled { .. }));
}

fn around(span: Span) -> Span {
    Span::new(span.start - 7200, span.end + 7200)
}

async fn an_event_moved_in_caldav_moves_its_booking_once(t: &TestDb) {
    a_move_is_followed_once(t, &CALDAV).await;
}

async fn an_event_deleted_in_caldav_calls_its_booking_off(t: &TestDb) {
    a_deletion_is_followed(t, &CALDAV).await;
}

async fn an_event_moved_in_icloud_moves_its_booking_once(t: &TestDb) {
    a_move_is_followed_once(t, &ICLOUD).await;
}

async fn an_event_deleted_in_icloud_calls_its_booking_off(t: &TestDb) {
    a_deletion_is_followed(t, &ICLOUD).await;
}

async fn an_event_moved_in_exchange_moves_its_booking_once(t: &TestDb) {
    a_move_is_followed_once(t, &EXCHANGE).await;
}

async fn an_event_deleted_in_exchange_calls_its_booking_off(t: &TestDb) {
    a_deletion_is_followed(t, &EXCHANGE).await;
}
