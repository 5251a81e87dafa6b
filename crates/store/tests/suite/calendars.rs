//! Calendar mirrors.

use jiff::SignedDuration;
use kalends_domain::{Clock, Span, booking::Booking, people::User};
use kalends_store::repo::{Ask, Calendar, Claimed, Connection, FailurePolicy, Freshness, MirrorEvent};
use kalends_testkit::TestDb;

use crate::{
    apps::connect,
    claims::{span, take},
};

checks![
    a_calendar_comes_back_as_stored,
    its_use_and_its_description_change_apart,
    one_calendar_receives_bookings,
    a_failing_calendar_grows_old_and_mends,
    due_calendars_come_longest_due_first,
    busy_times_of_all_hosts_come_in_one_go,
    a_changed_event_replaces_its_times,
    a_calendar_that_does_not_block_is_not_busy,
    what_a_calendar_has_is_in_the_way_of_a_claim_that_is_to_be_clear_of_it,
    forgotten_events_are_gone,
    twenty_thousand_events_fit,
    a_deleted_calendar_takes_its_copy_along,
];

fn new(t: &TestDb, of: &User, connection: &Connection, name: &str) -> Calendar {
    Calendar {
        id: t.ids.id(),
        organization: of.organization,
        connection: connection.id,
        user: of.id,
        remote_id: format!("/{name}/"),
        name: name.into(),
        zone: Some("Europe/Vienna".into()),
        colour: None,
        writable: true,
        main: true,
        blocks: true,
        receives: false,
        tentative_blocks: false,
        cursor: None,
        window: span(0, 100_000),
        freshness: Freshness::default(),
        policy: FailurePolicy { trust_hours: 24, then_blocks: true },
        on_change: None,
        next_sync_at: Some(t.clock.now()),
    }
}

pub(crate) async fn calendar(t: &TestDb, of: &User, connection: &Connection, name: &str) -> Calendar {
    let new = new(t, of, connection, name);
    write!(t.db, [new], |tx| { tx.calendars().add(&new).await }).unwrap();
    new
}

async fn get(t: &TestDb, of: &Calendar) -> Calendar {
    t.db.read().await.unwrap().calendars().get(of.id).await.unwrap().unwrap()
}

async fn one(t: &TestDb) -> (User, Calendar) {
    let people = t.people(&["ann"]).await;
    let connection = connect(t, &people[0]).await;
    let calendar = calendar(t, &people[0], &connection, "work").await;
    (people[0].clone(), calendar)
}

fn event(name: &str, busy: Vec<Span>) -> MirrorEvent {
    MirrorEvent {
        remote_id: format!("{name}.ics"),
        uid: name.into(),
        etag: "1".into(),
        source: Some("BEGIN:VCALENDAR".into()),
        busy,
    }
}

async fn store(t: &TestDb, of: &Calendar, events: Vec<MirrorEvent>) {
    write!(t.db, [of, events], |tx| { tx.calendars().store(&of, &events).await }).unwrap();
}

async fn busy(t: &TestDb, of: &[&User], window: Span) -> Vec<(String, Span)> {
    let hosts: Vec<_> = of.iter().map(|one| one.id).collect();
    let mut all = t.db.read().await.unwrap().calendars().busy_of(&hosts, window).await.unwrap();
    hosts
        .iter()
        .flat_map(|host| all.remove(host).unwrap_or_default())
        .map(|one| (one.uid, one.span))
        .collect()
}

async fn a_calendar_comes_back_as_stored(t: &TestDb) {
    let (ann, of) = one(t).await;
    assert_eq!(get(t, &of).await, of);
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.calendars().of_users(&[ann.id]).await.unwrap(), vec![of.clone()]);
    let connection = tx.installations().connection(of.connection).await.unwrap().unwrap();
    assert_eq!(tx.calendars().of_connection(&connection).await.unwrap(), vec![of.clone()]);
    drop(tx);
    let again = Calendar { id: t.ids.id(), ..of };
    let done = write!(t.db, [again], |tx| { tx.calendars().add(&again).await });
    assert!(done.unwrap_err().is_taken("remote_id"));
}

