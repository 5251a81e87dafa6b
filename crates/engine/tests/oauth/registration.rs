//! Our registration at the provider: entered once, tried, sealed, an administrator's.

use kalends_app::fake::{Fake, Fault};
use kalends_domain::people::Role;
use kalends_engine::{
    Member,
    connect::{Begin, ConnectError, Entered, Source, Tested, Unfinished},
};
use kalends_store::sql;
use kalends_testkit::TestDb;

use crate::{club::Provider, stage::Stage};

checks![
    oau_04_the_address_to_register_is_the_configured_one,
    an_administrator_enters_it_once_and_people_connect,
    an_installed_app_without_a_registration_is_found_with_what_to_do,
    a_wrong_secret_is_told_apart_and_not_kept,
    what_cannot_be_asked_is_kept_and_said,
    a_blank_secret_stays_and_another_id_needs_its_own,
    oau_05_a_private_key_proves_us_instead_of_a_secret,
    oau_05_a_key_that_will_not_do_is_told_apart_and_never_said_back,
    only_those_who_manage_see_it,
    what_the_settings_say_cannot_be_changed_on_a_page,
    zoom_01_an_account_with_a_client_of_its_own_needs_nobody_to_sign_in,
];

async fn unregistered(t: &TestDb) -> Stage<'_> {
    let mut stage = Stage::before(t, Provider::new(), false).await;
    stage.member.role = Role::Admin;
    stage
}

const SECRET: &str = "kalends-client-secret";

fn typed<'a>(client_id: &'a str, client_secret: &'a str, webhook_secret: &'a str) -> Entered<'a> {
    Entered { client_id, client_secret, webhook_secret, ..Entered::default() }
}

async fn oau_04_the_address_to_register_is_the_configured_one(t: &TestDb) {
    let stage = unregistered(t).await;
    let view = stage.engine.registration_of(&stage.member, "club").await.unwrap();
    assert_eq!(view.redirect, "https://book.example/apps/club/callback");
    assert_eq!((view.client_id.as_str(), view.from), ("", None));
}

async fn an_administrator_enters_it_once_and_people_connect(t: &TestDb) {
    let stage = unregistered(t).await;
    let nothing = std::collections::BTreeMap::new();
    let early =
        stage.engine.begin_sign_in(&stage.member, stage.session, "club", &nothing, Begin::Usual).await;
    assert!(matches!(early, Err(ConnectError::Unfinished(Unfinished::Unregistered))), "{early:?}");
    let tested = stage.engine.register(&stage.member, "club", typed(" kalends ", SECRET, "")).await.unwrap();
    assert_eq!(tested, Tested::Known);
    assert_eq!(stage.provider.sign_in.standing(), 0, "trying it does no harm");
    let view = stage.engine.registration_of(&stage.member, "club").await.unwrap();
    assert_eq!((view.client_id.as_str(), view.from), ("kalends", Some(Source::Page)));
    assert!(!format!("{view:?}").contains(SECRET));
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.audited().await[0], "registration_entered club");
    stage.engine.unregister(&stage.member, "club").await.unwrap();
    assert!(stage.engine.registration_of(&stage.member, "club").await.unwrap().from.is_none());
}

async fn an_installed_app_without_a_registration_is_found_with_what_to_do(t: &TestDb) {
    let stage = unregistered(t).await;
    assert!(stage.engine.unregistered().await.unwrap().is_empty(), "nobody uses it");
    stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "")).await.unwrap();
    stage.connect().await;
    assert!(stage.engine.unregistered().await.unwrap().is_empty());
    stage.engine.unregister(&stage.member, "club").await.unwrap();
    let found = stage.engine.unregistered().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].app.slug, &found[0].lacks[..]), ("club", &["client_id", "client_secret"][..]));
    assert_eq!(found[0].redirect, "https://book.example/apps/club/callback");
    assert_eq!(found[0].page, "https://book.example/apps/club/registration");
}

async fn a_wrong_secret_is_told_apart_and_not_kept(t: &TestDb) {
    let stage = unregistered(t).await;
    let refused = stage.engine.register(&stage.member, "club", typed("kalends", "canary", "")).await;
    let Err(ConnectError::Probe(error)) = refused else { panic!("a wrong secret is refused: {refused:?}") };
    let words = "does not know this client id and secret; copy both again";
    assert!(error.to_string().contains(words), "our own words are no secret: {error}");
    assert!(!format!("{error:?}").contains("canary"));
    assert!(stage.engine.registration_of(&stage.member, "club").await.unwrap().from.is_none());
}

async fn what_cannot_be_asked_is_kept_and_said(t: &TestDb) {
    let stage = unregistered(t).await;
    stage.provider.bench().next([Fault::Refuse]);
    let tested = stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "")).await.unwrap();
    assert!(matches!(tested, Tested::Unreachable(_)));
    assert_eq!(stage.engine.test_registration(&stage.member, "club").await.unwrap(), Tested::Known);
}

async fn a_blank_secret_stays_and_another_id_needs_its_own(t: &TestDb) {
    let stage = unregistered(t).await;
    stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "hook")).await.unwrap();
    stage.engine.register(&stage.member, "club", typed("kalends", "", "")).await.unwrap();
    let view = stage.engine.registration_of(&stage.member, "club").await.unwrap();
    assert!(view.has_webhook_secret);
    let refused = stage.engine.register(&stage.member, "club", typed("another", "", "")).await;
    let Err(ConnectError::Invalid(invalid)) = refused else { panic!("{refused:?}") };
    assert_eq!(invalid.problems[0].field, "client_secret");
}

