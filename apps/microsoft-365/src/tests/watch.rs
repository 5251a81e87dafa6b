use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyWatch, Kind, RemoteId, Secret,
    kind::watch::{Channel, Wish},
};
use vendor_microsoft::fake::BEGIN;

use super::{World, id};
use crate::watch::Subscriptions;

fn power() -> &'static dyn AnyWatch {
    &Subscriptions
}

fn begin() -> Timestamp {
    BEGIN.parse().expect("a time")
}

fn wish(until: Timestamp) -> Wish {
    Wish {
        id: "channel-1".into(),
        address: "https://kalends.example.com/hooks/microsoft-365/x".parse().expect("an address"),
        secret: Secret::new("a-secret-of-the-channel"),
        until,
    }
}

fn later(minutes: i64) -> Timestamp {
    begin().checked_add(SignedDuration::from_mins(minutes)).expect("in range")
}

#[tokio::test(start_paused = true)]
async fn msg_14_a_subscription_says_where_notices_of_both_sorts_go() {
    let world = World::new();
    let channel = power().watch(&world.cx, &id("main"), &wish(later(60))).await.expect("is told");
    assert_eq!(channel.expires_at, later(60));
    let all = world.server.mailbox.subscriptions();
    assert_eq!(all[0]["resource"], "me/calendars/AAMkAGI2-main=/events");
    assert_eq!(all[0]["notificationUrl"], all[0]["lifecycleNotificationUrl"], "MSG-17");
    assert_eq!(all[0]["clientState"], "a-secret-of-the-channel");
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn msg_14_the_longer_life_is_asked_for_and_the_shorter_one_taken() {
    let world = World::new();
    let generous = power().watch(&world.cx, &id("main"), &wish(later(50_000))).await.expect("is told");
    assert_eq!(generous.expires_at, later(10_070));
    world.server.mailbox.subscriptions_live(4_230);
    let strict = power().watch(&world.cx, &id("team"), &wish(later(50_000))).await.expect("is told");
    assert_eq!(strict.expires_at, later(4_220));
    let renewed = power().renew(&world.cx, &generous, &wish(later(50_000))).await.expect("lives on");
    assert_eq!((&renewed.id, renewed.expires_at), (&generous.id, later(4_220)));
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_gone_is_neither_renewed_nor_closed() {
    let world = World::new();
    let channel = power().watch(&world.cx, &id("main"), &wish(later(60))).await.expect("is told");
    power().unwatch(&world.cx, &channel).await.expect("closes");
    assert_eq!(world.server.mailbox.subscriptions().len(), 0);
    for error in [
        power().unwatch(&world.cx, &channel).await.expect_err("it is gone"),
        power().renew(&world.cx, &channel, &wish(later(60))).await.expect_err("it is gone"),
    ] {
        assert!(error.is_missing(), "{error}");
    }
    let nowhere = Channel { id: RemoteId::new("never"), ..channel };
    assert_eq!(power().unwatch(&world.cx, &nowhere).await.expect_err("never was").kind, Kind::NotFound);
    world.understood();
}
