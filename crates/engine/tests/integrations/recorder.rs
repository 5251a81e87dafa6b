//! The flight recorder: every call on its booking's and its account's time line, and failed steps done again, once.

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::{
    booking::Booking,
    people::{Organization, Role},
};
use kalends_engine::{
    Member,
    book::ChangeError,
    connect::ConnectError,
    flights::{Again, Call, ReplayError, Step},
    job::{self, Housekeeping},
};
use kalends_testkit::TestDb;

use crate::stage::{Stage, nowhere};

checks![
    a_failed_step_is_replayed_from_the_time_line_and_done_once,
    a_step_that_is_done_is_not_done_again,
    two_people_who_press_the_button_make_one_event,
    tries_and_runs_are_told_and_when_the_next_one_is,
    a_refused_mail_is_sent_again_from_the_time_line_and_only_once,
    a_calendar_that_cannot_be_read_is_read_again_from_its_accounts_time_line,
    an_account_that_needs_its_owner_says_so_instead,
    what_somebody_waited_for_is_on_the_line_and_cannot_be_replayed,
    a_time_line_is_told_page_by_page,
    hosts_see_their_own_and_those_who_manage_see_all,
    what_is_on_a_line_holds_no_secret,
    old_records_are_thrown_away_and_young_ones_stay,
];

fn refused() -> Fault {
    Fault::Status(400, vec![])
}

async fn calls(stage: &Stage<'_>, booking: &Booking) -> Vec<Call> {
    stage.engine.write_flights().await.unwrap();
    stage.engine.calls_of_booking(&stage.member, &booking.uid, None, 50).await.unwrap().calls
}

/// A booking whose event was refused, and the call that says so.
async fn given_up(t: &TestDb) -> (Stage<'_>, Booking, Call) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([refused()]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let failed = calls(&stage, &booking).await.into_iter().find(|call| !call.is_ok()).unwrap();
    (stage, booking, failed)
}

async fn replay(stage: &Stage<'_>, booking: &Booking, call: &Call) -> Result<(), ReplayError> {
    stage.engine.replay_for_booking(&stage.member, &booking.uid, call.id).await
}

async fn audited(stage: &Stage<'_>) -> usize {
    let admin = Member { role: Role::Admin, ..stage.member };
    let log = stage.engine.audit_log(&admin, 100).await.unwrap();
    log.iter().filter(|line| line.action == "step_replayed").count()
}

async fn a_failed_step_is_replayed_from_the_time_line_and_done_once(t: &TestDb) {
    let (stage, booking, failed) = given_up(t).await;
    assert_eq!((failed.operation.as_str(), failed.outcome.as_str()), ("create", "invalid_request"));
    assert_eq!((failed.status, failed.method.as_str()), (Some(400), "PUT"));
    assert_eq!(failed.again, Again::Yes { next_try: None });
    assert!(failed.installation.is_some() && !failed.host.is_empty());
    assert_eq!(stage.provider.kept().events.len(), 0);
    replay(&stage, &booking, &failed).await.unwrap();
    stage.settle().await;
    assert_eq!((stage.provider.kept().events.len(), stage.provider.bench().count("create")), (1, 2));
    let after = calls(&stage, &booking).await;
    let shown = after.iter().find(|call| call.id == failed.id).unwrap();
    assert_eq!(shown.again, Again::No("It was done since.".into()));
    assert_eq!(audited(&stage).await, 1);
}

async fn a_step_that_is_done_is_not_done_again(t: &TestDb) {
    let (stage, booking, failed) = given_up(t).await;
    replay(&stage, &booking, &failed).await.unwrap();
    stage.settle().await;
    let again = replay(&stage, &booking, &failed).await;
    assert!(matches!(again, Err(ReplayError::Cannot(why)) if why == "It was done since."));
    let well = calls(&stage, &booking).await.into_iter().find(Call::is_ok).unwrap();
    assert!(matches!(replay(&stage, &booking, &well).await, Err(ReplayError::Cannot(_))));
    stage.settle().await;
    assert_eq!((stage.provider.bench().count("create"), audited(&stage).await), (2, 1));
}

