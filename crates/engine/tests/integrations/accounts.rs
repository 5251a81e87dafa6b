//! Accounts: the first owner, signing in, sessions, passwords, keys.

use std::net::IpAddr;

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::people::Role;
use kalends_engine::{
    Member,
    sign_in::{Client, Entered, OwnerAsk, SignInError, Stay},
};
use kalends_testkit::{TestDb, make::member};
use secrecy::{ExposeSecret, SecretString};

use crate::stage::Stage;

checks![
    a_fresh_server_has_one_owner_with_hours_and_a_session,
    an_owner_who_cannot_be_is_told_every_field,
    the_right_password_lets_in_and_nothing_else_does,
    another_email_counts_once_its_own_link_is_opened,
    guessing_is_stopped_with_a_clear_word,
    a_session_ends_when_it_rests_too_long_and_lives_while_it_is_used,
    sessions_are_listed_and_revoked,
    a_new_password_ends_every_other_session,
    a_password_is_reset_by_mail_once_and_within_an_hour,
    nobody_learns_whether_an_address_has_an_account,
    an_old_reset_link_dies_with_the_next_one,
    an_older_hash_is_made_stronger_at_the_next_sign_in,
    who_is_disabled_comes_in_by_no_door,
    an_api_key_acts_as_its_user_until_it_ends,
    the_tables_hold_no_token_in_the_open,
];

fn client() -> Client {
    Client { ip: IpAddr::from([192, 0, 2, 1]), user_agent: "Firefox\r\non Linux".into() }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

const PASSWORD: &str = "a long enough password";

fn ask() -> OwnerAsk {
    OwnerAsk {
        name: "Olga Owner".into(),
        email: "Olga@Example.com".into(),
        username: "olga".into(),
        password: secret(PASSWORD),
        zone: "Europe/Lisbon".into(),
        locale: "en-US".into(),
    }
}

async fn owner(t: &TestDb) -> (Stage<'_>, Entered, Member) {
    let stage = empty(t).await;
    let entered = stage.engine.create_owner(&ask(), &client()).await.unwrap();
    stage.settle().await;
    let who = member(&entered.user);
    (stage, entered, who)
}

/// A server nobody has set up.
async fn empty(t: &TestDb) -> Stage<'_> {
    let stage = Stage::bare(t, true).await;
    for table in ["DELETE FROM event_type_hosts", "DELETE FROM event_types", "DELETE FROM users"] {
        stage.sql(table).await;
    }
    stage
}

async fn sign_in(stage: &Stage<'_>, email: &str, password: &str) -> Result<Entered, SignInError> {
    stage.engine.sign_in(email, secret(password), Stay::Short, &client()).await
}

async fn a_fresh_server_has_one_owner_with_hours_and_a_session(t: &TestDb) {
    let stage = empty(t).await;
    assert!(stage.engine.needs_setup().await.unwrap());
    let entered = stage.engine.create_owner(&ask(), &client()).await.unwrap();
    assert_eq!(entered.user.role, Role::Owner);
    assert_eq!(entered.user.email, "olga@example.com");
    assert!(entered.user.default_schedule.is_some());
    assert_eq!(entered.session.user_agent, "Firefoxon Linux");
    assert!(!stage.engine.needs_setup().await.unwrap());
    let again =
        stage.engine.create_owner(&OwnerAsk { email: "b@example.com".into(), ..ask() }, &client()).await;
    assert!(matches!(again, Err(SignInError::AlreadySetUp)));
    stage.settle().await;
    let link = stage.provider.kept().mails[0].text.clone();
    let link = link.split("/login/verify/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    stage.engine.verify_email(&secret(&link)).await.unwrap();
    let (_, user) = stage.engine.session(&entered.token).await.unwrap().unwrap();
    assert!(user.email_verified_at.is_some());
}

async fn an_owner_who_cannot_be_is_told_every_field(t: &TestDb) {
    let stage = empty(t).await;
    let bad = OwnerAsk {
        name: " ".into(),
        email: "olga".into(),
        username: "-".into(),
        zone: "Mars".into(),
        ..ask()
    };
    let Err(SignInError::Invalid(invalid)) = stage.engine.create_owner(&bad, &client()).await else {
        panic!("refused")
    };
    let fields: Vec<&str> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["name", "email", "username", "zone"]);
}

