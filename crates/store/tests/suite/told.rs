//! What providers tell: addresses, notices, channels, events of ours that changed there; and apps that go and come back.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_domain::{
    Clock, Id,
    booking::{AskWhy, Seen},
};
use kalends_store::{
    repo::{
        Calendar, CalendarChannel, ChannelState, Connection, Hook, Inbound, InboundEvent, RawNotice, Scope,
    },
    seal::Keys,
    sql,
};
use kalends_testkit::TestDb;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    apps::{connect, install},
    bookings::{booked, event_type},
    calendars::calendar,
    claims::span,
};

checks![
    an_address_is_found_by_its_key_which_stands_nowhere_in_the_open,
    an_address_is_made_once_for_an_account_and_once_for_an_app,
    an_event_is_received_once_and_taken_up_again_only_when_it_has_ended_inb_05_inb_06,
    a_notice_opens_in_its_own_row_and_is_swept_by_age_and_by_number_inb_02,
    keys_of_addresses_and_notices_rotate,
    a_channel_is_written_over_and_found_by_its_name,
    channels_come_longest_due_first,
    a_sight_is_written_over_and_what_is_asked_stays_asked,
    a_sight_that_changed_meanwhile_is_not_ended,
    what_is_taken_away_is_found_by_nobody_until_it_is_back,
    what_is_taken_away_long_enough_is_to_purge,
];

fn keys(t: &TestDb) -> Arc<Keys> {
    Arc::new(Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap())
}

async fn account(t: &TestDb) -> Connection {
    let people = t.people(&["ann"]).await;
    connect(t, &people[0]).await
}

fn hook_of(t: &TestDb, of: &Connection, connection: Option<Id<Connection>>) -> Hook {
    Hook { id: t.ids.id(), organization: of.organization, app: "caldav".into(), connection }
}

async fn hook(t: &TestDb, keys: &Arc<Keys>, key: &str) -> Hook {
    let of = account(t).await;
    let new = hook_of(t, &of, Some(of.id));
    let key = SecretString::from(key.to_owned());
    write!(t.db, [keys, new, key], |tx| { tx.hooks().add(&keys, &new, &key).await }).unwrap();
    new
}

async fn receive(t: &TestDb, by: &Hook, name: &'static str, status: Inbound) -> Option<Id<InboundEvent>> {
    write!(t.db, [by], |tx| { tx.hooks().receive(&by, name, &json!({ "what": "x" }), status, None).await })
        .unwrap()
}

async fn event(t: &TestDb, by: &Hook, id: Id<InboundEvent>) -> InboundEvent {
    t.db.read().await.unwrap().hooks().event(by.organization, id).await.unwrap().unwrap()
}

async fn an_address_is_found_by_its_key_which_stands_nowhere_in_the_open(t: &TestDb) {
    let keys = keys(t);
    let of = hook(t, &keys, "canary-key").await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.hooks().by_key("canary-key").await.unwrap(), Some(of.clone()));
    assert_eq!(tx.hooks().by_key("another").await.unwrap(), None);
    let row = tx.rows(sql("SELECT key_hash, sealed FROM hooks")).await.unwrap().remove(0);
    let (hash, sealed): (String, String) = (row.get("key_hash").unwrap(), row.get("sealed").unwrap());
    assert!(!hash.contains("canary") && !sealed.contains("canary"));
    let connection = tx.installations().connection(of.connection.unwrap()).await.unwrap().unwrap();
    let (found, key) = tx.hooks().of_connection(&keys, &connection).await.unwrap().unwrap();
    assert_eq!((found, key.expose_secret()), (of, "canary-key"));
}

async fn an_address_is_made_once_for_an_account_and_once_for_an_app(t: &TestDb) {
    let keys = keys(t);
    let of = account(t).await;
    for key in ["first", "second"] {
        let (mine, all) = (hook_of(t, &of, Some(of.id)), hook_of(t, &of, None));
        let (one, other): (SecretString, SecretString) =
            (format!("{key} of the account").into(), format!("{key} of the app").into());
        write!(t.db, [keys, mine, all, one, other], |tx| {
            tx.hooks().add(&keys, &mine, &one).await?;
            tx.hooks().add(&keys, &all, &other).await
        })
        .unwrap();
    }
    let mut tx = t.db.read().await.unwrap();
    let (_, key) = tx.hooks().of_connection(&keys, &of).await.unwrap().unwrap();
    assert_eq!(key.expose_secret(), "first of the account");
    let (_, key) = tx.hooks().of_app(&keys, of.organization, "caldav").await.unwrap().unwrap();
    assert_eq!(key.expose_secret(), "first of the app");
    assert!(tx.hooks().of_app(&keys, of.organization, "other").await.unwrap().is_none());
}

