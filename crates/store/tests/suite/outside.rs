//! What follows outside: references, deliveries, flight records; the audit log and settings.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kalends_domain::{Clock, booking::Booking, people::User};
use kalends_store::repo::{
    Applied, Deed, Delivery, Flight, Following, LineOf, NewDelivery, Reference, Sent, Step, Wanted,
};
use kalends_testkit::TestDb;

use crate::{
    apps::connect,
    bookings::{booked, event_type},
    claims::span,
};

checks![
    a_days_allowance_is_counted_for_each_host_and_is_new_at_midnight,
    a_wanted_thing_is_done_when_it_was_applied,
    a_change_meanwhile_leaves_it_waiting,
    a_gone_thing_is_settled_whatever_its_revision,
    a_failed_reference_is_due_again_or_given_up,
    others_are_wanted_gone,
    an_external_name_leads_to_its_booking,
    an_account_tells_what_is_in_it,
    a_message_is_delivered_once_per_revision_and_recipient,
    of_many_at_once_one_delivery_is_made,
    a_delivery_that_went_out_is_not_tried_again,
    a_failed_delivery_can_be_replayed,
    a_delivery_that_came_back_stays_so_and_only_gets_worse,
    a_time_line_is_read_page_by_page_and_swept_in_portions,
    deeds_are_kept_and_swept,
    settings_are_kept,
];

async fn wanted(t: &TestDb) -> (User, Booking, Wanted) {
    let (people, of) = event_type(t, &["ann"]).await;
    let booking = booked(t, &of, span(0, 30)).await;
    let connection = connect(t, &people[0]).await;
    let wanted = Wanted {
        kind: "calendar".into(),
        app: "caldav".into(),
        installation: connection.installation,
        target: "/work/".into(),
        host: people[0].id,
    };
    want(t, &booking, &wanted).await;
    (people[0].clone(), booking, wanted)
}

async fn want(t: &TestDb, booking: &Booking, wanted: &Wanted) {
    write!(t.db, [booking, wanted], |tx| { tx.references().want(&booking, &wanted).await }).unwrap();
}

async fn only(t: &TestDb, booking: &Booking) -> Reference {
    let mut all = t.db.read().await.unwrap().references().of_booking(booking).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn apply(t: &TestDb, of: &Reference, revision: u32, present: bool) -> bool {
    let what = Applied {
        revision,
        present,
        external_id: Some("abc.ics".into()),
        external_url: Some("https://example.com/abc".into()),
        etag: Some("1".into()),
        detail: serde_json::json!({ "k": 1 }),
    };
    write!(t.db, [of, what], |tx| { tx.references().applied(&of, &what).await }).unwrap()
}

async fn due(t: &TestDb) -> usize {
    t.db.read().await.unwrap().references().due(10).await.unwrap().len()
}

async fn a_days_allowance_is_counted_for_each_host_and_is_new_at_midnight(t: &TestDb) {
    let (people, _) = event_type(t, &["ann", "ben"]).await;
    let connection = connect(t, &people[0]).await;
    let take = async |who: usize| {
        let (connection, host) = (connection.clone(), people[who].id);
        write!(t.db, [connection], |tx| { tx.allowances().take(&connection, host, 2).await }).unwrap()
    };
    assert_eq!((take(0).await, take(0).await), (Ok(()), Ok(())));
    let midnight = Timestamp::from_second((t.clock.now().as_second() / 86_400 + 1) * 86_400).unwrap();
    assert_eq!(take(0).await, Err(midnight));
    assert_eq!(take(1).await, Ok(()), "another host has their own");
    let (back, host) = (connection.clone(), people[0].id);
    write!(t.db, [back], |tx| { tx.allowances().give_back(&back, host).await }).unwrap();
    assert_eq!((take(0).await, take(0).await), (Ok(()), Err(midnight)));
    t.clock.set(midnight);
    assert_eq!(take(0).await, Ok(()));
    assert_eq!(write!(t.db, [], |tx| { tx.allowances().sweep().await }).unwrap(), 2);
}

async fn a_wanted_thing_is_done_when_it_was_applied(t: &TestDb) {
    let (_, booking, wanted) = wanted(t).await;
    let fresh = only(t, &booking).await;
    assert_eq!(
        (fresh.following, fresh.applied_revision, fresh.wanted.clone()),
        (Following::Waiting, None, wanted)
    );
    assert!(!fresh.is_settled());
    assert_eq!(due(t).await, 1);
    assert!(apply(t, &fresh, 0, true).await);
    let done = only(t, &booking).await;
    assert!(done.is_settled());
    assert_eq!((done.following, done.external_id.as_deref()), (Following::Done, Some("abc.ics")));
    assert_eq!((done.etag.as_deref(), done.detail), (Some("1"), serde_json::json!({ "k": 1 })));
    assert_eq!(due(t).await, 0);
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.references().get(done.id).await.unwrap().unwrap().id, done.id);
    assert_eq!(tx.references().of_bookings(&[booking]).await.unwrap().len(), 1);
}

