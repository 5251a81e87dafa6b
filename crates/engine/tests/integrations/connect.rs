//! Connecting an app, changing it, taking it away.

use std::collections::BTreeMap;

use kalends_app::fake::{Fake, Fault};
use kalends_domain::booking::{By, Event};
use kalends_engine::{
    connect::{CalendarUse, ConnectError},
    reconcile::{Fix, JoinError, Progress, What},
};
use kalends_store::repo::{FailurePolicy, Health};
use kalends_testkit::{TestDb, make::member};

use crate::stage::{Stage, nowhere, toy_room};

checks![
    a_wrong_field_is_named_and_nothing_is_asked_or_saved,
    an_app_that_refuses_the_sign_in_is_not_saved,
    a_connection_knows_its_account_its_calendars_and_where_bookings_go,
    secrets_are_sealed_and_nowhere_in_the_tables,
    the_same_account_is_connected_once,
    a_blank_password_keeps_the_sealed_one,
    a_connection_is_its_owners_alone,
    at_most_one_calendar_receives_and_it_must_be_writable,
    a_calendar_that_is_only_read_blocks_and_never_receives,
    a_calendar_that_is_gone_over_there_is_gone_here,
    disconnecting_says_what_is_lost,
    changes_of_connections_are_audited,
    the_shop_window_shows_what_is_connected_and_what_is_broken,
    a_booking_says_what_became_of_it_outside_and_which_button_mends_it,
    the_door_opens_for_a_booking_that_stands_and_for_no_other,
];

async fn a_wrong_field_is_named_and_nothing_is_asked_or_saved(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let typed =
        BTreeMap::from([("password".to_owned(), "x".to_owned()), ("stray".to_owned(), "y".to_owned())]);
    let Err(ConnectError::Invalid(invalid)) = stage.engine.connect(&stage.member, "toy", &typed).await else {
        panic!("a form without a user name is refused")
    };
    let fields: Vec<&str> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["stray", "user"]);
    assert!(stage.provider.bench().seen().is_empty());
    assert!(stage.engine.connections(&stage.member).await.unwrap().is_empty());
}

async fn an_app_that_refuses_the_sign_in_is_not_saved(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    stage.provider.bench().next([Fault::expired()]);
    let refused = stage.engine.connect(&stage.member, "toy", &stage.provider.form()).await;
    assert!(matches!(refused, Err(ConnectError::Probe(_))), "{refused:?}");
    assert!(stage.engine.connections(&stage.member).await.unwrap().is_empty());
}

async fn a_connection_knows_its_account_its_calendars_and_where_bookings_go(t: &TestDb) {
    let stage = Stage::new(t).await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    assert_eq!(view.account, "ines at toy");
    assert_eq!(view.settings["home"], "found", "what the first call found is kept");
    assert_eq!(view.settings.get("password"), None);
    let shown: Vec<(&str, bool, bool)> =
        view.calendars.iter().map(|one| (one.name.as_str(), one.blocks, one.receives)).collect();
    assert_eq!(shown, [("family", true, false), ("holidays", false, false), ("work", true, true)]);
}

async fn secrets_are_sealed_and_nowhere_in_the_tables(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.book(nowhere()).await;
    stage.settle().await;
    let mut tx = t.db.read().await.unwrap();
    for query in [
        "SELECT sealed AS text FROM credentials",
        "SELECT settings AS text FROM installations",
        "SELECT detail AS text FROM audit_log",
        "SELECT subject AS text FROM audit_log",
        "SELECT url AS text FROM flight_records",
        "SELECT detail AS text FROM flight_records",
    ] {
        for row in tx.rows(kalends_store::Sql::built(query.to_owned())).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains("canary"), "{query}: {text}");
        }
    }
}

async fn the_same_account_is_connected_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let twice = stage.engine.connect(&stage.member, "toy", &stage.provider.form()).await;
    assert!(matches!(twice, Err(ConnectError::Invalid(_))), "{twice:?}");
}

async fn a_blank_password_keeps_the_sealed_one(t: &TestDb) {
    let stage = Stage::new(t).await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let typed = BTreeMap::from([("user".to_owned(), "ines".to_owned())]);
    stage.engine.reconnect(&stage.member, view.id, &typed).await.unwrap();
    let signed = stage.provider.bench().seen().pop().unwrap();
    let basic = signed.headers.get("authorization").unwrap().to_str().unwrap().to_owned();
    assert_eq!(basic, "Basic aW5lczpjYW5hcnktc2VjcmV0");
}

async fn a_connection_is_its_owners_alone(t: &TestDb) {
    let stage = Stage::new(t).await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let jonas = t.db.read().await.unwrap().people().by_email("jonas@example.com").await.unwrap().unwrap();
    let jonas = member(&jonas);
    assert!(stage.engine.connections(&jonas).await.unwrap().is_empty());
    assert!(matches!(stage.engine.connection(&jonas, view.id).await, Err(ConnectError::NotFound)));
    assert!(matches!(stage.engine.disconnect(&jonas, view.id).await, Err(ConnectError::NotFound)));
}