async fn an_event_is_received_once_and_taken_up_again_only_when_it_has_ended_inb_05_inb_06(t: &TestDb) {
    let keys = keys(t);
    let by = hook(t, &keys, "key").await;
    let id = receive(t, &by, "n1", Inbound::Waiting).await.unwrap();
    assert_eq!(receive(t, &by, "n1", Inbound::Waiting).await, None, "told twice, it is one");
    let first = event(t, &by, id).await;
    let replay = async |of: &InboundEvent| {
        let of = of.clone();
        write!(t.db, [of], |tx| { tx.hooks().replay(&of, &json!({ "what": "y" })).await }).unwrap()
    };
    assert!(!replay(&first).await, "it is under way");
    for (status, ended) in
        [(Inbound::Parked, false), (Inbound::Dead, true), (Inbound::Ignored, true), (Inbound::Done, true)]
    {
        write!(t.db, [first], |tx| { tx.hooks().settle(&first, status, Some("why")).await }).unwrap();
        let dead = t.db.read().await.unwrap().hooks().dead(by.organization, 10).await.unwrap();
        assert_eq!(dead.len(), usize::from(status == Inbound::Dead), "{status:?}");
        assert_eq!(replay(&first).await, ended, "{status:?}");
    }
    let now = event(t, &by, id).await;
    assert_eq!((now.status, now.tries, now.signal), (Inbound::Waiting, 0, json!({ "what": "y" })));
    let later = t.clock.now() + SignedDuration::from_secs(1);
    assert_eq!(write!(t.db, [], |tx| { tx.hooks().sweep(later).await }).unwrap(), 1);
}

async fn a_notice_opens_in_its_own_row_and_is_swept_by_age_and_by_number_inb_02(t: &TestDb) {
    let keys = keys(t);
    let by = hook(t, &keys, "key").await;
    let mut ids: Vec<Id<RawNotice>> = Vec::new();
    for number in 0..5 {
        let (id, text) = (t.ids.id(), SecretString::from(format!("canary {number}")));
        write!(t.db, [keys, by, text], |tx| { tx.notices().keep(&keys, &by, id, &text).await }).unwrap();
        ids.push(id);
        t.clock.advance(SignedDuration::from_hours(1));
    }
    let opened = async |id: Id<RawNotice>| {
        let mut tx = t.db.read().await.unwrap();
        tx.notices().open(&keys, by.organization, id).await
    };
    assert_eq!(opened(ids[2]).await.unwrap().unwrap().expose_secret(), "canary 2");
    let rows = t.db.read().await.unwrap().rows(sql("SELECT sealed FROM inbound_notices")).await.unwrap();
    assert!(rows.iter().all(|row| !row.get::<String>("sealed").unwrap().contains("canary")));
    // Moved to another row, it does not open.
    let (from, to) = (ids[0], ids[1]);
    write!(t.db, [], |tx| {
        let query = sql("UPDATE inbound_notices SET sealed = (SELECT sealed FROM inbound_notices WHERE id = $1) WHERE id = $2");
        tx.run(query.bind(from).bind(to)).await
    })
    .unwrap();
    assert!(opened(ids[1]).await.is_err());
    let before = t.clock.now() - SignedDuration::from_mins(270);
    assert_eq!(write!(t.db, [], |tx| { tx.notices().sweep(before, 3).await }).unwrap(), 2);
    for (id, stays) in ids.into_iter().zip([false, false, true, true, true]) {
        assert_eq!(opened(id).await.unwrap().is_some(), stays);
    }
}

async fn keys_of_addresses_and_notices_rotate(t: &TestDb) {
    let (old, new) = (Keys::fresh(&t.ids), Keys::fresh(&t.ids));
    let first = Arc::new(Keys::new(("k1", &old), &[]).unwrap());
    let by = hook(t, &first, "key").await;
    let (id, text) = (t.ids.id(), SecretString::from("text".to_owned()));
    write!(t.db, [first, by, text], |tx| { tx.notices().keep(&first, &by, id, &text).await }).unwrap();
    let both = Arc::new(Keys::new(("k2", &new), &[("k1", &old)]).unwrap());
    let (hooks, notices) = write!(t.db, [both], |tx| {
        Ok((tx.hooks().rotate(&both, 10).await?, tx.notices().rotate(&both, 10).await?))
    })
    .unwrap();
    assert_eq!((hooks, notices), (1, 1));
    let alone = Keys::new(("k2", &new), &[]).unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.hooks().keys_used().await.unwrap(), [("k2".to_owned(), 1)]);
    assert_eq!(tx.notices().keys_used().await.unwrap(), [("k2".to_owned(), 1)]);
    let again = tx.notices().open(&alone, by.organization, id).await.unwrap().unwrap();
    assert_eq!(again.expose_secret(), "text");
}