fn by_key<'a>(client_id: &'a str, client_key: &'a str) -> Entered<'a> {
    Entered { client_id, client_key, ..Entered::default() }
}

async fn oau_05_a_private_key_proves_us_instead_of_a_secret(t: &TestDb) {
    let stage = unregistered(t).await;
    let key = stage.provider.sign_in.keyed().unwrap().proof.unwrap();
    let key = key.hidden().expose();
    let refused = stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "")).await;
    assert!(matches!(refused, Err(ConnectError::Probe(_))), "it knows the key alone: {refused:?}");
    let tested = stage.engine.register(&stage.member, "club", by_key("kalends", key)).await.unwrap();
    assert_eq!(tested, Tested::Known);
    let view = stage.engine.registration_of(&stage.member, "club").await.unwrap();
    assert!(view.by_key);
    let middle = key.lines().nth(1).unwrap();
    assert!(!format!("{view:?}").contains(middle));
    let mut tx = t.db.read().await.unwrap();
    for row in tx.rows(sql("SELECT sealed FROM oauth_clients")).await.unwrap() {
        assert!(!row.get::<String>("sealed").unwrap().contains(middle));
    }
    drop(tx);
    // Renewed with it, and kept when the rest is changed.
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    stage.engine.register(&stage.member, "club", typed("kalends", "", "hook")).await.unwrap();
    assert!(stage.engine.registration_of(&stage.member, "club").await.unwrap().by_key);
    stage.provider.sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    // Another key is an administrator's affair, and nobody's connection breaks (OAU-12).
    stage.provider.sign_in.knows(kalends_app::oauth::Client::with_secret("kalends", SECRET));
    stage.provider.sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap_err();
    assert!(stage.engine.registration_of(&stage.member, "club").await.unwrap().trouble.is_some());
    stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "")).await.unwrap();
    assert!(!stage.engine.registration_of(&stage.member, "club").await.unwrap().by_key);
    stage.engine.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_05_a_key_that_will_not_do_is_told_apart_and_never_said_back(t: &TestDb) {
    let stage = unregistered(t).await;
    let both = Entered { client_secret: "canary", ..by_key("kalends", "canary") };
    for (entered, fix) in [
        (by_key("kalends", "canary"), "Paste the private key in PEM form"),
        (by_key("kalends", include_str!("../vendors/service.pem")), "It has to be a key of the curve P-256"),
        (both, "Give the secret or the key"),
    ] {
        let refused = stage.engine.register(&stage.member, "club", entered).await;
        let Err(ConnectError::Invalid(invalid)) = &refused else { panic!("{fix}: {refused:?}") };
        assert_eq!(invalid.problems.len(), 1);
        assert_eq!(invalid.problems[0].field, "client_key");
        assert!(invalid.problems[0].fix.contains(fix), "{}", invalid.problems[0].fix);
        assert!(!format!("{refused:?}").contains("canary"));
    }
    assert_eq!(stage.provider.count("oauth_exchange"), 0, "nobody was asked");
}

async fn only_those_who_manage_see_it(t: &TestDb) {
    let stage = unregistered(t).await;
    let member = Member { role: Role::Member, ..stage.member };
    let seen = stage.engine.registration_of(&member, "club").await;
    assert!(matches!(seen, Err(ConnectError::Forbidden)));
    let entered = stage.engine.register(&member, "club", typed("kalends", SECRET, "")).await;
    assert!(matches!(entered, Err(ConnectError::Forbidden)));
    let none = stage.engine.registration_of(&stage.member, "postbox").await;
    assert!(matches!(none, Err(ConnectError::NoSuchApp)));
}

async fn what_the_settings_say_cannot_be_changed_on_a_page(t: &TestDb) {
    let mut stage = Stage::new(t).await;
    stage.member.role = Role::Admin;
    let view = stage.engine.registration_of(&stage.member, "club").await.unwrap();
    assert_eq!(view.from, Some(Source::Settings));
    let refused = stage.engine.register(&stage.member, "club", typed("kalends", SECRET, "")).await;
    assert!(matches!(refused, Err(ConnectError::Invalid(_))));
}

async fn zoom_01_an_account_with_a_client_of_its_own_needs_nobody_to_sign_in(t: &TestDb) {
    let stage = unregistered(t).await;
    let form = |secret: &str| {
        let pairs = [
            ("grant", "account_credentials"),
            ("account_id", "account"),
            ("client_id", "kalends"),
            ("client_secret", secret),
        ];
        std::collections::BTreeMap::from(pairs.map(|(name, text)| (name.to_owned(), text.to_owned())))
    };
    let refused = stage.engine.connect(&stage.member, "club", &form("canary")).await;
    let Err(ConnectError::Probe(error)) = &refused else { panic!("{refused:?}") };
    assert!(!format!("{error:?}").contains("canary"));
    assert!(error.message().contains("; copy all three again"), "our own words are no secret: {error}");
    let id = stage.engine.connect(&stage.member, "club", &form(SECRET)).await.unwrap();
    assert_eq!(stage.provider.count("oauth_account"), 2);
    stage.provider.sign_in.expire();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    t.clock.advance(jiff::SignedDuration::from_mins(56));
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.count("oauth_account"), 4, "renewed by asking again, early too");
    // Its own client is its owner's to mend.
    stage.provider.sign_in.knows(kalends_app::oauth::Client { id: "kalends".into(), proof: None });
    stage.provider.sign_in.expire();
    assert!(stage.engine.test_connection(&stage.member, id).await.is_err());
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!(view.health, kalends_store::repo::Health::NeedsReconnect);
    assert!(stage.engine.registration_of(&stage.member, "club").await.unwrap().trouble.is_none());
}
