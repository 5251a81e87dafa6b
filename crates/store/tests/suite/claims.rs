//! Claims: one owner for each second of a host's time.

use jiff::SignedDuration;
use kalends_domain::{Id, Span, booking::Booking, people::User};
use kalends_store::repo::{Ask, Claimed, Hold, Owner, Seat};
use kalends_testkit::TestDb;

checks![
    a_taken_time_is_refused_and_names_the_host,
    touching_times_do_not_clash,
    all_hosts_or_none,
    a_series_is_claimed_whole_or_not_at_all,
    a_series_that_overlaps_itself_is_refused,
    an_expired_hold_is_not_in_the_way,
    a_hold_becomes_a_booking,
    a_moved_claim_frees_its_old_time,
    a_refused_move_keeps_the_old_time,
    seats_fill_up_and_no_further,
    a_seat_and_another_booking_clash,
    free_hosts_are_told,
    a_claim_of_five_days_is_refused,
    a_claim_of_any_length_is_in_the_way_from_its_first_minute_to_its_last,
    the_independent_check_finds_what_was_put_there_by_hand,
];

pub(crate) const T0: i64 = 1_800_000_000;

pub(crate) fn span(from: i64, minutes: i64) -> Span {
    Span::new(T0 + from * 60, T0 + (from + minutes) * 60)
}

pub(crate) async fn take(t: &TestDb, ask: Ask) -> Claimed {
    write!(t.db, [ask], |tx| { tx.claims().take(&ask).await }).unwrap()
}

fn book(t: &TestDb, hosts: &[&User], when: Span) -> Ask {
    let ids: Vec<Id<User>> = hosts.iter().map(|host| host.id).collect();
    Ask::booking(hosts[0].organization, t.ids.id::<Booking>(), &ids, when)
}

pub(crate) async fn overlaps(t: &TestDb) -> usize {
    t.db.read().await.unwrap().claims().overlaps().await.unwrap().len()
}

async fn claimed(t: &TestDb, host: &User) -> Vec<Span> {
    let mut tx = t.db.read().await.unwrap();
    let mut all = tx.claims().of_hosts(&[host.id], span(-10_000, 100_000)).await.unwrap();
    all.remove(&host.id).unwrap_or_default().into_iter().map(|one| one.span).collect()
}

async fn a_taken_time_is_refused_and_names_the_host(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    assert_eq!(take(t, book(t, &[ann], span(0, 30))).await, Claimed::Made);
    let again = take(t, book(t, &[ann], span(29, 30))).await;
    assert_eq!(again, Claimed::Taken { host: ann.id, span: span(29, 30) });
    assert_eq!(claimed(t, ann).await, [span(0, 30)]);
}

async fn touching_times_do_not_clash(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    for start in [30, 0, 60] {
        assert_eq!(take(t, book(t, &[&people[0]], span(start, 30))).await, Claimed::Made);
    }
    assert_eq!(overlaps(t).await, 0);
}

async fn all_hosts_or_none(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (&people[0], &people[1]);
    assert_eq!(take(t, book(t, &[bob], span(0, 30))).await, Claimed::Made);
    let both = take(t, book(t, &[ann, bob], span(15, 30))).await;
    assert_eq!(both, Claimed::Taken { host: bob.id, span: span(15, 30) });
    assert!(claimed(t, ann).await.is_empty());
}

async fn a_series_is_claimed_whole_or_not_at_all(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    assert_eq!(take(t, book(t, &[ann], span(2 * 1440, 30))).await, Claimed::Made);
    let series: Vec<Ask> = (0..4).map(|day| book(t, &[ann], span(day * 1440, 30))).collect();
    let made = write!(t.db, [series], |tx| { tx.claims().take_all(&series).await }).unwrap();
    assert_eq!(made, Claimed::Taken { host: ann.id, span: span(2 * 1440, 30) });
    assert_eq!(claimed(t, ann).await.len(), 1);
    let series: Vec<Ask> = (0..4).map(|day| book(t, &[ann], span(day * 1440 + 60, 30))).collect();
    let made = write!(t.db, [series], |tx| { tx.claims().take_all(&series).await }).unwrap();
    assert_eq!(made, Claimed::Made);
    assert_eq!(claimed(t, ann).await.len(), 5);
}

