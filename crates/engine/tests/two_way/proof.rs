//! The mirror equals the provider, whatever was lost, doubled or out of order; and an outage changes nothing but freshness.

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::{Clock, Span};
use kalends_engine::job;
use kalends_store::Change;
use kalends_testkit::{TestDb, hear, planner::Edit};
use tokio::sync::broadcast::error::TryRecvError;

use crate::stage::{Stage, at, span};

checks![
    after_a_thousand_edits_with_bad_notices_the_mirror_equals_the_provider,
    a_provider_down_for_half_an_hour_changes_no_times_and_loses_nothing_fb_09,
    twenty_thousand_events_are_stored_in_pieces_and_one_change_costs_one_call,
    a_cursor_the_provider_forgot_starts_again_and_nothing_is_free_meanwhile,
    a_dropped_answer_after_the_commit_leaves_exactly_one_event_all_07,
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

async fn deliver(stage: &Stage<'_>, dice: &mut Dice, waiting: &mut Vec<kalends_app::hook::Raw>) {
    waiting.extend(stage.planner.notices());
    while !waiting.is_empty() && dice.below(3) > 0 {
        let any = usize::try_from(dice.below(waiting.len() as u64)).unwrap();
        let notice = waiting.swap_remove(any);
        let times = [0, 1, 1, 2][usize::try_from(dice.below(4)).unwrap()];
        for _ in 0..times {
            hear(&stage.engine, "planner", &notice).await;
        }
    }
}

async fn after_a_thousand_edits_with_bad_notices_the_mirror_equals_the_provider(t: &TestDb) {
    let stage = Stage::following(t).await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let begin = at("11-24 00:00").as_second();
    let mut waiting = Vec::new();
    for step in 0..1000 {
        let uid = format!("e{}", dice.below(120));
        let start = begin + i64::try_from(dice.below(30 * 96)).unwrap() * 900;
        let edit = match dice.below(12) {
            0 => Edit::Delete,
            1 => Edit::Decline,
            2 => Edit::Cancel,
            3 => Edit::Free,
            4 => Edit::Tentative,
            _ => Edit::At(Span::new(start, start + 900 * i64::try_from(1 + dice.below(8)).unwrap())),
        };
        stage.planner.edit("work", &uid, edit);
        deliver(&stage, &mut dice, &mut waiting).await;
        match dice.below(40) {
            0 => stage.planner.forget_cursors(),
            1 => stage.planner.tell("ended"),
            2 => stage.planner.bench().next([Fault::Drop, Fault::Status(503, vec![])]),
            3 => stage.planner.bench().next([Fault::too_many("2")]),
            _ => {}
        }
        if step % 7 == 0 {
            job::tick(&stage.engine, job::Last::default()).await.unwrap();
            job::drain(&stage.engine).await.unwrap();
            t.clock.advance(SignedDuration::from_mins(2));
        }
    }
    // Every notice still on its way is lost for good; the provider is well again, and the safety net alone must do.
    while stage.planner.bench().fault().is_some() {}
    stage.settle().await;
    t.clock.advance(SignedDuration::from_hours(2));
    job::tick(&stage.engine, job::Last::default()).await.unwrap();
    stage.settle().await;
    let provider = stage.planner.blocked("work");
    assert!(provider.len() > 30, "{} events are no proof", provider.len());
    assert!(stage.planner.bench().count("changes") > 100, "it was read again and again meanwhile");
    assert_eq!(stage.mirrored().await, provider);
}

async fn a_provider_down_for_half_an_hour_changes_no_times_and_loses_nothing_fb_09(t: &TestDb) {
    let stage = Stage::following(t).await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    stage.sync().await;
    let offered = stage.starts("11-24").await;
    assert!(!offered.contains(&"10:00".to_owned()));
    let jonas = jonas(&stage).await;
    let others = starts_of(&stage, &jonas).await;
    let booked = stage.booked("11-24 15:00").await;
    stage.planner.down(true);
    // Meanwhile a guest books, another moves, and over there the dentist is called off.
    let second = stage.book(&stage.event_type, "11-24 12:00").await;
    stage.planner.edit("work", "dentist", Edit::Delete);
    let down_since = t.clock.now();
    while t.clock.now().duration_since(down_since) < SignedDuration::from_mins(30) {
        job::tick(&stage.engine, job::Last::default()).await.unwrap();
        job::drain(&stage.engine).await.unwrap();
        t.clock.advance(SignedDuration::from_mins(1));
        let now = stage.starts("11-24").await;
        assert!(!now.contains(&"10:00".to_owned()), "what was busy stays busy");
        assert!(
            now.contains(&"11:00".to_owned()),
            "what was free stays free: the policy trusts it for hours"
        );
        assert_eq!(starts_of(&stage, &jonas).await, others, "nobody else is touched");
    }
    assert_eq!(stage.planner.stands("work", second.uid.as_str()), None);
    stage.planner.down(false);
    t.clock.advance(SignedDuration::from_mins(40));
    job::tick(&stage.engine, job::Last::default()).await.unwrap();
    stage.settle().await;
    for booking in [&booked, &second] {
        assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
        assert_eq!(stage.planner.creates(booking.uid.as_str()), 1);
    }
    assert!(stage.starts("11-24").await.contains(&"10:00".to_owned()), "and the dentist's hour is free");
    assert_eq!(stage.calendar().await.freshness.failing_since, None);
}

/// What somebody without any calendar offers.
async fn jonas(stage: &Stage<'_>) -> kalends_domain::event_type::EventType {
    let jonas = {
        let mut tx = stage.t.db.read().await.unwrap();
        tx.people().by_email("jonas@example.com").await.unwrap().unwrap()
    };
    let event_type = kalends_testkit::make::event_type(&stage.t.ids, "jonas", &[&jonas]);
    stage.offer(&event_type).await;
    event_type
}

async fn starts_of(stage: &Stage<'_>, event_type: &kalends_domain::event_type::EventType) -> Vec<String> {
    let ask = kalends_engine::slots::SlotsAsk {
        event_type: kalends_engine::slots::Which::Id(event_type.id),
        from: at("11-25 00:00"),
        until: at("11-25 23:59"),
        zone: "UTC".into(),
        minutes: None,
        rescheduling: None,
        hold: None,
    };
    let offers = stage.engine.slots(&ask).await.unwrap().days.into_values().flatten();
    offers.map(|offer| offer.start.to_string()).collect()
}

async fn twenty_thousand_events_are_stored_in_pieces_and_one_change_costs_one_call(t: &TestDb) {
    let stage = Stage::following(t).await;
    let begin = at("11-24 00:00").as_second();
    for n in 0..20_000_i64 {
        let start = begin + n * 1200;
        stage.planner.edit("work", &format!("e{n:05}"), Edit::At(Span::new(start, start + 600)));
    }
    stage.planner.notices();
    stage.planner.forget_cursors();
    let mut notices = t.db.changes();
    stage.sync().await;
    assert_eq!(stage.mirrored().await.len(), 20_000);
    // Each commit that changed the host's times said so once: bookings came in between.
    let mut commits = 0;
    loop {
        match notices.try_recv() {
            Ok(Change::HostTimes(_)) => commits += 1,
            Ok(_) => {}
            Err(TryRecvError::Lagged(many)) => commits += many,
            Err(_) => break,
        }
    }
    assert!(commits >= 40, "{commits} transactions");
    let calls = stage.planner.bench().count("changes");
    stage.planner.edit("work", "e00000", Edit::Delete);
    stage.sync().await;
    assert_eq!(stage.planner.bench().count("changes") - calls, 1);
    assert_eq!(stage.mirrored().await.len(), 19_999);
}

async fn a_cursor_the_provider_forgot_starts_again_and_nothing_is_free_meanwhile(t: &TestDb) {
    let stage = Stage::following(t).await;
    stage.planner.edit("work", "a", Edit::At(span("11-24 10:00", 60)));
    stage.planner.edit("work", "b", Edit::At(span("11-24 12:00", 60)));
    stage.sync().await;
    stage.planner.forget_cursors();
    stage.planner.edit("work", "a", Edit::Delete);
    // The cursor is refused, and the whole that is asked for instead does not arrive.
    stage.planner.bench().next([Fault::Status(410, vec![]), Fault::Status(503, vec![])]);
    stage.planner.down(true);
    job_of_sync(&stage).await;
    assert_eq!(stage.mirrored().await, [span("11-24 10:00", 60), span("11-24 12:00", 60)]);
    stage.planner.down(false);
    t.clock.advance(SignedDuration::from_mins(30));
    stage.sync().await;
    assert_eq!(stage.mirrored().await, [span("11-24 12:00", 60)]);
}

async fn job_of_sync(stage: &Stage<'_>) {
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    job::drain_one(&stage.engine, "sync_calendar").await.unwrap();
}

async fn a_dropped_answer_after_the_commit_leaves_exactly_one_event_all_07(t: &TestDb) {
    let stage = Stage::following(t).await;
    stage.planner.bench().next_write([Fault::Drop]);
    let booking = stage.booked("11-24 10:00").await;
    assert_eq!(stage.planner.creates(booking.uid.as_str()), 1);
    for _ in 0..2 {
        stage.sync().await;
    }
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
    assert_eq!((stage.now(&booking).await.revision, stage.planner.creates(booking.uid.as_str())), (0, 1));
}
