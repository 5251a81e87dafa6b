//! Installations, connections, sealed secrets.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_domain::{Clock, people::User};
use kalends_store::{
    Error,
    repo::{Connection, Credential, Health, Installation, Scope},
    seal::{Broken, Keys},
    sql,
};
use kalends_testkit::{Counting, TestDb, make};
use secrecy::{ExposeSecret, SecretString};

checks![
    installations_are_found_by_scope,
    a_changed_installation_is_saved,
    an_installation_takes_its_connections_along,
    health_keeps_the_time_of_its_last_change,
    a_secret_opens_in_its_own_row_only,
    a_secret_without_its_key_says_which_key,
    a_refresh_never_overwrites_a_newer_secret,
    keys_rotate_while_secrets_are_used,
    no_secret_is_stored_or_printed,
];

fn installation(t: &TestDb, of: &User, app: &str, scope: Scope) -> Installation {
    Installation {
        id: t.ids.id(),
        organization: of.organization,
        app: app.into(),
        scope,
        settings: serde_json::json!({ "server": "https://example.com" }),
        enabled: true,
        created_at: t.clock.now(),
    }
}

pub(crate) async fn install(t: &TestDb, of: &User, app: &str, scope: Scope) -> Installation {
    let new = installation(t, of, app, scope);
    write!(t.db, [new], |tx| { tx.installations().add(&new).await }).unwrap();
    new
}

pub(crate) async fn connect(t: &TestDb, of: &User) -> Connection {
    let installation = install(t, of, "caldav", Scope::User(of.id)).await;
    let new = Connection {
        id: t.ids.id(),
        organization: of.organization,
        number: t.ids.number(),
        installation: installation.id,
        account: of.email.clone(),
        health: Health::Connected,
        since: t.clock.now(),
        cause: String::new(),
        checked_at: None,
        silent_until: None,
    };
    write!(t.db, [new], |tx| { tx.installations().connect(&new).await }).unwrap();
    new
}

async fn installations_are_found_by_scope(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (&people[0], &people[1]);
    let team = make::team(&t.ids, ann.organization, "sales");
    write!(t.db, [team], |tx| { tx.people().add_team(&team).await }).unwrap();
    let of_ann = install(t, ann, "caldav", Scope::User(ann.id)).await;
    let of_bob = install(t, bob, "caldav", Scope::User(bob.id)).await;
    let of_team = install(t, ann, "jitsi", Scope::Team(team.id)).await;
    let of_all = install(t, ann, "smtp", Scope::Organization).await;
    let mut tx = t.db.read().await.unwrap();
    let of = ann.organization;
    assert_eq!(tx.installations().get(of_ann.id).await.unwrap(), Some(of_ann.clone()));
    for (scope, found) in
        [(Scope::User(ann.id), &of_ann), (Scope::Team(team.id), &of_team), (Scope::Organization, &of_all)]
    {
        assert_eq!(tx.installations().of_scope(of, scope).await.unwrap(), vec![found.clone()]);
    }
    assert_eq!(
        tx.installations().usable_by(of, &[ann.id]).await.unwrap(),
        vec![of_ann.clone(), of_all.clone()]
    );
    assert_eq!(tx.installations().usable_by(of, &[]).await.unwrap(), vec![of_all.clone()]);
    assert_eq!(tx.installations().list(of).await.unwrap(), vec![of_ann, of_bob, of_team, of_all]);
    assert!(tx.installations().list(t.ids.id()).await.unwrap().is_empty());
}

async fn a_changed_installation_is_saved(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut one = install(t, &people[0], "caldav", Scope::User(people[0].id)).await;
    one.enabled = false;
    one.settings = serde_json::json!({});
    write!(t.db, [one], |tx| { tx.installations().save(&one).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().installations().get(one.id).await.unwrap(), Some(one));
}

async fn an_installation_takes_its_connections_along(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let of = connect(t, &people[0]).await;
    let keys = keys("a");
    put(t, &keys, &of, "secret").await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.installations().connections(&[of.installation]).await.unwrap(), vec![of.clone()]);
    let one = tx.installations().get(of.installation).await.unwrap().unwrap();
    drop(tx);
    let standing = write!(t.db, [one], |tx| { tx.installations().delete(&one).await });
    assert!(standing.is_err(), "it was not taken away");
    let until = t.clock.now();
    write!(t.db, [one], |tx| { tx.installations().take_away(&one, until, &serde_json::Value::Null).await })
        .unwrap();
    write!(t.db, [one], |tx| { tx.installations().delete(&one).await }).unwrap();
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.installations().connection(of.id).await.unwrap(), None);
    assert!(tx.credentials().keys_used().await.unwrap().is_empty());
    drop(tx);
    let other = connect(t, &people[0]).await;
    write!(t.db, [other], |tx| { tx.installations().disconnect(&other).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().installations().connection(other.id).await.unwrap(), None);
}

async fn health_keeps_the_time_of_its_last_change(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let of = connect(t, &people[0]).await;
    let begun = t.clock.now();
    for (health, since) in [(Health::Connected, 0), (Health::NeedsReconnect, 2), (Health::NeedsReconnect, 2)]
    {
        t.clock.advance(SignedDuration::from_mins(1));
        write!(t.db, [of], |tx| { tx.installations().set_health(&of, health, "why").await }).unwrap();
        let now = t.db.read().await.unwrap().installations().connection(of.id).await.unwrap().unwrap();
        assert_eq!((now.health, now.since), (health, begun + SignedDuration::from_mins(since)));
        assert_eq!((now.checked_at, now.cause.as_str()), (Some(t.clock.now()), "why"));
    }
}