async fn two_people_who_press_the_button_make_one_event(t: &TestDb) {
    let (stage, booking, failed) = given_up(t).await;
    let Some(step) = failed.step else { panic!("it belongs to a step") };
    let both = tokio::join!(
        replay(&stage, &booking, &failed),
        stage.engine.try_outside_again(&stage.member, &booking.uid, Some(step))
    );
    both.0.unwrap();
    both.1.unwrap();
    stage.settle().await;
    assert_eq!((stage.provider.kept().events.len(), stage.provider.bench().count("create")), (1, 2));
}

async fn tries_and_runs_are_told_and_when_the_next_one_is(t: &TestDb) {
    let stage = Stage::new(t).await;
    // More than one run has tries; the mails' own calls do not take part in this.
    stage.provider.bench().next_write(vec![Fault::Status(503, vec![]); 5]);
    let booking = stage.book(nowhere()).await;
    job::drain_one(&stage.engine, "reconcile").await.unwrap();
    let first = calls(&stage, &booking).await;
    assert!(first.iter().all(|call| call.run == Some((1, 30)) && !call.is_ok()), "{first:?}");
    let numbers: Vec<_> = first.iter().rev().map(|call| call.attempt).collect();
    let expected: Vec<_> =
        (1..=u32::try_from(first.len()).unwrap()).map(|at| (at, first[0].attempt.1)).collect();
    assert_eq!(numbers, expected);
    let next = stage.references(&booking).await[0].next_try_at;
    assert!(next.is_some());
    assert_eq!(first[0].again, Again::Yes { next_try: next });
    stage.settle().await;
    let last = calls(&stage, &booking).await;
    let done = last.iter().find(|call| call.operation == "create" && call.is_ok()).unwrap();
    assert!(done.run.unwrap().0 > 1, "{done:?}");
}

async fn a_refused_mail_is_sent_again_from_the_time_line_and_only_once(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next([refused(), refused()]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.mails(), []);
    let failed = calls(&stage, &booking).await;
    assert_eq!(failed.len(), 2);
    assert!(
        failed.iter().all(|call| matches!(call.step, Some(Step::Delivery(_))) && call.installation.is_none())
    );
    for _ in 0..2 {
        replay(&stage, &booking, &failed[0]).await.unwrap();
    }
    stage.settle().await;
    assert_eq!(stage.mails().len(), 1);
    let again = replay(&stage, &booking, &failed[0]).await;
    assert!(matches!(again, Err(ReplayError::Cannot(why)) if why.contains("not sent twice")));
}

async fn a_calendar_that_cannot_be_read_is_read_again_from_its_accounts_time_line(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let account = stage.connect(&stage.member).await;
    stage.provider.bench().next([refused()]);
    job::drain(&stage.engine).await.unwrap();
    stage.engine.write_flights().await.unwrap();
    let line = stage.engine.calls_of_connection(&stage.member, account, None, 50).await.unwrap();
    let failed = line.calls.iter().find(|call| !call.is_ok()).unwrap();
    assert!(matches!(failed.step, Some(Step::Calendar(_))), "{failed:?}");
    assert!(matches!(failed.again, Again::Yes { next_try: Some(_) }), "{failed:?}");
    let read = stage.provider.bench().count("changes");
    stage.engine.replay_for_connection(&stage.member, account, failed.id).await.unwrap();
    job::drain(&stage.engine).await.unwrap();
    assert_eq!(stage.provider.bench().count("changes"), read + 1);
    let again = stage.engine.replay_for_connection(&stage.member, account, failed.id).await;
    assert!(matches!(again, Err(ReplayError::Cannot(why)) if why == "It was read since."));
}

async fn an_account_that_needs_its_owner_says_so_instead(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::expired()]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let failed = calls(&stage, &booking).await.into_iter().find(|call| !call.is_ok()).unwrap();
    assert!(
        matches!(&failed.again, Again::No(why) if why.contains("once the account is mended")),
        "{failed:?}"
    );
    assert!(matches!(replay(&stage, &booking, &failed).await, Err(ReplayError::Cannot(_))));
}

