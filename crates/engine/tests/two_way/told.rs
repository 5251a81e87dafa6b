//! Channels and notices: opened, renewed, ended, closed; believed, refused, told twice, too early.

use http::{HeaderMap, Method};
use jiff::SignedDuration;
use kalends_app::{
    fake::{Fake, Fault},
    hook::Raw,
};
use kalends_domain::{Clock, people::CalendarChanges};
use kalends_engine::{
    connect::Health,
    hooks_in::{Arrived, Heard, Which},
    job,
};
use kalends_store::{repo::ChannelState, sql};
use kalends_testkit::{
    TestDb, hear,
    planner::{Edit, LONGEST},
};

use crate::stage::{Stage, at, span};

checks![
    a_connected_calendar_opens_a_channel_and_is_polled_rarely,
    a_notice_brings_the_change_at_once,
    an_address_that_is_not_public_has_no_channel_and_is_polled,
    a_notice_is_applied_once_however_often_it_comes_inb_05,
    the_handler_calls_no_provider_inb_02,
    a_notice_faster_than_our_own_commit_is_parked_and_applied_inb_08,
    a_notice_about_a_channel_nobody_ever_had_is_let_go_in_the_end,
    a_forged_notice_is_refused_and_writes_nothing_inb_03,
    a_stale_notice_is_refused,
    an_unknown_address_is_nowhere_and_a_key_opens_one_app_only_inb_01,
    a_handshake_is_answered_inb_04,
    a_kind_nobody_knows_is_kept_and_ignored_inb_06,
    a_changed_secret_leaves_the_old_one_good_until_channels_have_changed_over_inb_07,
    a_channel_is_renewed_before_it_ends,
    a_channel_whose_renewal_fails_goes_on_and_is_tried_again,
    a_channel_that_ended_is_opened_again_and_the_calendar_read,
    a_channel_asked_to_be_reauthorized_is_renewed,
    access_taken_back_is_said_on_the_connection,
    disconnecting_closes_the_channels,
    a_calendar_that_blocks_no_more_has_no_channel,
    a_provider_without_a_channel_for_a_calendar_is_not_asked_every_minute,
    a_lost_answer_to_an_opening_ends_with_one_channel_we_know,
    what_failed_for_good_is_listed_and_can_be_replayed_inb_06,
    notices_are_kept_thirty_days_inb_05,
];

async fn stage(t: &TestDb) -> Stage<'_> {
    Stage::following(t).await
}

/// The key in the address notices go to.
fn key(raw: &Raw) -> String {
    raw.url.path().rsplit('/').next().unwrap().to_owned()
}

async fn status(stage: &Stage<'_>) -> Vec<String> {
    let mut tx = stage.t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT status FROM inbound_events ORDER BY received_at, id")).await.unwrap();
    rows.iter().map(|row| row.get("status").unwrap()).collect()
}

async fn channel(stage: &Stage<'_>) -> Option<kalends_store::repo::CalendarChannel> {
    let calendar = stage.calendar().await;
    stage.t.db.read().await.unwrap().channels().of(&calendar).await.unwrap()
}

/// Periodic work that is due now.
async fn tick(stage: &Stage<'_>) {
    job::tick(&stage.engine, job::Last::default()).await.unwrap();
    stage.settle().await;
}

async fn a_connected_calendar_opens_a_channel_and_is_polled_rarely(t: &TestDb) {
    let stage = stage(t).await;
    assert_eq!(stage.planner.channels(), 1);
    let channel = channel(&stage).await.unwrap();
    assert_eq!(channel.state, ChannelState::Live);
    let calendar = stage.calendar().await;
    let wait = calendar.next_sync_at.unwrap().duration_since(calendar.freshness.synced_at.unwrap());
    assert_eq!(wait, SignedDuration::from_hours(1));
    // Whoever looks at times brings no further reading either.
    let calls = stage.planner.bench().count("changes");
    t.clock.advance(SignedDuration::from_mins(5));
    stage.starts("11-24").await;
    tokio::task::yield_now().await;
    stage.settle().await;
    assert_eq!(stage.planner.bench().count("changes"), calls);
}