fn channel(t: &TestDb, of: &Calendar, name: &str) -> CalendarChannel {
    CalendarChannel {
        id: t.ids.id(),
        organization: of.organization,
        calendar: of.id,
        connection: of.connection,
        remote_id: name.into(),
        resource: Some("resource".into()),
        state: ChannelState::Live,
        expires_at: Some(t.clock.now() + SignedDuration::from_hours(8)),
        renew_at: Some(t.clock.now() + SignedDuration::from_hours(6)),
        tries: 0,
        last_error: None,
    }
}

async fn put(t: &TestDb, channel: &CalendarChannel) {
    write!(t.db, [channel], |tx| { tx.channels().put(&channel).await }).unwrap();
}

async fn two_calendars(t: &TestDb) -> (Connection, [Calendar; 2]) {
    let people = t.people(&["ann"]).await;
    let connection = connect(t, &people[0]).await;
    let both = [
        calendar(t, &people[0], &connection, "work").await,
        calendar(t, &people[0], &connection, "home").await,
    ];
    (connection, both)
}

async fn a_channel_is_written_over_and_found_by_its_name(t: &TestDb) {
    let (connection, [work, home]) = two_calendars(t).await;
    let first = channel(t, &work, "c1");
    put(t, &first).await;
    put(t, &channel(t, &home, "c2")).await;
    let over = CalendarChannel { state: ChannelState::Failing, tries: 2, ..channel(t, &work, "c3") };
    put(t, &over).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.channels().named(&connection, "c1").await.unwrap(), None);
    let found = tx.channels().named(&connection, "c3").await.unwrap().unwrap();
    assert_eq!((found.state, found.tries, found.calendar), (ChannelState::Failing, 2, work.id));
    assert_eq!(tx.channels().of_calendars(&[work.id, home.id]).await.unwrap().len(), 2);
    drop(tx);
    write!(t.db, [work], |tx| { tx.channels().delete(&work).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().channels().of(&work).await.unwrap(), None);
}

async fn channels_come_longest_due_first(t: &TestDb) {
    let (connection, [work, home]) = two_calendars(t).await;
    put(t, &channel(t, &work, "c1")).await;
    let sooner = t.clock.now() + SignedDuration::from_hours(3);
    put(t, &CalendarChannel { renew_at: Some(sooner), ..channel(t, &home, "c2") }).await;
    let due = async || {
        let all = t.db.read().await.unwrap().channels().due(10).await.unwrap();
        all.into_iter().map(|one| one.remote_id).collect::<Vec<_>>()
    };
    assert_eq!(due().await, [""; 0]);
    t.clock.advance(SignedDuration::from_hours(7));
    assert_eq!(due().await, ["c2", "c1"]);
    put(t, &CalendarChannel { renew_at: None, ..channel(t, &work, "c1") }).await;
    assert_eq!(due().await, ["c2"]);
    write!(t.db, [connection], |tx| { tx.channels().renew_all(&connection).await }).unwrap();
    assert!(due().await.contains(&"c2".to_owned()));
}

async fn a_sight_is_written_over_and_what_is_asked_stays_asked(t: &TestDb) {
    let (host, row, calendar) = standing(t).await;
    saw(t, &row, &calendar, Seen::Gone, None).await;
    let first = sight(t, &row).await.unwrap();
    assert_eq!((first.seen, first.why, first.host), (Seen::Gone, None, host.id));
    assert!(write!(t.db, [first], |tx| { tx.outside_changes().ask(&first, AskWhy::Wanted).await }).unwrap());
    saw(t, &row, &calendar, Seen::Gone, None).await;
    assert_eq!(sight(t, &row).await.unwrap().why, Some(AskWhy::Wanted));
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.outside_changes().asked(row.organization, host.id).await.unwrap().len(), 1);
    drop(tx);
    write!(t.db, [row], |tx| { tx.outside_changes().forget(&row).await }).unwrap();
    assert_eq!(sight(t, &row).await, None);
}

