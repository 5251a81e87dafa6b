//! Bookings: stored and read back, listed, counted, told of.

use jiff::SignedDuration;
use kalends_domain::{
    Clock, Span,
    booking::{Booking, By, State, Status},
    event_type::{Answer, BookedLocation, EventType},
    people::User,
};
use kalends_store::{
    Error,
    repo::{Agreed, Compared, Filter, Happened, Order, Page},
    sql,
};
use kalends_testkit::{TestDb, make};

use crate::claims::span;

checks![
    a_booking_comes_back_as_it_was,
    it_is_found_by_each_of_its_names,
    a_change_is_saved_over_what_was_read,
    a_change_over_another_change_is_refused,
    a_booking_without_a_host_is_refused,
    an_uid_twice_is_refused,
    lists_narrow_by_everything_a_person_asks_for,
    lists_come_in_pages_and_order,
    a_list_without_a_tenant_is_empty,
    a_search_takes_every_sign_as_itself,
    what_is_booked_counts_for_limits,
    further_seats_find_their_booking,
    a_series_is_found_in_order,
    what_happened_is_told_in_order,
    what_was_agreed_is_read_in_portions_and_compared_at_once_tz_02,
    a_booking_agreed_anew_is_not_shifted_any_more_tz_02,
    what_was_not_noted_yet_is_read_by_the_rules_in_force_tz_01,
];

pub(crate) async fn event_type(t: &TestDb, names: &[&str]) -> (Vec<User>, EventType) {
    let people = t.people(names).await;
    let of = make::event_type(&t.ids, "intro", &people.iter().collect::<Vec<_>>());
    write!(t.db, [of], |tx| { tx.event_types().add(&of).await }).unwrap();
    (people, of)
}

pub(crate) async fn add(t: &TestDb, booking: &Booking) {
    write!(t.db, [booking], |tx| { tx.bookings().add(&booking).await }).unwrap();
}

pub(crate) async fn booked(t: &TestDb, of: &EventType, when: Span) -> Booking {
    let booking = make::booking(&t.ids, of, when, t.clock.now());
    add(t, &booking).await;
    booking
}

fn full(t: &TestDb, of: &EventType, people: &[User]) -> Booking {
    let mut booking = make::booking(&t.ids, of, span(0, 30), t.clock.now());
    booking.hosts = people.iter().map(|one| one.id).collect();
    booking.attendees.push(make::guest("eve"));
    booking.attendees[0].seat = Some(t.ids.uid());
    booking.attendees[0].phone = Some("+43 1 234567".into());
    booking.attendees[1].extra = true;
    booking.location = BookedLocation::app("room");
    booking.answers.insert("topic".into(), Answer::Many(vec!["a".into(), "b".into()]));
    booking.notes = "ä “quoted” \u{1F600}".into();
    booking.metadata.insert("k".into(), "v".into());
    booking.series = Some(t.ids.uid());
    booking.marks.host_absent = true;
    booking
}

async fn a_booking_comes_back_as_it_was(t: &TestDb) {
    // TZ-01: its instant, the zone in which it was agreed upon, and what clocks there showed.
    let (people, of) = event_type(t, &["ann", "bob"]).await;
    let booking = full(t, &of, &people);
    add(t, &booking).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().get(booking.id).await.unwrap(), Some(booking));
}

async fn it_is_found_by_each_of_its_names(t: &TestDb) {
    let (people, of) = event_type(t, &["ann"]).await;
    let booking = full(t, &of, &people);
    add(t, &booking).await;
    let mut tx = t.db.read().await.unwrap();
    let found = Some(booking.clone());
    assert_eq!(tx.bookings().by_uid(&booking.uid).await.unwrap(), found);
    assert_eq!(tx.bookings().by_number(booking.number).await.unwrap(), found);
    assert_eq!(tx.bookings().by_seat(booking.attendees[0].seat.as_ref().unwrap()).await.unwrap(), found);
    assert_eq!(tx.bookings().by_uid(&t.ids.uid()).await.unwrap(), None);
    let uids = [booking.uid.as_str(), "somebody-elses"];
    assert_eq!(tx.bookings().known_uids(&uids).await.unwrap(), [booking.uid.as_str()]);
    drop(tx);
    assert_eq!(write!(t.db, [booking], |tx| { tx.bookings().lock(&booking.uid).await }).unwrap(), found);
}