async fn a_change_meanwhile_leaves_it_waiting(t: &TestDb) {
    let (_, mut booking, wanted) = wanted(t).await;
    let fresh = only(t, &booking).await;
    booking.revision = 1;
    want(t, &booking, &wanted).await;
    assert!(!apply(t, &fresh, 0, true).await, "more is wanted by now");
    let waiting = only(t, &booking).await;
    assert_eq!((waiting.following, waiting.applied_revision), (Following::Waiting, Some(0)));
    assert_eq!(due(t).await, 1);
    assert!(apply(t, &waiting, 1, true).await);
}

async fn a_gone_thing_is_settled_whatever_its_revision(t: &TestDb) {
    let (_, mut booking, _) = wanted(t).await;
    assert!(apply(t, &only(t, &booking).await, 0, true).await);
    booking.revision = 1;
    let aimed = write!(t.db, [booking], |tx| { tx.references().want_all(&booking, false).await });
    assert_eq!(aimed.unwrap(), 1);
    let waiting = only(t, &booking).await;
    assert!(!waiting.is_settled());
    assert!(apply(t, &waiting, 0, false).await);
    assert!(only(t, &booking).await.is_settled());
}

async fn a_failed_reference_is_due_again_or_given_up(t: &TestDb) {
    let (_, booking, wanted) = wanted(t).await;
    let of = only(t, &booking).await;
    let later = t.clock.now() + SignedDuration::from_mins(1);
    write!(t.db, [of], |tx| {
        tx.references().about_to(&of, "chosen.ics").await?;
        tx.references().failed(&of, "no answer", Some(later)).await
    })
    .unwrap();
    let failing = only(t, &booking).await;
    assert_eq!(
        (failing.following, failing.tries, failing.last_error.as_deref()),
        (Following::Failing, 1, Some("no answer"))
    );
    assert_eq!(failing.external_id.as_deref(), Some("chosen.ics"));
    assert_eq!(due(t).await, 0);
    t.clock.set(later);
    assert_eq!(due(t).await, 1);
    write!(t.db, [of], |tx| { tx.references().failed(&of, "refused", None).await }).unwrap();
    assert_eq!((due(t).await, only(t, &booking).await.following), (0, Following::GivenUp));
    want(t, &booking, &wanted).await;
    assert_eq!((due(t).await, only(t, &booking).await.tries), (1, 0), "a change tries anew");
}

async fn others_are_wanted_gone(t: &TestDb) {
    let (_, booking, wanted) = wanted(t).await;
    let keep = only(t, &booking).await;
    let other = Wanted { target: "/home/".into(), ..wanted };
    want(t, &booking, &other).await;
    let ids = vec![keep.id];
    let aimed = write!(t.db, [booking, ids], |tx| { tx.references().want_gone_except(&booking, &ids).await });
    assert_eq!(aimed.unwrap(), 1);
    let all = t.db.read().await.unwrap().references().of_booking(&booking).await.unwrap();
    let present: Vec<_> = all.iter().map(|one| (one.wanted.target.as_str(), one.desired_present)).collect();
    assert_eq!(present, [("/work/", true), ("/home/", false)]);
}