async fn what_somebody_waited_for_is_on_the_line_and_cannot_be_replayed(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let account = stage.connect(&stage.member).await;
    stage.provider.bench().next(vec![Fault::Refuse; 4]);
    assert!(stage.engine.test_connection(&stage.member, account).await.is_err());
    stage.engine.write_flights().await.unwrap();
    let line = stage.engine.calls_of_connection(&stage.member, account, None, 50).await.unwrap();
    let failed = line.calls.iter().find(|call| !call.is_ok()).unwrap();
    assert_eq!((failed.operation.as_str(), failed.step), ("probe", None));
    assert!(matches!(&failed.again, Again::No(why) if why.contains("waited")));
    let refused = stage.engine.replay_for_connection(&stage.member, account, failed.id).await;
    assert!(matches!(refused, Err(ReplayError::Cannot(_))));
}

async fn a_time_line_is_told_page_by_page(t: &TestDb) {
    let (stage, booking, failed) = given_up(t).await;
    replay(&stage, &booking, &failed).await.unwrap();
    stage.settle().await;
    let whole = calls(&stage, &booking).await;
    assert!(whole.len() >= 3, "{whole:?}");
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = stage.engine.calls_of_booking(&stage.member, &booking.uid, before, 1).await.unwrap();
        paged.extend(page.calls);
        before = page.more;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
}

async fn hosts_see_their_own_and_those_who_manage_see_all(t: &TestDb) {
    let (stage, booking, failed) = given_up(t).await;
    let account = failed.installation.unwrap();
    let other = Member { user: t.ids.id(), role: Role::Member, ..stage.member };
    let of_booking = async |who: &Member| stage.engine.calls_of_booking(who, &booking.uid, None, 9).await;
    let of_account = async |who: &Member| stage.engine.calls_of_connection(who, account, None, 9).await;
    assert!(matches!(of_booking(&other).await, Err(ChangeError::NotFound)));
    assert!(matches!(of_account(&other).await, Err(ConnectError::NotFound)));
    assert!(stage.engine.replay_for_booking(&other, &booking.uid, failed.id).await.is_err());
    assert!(stage.engine.replay_for_connection(&other, account, failed.id).await.is_err());
    let admin = Member { role: Role::Admin, ..other };
    assert!(!of_booking(&admin).await.unwrap().calls.is_empty());
    assert!(!of_account(&admin).await.unwrap().calls.is_empty());
    let stranger = Member { organization: t.ids.id::<Organization>(), ..admin };
    assert!(of_booking(&stranger).await.is_err() && of_account(&stranger).await.is_err());
    // A call of another booking is not this one's.
    let next = stage.book(nowhere()).await;
    let elsewhere = stage.engine.replay_for_booking(&stage.member, &next.uid, failed.id).await;
    assert!(matches!(elsewhere, Err(ReplayError::NotFound)));
    let theirs = stage.engine.try_outside_again(&stage.member, &next.uid, failed.step).await;
    assert!(matches!(theirs, Err(ReplayError::NotFound)));
    assert_eq!(audited(&stage).await, 0);
}

async fn what_is_on_a_line_holds_no_secret(t: &TestDb) {
    let stage = Stage::new(t).await;
    let said = "Bearer canary-0123456789 was refused for https://u:canary@toy.example/?k=canary";
    let garbage = Fault::Garbage(format!("{{\"password\":\"canary-7\"}} {said}").into());
    stage.provider.bench().next([garbage, Fault::Status(403, vec![("www-authenticate", said.into())])]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let calls = calls(&stage, &booking).await;
    assert!(calls.iter().any(|call| call.status == Some(403)), "{calls:?}");
    assert!(!format!("{calls:?}").contains("canary"), "{calls:?}");
}

async fn old_records_are_thrown_away_and_young_ones_stay(t: &TestDb) {
    let (stage, booking, _) = given_up(t).await;
    let before = calls(&stage, &booking).await.len();
    let sweep = async || {
        let swept = stage.t.db.write(|tx| Box::pin(async move { job::add(tx, &Housekeeping {}).await }));
        swept.await.unwrap();
        job::drain_one(&stage.engine, "housekeeping").await.unwrap();
    };
    t.clock.advance(SignedDuration::from_hours(24 * 29));
    sweep().await;
    assert_eq!(calls(&stage, &booking).await.len(), before);
    t.clock.advance(SignedDuration::from_hours(24 * 2));
    sweep().await;
    assert_eq!(calls(&stage, &booking).await, []);
}