async fn the_right_password_lets_in_and_nothing_else_does(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    let entered = sign_in(&stage, " OLGA@example.com ", PASSWORD).await.unwrap();
    let (session, user) = stage.engine.session(&entered.token).await.unwrap().unwrap();
    assert_eq!((session.id, user.id), (entered.session.id, entered.user.id));
    for (email, password) in [("olga@example.com", "another long password"), ("nobody@example.com", PASSWORD)]
    {
        assert!(matches!(sign_in(&stage, email, password).await, Err(SignInError::Wrong)), "{email}");
    }
    stage.engine.sign_out(&entered.token).await.unwrap();
    assert!(stage.engine.session(&entered.token).await.unwrap().is_none());
    assert!(stage.engine.session(&secret("guessed")).await.unwrap().is_none());
}

async fn another_email_counts_once_its_own_link_is_opened(t: &TestDb) {
    let (stage, entered, who) = owner(t).await;
    stage.settle().await;
    let ask = async |email: &str, password: &str| {
        stage.engine.ask_new_email(&who, email, secret(password), &client()).await
    };
    for (email, password, field) in [
        ("olga", PASSWORD, "email"),
        ("OLGA@example.com", PASSWORD, "email"),
        ("new@example.com", "not the password", "email_password"),
    ] {
        let Err(SignInError::Invalid(invalid)) = ask(email, password).await else { panic!("{email}") };
        assert_eq!(invalid.problems[0].field, field, "{email}");
    }
    ask("New@Example.com", PASSWORD).await.unwrap();
    stage.settle().await;
    let mails = stage.provider.kept().mails.clone();
    let asked = mails.iter().find(|mail| mail.subject.contains("new email")).unwrap();
    assert!(asked.to.contains("new@example.com"), "{}", asked.to);
    assert!(sign_in(&stage, "new@example.com", PASSWORD).await.is_err(), "not before the link");
    let link = asked.text.split("/login/verify/").nth(1).unwrap().split_whitespace().next().unwrap();
    stage.engine.verify_email(&secret(link)).await.unwrap();
    assert!(matches!(stage.engine.verify_email(&secret(link)).await, Err(SignInError::LinkOver)));
    let (_, user) = stage.engine.session(&entered.token).await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.email_verified_at.is_some()), ("new@example.com", true));
    sign_in(&stage, "new@example.com", PASSWORD).await.unwrap();
    assert!(matches!(sign_in(&stage, "olga@example.com", PASSWORD).await, Err(SignInError::Wrong)));
    stage.settle().await;
    let mails = stage.provider.kept().mails.clone();
    let told = mails.iter().find(|mail| mail.subject.contains("another one now")).unwrap();
    assert!(told.to.contains("olga@example.com"), "who had it before is told");
}

async fn guessing_is_stopped_with_a_clear_word(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    let mut last = sign_in(&stage, "olga@example.com", "wrong password here").await;
    for _ in 0..8 {
        last = sign_in(&stage, "olga@example.com", "wrong password here").await;
    }
    let refused = last.unwrap_err();
    assert!(matches!(refused, SignInError::TooMany(_)), "{refused:?}");
    assert!(refused.to_string().contains("Wait"), "{refused}");
    let right = sign_in(&stage, "olga@example.com", PASSWORD).await;
    assert!(matches!(right, Err(SignInError::TooMany(_))), "the right one has to wait too");
    t.clock.advance(SignedDuration::from_mins(3));
    sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
}