async fn a_series_that_overlaps_itself_is_refused(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let series = [book(t, &[ann], span(0, 30)), book(t, &[ann], span(20, 30))];
    let made = write!(t.db, [series], |tx| { tx.claims().take_all(&series).await }).unwrap();
    assert_eq!(made, Claimed::Taken { host: ann.id, span: span(20, 30) });
    assert!(claimed(t, ann).await.is_empty());
}

fn hold(t: &TestDb, host: &User, when: Span, minutes: i64) -> (Id<Hold>, Ask) {
    let id = t.ids.id::<Hold>();
    let until = t.db.now() + SignedDuration::from_mins(minutes);
    (id, Ask::hold(host.organization, id, &[host.id], when, until))
}

async fn an_expired_hold_is_not_in_the_way(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let (_, ask) = hold(t, ann, span(0, 30), 5);
    assert_eq!(take(t, ask).await, Claimed::Made);
    assert!(matches!(take(t, book(t, &[ann], span(0, 30))).await, Claimed::Taken { .. }));
    t.clock.advance(SignedDuration::from_mins(5));
    assert!(claimed(t, ann).await.is_empty(), "an expired hold is no busy time");
    assert_eq!(take(t, book(t, &[ann], span(0, 30))).await, Claimed::Made);
    assert_eq!(overlaps(t).await, 0);
    let (_, ask) = hold(t, ann, span(60, 30), 5);
    assert_eq!(take(t, ask).await, Claimed::Made);
    t.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(write!(t.db, [], |tx| { tx.claims().sweep().await }).unwrap(), 1);
}

async fn a_hold_becomes_a_booking(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let (id, ask) = hold(t, ann, span(0, 30), 5);
    assert_eq!(take(t, ask).await, Claimed::Made);
    let booked = book(t, &[ann], span(0, 30)).instead_of(Owner::Hold(id));
    assert_eq!(take(t, booked).await, Claimed::Made);
    t.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(claimed(t, ann).await, [span(0, 30)], "the booking's claim does not end");
}

async fn a_moved_claim_frees_its_old_time(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (&people[0], &people[1]);
    let first = book(t, &[ann], span(0, 30));
    let owner = first.owner;
    assert_eq!(take(t, first.clone()).await, Claimed::Made);
    let moved = Ask { hosts: vec![bob.id], span: span(15, 30), ..first }.instead_of(owner);
    assert_eq!(take(t, moved).await, Claimed::Made);
    assert!(claimed(t, ann).await.is_empty());
    assert_eq!(claimed(t, bob).await, [span(15, 30)]);
    assert_eq!(write!(t.db, [], |tx| { tx.claims().release(owner).await }).unwrap(), 1);
    assert!(claimed(t, bob).await.is_empty());
}

async fn a_refused_move_keeps_the_old_time(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let first = book(t, &[ann], span(0, 30));
    assert_eq!(take(t, first.clone()).await, Claimed::Made);
    assert_eq!(take(t, book(t, &[ann], span(60, 30))).await, Claimed::Made);
    let owner = first.owner;
    let moved = Ask { span: span(45, 30), ..first }.instead_of(owner);
    assert!(matches!(take(t, moved).await, Claimed::Taken { .. }));
    assert_eq!(claimed(t, ann).await, [span(0, 30), span(60, 30)]);
}

fn seat(count: u32) -> Seat {
    Seat { key: "group:1".into(), count, of: 3 }
}

