use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kalends_app::{
    Kind, Request,
    fake::{Fake, Fault, Played, answer},
    http::{Answer, Transport},
};
use serde_json::json;

use super::{World, cx, draft, hour, id, part, window};
use crate::fake;
use vendor_microsoft::fake::Server;

/// A mailbox that takes a while, and turns away whoever comes while four are being served (MSG-19).
struct Busy {
    server: Arc<Server>,
    inside: AtomicUsize,
    most: AtomicUsize,
    turned_away: AtomicUsize,
}

impl Transport for Busy {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(inside, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let answer = if inside > 4 {
                self.turned_away.fetch_add(1, Ordering::SeqCst);
                Ok(answer(&request, 429, &[("retry-after", "5")], ""))
            } else {
                Played::new(Arc::clone(&self.server) as Arc<dyn Fake>).send(request).await
            };
            self.inside.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

#[tokio::test(start_paused = true)]
async fn msg_19_no_more_than_four_calls_at_once_reach_a_mailbox() {
    let server = Arc::new(fake::server());
    let mailbox = Arc::new(Busy {
        server: Arc::clone(&server),
        inside: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        turned_away: AtomicUsize::new(0),
    });
    let cx = cx(&server, Arc::clone(&mailbox) as Arc<dyn Transport>, &json!({}));
    let main = [id("main")];
    let all = futures::future::join_all((0..40).map(|_| part().busy(&cx, &main, window()))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(mailbox.most.load(Ordering::SeqCst), 3, "all its places are used; the fourth is for Teams");
    assert_eq!(mailbox.turned_away.load(Ordering::SeqCst), 0);
}

/// A mailbox with so many series, each with an occurrence in the main calendar that says nothing of itself.
fn with_series(world: &World, count: i64) {
    for n in 0..count {
        let mut rule = hour("weekly", n);
        rule["type"] = "seriesMaster".into();
        rule["showAs"] = "tentative".into();
        let rule = world.server.mailbox.put_by_other("Team", &rule);
        let mut one = hour("weekly", n);
        one["type"] = "occurrence".into();
        one["seriesMasterId"] = rule.into();
        world.server.mailbox.put_by_other("Calendar", &one);
    }
}

/// How many parts each batch so far had.
fn batches(world: &World) -> Vec<usize> {
    let seen = world.server.mailbox.bench().seen();
    let of = seen.iter().filter(|request| request.op.name == "read_rules");
    let parts = |body: &[u8]| {
        let body: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        body["requests"].as_array().map_or(0, Vec::len)
    };
    of.map(|request| parts(&request.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn msg_19_a_batch_has_twenty_parts_at_most() {
    let world = World::new();
    with_series(&world, 45);
    let all = part().changes(&world.cx, &id("main"), None, window()).await.expect("tells");
    assert_eq!(batches(&world), [20, 20, 5]);
    assert!(all.upserts.len() == 45 && all.upserts.iter().all(|event| event.tentative), "as their rules say");
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn msg_19_throttled_parts_are_asked_for_again_alone_when_their_time_has_come() {
    for retry_after in ["7", "Mon, 01 Mar 2027 08:00:07 GMT"] {
        let world = World::new();
        with_series(&world, 25);
        world.server.mailbox.throttle_parts([3, 11], 429, retry_after);
        world.server.mailbox.throttle_parts([22], 503, "9");
        let begun = tokio::time::Instant::now();
        let all = part().changes(&world.cx, &id("main"), None, window()).await.expect("tells");
        assert!(
            begun.elapsed() >= Duration::from_secs(9),
            "not before the latest of them said: {retry_after}"
        );
        assert_eq!(batches(&world), [20, 5, 3], "what was answered stays answered");
        assert!(all.upserts.len() == 25 && all.upserts.iter().all(|event| event.tentative));
        world.understood();
    }
}

#[tokio::test(start_paused = true)]
async fn msg_19_nothing_else_of_the_mailbox_goes_out_before_a_throttled_part_may() {
    let world = World::new();
    with_series(&world, 1);
    world.server.mailbox.throttle_parts([0], 429, "30");
    let main = [id("main")];
    let beside = async {
        while batches(&world).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let asked = tokio::time::Instant::now();
        part().busy(&world.cx, &main, window()).await.expect("says");
        asked.elapsed()
    };
    let calendar = id("main");
    let (changes, waited) = tokio::join!(part().changes(&world.cx, &calendar, None, window()), beside);
    changes.expect("tells");
    assert!(waited >= Duration::from_secs(29), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn msg_19_parts_that_stay_throttled_end_the_call_with_their_time() {
    let world = World::new();
    with_series(&world, 2);
    for _ in 0..4 {
        world.server.mailbox.throttle_parts([1], 429, "2");
    }
    let error = part().changes(&world.cx, &id("main"), None, window()).await.expect_err("one never comes");
    assert_eq!(error.kind.name(), "rate_limited");
    assert_eq!(error.retry, kalends_app::Retry::After(Duration::from_secs(2)));
    assert_eq!(batches(&world), [2, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn all_09_a_batch_that_leaves_a_part_out_is_no_answer() {
    let world = World::where_some(|request| {
        let is = request.url.path().ends_with("/$batch");
        is.then(|| answer(request, 200, &[], json!({ "responses": [] }).to_string()))
    });
    with_series(&world, 1);
    let error = part().changes(&world.cx, &id("main"), None, window()).await.expect_err("it is no answer");
    assert_eq!(error.kind, Kind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn all_09_a_part_of_a_batch_that_fails_is_not_taken_for_an_answer() {
    let world = World::where_some(|request| {
        let is = request.url.path().ends_with("/$batch");
        let part = json!({ "id": "0", "status": 503, "body": {} });
        is.then(|| answer(request, 200, &[], json!({ "responses": [part] }).to_string()))
    });
    let mut one = hour("weekly", 10);
    one["type"] = "occurrence".into();
    one["seriesMasterId"] = "AAMkAGI2-nobody=".into();
    world.server.mailbox.put_by_other("Calendar", &one);
    let error = part().changes(&world.cx, &id("main"), None, window()).await.expect_err("one part failed");
    assert_eq!(error.kind, Kind::Down);
}

#[tokio::test(start_paused = true)]
async fn msg_20_a_mailbox_outside_of_the_cloud_is_named_as_such() {
    let world = World::where_some(|request| {
        let body = json!({ "error": { "code": "MailboxNotEnabledForRESTAPI", "message": "…" } });
        let is = request.url.path().ends_with("/me/calendars");
        is.then(|| answer(request, 404, &[], body.to_string()))
    });
    let error = part().probe(&world.cx).await.expect_err("there is no calendar here");
    assert_eq!(error.kind, Kind::PolicyDenied);
    assert!(error.message().contains("Exchange"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn oau_14_a_spent_token_is_refreshed_once_and_the_call_sent_again() {
    let world = World::new();
    kalends_app::fake::Fake::oauth(world.server.as_ref()).expect("a sign-in").expire();
    part().busy(&world.cx, &[id("main")], window()).await.expect("the fresh token is good");
    kalends_app::fake::Fake::oauth(world.server.as_ref()).expect("a sign-in").take_back();
    let error = part().busy(&world.cx, &[id("main")], window()).await.expect_err("it was taken back");
    assert_eq!(error.kind, Kind::AuthRevoked);
}

#[tokio::test(start_paused = true)]
async fn all_07_an_answer_that_never_ends_leaves_one_event() {
    let world = World::new();
    world.server.mailbox.bench().next_write([Fault::SlowLoris]);
    let error = part().create(&world.cx, &id("main"), &draft(10)).await.expect_err("it never ends");
    assert_eq!(error.kind, Kind::UnknownOutcome);
    part().create(&world.cx, &id("main"), &draft(10)).await.expect("is our own earlier try");
    assert_eq!(world.server.mailbox.count(), 1);
}