async fn a_session_ends_when_it_rests_too_long_and_lives_while_it_is_used(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    let entered = sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
    for _ in 0..10 {
        t.clock.advance(SignedDuration::from_hours(11));
        assert!(stage.engine.session(&entered.token).await.unwrap().is_some(), "it is in use");
    }
    t.clock.advance(SignedDuration::from_hours(12));
    assert!(stage.engine.session(&entered.token).await.unwrap().is_none());
}

async fn sessions_are_listed_and_revoked(t: &TestDb) {
    let (stage, first, who) = owner(t).await;
    t.clock.advance(SignedDuration::from_mins(1));
    let second = sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
    let third = sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
    assert_eq!(stage.engine.sessions(&who).await.unwrap().len(), 3);
    stage.engine.revoke_session(&who, second.session.id).await.unwrap();
    assert!(stage.engine.session(&second.token).await.unwrap().is_none());
    assert_eq!(stage.engine.revoke_other_sessions(&who, third.session.id).await.unwrap(), 1);
    assert!(stage.engine.session(&first.token).await.unwrap().is_none());
    assert!(stage.engine.session(&third.token).await.unwrap().is_some());
    let gone = stage.engine.revoke_session(&who, second.session.id).await;
    assert!(matches!(gone, Err(SignInError::NotFound { .. })));
}

async fn a_new_password_ends_every_other_session(t: &TestDb) {
    let (stage, here, who) = owner(t).await;
    let there = sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
    let from = client();
    let change = |current: &str, new: &str| {
        stage.engine.change_password(&who, here.session.id, secret(current), secret(new), &from)
    };
    let field = |result: Result<(), SignInError>| match result {
        Err(SignInError::Invalid(invalid)) => invalid.problems[0].field.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(field(change("not the current one", "another good password").await), "current_password");
    assert_eq!(field(change(PASSWORD, "short").await), "new_password");
    change(PASSWORD, "another good password").await.unwrap();
    assert!(stage.engine.session(&there.token).await.unwrap().is_none());
    assert!(stage.engine.session(&here.token).await.unwrap().is_some());
    sign_in(&stage, "olga@example.com", "another good password").await.unwrap();
}

async fn reset_link(stage: &Stage<'_>) -> SecretString {
    stage.engine.ask_password_reset("olga@example.com", &client()).await.unwrap();
    stage.settle().await;
    let mail = stage.provider.kept().mails.last().unwrap().text.clone();
    secret(mail.split("/login/reset/").nth(1).unwrap().split_whitespace().next().unwrap())
}

async fn a_password_is_reset_by_mail_once_and_within_an_hour(t: &TestDb) {
    let (stage, entered, _) = owner(t).await;
    let link = reset_link(&stage).await;
    assert!(stage.engine.can_reset_password(&link).await.unwrap());
    stage.engine.reset_password(&link, secret("my brand new password"), &client()).await.unwrap();
    assert!(stage.engine.session(&entered.token).await.unwrap().is_none(), "whoever was in is out");
    sign_in(&stage, "olga@example.com", "my brand new password").await.unwrap();
    let again = stage.engine.reset_password(&link, secret("yet another password"), &client()).await;
    assert!(matches!(again, Err(SignInError::LinkOver)));
    let late = reset_link(&stage).await;
    t.clock.advance(SignedDuration::from_mins(61));
    let late = stage.engine.reset_password(&late, secret("yet another password"), &client()).await;
    assert!(matches!(late, Err(SignInError::LinkOver)));
}

async fn nobody_learns_whether_an_address_has_an_account(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    let mails = stage.provider.kept().mails.len();
    stage.engine.ask_password_reset("nobody@example.com", &client()).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.provider.kept().mails.len(), mails);
}

async fn an_old_reset_link_dies_with_the_next_one(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    stage.provider.bench().next([Fault::Drop]);
    let first = reset_link(&stage).await;
    let second = reset_link(&stage).await;
    assert!(!stage.engine.can_reset_password(&first).await.unwrap());
    assert!(stage.engine.can_reset_password(&second).await.unwrap());
}