async fn seats_fill_up_and_no_further(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let first = book(t, &[ann], span(0, 30)).seat(seat(1));
    let (owner, hosts) = (first.owner, first.hosts.clone());
    assert_eq!(take(t, first).await, Claimed::Made);
    let (_, held) = hold(t, ann, span(0, 30), 5);
    assert_eq!(take(t, held.seat(seat(1))).await, Claimed::Made);
    let add = async |count: u32| {
        let seat = seat(count);
        write!(t.db, [hosts, seat], |tx| { tx.claims().add_seats(owner, &hosts, &seat).await }).unwrap()
    };
    assert!(!add(2).await, "the held seat counts");
    assert!(add(1).await);
    assert!(!add(1).await);
    let (_, held) = hold(t, ann, span(0, 30), 5);
    assert!(matches!(take(t, held.seat(seat(1))).await, Claimed::Taken { .. }));
    t.clock.advance(SignedDuration::from_mins(6));
    assert!(add(1).await, "the hold has ended");
    assert!(write!(t.db, [], |tx| { tx.claims().drop_seats(owner, 2).await }).unwrap());
    let taken = write!(t.db, [hosts], |tx| { tx.claims().seats_taken(&hosts, "group:1", None).await });
    assert_eq!(taken.unwrap(), 1);
    assert_eq!(overlaps(t).await, 0);
}

async fn a_seat_and_another_booking_clash(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    assert_eq!(take(t, book(t, &[ann], span(0, 30)).seat(seat(1))).await, Claimed::Made);
    assert!(matches!(take(t, book(t, &[ann], span(0, 30))).await, Claimed::Taken { .. }));
    let other = Seat { key: "group:2".into(), ..seat(1) };
    assert!(matches!(take(t, book(t, &[ann], span(0, 30)).seat(other)).await, Claimed::Taken { .. }));
}

async fn free_hosts_are_told(t: &TestDb) {
    let people = t.people(&["ann", "bob", "cyd"]).await;
    let ids: Vec<Id<User>> = people.iter().map(|one| one.id).collect();
    let ask = book(t, &[&people[1]], span(0, 30));
    let owner = ask.owner;
    assert_eq!(take(t, ask).await, Claimed::Made);
    let free = write!(t.db, [ids], |tx| { tx.claims().free(&ids, span(10, 10), None).await }).unwrap();
    assert_eq!(free, [ids[0], ids[2]]);
    let free = write!(t.db, [ids], |tx| { tx.claims().free(&ids, span(10, 10), Some(owner)).await }).unwrap();
    assert_eq!(free, ids);
}

async fn a_claim_of_five_days_is_refused(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ask = book(t, &[&people[0]], span(0, 5 * 1440));
    assert!(write!(t.db, [ask], |tx| { tx.claims().take(&ask).await }).is_err());
}

async fn a_claim_of_any_length_is_in_the_way_from_its_first_minute_to_its_last(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    // Around two hours, where a search looks elsewhere, and up to the longest.
    for (start, length) in (0..).step_by(10_000).zip([1, 119, 120, 121, 1440, 4 * 1440]) {
        assert_eq!(take(t, book(t, &[ann], span(start, length))).await, Claimed::Made);
        for minute in [start, start + length / 2, start + length - 1] {
            let taken = take(t, book(t, &[ann], span(minute, 1))).await;
            assert!(matches!(taken, Claimed::Taken { .. }), "minute {minute} of {length}");
        }
        for minute in [start - 1, start + length] {
            assert_eq!(take(t, book(t, &[ann], span(minute, 1))).await, Claimed::Made);
        }
    }
    assert_eq!(overlaps(t).await, 0);
}

async fn the_independent_check_finds_what_was_put_there_by_hand(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    assert_eq!(take(t, book(t, &[ann], span(0, 30))).await, Claimed::Made);
    write!(t.db, [], |tx| {
        tx.run(kalends_store::sql(
            "INSERT INTO claims (organization_id, host_id, owner_id, owner_kind, starts, ends, seats)
             SELECT organization_id, host_id, 'x', owner_kind, starts + 60, ends, 1 FROM claims",
        ))
        .await
    })
    .unwrap();
    assert_eq!(overlaps(t).await, 1);
}
