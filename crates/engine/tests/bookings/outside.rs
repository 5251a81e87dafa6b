//! What outside calendars do to slots and bookings.

use jiff::SignedDuration;
use kalends_domain::{Id, Span, booking::Booking, event_type::Assignment, people::User};
use kalends_engine::{Actor, book::BookError};
use kalends_store::{
    Error,
    repo::{Calendar, Connection, FailurePolicy, Freshness, Health, Installation, MirrorEvent, Scope},
};

use crate::house::{House, at, moving};

checks![
    an_event_outside_takes_its_time,
    a_booking_checks_the_calendar_once_more,
    a_calendar_never_read_withholds_its_host_fb_09,
    a_failing_calendar_is_believed_for_its_hours_fb_09,
    beyond_the_copy_nothing_is_offered,
    the_copy_of_a_booking_does_not_block_its_own_move_fb_07,
    an_invitation_to_somebody_elses_booking_blocks,
    a_round_robin_leaves_out_the_host_nobody_can_see,
];

const POLICY: FailurePolicy = FailurePolicy { trust_hours: 2, then_blocks: true };

/// A connected calendar that blocks; read once, when `read`.
async fn calendar(h: &House, host: &User, read: bool) -> Calendar {
    let now = h.engine.now();
    let installation = Installation {
        id: h.t.ids.id(),
        organization: host.organization,
        app: "toy".into(),
        scope: Scope::User(host.id),
        settings: serde_json::json!({}),
        enabled: true,
        created_at: now,
    };
    let connection = Connection {
        id: h.t.ids.id(),
        organization: host.organization,
        number: h.t.ids.number(),
        installation: installation.id,
        account: format!("{}@toy", host.name),
        health: Health::Connected,
        since: now,
        cause: String::new(),
        checked_at: None,
        silent_until: None,
    };
    let calendar = Calendar {
        id: h.t.ids.id(),
        organization: host.organization,
        connection: connection.id,
        user: host.id,
        remote_id: "work".into(),
        name: "Work".into(),
        zone: None,
        colour: None,
        writable: true,
        main: true,
        blocks: true,
        tentative_blocks: true,
        receives: false,
        cursor: None,
        window: Span::new(0, 0),
        freshness: Freshness::default(),
        policy: POLICY,
        on_change: None,
        next_sync_at: None,
    };
    let made = calendar.clone();
    let window = Span::new(at("11-01 00:00").as_second(), at("12-31 00:00").as_second());
    let done: Result<(), Error> =
        h.t.db
            .write(move |tx| {
                let (installation, connection, calendar) =
                    (installation.clone(), connection.clone(), calendar.clone());
                Box::pin(async move {
                    tx.installations().add(&installation).await?;
                    tx.installations().connect(&connection).await?;
                    tx.calendars().add(&calendar).await?;
                    if read {
                        tx.calendars().synced(&calendar, None, window, None).await?;
                    }
                    Ok(())
                })
            })
            .await;
    done.unwrap();
    made
}

async fn event(h: &House, of: &Calendar, uid: &str, span: Span) {
    let event = MirrorEvent {
        remote_id: format!("{uid}.ics"),
        uid: uid.to_owned(),
        etag: "1".into(),
        source: None,
        busy: vec![span],
    };
    let of = of.clone();
    let done: Result<(), Error> =
        h.t.db
            .write(move |tx| {
                let (of, event) = (of.clone(), event.clone());
                Box::pin(async move { tx.calendars().store(&of, &[event]).await })
            })
            .await;
    done.unwrap();
}

async fn failing(h: &House, of: &Calendar) {
    let of = of.clone();
    let done: Result<(), Error> =
        h.t.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move { tx.calendars().sync_failed(&of, "no answer", None).await.map(drop) })
            })
            .await;
    done.unwrap();
}

fn half_hour(start: &str) -> Span {
    let start = at(start).as_second();
    Span::new(start, start + 1800)
}

