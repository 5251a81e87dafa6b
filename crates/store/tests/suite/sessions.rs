//! Sessions, one-time tokens, API keys.

use jiff::SignedDuration;
use kalends_domain::{Clock, people::User};
use kalends_store::{
    Error,
    repo::{ApiKey, Session, Token},
    sql,
};
use kalends_testkit::TestDb;

checks![
    a_session_works_until_it_ends,
    a_used_session_lasts_longer,
    a_revoked_session_is_gone_at_once,
    others_sessions_cannot_be_revoked,
    a_token_works_once_and_for_its_purpose,
    a_newer_token_replaces_the_older_one,
    an_api_key_works_until_it_is_revoked,
    no_secret_is_stored,
];

fn session(t: &TestDb, of: &User) -> Session {
    let now = t.clock.now();
    Session {
        id: t.ids.id(),
        organization: of.organization,
        user: of.id,
        user_agent: "Browser".into(),
        ip: "192.0.2.1".into(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + SignedDuration::from_hours(1),
    }
}

async fn open(t: &TestDb, of: &User, token: &'static str) -> Session {
    let new = session(t, of);
    write!(t.db, [new], |tx| { tx.sessions().add(token, &new).await }).unwrap();
    new
}

async fn by_token(t: &TestDb, token: &str) -> Option<Session> {
    t.db.read().await.unwrap().sessions().by_token(token).await.unwrap()
}

async fn a_session_works_until_it_ends(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let opened = open(t, &people[0], "secret").await;
    assert_eq!(by_token(t, "secret").await, Some(opened));
    assert_eq!(by_token(t, "other").await, None);
    t.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(by_token(t, "secret").await, None);
    let before = t.clock.now() + SignedDuration::from_secs(1);
    assert_eq!(write!(t.db, [], |tx| { tx.sessions().sweep(before).await }).unwrap(), 1);
}

async fn a_used_session_lasts_longer(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let opened = open(t, &people[0], "secret").await;
    t.clock.advance(SignedDuration::from_mins(59));
    let until = t.clock.now() + SignedDuration::from_hours(1);
    write!(t.db, [opened], |tx| { tx.sessions().seen(&opened, until).await }).unwrap();
    t.clock.advance(SignedDuration::from_mins(59));
    let seen = by_token(t, "secret").await.unwrap();
    assert_eq!(seen.expires_at, until);
}

async fn a_revoked_session_is_gone_at_once(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = people[0].clone();
    let one = open(t, &ann, "one").await;
    open(t, &ann, "two").await;
    open(t, &ann, "three").await;
    assert_eq!(t.db.read().await.unwrap().sessions().list(&ann).await.unwrap().len(), 3);
    let id = one.id;
    write!(t.db, [ann], |tx| { tx.sessions().revoke(&ann, id).await }).unwrap();
    assert_eq!(by_token(t, "one").await, None);
    let keep = by_token(t, "two").await.unwrap().id;
    assert_eq!(write!(t.db, [ann], |tx| { tx.sessions().revoke_others(&ann, Some(keep)).await }).unwrap(), 1);
    let left = t.db.read().await.unwrap().sessions().list(&ann).await.unwrap();
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [keep]);
}

async fn others_sessions_cannot_be_revoked(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let id = open(t, &people[0], "one").await.id;
    let bob = people[1].clone();
    let done = write!(t.db, [bob], |tx| { tx.sessions().revoke(&bob, id).await });
    assert!(matches!(done, Err(Error::Missing(_))), "{done:?}");
    assert!(by_token(t, "one").await.is_some());
}

async fn token(t: &TestDb, of: &User, text: &'static str, purpose: &str) -> Token {
    let new = Token {
        organization: of.organization,
        user: of.id,
        purpose: purpose.into(),
        detail: of.email.clone(),
        expires_at: t.clock.now() + SignedDuration::from_hours(1),
    };
    write!(t.db, [new], |tx| { tx.sessions().add_token(text, &new).await }).unwrap();
    new
}

async fn use_token(t: &TestDb, text: &'static str, purpose: &'static str) -> Option<Token> {
    write!(t.db, [], |tx| { tx.sessions().use_token(text, purpose).await }).unwrap()
}

async fn a_token_works_once_and_for_its_purpose(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let made = token(t, &people[0], "secret", "reset").await;
    assert_eq!(use_token(t, "secret", "verify").await, None);
    let seen = t.db.read().await.unwrap().sessions().token("secret", "reset").await.unwrap();
    assert_eq!(seen, Some(made.clone()));
    assert_eq!(use_token(t, "secret", "reset").await, Some(made));
    assert_eq!(use_token(t, "secret", "reset").await, None);
    token(t, &people[0], "late", "reset").await;
    t.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(use_token(t, "late", "reset").await, None);
}

async fn a_newer_token_replaces_the_older_one(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    token(t, &people[0], "old", "reset").await;
    token(t, &people[0], "other", "verify").await;
    token(t, &people[0], "new", "reset").await;
    assert_eq!(use_token(t, "old", "reset").await, None);
    assert!(use_token(t, "new", "reset").await.is_some());
    assert!(use_token(t, "other", "verify").await.is_some());
}

async fn an_api_key_works_until_it_is_revoked(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let (ann, bob) = (people[0].clone(), people[1].clone());
    let key = ApiKey {
        id: t.ids.id(),
        organization: ann.organization,
        user: ann.id,
        shown: "cal_ab".into(),
        label: "script".into(),
        created_at: t.clock.now(),
        expires_at: Some(t.clock.now() + SignedDuration::from_hours(1)),
        last_used_at: None,
    };
    let endless = ApiKey { id: t.ids.id(), expires_at: None, ..key.clone() };
    write!(t.db, [key, endless], |tx| {
        tx.sessions().add_key("cal_abc", &key).await?;
        tx.sessions().add_key("cal_xyz", &endless).await?;
        tx.sessions().key_used(&key).await
    })
    .unwrap();
    let used = ApiKey { last_used_at: Some(t.clock.now()), ..key.clone() };
    let by = async |text: &str| t.db.read().await.unwrap().sessions().by_key(text).await.unwrap();
    assert_eq!(by("cal_abc").await, Some(used));
    assert_eq!(by("cal_ab").await, None);
    t.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(by("cal_abc").await, None);
    assert_eq!(by("cal_xyz").await, Some(endless.clone()));
    assert_eq!(t.db.read().await.unwrap().sessions().keys(&ann).await.unwrap(), vec![endless.clone()]);
    let id = endless.id;
    assert!(write!(t.db, [bob], |tx| { tx.sessions().revoke_key(&bob, id).await }).is_err());
    write!(t.db, [ann], |tx| { tx.sessions().revoke_key(&ann, id).await }).unwrap();
    assert_eq!(by("cal_xyz").await, None);
}

async fn no_secret_is_stored(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    open(t, &people[0], "session-secret").await;
    token(t, &people[0], "token-secret", "reset").await;
    let mut tx = t.db.read().await.unwrap();
    for query in ["SELECT token_hash AS hash FROM sessions", "SELECT token_hash AS hash FROM tokens"] {
        let row = tx.row(sql(query)).await.unwrap().unwrap();
        assert!(!row.get::<String>("hash").unwrap().contains("secret"));
    }
}