async fn its_use_and_its_description_change_apart(t: &TestDb) {
    let (_, mut of) = one(t).await;
    of.name = "Renamed".into();
    of.colour = Some("#ff0000".into());
    of.zone = None;
    of.writable = false;
    of.blocks = false;
    of.tentative_blocks = true;
    of.policy = FailurePolicy { trust_hours: 1, then_blocks: false };
    write!(t.db, [of], |tx| {
        tx.calendars().describe(&of).await?;
        tx.calendars().set_use(&of, of.blocks, of.tentative_blocks, of.policy).await
    })
    .unwrap();
    assert_eq!(get(t, &of).await, of);
}

async fn one_calendar_receives_bookings(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = people[0].clone();
    let connection = connect(t, &ann).await;
    let (work, home) =
        (calendar(t, &ann, &connection, "work").await, calendar(t, &ann, &connection, "home").await);
    for (choice, of_work, of_home) in
        [(Some(work.id), true, false), (Some(home.id), false, true), (None, false, false)]
    {
        write!(t.db, [ann], |tx| { tx.calendars().set_receiving(&ann, choice).await }).unwrap();
        assert_eq!((get(t, &work).await.receives, get(t, &home).await.receives), (of_work, of_home));
    }
}

async fn a_failing_calendar_grows_old_and_mends(t: &TestDb) {
    let (_, of) = one(t).await;
    let began = t.clock.now();
    for _ in 0..2 {
        write!(t.db, [of], |tx| { tx.calendars().sync_failed(&of, "no answer", None).await }).unwrap();
        t.clock.advance(SignedDuration::from_hours(1));
    }
    let failing = get(t, &of).await;
    assert_eq!(failing.freshness.failing_since, Some(began), "since the first failure in a row");
    assert_eq!(failing.freshness.last_error.as_deref(), Some("no answer"));
    let next = t.clock.now() + SignedDuration::from_mins(5);
    write!(t.db, [of], |tx| { tx.calendars().synced(&of, Some("token"), span(1, 2), Some(next)).await })
        .unwrap();
    let mended = get(t, &of).await;
    let freshness = Freshness { synced_at: Some(t.clock.now()), failing_since: None, last_error: None };
    let expected = Calendar {
        cursor: Some("token".into()),
        window: span(1, 2),
        freshness,
        next_sync_at: Some(next),
        ..of.clone()
    };
    assert_eq!(mended, expected);
    write!(t.db, [of], |tx| { tx.calendars().restart(&of).await }).unwrap();
    assert_eq!(get(t, &expected).await, Calendar { cursor: None, ..expected });
}

async fn due_calendars_come_longest_due_first(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let connection = connect(t, &people[0]).await;
    let (a, b) =
        (calendar(t, &people[0], &connection, "a").await, calendar(t, &people[0], &connection, "b").await);
    let soon = t.clock.now() + SignedDuration::from_mins(1);
    write!(t.db, [a], |tx| { tx.calendars().plan(&a, Some(soon)).await }).unwrap();
    let due = async || {
        let due = t.db.read().await.unwrap().calendars().due(10).await.unwrap();
        due.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(due().await, ["b"]);
    t.clock.set(soon);
    assert_eq!(due().await, ["b", "a"]);
    write!(t.db, [b], |tx| { tx.calendars().plan(&b, None).await }).unwrap();
    assert_eq!(due().await, ["a"]);
}

async fn busy_times_of_all_hosts_come_in_one_go(t: &TestDb) {
    let people = t.people(&["ann", "bob", "cyd"]).await;
    for (index, one) in people.iter().enumerate() {
        let connection = connect(t, one).await;
        let of = calendar(t, one, &connection, "work").await;
        let at = i64::try_from(index).unwrap() * 60;
        store(t, &of, vec![event(&one.name, vec![span(at, 30), span(at + 1440, 30)])]).await;
    }
    let (ann, bob) = (&people[0], &people[1]);
    let found = busy(t, &[ann, bob], span(0, 600)).await;
    assert_eq!(found, [("ann".into(), span(0, 30)), ("bob".into(), span(60, 30))]);
    assert!(busy(t, &[ann], span(30, 600)).await.is_empty(), "touching is not within");
    assert_eq!(busy(t, &[ann], span(29, 1)).await.len(), 1);
}

async fn a_changed_event_replaces_its_times(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, vec![event("a", vec![span(0, 30), span(60, 30)]), event("b", vec![span(300, 30)])]).await;
    let changed =
        MirrorEvent { etag: "2".into(), ..event("a", vec![span(90, 30), span(90, 30), span(5, 0)]) };
    store(t, &of, vec![changed]).await;
    let found = busy(t, &[&ann], span(0, 600)).await;
    assert_eq!(found, [("a".into(), span(90, 30)), ("b".into(), span(300, 30))]);
    let mut tx = t.db.read().await.unwrap();
    let versions = tx.calendars().versions(&of).await.unwrap();
    assert_eq!(
        versions.into_iter().collect::<Vec<_>>(),
        [("a.ics".into(), "2".into()), ("b.ics".into(), "1".into())]
    );
    assert_eq!(tx.calendars().sources(&of).await.unwrap().len(), 2);
}