async fn at_most_one_calendar_receives_and_it_must_be_writable(t: &TestDb) {
    let stage = Stage::new(t).await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let uses = |receiving: &[&str]| -> Vec<CalendarUse> {
        view.calendars
            .iter()
            .map(|one| CalendarUse {
                blocks: true,
                receives: receiving.contains(&one.name.as_str()),
                tentative_blocks: true,
                policy: FailurePolicy { trust_hours: 6, then_blocks: true },
                ..one.into()
            })
            .collect()
    };
    for bad in [&["family", "work"][..], &["holidays"][..]] {
        let refused = stage.engine.use_calendars(&stage.member, view.id, &uses(bad)).await;
        let Err(ConnectError::Invalid(invalid)) = refused else { panic!("{bad:?} is refused") };
        assert_eq!(invalid.problems[0].field, "receives");
    }
    stage.engine.use_calendars(&stage.member, view.id, &uses(&["family"])).await.unwrap();
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let receiving: Vec<&str> =
        view.calendars.iter().filter(|one| one.receives).map(|one| one.name.as_str()).collect();
    assert_eq!(receiving, ["family"]);
    assert!(view.calendars.iter().all(|one| one.blocks && one.freshness.synced_at.is_some()));
}

async fn a_calendar_that_is_only_read_blocks_and_never_receives(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    stage.engine.connect(&stage.member, "board", &BTreeMap::new()).await.unwrap();
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let [board] = view.calendars.as_slice() else { panic!("one calendar, not {:?}", view.calendars) };
    // Its app cannot write, so it is not believed when it says that one could.
    assert!(board.blocks && !board.writable && !board.receives, "{board:?}");
    assert!(board.freshness.synced_at.is_some());
    let policy = FailurePolicy { trust_hours: 6, then_blocks: true };
    let uses = [CalendarUse { blocks: true, receives: true, tentative_blocks: true, policy, ..board.into() }];
    let refused = stage.engine.use_calendars(&stage.member, view.id, &uses).await;
    let Err(ConnectError::Invalid(invalid)) = refused else { panic!("it is refused") };
    assert_eq!(invalid.problems[0].field, "receives");
}

async fn a_calendar_that_is_gone_over_there_is_gone_here(t: &TestDb) {
    let stage = Stage::new(t).await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    stage.provider.kept().calendars = vec!["fresh", "work"];
    stage.engine.refresh_calendars(&stage.member, view.id).await.unwrap();
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let names: Vec<&str> = view.calendars.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["fresh", "work"]);
}

async fn disconnecting_says_what_is_lost(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.book(nowhere()).await;
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let lost = stage.engine.disconnecting(&stage.member, view.id).await.unwrap();
    assert_eq!(lost.bookings, 1);
    assert_eq!(lost.receives.as_deref(), Some("work"));
    assert_eq!(lost.blocks, ["family", "work"]);
    stage.engine.disconnect(&stage.member, view.id).await.unwrap();
    assert!(stage.engine.connections(&stage.member).await.unwrap().is_empty());
    assert_eq!(stage.provider.kept().events.len(), 1, "what stands outside stays there");
}

async fn changes_of_connections_are_audited(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::expired()]);
    stage.book(nowhere()).await;
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    stage.engine.disconnect(&stage.member, view.id).await.unwrap();
    let log = t.db.read().await.unwrap().audit().list(stage.member.organization, 10).await.unwrap();
    let actions: Vec<&str> = log.iter().rev().map(|(_, deed)| deed.action.as_str()).collect();
    assert_eq!(actions, ["app_connected", "connection_health", "app_uninstalled"]);
}

async fn the_shop_window_shows_what_is_connected_and_what_is_broken(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let card = stage.engine.app(&stage.member, "toy").await.unwrap();
    assert!(!card.installed && !card.may_install.is_empty());
    stage.connect(&stage.member).await;
    stage.settle().await;
    stage.provider.bench().next([Fault::expired()]);
    stage.book(nowhere()).await;
    stage.settle().await;
    let card = stage.engine.app(&stage.member, "toy").await.unwrap();
    assert!(card.installed && card.broken);
    assert!(matches!(stage.engine.app(&stage.member, "none").await, Err(ConnectError::NoSuchApp)));
}

async fn a_booking_says_what_became_of_it_outside_and_which_button_mends_it(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    let told = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    let shown: Vec<(What, Progress)> = told.iter().map(|one| (one.what, one.progress)).collect();
    let done = |what| (what, Progress::Done);
    assert_eq!(shown, [done(What::Room), done(What::Event), done(What::Mail), done(What::Mail)]);
    stage.provider.bench().next([Fault::expired(), Fault::expired()]);
    stage.change(&booking, Event::Cancelled { by: By::Host, reason: String::new() }, None).await;
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    assert_eq!(view.health, Health::NeedsReconnect);
    let chips = stage.engine.outside_of(&stage.member, std::slice::from_ref(&booking)).await.unwrap();
    let stuck: Vec<_> = chips[&booking.id].iter().filter(|one| one.progress == Progress::Stuck).collect();
    assert!(!stuck.is_empty());
    assert!(stuck.iter().all(|one| one.fix == Some(Fix::Reconnect(view.id))), "{stuck:?}");
}

async fn the_door_opens_for_a_booking_that_stands_and_for_no_other(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    assert!(matches!(stage.engine.join(&booking.uid, None).await, Err(JoinError::NotReady)));
    stage.settle().await;
    let link = stage.engine.join(&booking.uid, None).await.unwrap();
    assert_eq!(link, format!("https://toy.example/r/{}", booking.uid));
    stage.change(&booking, Event::Cancelled { by: By::Guest, reason: String::new() }, None).await;
    assert!(matches!(stage.engine.join(&booking.uid, None).await, Err(JoinError::NotOn)));
    let other = kalends_domain::Uid::parse("nobodys").unwrap();
    assert!(matches!(stage.engine.join(&other, None).await, Err(JoinError::NotFound)));
}
