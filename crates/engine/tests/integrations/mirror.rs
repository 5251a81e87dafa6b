//! Calendar mirrors: fresh, incremental, and never free by mistake.

use jiff::SignedDuration;
use kalends_app::{
    RemoteId,
    fake::{Fake, Fault},
    kind::calendar::RemoteEvent,
};
use kalends_domain::Span;
use kalends_engine::{connect::CalendarUse, job};
use kalends_store::repo::{Calendar, MirrorBusy};
use kalends_testkit::{TestDb, planner::Page};

use crate::stage::{Stage, nowhere};

checks![
    what_stands_in_a_calendar_is_mirrored_and_changes_are_read_by_cursor,
    what_is_gone_over_there_is_gone_here,
    a_cursor_that_is_too_old_starts_again_dav_06,
    our_own_bookings_do_not_block_by_their_events_fb_07,
    tentative_events_block_unless_their_owner_says_otherwise_fb_04,
    what_is_cancelled_declined_or_without_length_blocks_nothing_fb_02_fb_03_fb_06,
    a_rule_that_cannot_be_expanded_blocks_everything_rec_04,
    an_outage_keeps_the_copy_and_says_since_when_fb_09,
    a_quiet_calendar_is_looked_at_less_often,
    a_copy_that_no_longer_reaches_far_enough_is_read_anew,
    twenty_thousand_events_and_then_one_change_is_one_call,
    a_calendar_that_does_not_block_is_not_read,
];

/// A stage whose calendar `work` is the only one that is read.
async fn stage(t: &TestDb) -> Stage<'_> {
    let stage = Stage::bare(t, false).await;
    stage.provider.kept().calendars = vec!["work"];
    stage
}