fn fresh(first: u64) -> SecretString {
    Keys::fresh(&Counting::from(first).ids(kalends_testkit::Held::from_text("2026-11-23T09:00:00Z")))
}

fn keys(id: &str) -> Arc<Keys> {
    Keys::new((id, &fresh(u64::from(id.as_bytes()[0]))), &[]).unwrap().into()
}

fn rotated() -> Arc<Keys> {
    Keys::new(("b", &fresh(u64::from(b'b'))), &[("a", &fresh(u64::from(b'a')))]).unwrap().into()
}

async fn put(t: &TestDb, keys: &Arc<Keys>, of: &Connection, secret: &str) {
    let secret = SecretString::from(secret.to_owned());
    write!(t.db, [keys, of, secret], |tx| {
        tx.credentials().put(&keys, &of, "tokens", &secret, None).await
    })
    .unwrap();
}

async fn get(t: &TestDb, keys: &Keys, of: &Connection) -> Result<Option<Credential>, Error> {
    t.db.read().await?.credentials().get(keys, of, "tokens").await
}

async fn a_secret_opens_in_its_own_row_only(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (connect(t, &people[0]).await, connect(t, &people[1]).await);
    let keys = keys("a");
    put(t, &keys, &ann, "anns").await;
    put(t, &keys, &bob, "bobs").await;
    let found = get(t, &keys, &ann).await.unwrap().unwrap();
    assert_eq!(found.secret.expose_secret(), "anns");
    assert!(t.db.read().await.unwrap().credentials().get(&keys, &ann, "other").await.unwrap().is_none());
    // Somebody who can write to the database puts Bob's tokens into Ann's row.
    let (to, from) = (ann.id, bob.id);
    write!(t.db, [], |tx| {
        tx.run(
            sql("UPDATE credentials SET sealed = (SELECT sealed FROM credentials WHERE connection_id = $2)
             WHERE connection_id = $1")
            .bind(to)
            .bind(from),
        )
        .await
    })
    .unwrap();
    assert!(matches!(get(t, &keys, &ann).await, Err(Error::Sealed(Broken::Tampered(..)))));
    assert_eq!(get(t, &keys, &bob).await.unwrap().unwrap().secret.expose_secret(), "bobs");
    write!(t.db, [ann], |tx| { tx.credentials().delete(&ann, "tokens").await }).unwrap();
    assert!(get(t, &keys, &ann).await.unwrap().is_none());
}

async fn a_secret_without_its_key_says_which_key(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let of = connect(t, &people[0]).await;
    put(t, &keys("a"), &of, "secret").await;
    let error = get(t, &keys("b"), &of).await.unwrap_err();
    assert!(error.to_string().contains("key `a`"), "{error}");
    let another = Keys::new(("a", &fresh(99)), &[]).unwrap();
    assert!(matches!(get(t, &another, &of).await, Err(Error::Sealed(Broken::Tampered(..)))));
}

async fn a_refresh_never_overwrites_a_newer_secret(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let of = connect(t, &people[0]).await;
    let keys = keys("a");
    put(t, &keys, &of, "first").await;
    let read = get(t, &keys, &of).await.unwrap().unwrap();
    let fresh = |text: &str| Credential { secret: SecretString::from(text.to_owned()), ..read.clone() };
    for (new, kept) in [(fresh("second"), true), (fresh("late"), false)] {
        let done = write!(t.db, [keys, of, new], |tx| {
            tx.credentials().replace(&keys, &of, "tokens", &new).await
        });
        assert_eq!(done.unwrap(), kept);
    }
    assert_eq!(get(t, &keys, &of).await.unwrap().unwrap().secret.expose_secret(), "second");
}

async fn keys_rotate_while_secrets_are_used(t: &TestDb) {
    let names: Vec<String> = (0..7).map(|number| format!("user{number}")).collect();
    let people = t.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut all = Vec::new();
    for one in &people {
        let of = connect(t, one).await;
        put(t, &keys("a"), &of, &one.name).await;
        all.push(of);
    }
    let keys = rotated();
    let mut batches = 0;
    loop {
        for (of, user) in all.iter().zip(&people) {
            assert_eq!(get(t, &keys, of).await.unwrap().unwrap().secret.expose_secret(), &user.name);
        }
        if write!(t.db, [keys], |tx| { tx.credentials().rotate(&keys, 3).await }).unwrap() == 0 {
            break;
        }
        batches += 1;
    }
    assert_eq!(batches, 3);
    let used = t.db.read().await.unwrap().credentials().keys_used().await.unwrap();
    assert_eq!(used, vec![("b".to_owned(), 7)]);
    let only_new = Keys::new(("b", &fresh(u64::from(b'b'))), &[]).unwrap();
    assert_eq!(get(t, &only_new, &all[0]).await.unwrap().unwrap().version, 1);
}

async fn no_secret_is_stored_or_printed(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let of = connect(t, &people[0]).await;
    let keys = keys("a");
    put(t, &keys, &of, "a-very-long-secret").await;
    let mut tx = t.db.read().await.unwrap();
    let row = tx.row(sql("SELECT sealed FROM credentials")).await.unwrap().unwrap();
    assert!(!row.get::<String>("sealed").unwrap().contains("secret"));
    drop(tx);
    let found = get(t, &keys, &of).await.unwrap();
    assert!(!format!("{found:?} {keys:?}").contains("very-long"));
    assert!(matches!(Keys::new(("a", &"c2hvcnQ=".to_owned().into()), &[]), Err(Broken::BadKey(_))));
}
