//! What every conference must get right when its provider does not answer.

use kalends_app::{AnyConference, Kind, fake::Fault};

use super::{
    conference::{made, meeting, settled},
    faults::reading,
};
use crate::{Check, Stage};

type On = Check<dyn AnyConference>;

/// What it must get right whatever it is asked.
pub const READING: &[On] = &reading();

/// The suite, played on fakes only. What it says of questions stands in [`super::faults`].
pub const CHECKS: &[On] = &[
    On::new("a_room_that_is_turned_away_is_not_asked_for_again", |stage, part| {
        // ALL-03
        Box::pin(async move {
            stage.bench().next_write([Fault::Status(403, vec![])]);
            let error = part.open(&stage.cx, &meeting("booking", 0)).await.expect_err("it may not");
            assert_eq!(error.kind, Kind::PolicyDenied);
            assert_eq!(written(&stage), 1);
        })
    })
    .only(made),
    On::new("a_room_that_is_told_to_wait_is_not_asked_for_before", |stage, part| {
        // ALL-03, ALL-04
        Box::pin(async move {
            stage.bench().next_write([Fault::too_many("3600")]);
            for _ in 0..2 {
                let error = part.open(&stage.cx, &meeting("booking", 0)).await.expect_err("an hour is long");
                assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
            }
            assert_eq!(written(&stage), 1);
        })
    })
    .only(made),
    On::new("a_room_that_a_server_broke_over_is_in_doubt", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let faults = [Fault::Status(500, vec![]), Fault::Hang, Fault::SlowLoris];
            for (booking, fault) in ["first", "second", "third"].into_iter().zip(faults) {
                let doubts = in_doubt(&stage);
                stage.bench().next_write([fault.clone()]);
                let error = part.open(&stage.cx, &meeting(booking, 0)).await.expect_err("no answer");
                assert_eq!(error.kind, Kind::UnknownOutcome, "{fault:?}");
                assert_eq!(in_doubt(&stage), doubts + 1, "it is sent once");
            }
        })
    })
    .only(made),
    On::new("a_move_whose_answer_is_lost_can_be_repeated", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            stage.bench().next_write([Fault::Drop]);
            // An app may repeat it by itself: doing it twice is doing it once.
            drop(part.update(&stage.cx, &room, &meeting("booking", 86_400)).await);
            let again = part.update(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("updates");
            assert_eq!((&again.id, &again.link), (&room.id, &room.link));
            if part.can().told {
                let looked = part.look(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("looks");
                assert!(looked.fits, "{looked:?}");
            }
        })
    })
    .only(made),
    On::new("a_close_whose_answer_is_lost_ends_with_no_room", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            stage.bench().next_write([Fault::Drop]);
            let closed = part.close(&stage.cx, &room).await;
            assert!(
                closed.as_ref().is_ok() || closed.as_ref().is_err_and(kalends_app::Error::is_missing),
                "{closed:?}"
            );
            assert_eq!(part.find(&stage.cx, &meeting("booking", 0)).await.expect("looks"), None);
        })
    })
    .only(made),
];

/// How many requests that change something were sent.
fn written(stage: &Stage) -> usize {
    stage.bench().seen().iter().filter(|request| !request.is_reading()).count()
}

/// How many tries ended without anybody knowing how.
fn in_doubt(stage: &Stage) -> usize {
    stage.flights().iter().filter(|flight| flight.outcome == Kind::UnknownOutcome.name()).count()
}