async fn a_notice_brings_the_change_at_once(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    let calls = stage.planner.bench().count("changes");
    for notice in stage.planner.notices() {
        assert_eq!(hear(&stage.engine, "planner", &notice).await, Heard::Taken);
    }
    job::drain(&stage.engine).await.unwrap();
    assert_eq!(stage.mirrored().await, [span("11-24 10:00", 60)]);
    assert_eq!(stage.planner.bench().count("changes") - calls, 1, "one incremental call");
    assert_eq!(status(&stage).await, ["done"]);
}

async fn an_address_that_is_not_public_has_no_channel_and_is_polled(t: &TestDb) {
    let stage = Stage::with(t, CalendarChanges::Ask, "http://127.0.0.1:8080/").await;
    assert_eq!((stage.planner.channels(), channel(&stage).await), (0, None));
    let calendar = stage.calendar().await;
    let wait = calendar.next_sync_at.unwrap().duration_since(calendar.freshness.synced_at.unwrap());
    assert!(wait <= SignedDuration::from_mins(15));
    let view = stage.engine.connection(&stage.member, stage.installation).await.unwrap();
    assert_eq!(view.push, kalends_engine::connect::Push::NotReachable);
}

async fn a_notice_is_applied_once_however_often_it_comes_inb_05(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    let notice = stage.planner.notices().remove(0);
    let calls = stage.planner.bench().count("changes");
    for _ in 0..3 {
        assert_eq!(hear(&stage.engine, "planner", &notice).await, Heard::Taken);
        job::drain(&stage.engine).await.unwrap();
    }
    assert_eq!((status(&stage).await.len(), stage.planner.bench().count("changes") - calls), (1, 1));
}

async fn the_handler_calls_no_provider_inb_02(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    let calls = stage.planner.bench().seen().len();
    for notice in stage.planner.notices() {
        hear(&stage.engine, "planner", &notice).await;
    }
    assert_eq!(stage.planner.bench().seen().len(), calls);
}

async fn a_notice_faster_than_our_own_commit_is_parked_and_applied_inb_08(t: &TestDb) {
    let stage = stage(t).await;
    // The provider said hello when the channel was opened; here it arrives before the channel is written down.
    let hello = stage.planner.notices().remove(0);
    let known = channel(&stage).await.unwrap();
    let calendar = stage.calendar().await;
    forget_channel(&stage, &calendar).await;
    assert_eq!(hear(&stage.engine, "planner", &hello).await, Heard::Taken);
    job::drain(&stage.engine).await.unwrap();
    assert_eq!(status(&stage).await, ["parked"]);
    t.db.write(move |tx| {
        let known = known.clone();
        Box::pin(async move { tx.channels().put(&known).await })
    })
    .await
    .unwrap();
    stage.settle().await;
    assert_eq!(status(&stage).await, ["done"]);
}

async fn forget_channel(stage: &Stage<'_>, calendar: &kalends_store::repo::Calendar) {
    let calendar = calendar.clone();
    stage
        .t
        .db
        .write(move |tx| {
            let calendar = calendar.clone();
            Box::pin(async move { tx.channels().delete(&calendar).await })
        })
        .await
        .unwrap();
}

async fn a_notice_about_a_channel_nobody_ever_had_is_let_go_in_the_end(t: &TestDb) {
    let stage = stage(t).await;
    let hello = stage.planner.notices().remove(0);
    let calendar = stage.calendar().await;
    forget_channel(&stage, &calendar).await;
    hear(&stage.engine, "planner", &hello).await;
    stage.settle().await;
    assert_eq!(status(&stage).await, ["ignored"]);
    let dead = t.db.read().await.unwrap().jobs().dead(10).await.unwrap();
    assert!(dead.is_empty(), "nobody must look at it");
}

