//! Organizations, users, passwords, teams.

use kalends_domain::{
    Clock,
    people::{Hours, Profile, Role},
};
use kalends_store::Error;
use kalends_testkit::{TestDb, make};

checks![
    a_user_comes_back_as_stored_and_is_found_by_every_name,
    addresses_are_the_same_in_any_case,
    a_taken_address_or_name_is_refused,
    a_changed_user_is_saved,
    saving_somebody_who_is_not_there_says_so,
    passwords_stand_apart,
    teams_have_members,
    organizations_are_found,
];

async fn a_user_comes_back_as_stored_and_is_found_by_every_name(t: &TestDb) {
    let people = t.people(&["bob", "ann"]).await;
    let ann = people[1].clone();
    let mut tx = t.db.read().await.unwrap();
    let found = Some(ann.clone());
    assert_eq!(tx.people().get(ann.id).await.unwrap(), found);
    assert_eq!(tx.people().by_number(ann.number).await.unwrap(), found);
    assert_eq!(tx.people().by_email("ann@example.com").await.unwrap(), found);
    assert_eq!(tx.people().by_username(ann.organization, &ann.username).await.unwrap(), found);
    assert_eq!(tx.people().by_username(t.ids.id(), &ann.username).await.unwrap(), None);
    let both = vec![ann.clone(), people[0].clone()];
    assert_eq!(tx.people().list(ann.organization).await.unwrap(), both);
    assert_eq!(tx.people().many(&[people[0].id, ann.id, t.ids.id()]).await.unwrap(), both);
}

async fn addresses_are_the_same_in_any_case(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.people().by_email("Ann@Example.COM").await.unwrap().unwrap().id, people[0].id);
    drop(tx);
    let mut again = make::user(&t.ids, people[0].organization, "anna", t.clock.now());
    again.email = "ANN@example.com".into();
    let done = write!(t.db, [again], |tx| { tx.people().add(&again).await });
    assert!(done.unwrap_err().is_taken("email"));
}

async fn a_taken_address_or_name_is_refused(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let mut bob = people[1].clone();
    bob.username = people[0].username.clone();
    let done = write!(t.db, [bob], |tx| { tx.people().save(&bob).await });
    let error = done.unwrap_err();
    assert!(error.is_taken("username") && !error.is_taken("email"), "{error:?}");
}

async fn a_changed_user_is_saved(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut ann = people[0].clone();
    ann.email = "new@example.com".into();
    ann.email_verified_at = None;
    ann.role = Role::Owner;
    ann.profile = Profile { zone: "Europe/Vienna".into(), hours: Hours::Twelve, ..Profile::default() };
    ann.default_schedule = Some(t.ids.id());
    ann.disabled_at = Some(t.clock.now());
    write!(t.db, [ann], |tx| { tx.people().save(&ann).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().people().get(ann.id).await.unwrap(), Some(ann));
}

async fn saving_somebody_who_is_not_there_says_so(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let nobody = make::user(&t.ids, people[0].organization, "bob", t.clock.now());
    let done = write!(t.db, [nobody], |tx| { tx.people().save(&nobody).await });
    assert!(matches!(done, Err(Error::Missing("user"))), "{done:?}");
    let elsewhere = make::user(&t.ids, t.ids.id(), "bob", t.clock.now());
    let done = write!(t.db, [elsewhere], |tx| { tx.people().add(&elsewhere).await });
    assert!(matches!(done, Err(Error::Dangling(_))), "{done:?}");
}

async fn passwords_stand_apart(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = people[0].clone();
    assert_eq!(t.db.read().await.unwrap().people().password(&ann).await.unwrap(), None);
    for hash in ["$argon2id$1", "$argon2id$2"] {
        write!(t.db, [ann], |tx| { tx.people().set_password(&ann, hash).await }).unwrap();
        let kept = t.db.read().await.unwrap().people().password(&ann).await.unwrap();
        assert_eq!(kept.as_deref(), Some(hash));
    }
}

async fn teams_have_members(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (people[0].clone(), people[1].clone());
    let team = make::team(&t.ids, ann.organization, "sales");
    write!(t.db, [team, ann, bob], |tx| {
        tx.people().add_team(&team).await?;
        tx.people().set_member(&team, ann.id, Role::Member).await?;
        tx.people().set_member(&team, ann.id, Role::Admin).await?;
        tx.people().set_member(&team, bob.id, Role::Member).await
    })
    .unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.people().team(ann.organization, team.id).await.unwrap(), Some(team.clone()));
    assert_eq!(tx.people().team_by_slug(ann.organization, &team.slug).await.unwrap(), Some(team.clone()));
    assert_eq!(tx.people().teams(ann.organization).await.unwrap(), vec![team.clone()]);
    assert_eq!(tx.people().teams_of(&ann).await.unwrap(), vec![(team.clone(), Role::Admin)]);
    assert_eq!(tx.people().members(&team).await.unwrap().len(), 2);
    drop(tx);
    let of = team.clone();
    write!(t.db, [of, bob], |tx| { tx.people().remove_member(&of, bob.id).await }).unwrap();
    let members = t.db.read().await.unwrap().people().members(&team).await.unwrap();
    assert_eq!(members.iter().map(|one| one.user).collect::<Vec<_>>(), [ann.id]);
}

async fn organizations_are_found(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut tx = t.db.read().await.unwrap();
    let of = tx.people().organization(people[0].organization).await.unwrap().unwrap();
    assert_eq!(tx.people().organization_by_slug(&make::slug("default")).await.unwrap(), Some(of.clone()));
    assert_eq!(tx.people().organizations().await.unwrap(), vec![of]);
}