async fn an_external_name_leads_to_its_booking(t: &TestDb) {
    let (ann, booking, wanted) = wanted(t).await;
    apply(t, &only(t, &booking).await, 0, true).await;
    let mut tx = t.db.read().await.unwrap();
    let found = tx.references().by_external(ann.organization, wanted.installation, "abc.ics").await.unwrap();
    assert_eq!(found.unwrap().booking, booking.id);
    let none = tx.references().by_external(t.ids.id(), wanted.installation, "abc.ics").await.unwrap();
    assert_eq!(none, None);
}

async fn an_account_tells_what_is_in_it(t: &TestDb) {
    let (_, booking, wanted) = wanted(t).await;
    let of = t.db.read().await.unwrap().installations().get(wanted.installation).await.unwrap().unwrap();
    let told = async || {
        let mut tx = t.db.read().await.unwrap();
        let upcoming = tx.references().upcoming(&of).await.unwrap();
        (upcoming, tx.references().unsettled(&of).await.unwrap())
    };
    assert_eq!(told().await, (0, vec![booking.id]));
    assert!(apply(t, &only(t, &booking).await, 0, true).await);
    assert_eq!(told().await, (1, vec![]));
    t.clock.set(booking.span.ends());
    assert_eq!(told().await, (0, vec![]), "what is over is not upcoming");
}

fn delivery(of: &Booking) -> NewDelivery {
    NewDelivery {
        organization: of.organization,
        booking: Some(of.id),
        message: "confirmed".into(),
        revision: of.revision,
        channel: "mail".into(),
        recipient: "gus@guests.example.com".into(),
        part: String::new(),
        detail: serde_json::json!({}),
    }
}

async fn deliver(t: &TestDb, new: &NewDelivery) -> bool {
    write!(t.db, [new], |tx| { tx.deliveries().add(&new).await }).unwrap().is_some()
}

async fn a_message_is_delivered_once_per_revision_and_recipient(t: &TestDb) {
    let (_, booking, _) = wanted(t).await;
    let new = delivery(&booking);
    assert!(deliver(t, &new).await);
    assert!(!deliver(t, &new).await);
    assert!(deliver(t, &NewDelivery { revision: 1, ..new.clone() }).await);
    assert!(deliver(t, &NewDelivery { recipient: "eve@example.com".into(), ..new.clone() }).await);
    assert!(deliver(t, &NewDelivery { part: "link".into(), ..new.clone() }).await);
    let letter = NewDelivery { booking: None, ..new };
    assert!(deliver(t, &letter).await && deliver(t, &letter).await, "without a booking each counts");
    assert_eq!(t.db.read().await.unwrap().deliveries().of_booking(&booking).await.unwrap().len(), 4);
}

async fn of_many_at_once_one_delivery_is_made(t: &TestDb) {
    let (_, booking, _) = wanted(t).await;
    let new = delivery(&booking);
    let made = join_all((0..32).map(|_| deliver(t, &new))).await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
}

async fn first(t: &TestDb, booking: &Booking) -> Delivery {
    t.db.read().await.unwrap().deliveries().of_booking(booking).await.unwrap().remove(0)
}

async fn a_delivery_that_went_out_is_not_tried_again(t: &TestDb) {
    let (_, booking, _) = wanted(t).await;
    deliver(t, &delivery(&booking)).await;
    let one = first(t, &booking).await;
    assert_eq!((one.sent, &one.what), (Sent::Waiting, &delivery(&booking)));
    let due = t.db.read().await.unwrap().deliveries().due(10).await.unwrap();
    assert_eq!(due, vec![one.clone()]);
    let trying =
        async || write!(t.db, [one], |tx| { tx.deliveries().trying(&one, "id@host").await }).unwrap();
    assert!(trying().await);
    assert_eq!(first(t, &booking).await.sent, Sent::Trying);
    assert!(trying().await, "after a crash it is tried again");
    write!(t.db, [one], |tx| { tx.deliveries().done(&one, Some("<id@host>")).await }).unwrap();
    assert!(!trying().await);
    let done = t.db.read().await.unwrap().deliveries().get(one.id).await.unwrap().unwrap();
    assert_eq!((done.sent, done.tries, done.remote_id.as_deref()), (Sent::Done, 2, Some("<id@host>")));
    assert_eq!(done.sent_at, Some(t.clock.now()));
    write!(t.db, [one], |tx| { tx.deliveries().failed(&one, "late", None).await }).unwrap();
    assert_eq!(first(t, &booking).await.sent, Sent::Done, "what went out stays out");
}