async fn a_forged_notice_is_refused_and_writes_nothing_inb_03(t: &TestDb) {
    let stage = stage(t).await;
    let mut forged = stage.planner.notices().remove(0);
    forged.body = forged.body.iter().rev().copied().collect::<Vec<u8>>().into();
    assert_eq!(hear(&stage.engine, "planner", &forged).await, Heard::Refused);
    forged.headers = HeaderMap::new();
    assert_eq!(hear(&stage.engine, "planner", &forged).await, Heard::Refused);
    assert_eq!(status(&stage).await, [""; 0]);
}

async fn a_stale_notice_is_refused(t: &TestDb) {
    let stage = stage(t).await;
    let notice = stage.planner.notices().remove(0);
    t.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(hear(&stage.engine, "planner", &notice).await, Heard::Refused);
}

async fn an_unknown_address_is_nowhere_and_a_key_opens_one_app_only_inb_01(t: &TestDb) {
    let stage = stage(t).await;
    let notice = stage.planner.notices().remove(0);
    let key = key(&notice);
    assert!(key.len() >= 40, "nobody guesses that");
    for (app, key) in [("planner", "guessed"), ("other", key.as_str()), ("planner", "")] {
        let arrived = Arrived {
            method: Method::POST,
            query: None,
            headers: notice.headers.clone(),
            body: notice.body.clone(),
        };
        assert_eq!(stage.engine.receive(app, key, arrived).await.unwrap(), Heard::Nowhere, "{app}");
    }
}

async fn a_handshake_is_answered_inb_04(t: &TestDb) {
    let stage = stage(t).await;
    let mut asks = stage.planner.notices().remove(0);
    asks.method = Method::GET;
    asks.url.set_query(Some("challenge=a%20word"));
    let Heard::Reply(reply) = hear(&stage.engine, "planner", &asks).await else { panic!("no reply") };
    assert_eq!((&reply.body[..], reply.media_type), (&b"a word"[..], "text/plain"));
}

async fn a_kind_nobody_knows_is_kept_and_ignored_inb_06(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.planner.tell("fireworks");
    assert_eq!(hear(&stage.engine, "planner", &stage.planner.notices()[0]).await, Heard::Taken);
    assert_eq!(status(&stage).await, ["ignored"]);
    assert_eq!(job::drain(&stage.engine).await.unwrap(), 0);
}

async fn a_changed_secret_leaves_the_old_one_good_until_channels_have_changed_over_inb_07(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.engine.change_hook_secret(&stage.member, stage.installation).await.unwrap();
    // Told by the channel that still has the old secret.
    stage.planner.tell("changed");
    let old = stage.planner.notices().remove(0);
    assert_eq!(hear(&stage.engine, "planner", &old).await, Heard::Taken);
    tick(&stage).await;
    stage.planner.notices();
    stage.planner.tell("changed");
    let new = stage.planner.notices().remove(0);
    assert_eq!(hear(&stage.engine, "planner", &new).await, Heard::Taken);
    assert_eq!((stage.planner.channels(), stage.planner.bench().count("watch")), (1, 2));
    stage.engine.change_hook_secret(&stage.member, stage.installation).await.unwrap();
    assert_eq!(hear(&stage.engine, "planner", &new).await, Heard::Taken);
    assert_eq!(hear(&stage.engine, "planner", &old).await, Heard::Refused, "two secrets are good, not three");
    let view = || stage.engine.connection(&stage.member, stage.installation);
    assert!(view().await.unwrap().has_old_secret);
    stage.engine.drop_old_hook_secret(&stage.member, stage.installation).await.unwrap();
    assert_eq!(hear(&stage.engine, "planner", &new).await, Heard::Refused, "and then one");
    assert!(!view().await.unwrap().has_old_secret);
}

