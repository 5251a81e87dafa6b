//! Event types, turns, private links.

use jiff::SignedDuration;
use kalends_domain::{
    Clock, Id,
    event_type::{Assignment, EventType, Owner, PrivateLink},
    people::User,
};
use kalends_store::Error;
use kalends_testkit::{TestDb, make};

use crate::bookings::event_type;

checks![
    an_event_type_comes_back_as_stored_and_is_found_by_every_name,
    a_change_is_saved_with_its_hosts,
    a_slug_its_owner_has_is_refused_until_it_is_free,
    teams_have_event_types,
    a_deleted_one_is_off_every_page_but_still_known,
    turns_count_and_order_hosts,
    a_private_link_works_so_often_and_so_long,
];

async fn add(t: &TestDb, of: &EventType) -> Result<(), Error> {
    write!(t.db, [of], |tx| { tx.event_types().add(&of).await })
}

async fn an_event_type_comes_back_as_stored_and_is_found_by_every_name(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let mut of = make::event_type(&t.ids, "intro", &[&people[0], &people[1]]);
    of.schedule = Some(t.ids.id());
    of.hosts[1].fixed = true;
    of.hosts[1].priority = 4;
    of.hosts[1].weight = 50;
    of.hosts[1].schedule = Some(t.ids.id());
    of.description = "Zeile 1\nZeile 2".into();
    of.settings.notice = 7;
    add(t, &of).await.unwrap();
    let found = Some(of.clone());
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.event_types().get(of.id).await.unwrap(), found);
    assert_eq!(tx.event_types().by_number(of.number).await.unwrap(), found);
    assert_eq!(tx.event_types().by_slug(of.organization, of.owner, &of.slug).await.unwrap(), found);
    assert_eq!(tx.event_types().by_slug(t.ids.id(), of.owner, &of.slug).await.unwrap(), None);
    assert_eq!(tx.event_types().many(&[of.id, t.ids.id()]).await.unwrap(), vec![of.clone()]);
    assert_eq!(tx.event_types().of_owner(of.organization, of.owner).await.unwrap(), vec![of.clone()]);
    assert_eq!(tx.event_types().hosted_by(&people[1]).await.unwrap(), vec![of.clone()]);
    assert!(tx.event_types().is_open(of.id).await.unwrap());
}

async fn a_change_is_saved_with_its_hosts(t: &TestDb) {
    let (people, mut of) = event_type(t, &["ann", "bob"]).await;
    of.hosts.remove(0);
    of.title = "Changed".into();
    of.hidden = true;
    of.position = 3;
    of.assignment = Assignment::Collective;
    write!(t.db, [of], |tx| { tx.event_types().save(&of).await }).unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.event_types().get(of.id).await.unwrap(), Some(of));
    assert!(tx.event_types().hosted_by(&people[0]).await.unwrap().is_empty());
}

async fn a_slug_its_owner_has_is_refused_until_it_is_free(t: &TestDb) {
    let (people, of) = event_type(t, &["ann", "bob"]).await;
    let again = make::event_type(&t.ids, "intro", &[&people[0]]);
    assert!(add(t, &again).await.unwrap_err().is_taken("slug"));
    let others = make::event_type(&t.ids, "intro", &[&people[1]]);
    add(t, &others).await.unwrap();
    write!(t.db, [of], |tx| { tx.event_types().delete(&of).await }).unwrap();
    add(t, &again).await.unwrap();
}

async fn teams_have_event_types(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let team = make::team(&t.ids, people[0].organization, "sales");
    let mut of = make::event_type(&t.ids, "intro", &[&people[0]]);
    of.owner = Owner::Team(team.id);
    write!(t.db, [team, of], |tx| {
        tx.people().add_team(&team).await?;
        tx.event_types().add(&of).await
    })
    .unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.event_types().of_owner(of.organization, of.owner).await.unwrap(), vec![of.clone()]);
    drop(tx);
    let again = EventType { id: t.ids.id(), number: t.ids.number(), ..of };
    assert!(add(t, &again).await.unwrap_err().is_taken("slug"));
}

