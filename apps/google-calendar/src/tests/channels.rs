//! Push channels and their notices.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyWatch, Hook, Secret, Secrets,
    fake::{Fake, Fault},
    hook::{Raw, Refused, SECRET, What},
    kind::watch::Wish,
};
use serde_json::Value;
use vendor_google::fake::HOST;

use super::{World, host, theirs};
use crate::{GoogleCalendar, push::Notices};

fn part() -> &'static dyn AnyWatch {
    &GoogleCalendar
}

fn wish(world: &World, id: &str) -> Wish {
    Wish {
        id: id.into(),
        address: "https://kalends.example.com/hooks/x".parse().expect("an address"),
        secret: Secret::new("canary-channel-secret"),
        until: world.cx.now + SignedDuration::from_hours(24 * 30),
    }
}

fn secrets() -> Secrets {
    Secrets::none().with(SECRET, Secret::new("canary-channel-secret"))
}

#[tokio::test(start_paused = true)]
async fn gcal_17_a_channel_is_asked_for_as_google_wants_it() {
    let world = World::new();
    world.google.channels_end(world.cx.now + SignedDuration::from_hours(24 * 7));
    let channel = part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    let seen = world.google.bench().seen();
    let request = seen.last().expect("a request");
    let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(request.url.path(), "/calendar/v3/calendars/host@example.com/events/watch");
    assert_eq!((&sent["type"], &sent["id"]), (&"web_hook".into(), &"channel-1".into()));
    assert!(sent["expiration"].is_string(), "milliseconds, as a text");
    // It is Google that says how long.
    assert_eq!(channel.expires_at, world.cx.now + SignedDuration::from_hours(24 * 7));
    assert!(!format!("{request:?}").contains("canary"), "ALL-08");
}

#[tokio::test(start_paused = true)]
async fn gcal_18_the_first_message_of_a_channel_is_no_change() {
    let world = World::new();
    part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    let first = world.google.notices();
    assert_eq!(Notices.verify(&first[0], &secrets(), world.cx.now), Ok(()));
    let told = Notices.signals(&first[0]).expect("reads");
    assert_eq!(told[0].what, What::Other { kind: "sync".into() });
    assert_eq!(Notices.handshake(&first[0], &secrets()), None);
}

#[tokio::test(start_paused = true)]
async fn gcal_18_a_notice_names_channel_and_resource_and_both_must_fit() {
    let world = World::new();
    let channel = part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    world.google.notices();
    world.put("a", theirs(2, &serde_json::json!({})));
    let notice = world.google.notices().remove(0);
    let change = What::CalendarChanged { channel: channel.id.clone() };
    assert_eq!(Notices.signals(&notice).expect("reads")[0].what, change);
    let mut other = notice.clone();
    other.headers.insert("x-goog-resource-id", HeaderValue::from_static("another-resource"));
    assert_ne!(Notices.signals(&other).expect("reads")[0].what, change);
}

#[test]
fn gcal_18_a_notice_that_lacks_a_header_is_refused() {
    let whole = [
        ("x-goog-channel-token", "canary-channel-secret"),
        ("x-goog-channel-id", "channel-1"),
        ("x-goog-resource-id", "resource"),
        ("x-goog-resource-state", "exists"),
        ("x-goog-message-number", "12"),
    ];
    let verified = |headers: &[(&'static str, &'static str)]| {
        let pairs = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let raw = Raw {
            method: Method::POST,
            url: "https://kalends.example.com/hooks/x".parse().expect("an address"),
            headers: pairs.collect::<HeaderMap>(),
            body: Bytes::new(),
        };
        Notices.verify(&raw, &secrets(), Timestamp::UNIX_EPOCH)
    };
    assert_eq!(verified(&whole), Ok(()));
    assert_eq!(verified(&whole[1..]), Err(Refused::Unsigned));
    for without in 1..whole.len() {
        let mut some = whole.to_vec();
        some.remove(without);
        assert_eq!(verified(&some), Err(Refused::Odd), "{}", whole[without].0);
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_18_whatever_the_calendar_has_become_it_is_read_again() {
    let world = World::new();
    part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    let mut notice = world.google.notices().remove(0);
    notice.headers.insert("x-goog-resource-state", HeaderValue::from_static("not_exists"));
    let told = Notices.signals(&notice).expect("reads");
    assert!(matches!(told[0].what, What::CalendarChanged { .. }));
}

#[tokio::test(start_paused = true)]
async fn gcal_20_the_new_channel_stands_before_the_old_one_is_closed() {
    let world = World::new();
    let old = part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    let new = part().renew(&world.cx, &old, &wish(&world, "channel-2")).await.expect("renews");
    assert_eq!(world.ops(), ["watch", "watch", "stop_watching"]);
    assert_eq!(world.google.channels(), ["channel-2"]);
    part().unwatch(&world.cx, &new).await.expect("closes");
    assert!(world.google.channels().is_empty());
}

#[tokio::test(start_paused = true)]
async fn gcal_20_a_channel_that_cannot_be_closed_does_not_lose_the_new_one() {
    let world = World::new();
    let old = part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    part().unwatch(&world.cx, &old).await.expect("closes");
    let new = part().renew(&world.cx, &old, &wish(&world, "channel-2")).await.expect("renews");
    assert!(new.id.as_str().starts_with("channel-2 "));
}

#[tokio::test(start_paused = true)]
async fn gcal_20_a_new_channel_that_is_refused_leaves_the_old_one_alone() {
    let world = World::new();
    let old = part().watch(&world.cx, &host(), &wish(&world, "channel-1")).await.expect("opens");
    world.google.bench().next_write([Fault::Status(403, vec![])]);
    part().renew(&world.cx, &old, &wish(&world, "channel-2")).await.expect_err("it may not");
    assert_eq!(world.google.channels(), ["channel-1"]);
    assert_eq!(world.google.count(HOST), 0);
}