async fn a_calendar_that_does_not_block_is_not_busy(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, vec![event("a", vec![span(0, 30)])]).await;
    write!(t.db, [of], |tx| { tx.calendars().set_use(&of, false, false, of.policy).await }).unwrap();
    assert!(busy(t, &[&ann], span(0, 600)).await.is_empty());
    write!(t.db, [of], |tx| { tx.calendars().set_use(&of, true, false, of.policy).await }).unwrap();
    assert_eq!(busy(t, &[&ann], span(0, 600)).await.len(), 1);
}

async fn what_a_calendar_has_is_in_the_way_of_a_claim_that_is_to_be_clear_of_it(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, vec![event("a", vec![span(0, 30)])]).await;
    let ask = |from| Ask::booking(ann.organization, t.ids.id::<Booking>(), &[ann.id], span(from, 30));
    let refused = Claimed::Taken { host: ann.id, span: span(15, 30) };
    assert_eq!(take(t, ask(15).clear_of_calendars()).await, refused);
    assert_eq!(take(t, ask(30).clear_of_calendars()).await, Claimed::Made);
    assert_eq!(take(t, ask(-10)).await, Claimed::Made);
    write!(t.db, [of], |tx| { tx.calendars().forget(&of, &["a.ics"]).await }).unwrap();
    assert_eq!(take(t, ask(60).clear_of_calendars()).await, Claimed::Made);
}

async fn forgotten_events_are_gone(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, (0..3).map(|one| event(&one.to_string(), vec![span(one * 60, 30)])).collect()).await;
    write!(t.db, [of], |tx| { tx.calendars().forget(&of, &["1.ics", "unknown.ics"]).await }).unwrap();
    let found: Vec<String> = busy(t, &[&ann], span(0, 600)).await.into_iter().map(|(uid, _)| uid).collect();
    assert_eq!(found, ["0", "2"]);
}

async fn twenty_thousand_events_fit(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, (0..20_000).map(|one| event(&one.to_string(), vec![span(one * 30, 30)])).collect()).await;
    assert_eq!(busy(t, &[&ann], span(0, 20_000 * 30)).await.len(), 20_000);
    let names: Vec<String> = (0..20_000).map(|one| format!("{one}.ics")).collect();
    write!(t.db, [of, names], |tx| {
        tx.calendars().forget(&of, &names.iter().map(String::as_str).collect::<Vec<_>>()).await
    })
    .unwrap();
    assert!(busy(t, &[&ann], span(0, 20_000 * 30)).await.is_empty());
}

async fn a_deleted_calendar_takes_its_copy_along(t: &TestDb) {
    let (ann, of) = one(t).await;
    store(t, &of, vec![event("a", vec![span(0, 30)])]).await;
    write!(t.db, [of], |tx| { tx.calendars().delete(&of).await }).unwrap();
    assert!(busy(t, &[&ann], span(0, 600)).await.is_empty());
    let mut tx = t.db.read().await.unwrap();
    let left =
        tx.row(kalends_store::sql("SELECT COUNT(*) AS many FROM mirror_spans")).await.unwrap().unwrap();
    assert_eq!(left.get::<i64>("many").unwrap(), 0);
}