async fn a_change_is_saved_over_what_was_read(t: &TestDb) {
    let (people, of) = event_type(t, &["ann", "bob"]).await;
    let mut booking = booked(t, &of, span(0, 30)).await;
    booking.span = span(60, 30);
    booking.revision = 1;
    booking.host = people[1].id;
    booking.hosts = vec![people[1].id];
    booking.attendees.push(make::guest("eve"));
    booking.state = State::Cancelled { at: t.clock.now(), by: By::Guest, reason: "ill".into() };
    assert!(write!(t.db, [booking], |tx| { tx.bookings().save(&booking, 0).await }).unwrap());
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().get(booking.id).await.unwrap(), Some(booking));
}

async fn a_change_over_another_change_is_refused(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let booking = booked(t, &of, span(0, 30)).await;
    let mut first = booking.clone();
    first.revision = 1;
    assert!(write!(t.db, [first], |tx| { tx.bookings().save(&first, 0).await }).unwrap());
    let mut second = booking.clone();
    second.revision = 1;
    second.title = "lost".into();
    assert!(!write!(t.db, [second], |tx| { tx.bookings().save(&second, 0).await }).unwrap());
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().get(booking.id).await.unwrap(), Some(first));
}

async fn a_booking_without_a_host_is_refused(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let mut booking = make::booking(&t.ids, &of, span(0, 30), t.clock.now());
    booking.hosts.clear();
    let done = write!(t.db, [booking], |tx| { tx.bookings().add(&booking).await });
    assert!(matches!(done, Err(Error::Refused(_))), "{done:?}");
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().get(booking.id).await.unwrap(), None);
}

async fn an_uid_twice_is_refused(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let first = booked(t, &of, span(0, 30)).await;
    let mut again = make::booking(&t.ids, &of, span(60, 30), t.clock.now());
    again.uid = first.uid;
    let done = write!(t.db, [again], |tx| { tx.bookings().add(&again).await });
    assert!(done.unwrap_err().is_taken("uid"));
}

async fn listed(t: &TestDb, filter: &Filter) -> Vec<String> {
    let mut tx = t.db.read().await.unwrap();
    let listed = tx.bookings().list(filter, Order::Start, Page::default()).await.unwrap();
    assert_eq!(usize::try_from(listed.total).unwrap(), listed.bookings.len());
    assert_eq!(tx.bookings().count(filter).await.unwrap(), listed.total);
    listed.bookings.into_iter().map(|one| one.title).collect()
}