async fn a_failed_delivery_can_be_replayed(t: &TestDb) {
    let (_, booking, _) = wanted(t).await;
    deliver(t, &delivery(&booking)).await;
    let one = first(t, &booking).await;
    let later = t.clock.now() + SignedDuration::from_mins(1);
    write!(t.db, [one], |tx| { tx.deliveries().failed(&one, "busy", Some(later)).await }).unwrap();
    assert_eq!(
        (first(t, &booking).await.sent, first(t, &booking).await.next_try_at),
        (Sent::Waiting, Some(later))
    );
    let replay = async || write!(t.db, [one], |tx| { tx.deliveries().replay(&one).await }).unwrap();
    assert!(!replay().await);
    write!(t.db, [one], |tx| { tx.deliveries().failed(&one, "no such address", None).await }).unwrap();
    assert_eq!(first(t, &booking).await.sent, Sent::Failed);
    assert!(replay().await);
    assert_eq!(first(t, &booking).await.sent, Sent::Waiting);
}

async fn a_delivery_that_came_back_stays_so_and_only_gets_worse(t: &TestDb) {
    let (_, booking, _) = wanted(t).await;
    deliver(t, &delivery(&booking)).await;
    let one = first(t, &booking).await;
    let comes_back = async |sent: Sent| {
        write!(t.db, [one], |tx| { tx.deliveries().returned(&one, sent, "full").await }).unwrap()
    };
    assert!(!comes_back(Sent::Bounced).await, "nothing has gone out");
    write!(t.db, [one], |tx| { tx.deliveries().trying(&one, "id@host").await }).unwrap();
    let named = async |organization, ours: Option<&'static str>, theirs: Option<&'static str>| {
        t.db.read().await.unwrap().deliveries().named(organization, ours, theirs).await.unwrap().len()
    };
    let here = booking.organization;
    assert_eq!(named(here, Some("id@host"), None).await, 1);
    assert_eq!(named(t.ids.id(), Some("id@host"), None).await, 0, "another organization's is another's");
    write!(t.db, [one], |tx| { tx.deliveries().done(&one, Some("there-1")).await }).unwrap();
    assert_eq!((named(here, None, Some("there-1")).await, named(here, None, None).await), (1, 0));
    assert_eq!(named(here, Some("other@host"), Some("there-1")).await, 0, "our own name wins");
    assert!(comes_back(Sent::Bounced).await && !comes_back(Sent::Bounced).await);
    write!(t.db, [one], |tx| { tx.deliveries().done(&one, Some("there-1")).await }).unwrap();
    write!(t.db, [one], |tx| { tx.deliveries().delivered(&one).await }).unwrap();
    let row = first(t, &booking).await;
    assert_eq!((row.sent, row.last_error.as_deref(), row.delivered_at), (Sent::Bounced, Some("full"), None));
    assert!(comes_back(Sent::Refused).await && !comes_back(Sent::Bounced).await);
    assert!(!write!(t.db, [one], |tx| { tx.deliveries().replay(&one).await }).unwrap());
    assert_eq!(first(t, &booking).await.sent, Sent::Refused);
}