async fn a_sight_that_changed_meanwhile_is_not_ended(t: &TestDb) {
    let (_, row, calendar) = standing(t).await;
    let at = Seen::At { span: span(60, 90) };
    saw(t, &row, &calendar, at, Some("e1")).await;
    let then = sight(t, &row).await.unwrap();
    saw(t, &row, &calendar, Seen::Gone, None).await;
    let ended = write!(t.db, [then], |tx| { tx.outside_changes().end(&then).await }).unwrap();
    let now = sight(t, &row).await;
    assert_eq!(ended, now.is_none(), "it says whether it ended it");
    if let Some(now) = now {
        assert!(write!(t.db, [now], |tx| { tx.outside_changes().end(&now).await }).unwrap());
        assert!(!write!(t.db, [now], |tx| { tx.outside_changes().end(&now).await }).unwrap(), "once");
    }
    assert_eq!(sight(t, &row).await, None);
}

async fn standing(t: &TestDb) -> (kalends_domain::people::User, kalends_store::repo::Reference, Calendar) {
    let (people, of) = event_type(t, &["ann"]).await;
    let booking = booked(t, &of, span(0, 30)).await;
    let connection = connect(t, &people[0]).await;
    let calendar = calendar(t, &people[0], &connection, "work").await;
    let wanted = kalends_store::repo::Wanted {
        kind: "calendar".into(),
        app: "caldav".into(),
        installation: connection.installation,
        target: calendar.remote_id.clone(),
        host: people[0].id,
    };
    write!(t.db, [booking, wanted], |tx| { tx.references().want(&booking, &wanted).await }).unwrap();
    let row = t.db.read().await.unwrap().references().of_booking(&booking).await.unwrap().remove(0);
    (people[0].clone(), row, calendar)
}

async fn saw(
    t: &TestDb,
    row: &kalends_store::repo::Reference,
    calendar: &Calendar,
    seen: Seen,
    etag: Option<&'static str>,
) {
    write!(t.db, [row, calendar], |tx| { tx.outside_changes().saw(&row, &calendar, seen, etag).await })
        .unwrap();
}

async fn sight(
    t: &TestDb,
    row: &kalends_store::repo::Reference,
) -> Option<kalends_store::repo::OutsideChange> {
    t.db.read().await.unwrap().outside_changes().of_reference(row.organization, row.id).await.unwrap()
}

async fn what_is_taken_away_is_found_by_nobody_until_it_is_back(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let one = install(t, &people[0], "caldav", Scope::User(people[0].id)).await;
    let until = t.clock.now() + SignedDuration::from_hours(24 * 7);
    let had = json!({ "places": 2 });
    write!(t.db, [one, had], |tx| { tx.installations().take_away(&one, until, &had).await }).unwrap();
    let found = async || {
        let mut tx = t.db.read().await.unwrap();
        let there = tx.installations().list(one.organization).await.unwrap().len();
        (there, tx.installations().removed(one.organization).await.unwrap())
    };
    let (there, removed) = found().await;
    assert_eq!((there, removed.len()), (0, 1));
    assert_eq!((removed[0].at, removed[0].purge_at, &removed[0].kept), (t.clock.now(), until, &had));
    let twice = write!(t.db, [one, had], |tx| { tx.installations().take_away(&one, until, &had).await });
    assert!(twice.is_err(), "it is away already");
    write!(t.db, [one], |tx| { tx.installations().bring_back(&one, &json!({})).await }).unwrap();
    let (there, removed) = found().await;
    assert_eq!((there, removed.len()), (1, 0));
    write!(t.db, [one], |tx| { tx.installations().switch(&one, false, &json!({})).await }).unwrap();
    let lives = t.db.read().await.unwrap().installations().lives(&[one.id]).await.unwrap();
    assert_eq!(lives[0].off_at, Some(t.clock.now()));
    write!(t.db, [one], |tx| { tx.installations().switch(&one, true, &json!({})).await }).unwrap();
    let lives = t.db.read().await.unwrap().installations().lives(&[one.id]).await.unwrap();
    assert_eq!(lives[0].off_at, None);
}

async fn what_is_taken_away_long_enough_is_to_purge(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let one = install(t, &people[0], "caldav", Scope::User(people[0].id)).await;
    let until = t.clock.now() + SignedDuration::from_hours(1);
    write!(t.db, [one], |tx| { tx.installations().take_away(&one, until, &json!({})).await }).unwrap();
    let due = async || t.db.read().await.unwrap().installations().to_purge(10).await.unwrap().len();
    assert_eq!(due().await, 0);
    t.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(due().await, 1);
    write!(t.db, [one], |tx| { tx.installations().delete(&one).await }).unwrap();
    assert_eq!(due().await, 0);
}