async fn lists_narrow_by_everything_a_person_asks_for(t: &TestDb) {
    let (people, of) = event_type(t, &["ann", "bob"]).await;
    let organization = of.organization;
    let other = make::event_type(&t.ids, "other", &[&people[1]]);
    write!(t.db, [other], |tx| { tx.event_types().add(&other).await }).unwrap();
    let now = t.clock.now().as_second();
    let soon = Span::new(now + 3600, now + 5400);
    let mut a = make::booking(&t.ids, &of, soon, t.clock.now());
    a.title = "a".into();
    a.attendees = vec![make::guest("zoe")];
    let mut b = make::booking(&t.ids, &other, Span::new(now - 5400, now - 3600), t.clock.now());
    b.title = "b".into();
    let mut c = make::booking(&t.ids, &of, Span::new(now + 7200, now + 9000), t.clock.now());
    c.title = "c".into();
    c.state = State::Cancelled { at: t.clock.now(), by: By::Host, reason: String::new() };
    c.series = Some(t.ids.uid());
    c.created_at += SignedDuration::from_secs(60);
    c.updated_at += SignedDuration::from_secs(60);
    for one in [&a, &b, &c] {
        add(t, one).await;
    }
    let all = Filter::of(organization);
    assert_eq!(listed(t, &all).await, ["b", "a", "c"]);
    let by = |change: fn(&mut Filter)| {
        let mut filter = Filter::of(organization);
        change(&mut filter);
        filter
    };
    assert_eq!(listed(t, &by(|f| f.statuses = vec![Status::Confirmed])).await, ["a"]);
    assert_eq!(listed(t, &by(|f| f.statuses = vec![Status::Completed])).await, ["b"]);
    assert_eq!(listed(t, &by(|f| f.statuses = vec![Status::Cancelled, Status::Confirmed])).await, ["a", "c"]);
    assert!(listed(t, &by(|f| f.statuses = vec![Status::Rejected])).await.is_empty());
    let with = |hosts: Vec<_>| Filter { hosts, ..all.clone() };
    assert_eq!(listed(t, &with(vec![people[1].id])).await, ["b"]);
    assert_eq!(listed(t, &with(vec![people[0].id, people[1].id])).await, ["b", "a", "c"]);
    assert_eq!(listed(t, &Filter { event_types: vec![of.id], ..all.clone() }).await, ["a", "c"]);
    assert_eq!(listed(t, &by(|f| f.attendee_email = Some("zoe@guests.example.com".into()))).await, ["a"]);
    assert_eq!(listed(t, &by(|f| f.attendee_name = Some("ZO".into()))).await, ["a"]);
    assert_eq!(listed(t, &by(|f| f.search = Some("zoe@".into()))).await, ["a"]);
    assert_eq!(listed(t, &by(|f| f.search = Some("C".into()))).await, ["b", "a", "c"], "in an address");
    assert_eq!(listed(t, &Filter { series: c.series.clone(), ..all.clone() }).await, ["c"]);
    let (from, till) = (Some(soon.start), Some(soon.end));
    assert_eq!(listed(t, &Filter { starts_from: from, ..all.clone() }).await, ["a", "c"]);
    assert_eq!(listed(t, &Filter { starts_before: from, ..all.clone() }).await, ["b"]);
    assert_eq!(listed(t, &Filter { ends_after: till, ..all.clone() }).await, ["c"]);
    assert_eq!(listed(t, &Filter { ends_until: till, ..all.clone() }).await, ["b", "a"]);
    let later = Some(c.created_at);
    assert_eq!(listed(t, &Filter { created_from: later, ..all.clone() }).await, ["c"]);
    assert_eq!(listed(t, &Filter { created_before: later, ..all.clone() }).await, ["b", "a"]);
    assert_eq!(listed(t, &Filter { updated_from: later, ..all.clone() }).await, ["c"]);
    assert_eq!(listed(t, &Filter { updated_before: later, ..all.clone() }).await, ["b", "a"]);
    assert!(listed(t, &Filter { team: Some(t.ids.id()), ..all }).await.is_empty());
}

async fn lists_come_in_pages_and_order(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    for number in 0..7 {
        let mut one = make::booking(&t.ids, &of, span(number * 60, 30), t.clock.now());
        one.title = number.to_string();
        one.created_at += SignedDuration::from_secs(10 - number);
        add(t, &one).await;
    }
    let filter = Filter::of(of.organization);
    let mut tx = t.db.read().await.unwrap();
    let mut page = async |order, skip, take| -> String {
        let listed = tx.bookings().list(&filter, order, Page { skip, take }).await.unwrap();
        assert_eq!(listed.total, 7);
        assert!(listed.bookings.iter().all(|one| one.hosts.len() == 1 && one.attendees.len() == 1));
        listed.bookings.into_iter().map(|one| one.title).collect()
    };
    assert_eq!(page(Order::Start, 0, 3).await, "012");
    assert_eq!(page(Order::Start, 6, 3).await, "6");
    assert_eq!(page(Order::StartDown, 1, 2).await, "54");
    assert_eq!(page(Order::End, 0, 2).await, "01");
    assert_eq!(page(Order::EndDown, 0, 2).await, "65");
    assert_eq!(page(Order::Created, 0, 2).await, "65");
    assert_eq!(page(Order::CreatedDown, 0, 2).await, "01");
    assert_eq!(page(Order::Updated, 0, 2).await, "01");
    assert_eq!(page(Order::UpdatedDown, 0, 2).await, "65");
}

