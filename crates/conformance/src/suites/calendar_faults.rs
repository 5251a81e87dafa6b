//! What every calendar must get right when its provider does not answer a write.

use kalends_app::{AnyCalendar, Kind, fake::Fault};

use super::{
    calendar::{busy, draft, moved, place, spans, writes},
    faults::reading,
};
use crate::{Check, Stage};

type On = Check<dyn AnyCalendar>;

/// What it must get right whatever it is asked.
pub const READING: &[On] = &reading();

/// The suite, played on fakes only. What it says of questions stands in [`super::faults`].
pub const CHECKS: &[On] = &[
    On::new("a_create_whose_answer_is_lost_is_looked_for", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("lost", 0));
            stage.bench().next_write([Fault::Drop]);
            let error = part.create(&stage.cx, &into, &draft).await.expect_err("its answer was lost");
            assert_eq!(error.kind, Kind::UnknownOutcome);
            assert_eq!(written(&stage), 1, "it is sent once");
            let found = part.find(&stage.cx, &into, &draft.uid).await.expect("looks").expect("it is there");
            let again = part.create(&stage.cx, &into, &draft).await.expect("is our own earlier try");
            assert_eq!(found.id, again.id);
            assert_eq!(spans(&busy(&stage, &part, &into).await), [draft.span]);
        })
    })
    .only(writes),
    On::new("a_create_that_never_arrived_is_not_found", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("never", 0));
            stage.bench().next_write([Fault::Hang]);
            let error = part.create(&stage.cx, &into, &draft).await.expect_err("no answer came");
            assert_eq!(error.kind, Kind::UnknownOutcome);
            assert_eq!(part.find(&stage.cx, &into, &draft.uid).await.expect("looks"), None);
            part.create(&stage.cx, &into, &draft).await.expect("creates");
        })
    })
    .only(writes),
    On::new("an_update_whose_answer_is_lost_can_be_repeated", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("update", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let later = moved(&draft, 3600);
            stage.bench().next_write([Fault::Drop]);
            let error =
                part.update(&stage.cx, &into, &written, &later).await.expect_err("its answer was lost");
            assert_eq!(error.kind, Kind::UnknownOutcome);
            part.update(&stage.cx, &into, &written, &later).await.expect("is our own earlier try");
            assert_eq!(spans(&busy(&stage, &part, &into).await), [later.span]);
        })
    })
    .only(writes),
    On::new("a_delete_whose_answer_is_lost_ends_with_nothing", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("delete", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            stage.bench().next_write([Fault::Drop]);
            let deleted = part.delete(&stage.cx, &into, &written).await;
            assert!(deleted.is_ok() || deleted.is_err_and(|error| error.is_missing()));
            assert_eq!(spans(&busy(&stage, &part, &into).await), []);
        })
    })
    .only(writes),
    On::new("a_write_that_is_turned_away_is_not_sent_again", |stage, part| {
        // ALL-03
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("refused", 0));
            stage.bench().next_write([Fault::Status(403, vec![])]);
            let error = part.create(&stage.cx, &into, &draft).await.expect_err("it may not");
            assert_eq!(error.kind, Kind::PolicyDenied);
            assert_eq!(written(&stage), 1);
        })
    })
    .only(writes),
];

/// How many requests that change something were sent.
fn written(stage: &Stage) -> usize {
    stage.bench().seen().iter().filter(|request| !request.is_reading()).count()
}