async fn a_channel_is_renewed_before_it_ends(t: &TestDb) {
    let stage = stage(t).await;
    let first = channel(&stage).await.unwrap();
    let begun = t.clock.now();
    let renew = first.renew_at.unwrap().duration_since(begun);
    assert!(renew > LONGEST / 20 * 13 && renew <= LONGEST / 4 * 3, "{renew}");
    t.clock.set(first.renew_at.unwrap());
    tick(&stage).await;
    let next = channel(&stage).await.unwrap();
    assert!(next.expires_at > first.expires_at && next.state == ChannelState::Live);
    assert_eq!(stage.planner.channels(), 1, "the old one is closed");
}

async fn a_channel_whose_renewal_fails_goes_on_and_is_tried_again(t: &TestDb) {
    let stage = stage(t).await;
    let first = channel(&stage).await.unwrap();
    t.clock.set(first.renew_at.unwrap());
    stage.planner.down(true);
    tick(&stage).await;
    let failing = channel(&stage).await.unwrap();
    assert_eq!((failing.state, failing.remote_id), (ChannelState::Live, first.remote_id));
    assert!(failing.last_error.is_some() && failing.renew_at > first.renew_at);
    stage.planner.down(false);
    t.clock.set(failing.renew_at.unwrap());
    t.clock.advance(SignedDuration::from_mins(10));
    tick(&stage).await;
    let next = channel(&stage).await.unwrap();
    assert!(next.expires_at > first.expires_at && next.last_error.is_none());
}

async fn a_channel_that_ended_is_opened_again_and_the_calendar_read(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.planner.tell("ended");
    let over = stage.planner.notices().remove(0);
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    assert!(stage.planner.notices().is_empty(), "nobody tells of it");
    hear(&stage.engine, "planner", &over).await;
    job::drain(&stage.engine).await.unwrap();
    assert_eq!(stage.planner.channels(), 1);
    assert_eq!(stage.mirrored().await, [span("11-24 10:00", 60)]);
}

async fn a_channel_asked_to_be_reauthorized_is_renewed(t: &TestDb) {
    let stage = stage(t).await;
    let first = channel(&stage).await.unwrap();
    stage.planner.notices();
    stage.planner.tell("reauthorize");
    t.clock.advance(SignedDuration::from_mins(1));
    hear(&stage.engine, "planner", &stage.planner.notices()[0]).await;
    job::drain(&stage.engine).await.unwrap();
    let next = channel(&stage).await.unwrap();
    assert!(next.remote_id != first.remote_id && next.state == ChannelState::Live);
}

async fn access_taken_back_is_said_on_the_connection(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.notices();
    stage.planner.tell("revoked");
    hear(&stage.engine, "planner", &stage.planner.notices()[0]).await;
    job::drain(&stage.engine).await.unwrap();
    let view = stage.engine.connection(&stage.member, stage.installation).await.unwrap();
    assert_eq!(view.health, Health::Revoked);
    let calls = stage.planner.bench().seen().len();
    stage.sync().await;
    assert_eq!(stage.planner.bench().seen().len(), calls, "nothing is asked any more");
}

async fn disconnecting_closes_the_channels(t: &TestDb) {
    let stage = stage(t).await;
    stage.engine.disconnect(&stage.member, stage.installation).await.unwrap();
    assert_eq!(stage.planner.channels(), 0);
}

async fn a_calendar_that_blocks_no_more_has_no_channel(t: &TestDb) {
    let stage = stage(t).await;
    let one = stage.calendar().await;
    let unused = kalends_engine::connect::CalendarUse { blocks: false, receives: true, ..(&one).into() };
    stage.engine.use_calendars(&stage.member, stage.installation, &[unused]).await.unwrap();
    stage.settle().await;
    assert_eq!((stage.planner.channels(), channel(&stage).await), (0, None));
}