async fn a_list_without_a_tenant_is_empty(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    booked(t, &of, span(0, 30)).await;
    assert!(listed(t, &Filter::default()).await.is_empty());
}

async fn a_search_takes_every_sign_as_itself(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let mut one = make::booking(&t.ids, &of, span(0, 30), t.clock.now());
    one.title = "50% o_f".into();
    add(t, &one).await;
    let search = |text: &str| Filter { search: Some(text.into()), ..Filter::of(of.organization) };
    for (text, found) in
        [("50%", 1), ("0% O_F", 1), ("5%f", 0), ("o__f", 0), ("\\", 0), ("?", 0), ("$1", 0), ("'", 0)]
    {
        assert_eq!(listed(t, &search(text)).await.len(), found, "{text}");
    }
}

async fn what_is_booked_counts_for_limits(t: &TestDb) {
    let (people, of) = event_type(t, &["ann", "bob"]).await;
    let first = booked(t, &of, span(0, 30)).await;
    let mut both = make::booking(&t.ids, &of, span(60, 30), t.clock.now());
    both.hosts = people.iter().map(|one| one.id).collect();
    add(t, &both).await;
    let mut gone = make::booking(&t.ids, &of, span(120, 30), t.clock.now());
    gone.state = State::Rejected { at: t.clock.now(), reason: String::new() };
    add(t, &gone).await;
    let mut tx = t.db.read().await.unwrap();
    let booked = tx.bookings().booked(&of, span(0, 600), None).await.unwrap();
    let spans: Vec<_> = booked.iter().map(|one| (one.host, one.span)).collect();
    let (ann, bob) = (people[0].id, people[1].id);
    assert_eq!(spans, [(ann, span(0, 30)), (ann, span(60, 30)), (bob, span(60, 30))]);
    let others = tx.bookings().booked(&of, span(0, 600), Some(first.id)).await.unwrap();
    assert_eq!(others.len(), 2, "the one that is moved does not count");
    assert_eq!(tx.bookings().booked(&of, span(60, 1), None).await.unwrap().len(), 2);
}

async fn further_seats_find_their_booking(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let mut gone = make::booking(&t.ids, &of, span(0, 30), t.clock.now());
    gone.state = State::Cancelled { at: t.clock.now(), by: By::Host, reason: String::new() };
    add(t, &gone).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().starting(&of, span(0, 30).start).await.unwrap(), None);
    let there = booked(t, &of, span(0, 30)).await;
    assert_eq!(tx.bookings().starting(&of, there.span.start).await.unwrap(), Some(there));
}

async fn a_series_is_found_in_order(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let series = t.ids.uid();
    for start in [60, 0] {
        let mut one = make::booking(&t.ids, &of, span(start, 30), t.clock.now());
        one.series = Some(series.clone());
        add(t, &one).await;
    }
    let mut tx = t.db.read().await.unwrap();
    let found = tx.bookings().series(&series).await.unwrap();
    assert_eq!(found.iter().map(|one| one.span).collect::<Vec<_>>(), [span(0, 30), span(60, 30)]);
}

async fn what_happened_is_told_in_order(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let booking = booked(t, &of, span(0, 30)).await;
    for kind in ["booked", "event_written"] {
        write!(t.db, [booking], |tx| {
            let detail = serde_json::json!({ "by": "test" });
            tx.bookings().happened(&booking, &Happened { kind, actor: "guest", detail }).await
        })
        .unwrap();
    }
    let history = t.db.read().await.unwrap().bookings().history(&booking).await.unwrap();
    assert_eq!(history.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["booked", "event_written"]);
    assert_eq!((history[0].at, history[0].actor.as_str()), (t.clock.now(), "guest"));
}

/// Three bookings, an hour apart from noon of the day after; the test's now is before.
async fn three(t: &TestDb) -> Vec<Booking> {
    let (_, of) = event_type(t, &["ann"]).await;
    let mut all = Vec::new();
    for hour in [24, 25, 26] {
        let start = t.clock.now().as_second() + hour * 3600;
        all.push(booked(t, &of, Span::new(start, start + 1800)).await);
    }
    all
}

