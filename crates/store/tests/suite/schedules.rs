//! Schedules, days away, stays in other zones.

use jiff::civil::date;
use kalends_domain::{
    availability::{DateHours, Hours, OutOfOffice, Schedule, Travel, WallTime, Weekday, WeeklyHours},
    people::User,
};
use kalends_store::{
    Error,
    repo::{Away, Stay, StoredSchedule},
};
use kalends_testkit::{TestDb, make};

checks![
    a_schedule_comes_back_as_stored,
    a_changed_schedule_is_saved,
    a_deleted_schedule_is_named_nowhere,
    days_away_end,
    days_away_that_end_before_they_begin_are_refused,
    stays_are_kept,
];

fn wall(text: &str) -> WallTime {
    text.parse().unwrap()
}

fn schedule(t: &TestDb, of: &User) -> StoredSchedule {
    let weekly =
        vec![WeeklyHours { days: Weekday::WORKING.to_vec(), start: wall("09:00"), end: wall("17:00") }];
    let closed =
        DateHours { date: date(2026, 12, 24), hours: vec![Hours::new(wall("09:00"), wall("12:00"))] };
    StoredSchedule {
        id: t.ids.id(),
        number: t.ids.number(),
        organization: of.organization,
        user: of.id,
        name: "Work".into(),
        hours: Schedule::new("Europe/Vienna".parse().unwrap(), weekly, vec![closed]).unwrap(),
    }
}

async fn add(t: &TestDb, new: &StoredSchedule) {
    write!(t.db, [new], |tx| { tx.schedules().add(&new).await }).unwrap();
}

async fn a_schedule_comes_back_as_stored(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (one, two) = (schedule(t, &people[0]), schedule(t, &people[1]));
    add(t, &one).await;
    add(t, &two).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.schedules().get(one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(tx.schedules().by_number(two.number).await.unwrap(), Some(two.clone()));
    assert_eq!(tx.schedules().many(&[one.id, t.ids.id()]).await.unwrap(), vec![one.clone()]);
    let both = tx.schedules().of_users(&[people[0].id, people[1].id]).await.unwrap();
    assert_eq!(both, vec![one, two]);
}

async fn a_changed_schedule_is_saved(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut one = schedule(t, &people[0]);
    add(t, &one).await;
    one.name = "Nights".into();
    one.hours = Schedule::new("Asia/Tokyo".parse().unwrap(), vec![], vec![]).unwrap();
    write!(t.db, [one], |tx| { tx.schedules().save(&one).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().schedules().get(one.id).await.unwrap(), Some(one));
}

async fn a_deleted_schedule_is_named_nowhere(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let one = schedule(t, &people[0]);
    add(t, &one).await;
    let mut ann = people[0].clone();
    ann.default_schedule = Some(one.id);
    let mut of = make::event_type(&t.ids, "intro", &[&ann]);
    of.schedule = Some(one.id);
    of.hosts[0].schedule = Some(one.id);
    write!(t.db, [ann, of, one], |tx| {
        tx.people().save(&ann).await?;
        tx.event_types().add(&of).await?;
        tx.schedules().delete(&one).await
    })
    .unwrap();
    let mut tx = t.db.read().await.unwrap();
    let of = tx.event_types().get(of.id).await.unwrap().unwrap();
    assert_eq!((of.schedule, of.hosts[0].schedule), (None, None));
    assert_eq!(tx.people().get(ann.id).await.unwrap().unwrap().default_schedule, None);
    drop(tx);
    let done = write!(t.db, [one], |tx| { tx.schedules().delete(&one).await });
    assert!(matches!(done, Err(Error::Missing(_))), "{done:?}");
}

fn away(t: &TestDb, of: &User, from: i8, until: i8) -> Away {
    let dates = OutOfOffice {
        from: date(2026, 12, from),
        until: date(2026, 12, until),
        note: (from % 2 == 0).then(|| "skiing".into()),
    };
    Away { id: t.ids.id(), organization: of.organization, user: of.id, dates }
}

async fn days_away_end(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (late, early) = (away(t, &people[0], 20, 24), away(t, &people[0], 1, 1));
    for one in [&late, &early] {
        write!(t.db, [one], |tx| { tx.schedules().add_away(&one).await }).unwrap();
    }
    let list = async |day: i8| {
        let users = [people[0].id, people[1].id];
        t.db.read().await.unwrap().schedules().away(&users, date(2026, 12, day)).await.unwrap()
    };
    assert_eq!(list(1).await, vec![early, late.clone()]);
    assert_eq!(list(24).await, vec![late.clone()], "its last day counts");
    assert!(list(25).await.is_empty());
    let (ann, bob, id) = (people[0].clone(), people[1].clone(), late.id);
    assert!(write!(t.db, [bob], |tx| { tx.schedules().delete_away(&bob, id).await }).is_err());
    write!(t.db, [ann], |tx| { tx.schedules().delete_away(&ann, id).await }).unwrap();
    assert!(list(24).await.is_empty());
}

async fn days_away_that_end_before_they_begin_are_refused(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let one = away(t, &people[0], 2, 1);
    let done = write!(t.db, [one], |tx| { tx.schedules().add_away(&one).await });
    assert!(matches!(done, Err(Error::Unfit(_))), "{done:?}");
}

async fn stays_are_kept(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = people[0].clone();
    let dates = Travel { from: date(2026, 12, 1), until: None, zone: "Asia/Tokyo".parse().unwrap() };
    let stay = Stay { id: t.ids.id(), organization: ann.organization, user: ann.id, dates };
    write!(t.db, [stay], |tx| { tx.schedules().add_stay(&stay).await }).unwrap();
    let kept = t.db.read().await.unwrap().schedules().stays(&[ann.id]).await.unwrap();
    assert_eq!(kept, vec![stay.clone()]);
    let id = stay.id;
    write!(t.db, [ann], |tx| { tx.schedules().delete_stay(&ann, id).await }).unwrap();
    assert!(t.db.read().await.unwrap().schedules().stays(&[ann.id]).await.unwrap().is_empty());
}