fn event(id: &str, start: i64) -> RemoteEvent {
    RemoteEvent {
        id: RemoteId::new(id),
        uid: format!("uid-{id}"),
        etag: Some("1".into()),
        sequence: 0,
        busy: vec![Span::new(start, start + 1800)],
        span: None,
        cancelled: false,
        declined: false,
        tentative: false,
        unexpanded: false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the provider keeps it, where none is a cursor too old")]
fn changes(upserts: Vec<RemoteEvent>, removed: &[&str], cursor: &str, full: bool) -> Option<Page> {
    let removed = removed.iter().map(|id| RemoteId::new(*id)).collect();
    Some(Page { upserts, removed, full, cursor: Some(cursor.into()), next: None })
}

async fn calendar(stage: &Stage<'_>) -> Calendar {
    let mut tx = stage.t.db.read().await.unwrap();
    tx.calendars().of_users(&[stage.member.user]).await.unwrap().remove(0)
}

async fn busy(stage: &Stage<'_>) -> Vec<MirrorBusy> {
    let mut tx = stage.t.db.read().await.unwrap();
    let all = tx.calendars().busy_of(&[stage.member.user], Span::new(0, i64::MAX / 4)).await.unwrap();
    all.into_values().next().unwrap_or_default()
}

async fn starts(stage: &Stage<'_>) -> Vec<i64> {
    busy(stage).await.into_iter().map(|one| one.span.start - noon(stage)).collect()
}

/// Something in the future, the same for a whole test.
fn noon(_: &Stage<'_>) -> i64 {
    "2026-11-25T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second()
}

async fn sync(stage: &Stage<'_>) {
    let calendar = calendar(stage).await;
    let one = job::SyncCalendar::new(calendar.organization, calendar.id);
    let db = &stage.t.db;
    db.write(move |tx| {
        let one = one.clone();
        Box::pin(async move { job::add(tx, &one).await })
    })
    .await
    .unwrap();
    stage.settle().await;
}

async fn what_stands_in_a_calendar_is_mirrored_and_changes_are_read_by_cursor(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    stage.provider.kept().changes =
        [(String::new(), changes(vec![event("a", at), event("b", at + 3600)], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(starts(&stage).await, [0, 3600]);
    assert_eq!(calendar(&stage).await.cursor.as_deref(), Some("1"));
    let moved = changes(vec![event("b", at + 7200), event("c", at + 9000)], &["a"], "2", false);
    stage.provider.kept().changes.insert("1".into(), moved);
    sync(&stage).await;
    assert_eq!(starts(&stage).await, [7200, 9000]);
    assert_eq!(calendar(&stage).await.cursor.as_deref(), Some("2"));
}

async fn what_is_gone_over_there_is_gone_here(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    stage.provider.kept().changes = [
        (String::new(), changes(vec![event("a", at), event("b", at + 3600)], &[], "1", true)),
        ("1".into(), changes(vec![event("b", at + 3600)], &[], "2", true)),
    ]
    .into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    sync(&stage).await;
    assert_eq!(starts(&stage).await, [3600], "a whole answer that lacks an event has lost it");
}

async fn a_cursor_that_is_too_old_starts_again_dav_06(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    stage.provider.kept().changes =
        [(String::new(), changes(vec![event("a", at)], &[], "1", true)), ("1".into(), None)].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    stage.provider.kept().changes.insert(String::new(), changes(vec![event("z", at + 60)], &[], "9", true));
    sync(&stage).await;
    assert_eq!(starts(&stage).await, [60]);
    assert_eq!(calendar(&stage).await.cursor.as_deref(), Some("9"));
}

async fn our_own_bookings_do_not_block_by_their_events_fb_07(t: &TestDb) {
    let stage = stage(t).await;
    let booking = stage.book(nowhere()).await;
    let own = RemoteEvent { uid: booking.uid.to_string(), ..event("own", booking.span.start) };
    let lookalike =
        RemoteEvent { uid: "0000000000000000000abc".into(), ..event("other", booking.span.start) };
    stage.provider.kept().changes = [(String::new(), changes(vec![own, lookalike], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    let uids: Vec<String> = busy(&stage).await.into_iter().map(|one| one.uid).collect();
    assert_eq!(uids, ["0000000000000000000abc"]);
}

async fn tentative_events_block_unless_their_owner_says_otherwise_fb_04(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    let perhaps = RemoteEvent { tentative: true, ..event("perhaps", at) };
    let all = changes(vec![perhaps, event("firm", at + 3600)], &[], "1", true);
    stage.provider.kept().changes = [(String::new(), all)].into();
    let id = stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(starts(&stage).await, [0, 3600]);
    let one = calendar(&stage).await;
    let firm_only = CalendarUse { blocks: true, receives: true, tentative_blocks: false, ..(&one).into() };
    stage.engine.use_calendars(&stage.member, id, &[firm_only]).await.unwrap();
    stage.settle().await;
    assert_eq!(starts(&stage).await, [3600]);
}

async fn what_is_cancelled_declined_or_without_length_blocks_nothing_fb_02_fb_03_fb_06(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    // Even where an app forgot to leave the times out.
    let cancelled = RemoteEvent { cancelled: true, ..event("cancelled", at) };
    let declined = RemoteEvent { declined: true, ..event("declined", at + 3600) };
    let empty = RemoteEvent { busy: vec![Span::new(at, at)], ..event("empty", at) };
    let free = RemoteEvent { busy: vec![], ..event("free", at) };
    let all = changes(vec![cancelled, declined, empty, free, event("firm", at + 7200)], &[], "1", true);
    stage.provider.kept().changes = [(String::new(), all)].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(starts(&stage).await, [7200]);
}

async fn a_rule_that_cannot_be_expanded_blocks_everything_rec_04(t: &TestDb) {
    let stage = stage(t).await;
    let hostile = RemoteEvent { unexpanded: true, busy: vec![], ..event("hostile", noon(&stage)) };
    stage.provider.kept().changes = [(String::new(), changes(vec![hostile], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(busy(&stage).await[0].span, calendar(&stage).await.window);
}

async fn an_outage_keeps_the_copy_and_says_since_when_fb_09(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    stage.provider.kept().changes = [(String::new(), changes(vec![event("a", at)], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    let synced = calendar(&stage).await.freshness.synced_at;
    t.clock.advance(SignedDuration::from_mins(5));
    let began = t.db.now();
    stage.provider.bench().next(std::iter::repeat_n(Fault::Status(503, vec![]), 100));
    sync(&stage).await;
    let one = calendar(&stage).await;
    assert_eq!(starts(&stage).await, [0], "the last copy stays");
    assert_eq!(one.freshness.synced_at, synced);
    assert!(one.freshness.failing_since.is_some_and(|since| since >= began));
    assert!(one.freshness.last_error.is_some() && one.next_sync_at.is_some());
    let since = one.freshness.failing_since;
    sync(&stage).await;
    assert_eq!(
        calendar(&stage).await.freshness.failing_since,
        since,
        "since the first failure, not the last"
    );
    while stage.provider.bench().fault().is_some() {}
    t.clock.advance(SignedDuration::from_mins(10));
    sync(&stage).await;
    assert_eq!(calendar(&stage).await.freshness.failing_since, None, "one answer mends it");
}

async fn a_quiet_calendar_is_looked_at_less_often(t: &TestDb) {
    let stage = stage(t).await;
    stage.provider.kept().changes = [(String::new(), changes(vec![], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        let one = calendar(&stage).await;
        let next = one.next_sync_at.unwrap();
        t.clock.set(next);
        sync(&stage).await;
        let one = calendar(&stage).await;
        waits.push(one.next_sync_at.unwrap().duration_since(one.freshness.synced_at.unwrap()).as_secs() / 60);
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.last(), Some(&15), "{waits:?}");
    let at = noon(&stage);
    stage.provider.kept().changes.insert("1".into(), changes(vec![event("a", at)], &[], "2", false));
    sync(&stage).await;
    let one = calendar(&stage).await;
    let wait = one.next_sync_at.unwrap().duration_since(one.freshness.synced_at.unwrap());
    assert_eq!(wait, SignedDuration::from_mins(2), "something happens there");
}

async fn a_copy_that_no_longer_reaches_far_enough_is_read_anew(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    stage.provider.kept().changes = [(String::new(), changes(vec![event("a", at)], &[], "1", true))].into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    let before = calendar(&stage).await.window;
    t.clock.advance(SignedDuration::from_hours(24 * 14));
    sync(&stage).await;
    let after = calendar(&stage).await.window;
    assert_eq!(after.end - before.end, 14 * 86_400);
    assert_eq!(after.start - before.start, 14 * 86_400);
}

async fn twenty_thousand_events_and_then_one_change_is_one_call(t: &TestDb) {
    let stage = stage(t).await;
    let at = noon(&stage);
    let all: Vec<RemoteEvent> = (0..20_000).map(|n| event(&format!("e{n:05}"), at + n * 1800)).collect();
    stage.provider.kept().changes = [
        (String::new(), changes(all, &[], "1", true)),
        ("1".into(), changes(vec![event("e00000", at - 1800)], &[], "2", false)),
    ]
    .into();
    stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(busy(&stage).await.len(), 20_000);
    let calls = stage.provider.bench().count("changes");
    sync(&stage).await;
    assert_eq!(stage.provider.bench().count("changes") - calls, 1);
    assert_eq!(starts(&stage).await[..2], [-1800, 1800]);
}

async fn a_calendar_that_does_not_block_is_not_read(t: &TestDb) {
    let stage = stage(t).await;
    stage.provider.kept().calendars = vec!["holidays"];
    stage.connect(&stage.member).await;
    stage.settle().await;
    assert_eq!(stage.provider.bench().count("changes"), 0);
}