async fn a_provider_without_a_channel_for_a_calendar_is_not_asked_every_minute(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.tell("ended");
    stage.planner.bench().next_write([Fault::Status(400, vec![])]);
    hear(&stage.engine, "planner", stage.planner.notices().last().unwrap()).await;
    job::drain(&stage.engine).await.unwrap();
    let refused = channel(&stage).await.unwrap();
    assert_eq!(refused.state, ChannelState::Refused);
    assert!(refused.renew_at.unwrap().duration_since(t.clock.now()) > SignedDuration::from_hours(24 * 6));
    stage.sync().await;
    let calendar = stage.calendar().await;
    let wait = calendar.next_sync_at.unwrap().duration_since(calendar.freshness.synced_at.unwrap());
    assert!(wait <= SignedDuration::from_mins(15), "it is polled");
    assert_eq!(stage.planner.bench().count("watch"), 2);
}

async fn a_lost_answer_to_an_opening_ends_with_one_channel_we_know(t: &TestDb) {
    let stage = stage(t).await;
    stage.planner.tell("ended");
    stage.planner.bench().next_write([Fault::Drop]);
    hear(&stage.engine, "planner", stage.planner.notices().last().unwrap()).await;
    job::drain(&stage.engine).await.unwrap();
    assert_eq!(channel(&stage).await.unwrap().state, ChannelState::Failing);
    t.clock.advance(SignedDuration::from_mins(10));
    tick(&stage).await;
    let now = channel(&stage).await.unwrap();
    assert_eq!(now.state, ChannelState::Live);
    // The lost one ends by itself; what it tells finds nobody and harms nothing.
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    for notice in stage.planner.notices() {
        hear(&stage.engine, "planner", &notice).await;
    }
    stage.settle().await;
    assert_eq!(stage.mirrored().await, [span("11-24 10:00", 60)]);
}

async fn what_failed_for_good_is_listed_and_can_be_replayed_inb_06(t: &TestDb) {
    let stage = stage(t).await;
    let notice = stage.planner.notices().remove(0);
    hear(&stage.engine, "planner", &notice).await;
    // A later version wrote something this one cannot read.
    run(&stage, "UPDATE inbound_events SET signal = '{\"what\":\"sung\"}'").await;
    stage.settle().await;
    let manager = kalends_engine::Member { role: kalends_domain::people::Role::Admin, ..stage.member };
    let dead = stage.engine.notices(&manager, Which::Dead).await.unwrap();
    assert_eq!((dead.len(), dead[0].app.as_str(), dead[0].tries), (1, "planner", 1));
    assert!(stage.engine.notices(&stage.member, Which::Dead).await.is_err(), "not everybody's to see");
    let good = format!(
        "{{\"what\":\"calendar_changed\",\"channel\":\"{}\"}}",
        channel(&stage).await.unwrap().remote_id
    );
    t.db.write(move |tx| {
        let good = good.clone();
        Box::pin(async move { tx.run(sql("UPDATE inbound_events SET signal = $1").bind(good)).await })
    })
    .await
    .map(|_: u64| ())
    .unwrap();
    stage.engine.replay_notice(&manager, dead[0].id).await.unwrap();
    stage.settle().await;
    assert_eq!(status(&stage).await, ["done"]);
    assert_eq!(stage.engine.notices(&manager, Which::Dead).await.unwrap(), []);
}

async fn run(stage: &Stage<'_>, text: &'static str) {
    stage
        .t
        .db
        .write(move |tx| Box::pin(async move { tx.run(sql(text)).await }))
        .await
        .map(|_: u64| ())
        .unwrap();
}

async fn notices_are_kept_thirty_days_inb_05(t: &TestDb) {
    let stage = stage(t).await;
    let notice = stage.planner.notices().remove(0);
    hear(&stage.engine, "planner", &notice).await;
    stage.settle().await;
    t.clock.set(at("12-22 00:00"));
    tick(&stage).await;
    assert_eq!(status(&stage).await.len(), 1);
    t.clock.set(at("12-24 00:00"));
    tick(&stage).await;
    assert_eq!(status(&stage).await.len(), 0);
}