async fn an_event_outside_takes_its_time(h: &House) {
    let event_type = h.single(|_| {}).await;
    let calendar = calendar(h, &h.users[0], true).await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
    event(h, &calendar, "dentist", half_hour("11-24 09:00")).await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:30", "the page follows at once");
    assert!(matches!(h.book(&event_type, "11-24 09:00", "gus").await, Err(BookError::Taken)));
}

async fn a_booking_checks_the_calendar_once_more(h: &House) {
    // A node that has not heard yet: its memory says free, the transaction knows better.
    let event_type = h.single(|_| {}).await;
    let calendar = calendar(h, &h.users[0], true).await;
    let other = h.another().await;
    let ask = crate::house::slots_ask(&event_type, "11-24 00:00", "11-24 23:59");
    other.slots(&ask).await.unwrap();
    event(h, &calendar, "dentist", half_hour("11-24 09:00")).await;
    let refused = other.book(&crate::house::ask(event_type.id, at("11-24 09:00"), "gus")).await;
    assert!(matches!(refused, Err(BookError::Taken)), "{refused:?}");
}

async fn a_calendar_never_read_withholds_its_host_fb_09(h: &House) {
    let event_type = h.single(|_| {}).await;
    calendar(h, &h.users[0], false).await;
    let slots = h.slots(&event_type, "11-24 00:00", "11-24 23:59").await;
    assert!(slots.days.is_empty());
    assert_eq!((slots.withheld[0].name.as_str(), slots.withheld[0].calendar.as_str()), ("anna", "Work"));
    let refused = h.book(&event_type, "11-24 09:00", "gus").await;
    assert!(matches!(&refused, Err(BookError::Withheld { host }) if host == "anna"), "{refused:?}");
}

async fn a_failing_calendar_is_believed_for_its_hours_fb_09(h: &House) {
    let event_type = h.single(|_| {}).await;
    let calendar = calendar(h, &h.users[0], true).await;
    failing(h, &calendar).await;
    assert!(!h.starts(&event_type, "11-24").await.is_empty(), "the last answer is believed");
    h.t.clock.advance(SignedDuration::from_hours(2));
    assert!(h.starts(&event_type, "11-24").await.is_empty(), "and no longer");
}

async fn beyond_the_copy_nothing_is_offered(h: &House) {
    let event_type =
        h.single(|settings| settings.window = kalends_domain::event_type::BookingWindow::Unlimited).await;
    calendar(h, &h.users[0], true).await;
    assert!(!h.starts(&event_type, "12-30").await.is_empty());
    assert!(h.starts(&event_type, "12-31").await.is_empty(), "the copy ends at its midnight");
}

async fn the_copy_of_a_booking_does_not_block_its_own_move_fb_07(h: &House) {
    let event_type = h.single(|settings| settings.interval = Some(15)).await;
    let calendar = calendar(h, &h.users[0], true).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    event(h, &calendar, booking.uid.as_str(), booking.span).await;
    let moved: Booking = h.engine.reschedule(&moving(&booking, "11-24 09:15", Actor::Guest)).await.unwrap();
    assert_eq!(moved.span.starts(), at("11-24 09:15"));
    h.engine.reschedule(&moving(&booking, "11-24 11:00", Actor::Guest)).await.unwrap();
    h.booked(&event_type, "11-24 09:00", "zoe").await;
}

async fn an_invitation_to_somebody_elses_booking_blocks(h: &House) {
    let theirs =
        h.event_type(Assignment::Single, 2, |event_type| event_type.hosts = vec![event_type.hosts[1]]).await;
    let booking = h.booked(&theirs, "11-24 09:00", "anna").await;
    let mine = h.single(|_| {}).await;
    let calendar = calendar(h, &h.users[0], true).await;
    event(h, &calendar, booking.uid.as_str(), booking.span).await;
    assert_eq!(h.starts(&mine, "11-24").await[0], "09:30");
}

async fn a_round_robin_leaves_out_the_host_nobody_can_see(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 2, |_| {}).await;
    calendar(h, &h.users[0], false).await;
    let hosts: Vec<Id<User>> = h.booked(&team, "11-24 09:00", "gus").await.hosts;
    assert_eq!(hosts, [h.users[1].id]);
    assert!(matches!(h.book(&team, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
}