/// Notes that clocks show what was agreed an hour later than it is booked.
async fn shift(t: &TestDb, agreed: &Agreed) -> u64 {
    let seen = vec![Compared { of: agreed.clone(), promised: agreed.start + 3600 }];
    write!(t.db, [seen], |tx| { tx.bookings().compared(&seen).await }).unwrap()
}

async fn shifted(t: &TestDb, of: &Booking) -> Vec<Booking> {
    let filter = Filter::of(of.organization).shifted(t.clock.now().as_second());
    let mut tx = t.db.read().await.unwrap();
    let listed = tx.bookings().list(&filter, Order::Start, Page::default()).await.unwrap().bookings;
    assert_eq!(tx.bookings().shifted().await.unwrap(), listed.len() as u64);
    listed
}

async fn what_was_agreed_is_read_in_portions_and_compared_at_once_tz_02(t: &TestDb) {
    let all = three(t).await;
    let mut tx = t.db.read().await.unwrap();
    let first = tx.bookings().agreed((t.clock.now().as_second(), None), 2).await.unwrap();
    let at = |agreed: &[Agreed]| agreed.iter().map(|one| one.booking).collect::<Vec<_>>();
    assert_eq!(at(&first), [all[0].id, all[1].id]);
    assert_eq!((first[0].wall, first[0].promised), (all[0].wall, Some(all[0].span.start)));
    let rest = tx.bookings().agreed((first[1].start, Some(first[1].booking)), 2).await.unwrap();
    assert_eq!(at(&rest), [all[2].id]);
    let from_its_start = tx.bookings().agreed((all[2].span.start, None), 2).await.unwrap();
    assert_eq!(at(&from_its_start), [all[2].id]);
    drop(tx);
    assert_eq!(shifted(t, &all[0]).await, []);
    assert_eq!(shift(t, &first[1]).await, 1);
    assert_eq!(shifted(t, &all[0]).await, [all[1].clone()]);
}

async fn a_booking_agreed_anew_is_not_shifted_any_more_tz_02(t: &TestDb) {
    let all = three(t).await;
    let read = t.db.read().await.unwrap().bookings().agreed((0, None), 9).await.unwrap();
    for agreed in &read {
        shift(t, agreed).await;
    }
    // Another guest changes nothing about when; another time, or another word for the same instant, does.
    let [mut same, mut moved, mut kept] = <[Booking; 3]>::try_from(all).unwrap();
    same.attendees.push(make::guest("eve"));
    moved.agree(Span::new(moved.span.start + 3600, moved.span.end + 3600), &kalends_domain::Zone::utc());
    kept.wall = kept.wall.checked_sub(SignedDuration::from_hours(1)).unwrap();
    for one in [&mut same, &mut moved, &mut kept] {
        one.revision += 1;
        assert!(write!(t.db, [one], |tx| { tx.bookings().save(&one, 0).await }).unwrap());
    }
    assert_eq!(shifted(t, &same).await, [same.clone()]);
    // What was read before that says nothing about them.
    assert_eq!((shift(t, &read[1]).await, shift(t, &read[2]).await), (0, 0));
    assert_eq!(shifted(t, &same).await, [same]);
}

async fn what_was_not_noted_yet_is_read_by_the_rules_in_force_tz_01(t: &TestDb) {
    let all = three(t).await;
    write!(t.db, [], |tx| { tx.run(sql("UPDATE bookings SET wall = NULL, wall_starts = NULL")).await })
        .unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.bookings().get(all[0].id).await.unwrap(), Some(all[0].clone()));
    let agreed = tx.bookings().agreed((0, None), 9).await.unwrap();
    assert_eq!((agreed[0].wall, agreed[0].promised), (all[0].wall, None));
    drop(tx);
    assert_eq!(shifted(t, &all[0]).await, []);
    assert_eq!(shift(t, &agreed[0]).await, 1);
}