async fn an_older_hash_is_made_stronger_at_the_next_sign_in(t: &TestDb) {
    let (stage, ..) = owner(t).await;
    // “a long enough password” with 8 MiB and one pass.
    let weak = argon2_weak(PASSWORD);
    let user = t.db.read().await.unwrap().people().by_email("olga@example.com").await.unwrap().unwrap();
    let stored = user.clone();
    t.db.write(move |tx| {
        let (user, weak) = (stored.clone(), weak.clone());
        Box::pin(async move { tx.people().set_password(&user, &weak).await })
    })
    .await
    .unwrap();
    sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
    let hash = t.db.read().await.unwrap().people().password(&user).await.unwrap().unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    sign_in(&stage, "olga@example.com", PASSWORD).await.unwrap();
}

fn argon2_weak(password: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
    weak.hash_password_with_salt(password.as_bytes(), b"0123456789abcdef").unwrap().to_string()
}

async fn who_is_disabled_comes_in_by_no_door(t: &TestDb) {
    let (stage, entered, who) = owner(t).await;
    let key = stage.engine.make_api_key(&who, "widget", None).await.unwrap();
    let mut user = entered.user.clone();
    user.disabled_at = Some(t.db.now());
    t.db.write(move |tx| {
        let user = user.clone();
        Box::pin(async move { tx.people().save(&user).await })
    })
    .await
    .unwrap();
    assert!(stage.engine.session(&entered.token).await.unwrap().is_none());
    assert!(stage.engine.api_key(&key.key).await.unwrap().is_none());
    assert!(matches!(sign_in(&stage, "olga@example.com", PASSWORD).await, Err(SignInError::Wrong)));
}

async fn an_api_key_acts_as_its_user_until_it_ends(t: &TestDb) {
    let (stage, entered, who) = owner(t).await;
    let end = t.db.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let key = stage.engine.make_api_key(&who, " Website widget ", Some(end)).await.unwrap();
    assert!(key.key.expose_secret().starts_with("cal_"));
    assert_eq!(key.kept.label, "Website widget");
    assert!(key.key.expose_secret().starts_with(&key.kept.shown));
    let (_, user) = stage.engine.api_key(&key.key).await.unwrap().unwrap();
    assert_eq!(user.id, entered.user.id);
    assert!(stage.engine.api_keys(&who).await.unwrap()[0].last_used_at.is_some());
    let second = stage.engine.make_api_key(&who, "second", None).await.unwrap();
    stage.engine.revoke_api_key(&who, second.kept.id).await.unwrap();
    assert!(stage.engine.api_key(&second.key).await.unwrap().is_none());
    t.clock.advance(SignedDuration::from_hours(48));
    assert!(stage.engine.api_key(&key.key).await.unwrap().is_none());
    assert!(matches!(stage.engine.make_api_key(&who, "", None).await, Err(SignInError::Invalid(_))));
}

async fn the_tables_hold_no_token_in_the_open(t: &TestDb) {
    let (stage, entered, who) = owner(t).await;
    let key = stage.engine.make_api_key(&who, "widget", None).await.unwrap();
    stage.engine.ask_password_reset("olga@example.com", &client()).await.unwrap();
    let mut tx = t.db.read().await.unwrap();
    for query in [
        "SELECT token_hash AS text FROM sessions",
        "SELECT key_hash AS text FROM api_keys",
        "SELECT payload AS text FROM jobs",
        "SELECT subject AS text FROM audit_log",
    ] {
        for row in tx.rows(kalends_store::Sql::built(query.to_owned())).await.unwrap() {
            let text: String = row.get("text").unwrap();
            for token in [entered.token.expose_secret(), key.key.expose_secret()] {
                assert!(!text.contains(token), "{query}");
            }
        }
    }
}
