//! Notices as they came: kept sealed for a while, looked into, read again.

use jiff::SignedDuration;
use kalends_domain::people::Role;
use kalends_engine::{
    Member,
    hooks_in::{Heard, InboundNotice, Which},
    job,
};
use kalends_store::{repo::Inbound, sql};
use kalends_testkit::{TestDb, hear, planner::Edit};

use crate::stage::{Stage, span};

checks![
    a_notice_is_kept_sealed_as_it_came_for_a_week_inb_02,
    a_notice_that_comes_twice_is_kept_once_inb_05,
    what_is_refused_is_not_kept_inb_03,
    what_was_not_understood_when_it_came_is_read_again_when_it_is_replayed_inb_06,
    only_those_who_manage_may_look,
];

fn manager(stage: &Stage<'_>) -> Member {
    Member { role: Role::Admin, ..stage.member }
}

/// One notice that a calendar changed, heard.
async fn heard(stage: &Stage<'_>) -> InboundNotice {
    stage.planner.notices();
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    assert_eq!(hear(&stage.engine, "planner", &stage.planner.notices()[0]).await, Heard::Taken);
    all(stage).await.remove(0)
}

async fn all(stage: &Stage<'_>) -> Vec<InboundNotice> {
    stage.engine.notices(&manager(stage), Which::All).await.unwrap()
}

async fn kept(t: &TestDb) -> Vec<String> {
    let mut tx = t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT sealed FROM inbound_notices ORDER BY received_at, id")).await.unwrap();
    rows.iter().map(|row| row.get("sealed").unwrap()).collect()
}

async fn a_notice_is_kept_sealed_as_it_came_for_a_week_inb_02(t: &TestDb) {
    let stage = Stage::following(t).await;
    let told = heard(&stage).await;
    let (_, looked) = stage.engine.notice(&manager(&stage), told.id).await.unwrap().unwrap();
    let looked = looked.unwrap();
    assert!(looked.body.contains("\"kind\": \"changed\"") && looked.bytes > 0, "{looked:?}");
    assert!(looked.headers.contains(&("x-planner-signature".into(), "…".into())), "{looked:?}");
    let sealed = kept(t).await;
    assert!(sealed.len() == 1 && !sealed[0].contains("changed"), "nothing of it stands in the open");
    stage.settle().await;
    t.clock.advance(SignedDuration::from_hours(24 * 8));
    job::tick(&stage.engine, job::Last::default()).await.unwrap();
    job::drain(&stage.engine).await.unwrap();
    let (told, looked) = stage.engine.notice(&manager(&stage), told.id).await.unwrap().unwrap();
    assert_eq!((told.state, looked), (Inbound::Done, None), "what it told is known longer than how");
}

async fn a_notice_that_comes_twice_is_kept_once_inb_05(t: &TestDb) {
    let stage = Stage::following(t).await;
    let notice = stage.planner.notices().remove(0);
    for _ in 0..3 {
        hear(&stage.engine, "planner", &notice).await;
    }
    assert_eq!((all(&stage).await.len(), kept(t).await.len()), (1, 1));
}

async fn what_is_refused_is_not_kept_inb_03(t: &TestDb) {
    let stage = Stage::following(t).await;
    let mut forged = stage.planner.notices().remove(0);
    forged.body = forged.body.iter().rev().copied().collect::<Vec<u8>>().into();
    assert_eq!(hear(&stage.engine, "planner", &forged).await, Heard::Refused);
    assert_eq!(kept(t).await.len(), 0);
}

async fn what_was_not_understood_when_it_came_is_read_again_when_it_is_replayed_inb_06(t: &TestDb) {
    let stage = Stage::following(t).await;
    let told = heard(&stage).await;
    // An earlier version did not know this kind, and put it aside.
    t.db.write(|tx| {
        Box::pin(async move {
            tx.run(sql("DELETE FROM jobs WHERE kind = 'apply_inbound'")).await?;
            let other = "{\"what\":\"other\",\"kind\":\"changed\"}";
            tx.run(sql("UPDATE inbound_events SET status = 'ignored', signal = $1").bind(other)).await
        })
    })
    .await
    .map(|_: u64| ())
    .unwrap();
    assert!(stage.mirrored().await.is_empty());
    stage.engine.replay_notice(&manager(&stage), told.id).await.unwrap();
    stage.settle().await;
    assert_eq!(all(&stage).await[0].state, Inbound::Done);
    assert_eq!(stage.mirrored().await, [span("11-24 10:00", 60)]);
    // Once more does no harm.
    stage.engine.replay_notice(&manager(&stage), told.id).await.unwrap();
    stage.settle().await;
    assert_eq!((all(&stage).await[0].state, stage.mirrored().await.len()), (Inbound::Done, 1));
}

async fn only_those_who_manage_may_look(t: &TestDb) {
    let stage = Stage::following(t).await;
    let told = heard(&stage).await;
    assert!(stage.engine.notices(&stage.member, Which::All).await.is_err());
    assert!(stage.engine.notice(&stage.member, told.id).await.is_err());
    // Whoever the account belongs to may have its notices applied again; others not.
    let other = kalends_engine::Member { user: t.ids.id(), ..stage.member };
    assert!(stage.engine.replay_notice(&other, told.id).await.is_err());
}