async fn a_time_line_is_read_page_by_page_and_swept_in_portions(t: &TestDb) {
    let (people, of) = event_type(t, &["ann"]).await;
    let booking = booked(t, &of, span(0, 30)).await;
    let connection = connect(t, &people[0]).await;
    let notice = t.ids.id();
    let flight = Flight {
        organization: of.organization,
        at: t.clock.now(),
        app: "caldav".into(),
        operation: "create".into(),
        connection: Some(connection.id),
        booking: Some(booking.id),
        notice: Some(notice),
        step: Some(Step::Delivery(t.ids.id())),
        run: Some((2, 30)),
        method: "PUT".into(),
        url: "example.com/…".into(),
        status: Some(201),
        millis: 12,
        attempt: 3,
        attempts: 4,
        not_before: Some(t.clock.now() + SignedDuration::from_mins(2)),
        outcome: "ok".into(),
        detail: String::new(),
    };
    let later = Flight {
        at: flight.at + SignedDuration::from_secs(1),
        status: None,
        booking: None,
        notice: None,
        step: None,
        run: None,
        not_before: None,
        ..flight.clone()
    };
    // Two at the same instant stand in one order, and none is passed over.
    let all = vec![flight.clone(), later.clone(), later.clone()];
    write!(t.db, [all], |tx| {
        tx.flights().add(&[]).await?;
        tx.flights().add(&all).await
    })
    .unwrap();
    let mut tx = t.db.read().await.unwrap();
    let (home, account) = (of.organization, LineOf::Connection(connection.id));
    let whole = tx.flights().line(home, account, None, 9).await.unwrap();
    let calls: Vec<_> = whole.iter().map(|one| one.flight.clone()).collect();
    assert_eq!(calls, [later.clone(), later.clone(), flight.clone()]);
    let (mut paged, mut before) = (vec![], None);
    while let Some(one) = tx.flights().line(home, account, before, 1).await.unwrap().pop() {
        before = Some(one.place());
        paged.push(one);
    }
    assert_eq!(paged, whole);
    for line in [LineOf::Booking(booking.id), LineOf::Notice(notice)] {
        assert_eq!(tx.flights().line(home, line, None, 9).await.unwrap(), whole[2..]);
    }
    let one = tx.flights().get(home, whole[2].id).await.unwrap();
    assert_eq!(one.as_ref(), whole.get(2));
    let one = one.unwrap();
    assert_eq!((one.installation, one.uid), (Some(connection.installation), Some(booking.uid.clone())));
    assert_eq!(tx.flights().get(t.ids.id(), one.id).await.unwrap(), None, "another organization's");
    drop(tx);
    let (before, after) = (later.at, later.at + SignedDuration::from_secs(1));
    let sweep = async |until| write!(t.db, [], |tx| { tx.flights().sweep(until, 2).await }).unwrap();
    assert_eq!((sweep(before).await, sweep(before).await), (1, 0));
    assert_eq!((sweep(after).await, sweep(after).await), (2, 0));
}

async fn deeds_are_kept_and_swept(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let deed = Deed {
        organization: people[0].organization,
        actor: Some(people[0].id),
        action: "api_key.made".into(),
        subject: "key".into(),
        detail: serde_json::json!({ "label": "x" }),
        ip: "192.0.2.1".into(),
    };
    let unknown = Deed { actor: None, ..deed.clone() };
    write!(t.db, [deed, unknown], |tx| {
        tx.audit().note(&deed).await?;
        tx.audit().note(&unknown).await
    })
    .unwrap();
    let now = t.clock.now();
    let listed = t.db.read().await.unwrap().audit().list(deed.organization, 9).await.unwrap();
    assert_eq!(listed, vec![(now, unknown), (now, deed)]);
    assert_eq!(write!(t.db, [], |tx| { tx.audit().sweep(now).await }).unwrap(), 0);
    let later = now + SignedDuration::from_secs(1);
    assert_eq!(write!(t.db, [], |tx| { tx.audit().sweep(later).await }).unwrap(), 2);
}

async fn settings_are_kept(t: &TestDb) {
    let get = async || t.db.read().await.unwrap().settings().get::<u32>("n").await.unwrap();
    assert_eq!(get().await, None);
    write!(t.db, [], |tx| { tx.settings().set("n", &1).await }).unwrap();
    assert_eq!(get().await, Some(1));
    write!(t.db, [], |tx| { tx.settings().set("n", &3).await }).unwrap();
    assert_eq!(get().await, Some(3));
}