async fn a_deleted_one_is_off_every_page_but_still_known(t: &TestDb) {
    let (people, of) = event_type(t, &["ann"]).await;
    write!(t.db, [of], |tx| { tx.event_types().delete(&of).await }).unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert!(tx.event_types().get(of.id).await.unwrap().is_some());
    assert!(!tx.event_types().is_open(of.id).await.unwrap());
    assert_eq!(tx.event_types().by_number(of.number).await.unwrap(), None);
    assert!(tx.event_types().of_owner(of.organization, of.owner).await.unwrap().is_empty());
    assert!(tx.event_types().hosted_by(&people[0]).await.unwrap().is_empty());
    drop(tx);
    let done = write!(t.db, [of], |tx| { tx.event_types().save(&of).await });
    assert!(matches!(done, Err(Error::Missing(_))), "{done:?}");
}

async fn turns_count_and_order_hosts(t: &TestDb) {
    let (people, of) = event_type(t, &["ann", "bob", "cyd"]).await;
    let ids: Vec<Id<User>> = people.iter().map(|one| one.id).collect();
    for (hosts, back) in [(vec![ids[1]], false), (vec![ids[0], ids[1]], false), (vec![ids[1]], true)] {
        t.clock.advance(SignedDuration::from_secs(1));
        write!(t.db, [of, hosts], |tx| {
            if back {
                tx.event_types().gave_turn_back(&of, &hosts).await
            } else {
                tx.event_types().took_turn(&of, &hosts).await
            }
        })
        .unwrap();
    }
    let turns = t.db.read().await.unwrap().event_types().turns(&of).await.unwrap();
    let told: Vec<_> = turns.iter().map(|one| (one.user, one.booked)).collect();
    assert_eq!(told, [(ids[2], 0), (ids[0], 1), (ids[1], 1)]);
    assert_eq!(turns[0].last_booked_at, None);
    assert!(turns[1].last_booked_at.is_some());
}

async fn a_private_link_works_so_often_and_so_long(t: &TestDb) {
    let (_, of) = event_type(t, &["ann"]).await;
    let twice = PrivateLink {
        id: t.ids.id(),
        event_type: of.id,
        uid: t.ids.uid(),
        expires_at: None,
        most_uses: Some(2),
        uses: 0,
    };
    let short = PrivateLink {
        id: t.ids.id(),
        uid: t.ids.uid(),
        expires_at: Some(t.clock.now() + SignedDuration::from_hours(1)),
        most_uses: None,
        ..twice.clone()
    };
    write!(t.db, [of, twice, short], |tx| {
        tx.event_types().add_link(&of, &twice).await?;
        tx.event_types().add_link(&of, &short).await
    })
    .unwrap();
    let used = async |uid: &kalends_domain::Uid| {
        write!(t.db, [uid], |tx| { tx.event_types().use_link(&uid).await }).unwrap()
    };
    assert!(used(&twice.uid).await && used(&twice.uid).await);
    assert!(!used(&twice.uid).await, "used up");
    assert!(used(&short.uid).await);
    t.clock.advance(SignedDuration::from_hours(1));
    assert!(!used(&short.uid).await, "over");
    let mut tx = t.db.read().await.unwrap();
    let kept = tx.event_types().link(&twice.uid).await.unwrap();
    assert_eq!(kept, Some(PrivateLink { uses: 2, ..twice.clone() }));
    assert_eq!(tx.event_types().links(&of).await.unwrap().len(), 2);
    drop(tx);
    let id = twice.id;
    write!(t.db, [of], |tx| { tx.event_types().delete_link(&of, id).await }).unwrap();
    assert!(write!(t.db, [of], |tx| { tx.event_types().delete_link(&of, id).await }).is_err());
}
