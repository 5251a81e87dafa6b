//! What every calendar must get right when its provider does not.

use kalends_app::{AnyCalendar, Kind, fake::Fault};

use super::calendar::{busy, draft, moved, place, spans, window, writes};
use crate::{Check, Stage};

type On = Check<dyn AnyCalendar>;

/// The suite, played on fakes only: no real server fails on demand.
pub const CHECKS: &[On] = &[
    On::new("a_wrong_password_is_for_its_owner_to_mend", |stage, part| {
        // OAU-14
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next([Fault::expired(), Fault::expired()]);
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("it is refused");
            assert_eq!(error.kind, Kind::AuthRevoked);
        })
    }),
    On::new("a_spent_token_is_freshened_and_the_call_goes_on", |stage, part| {
        // OAU-14
        Box::pin(async move {
            let Some(oauth) = stage.fake.oauth() else { return };
            let into = place(&stage, &part).await;
            oauth.expire();
            part.busy(&stage.cx, &[into], window()).await.expect("one refresh, one more try");
        })
    }),
    On::new("a_grant_taken_back_is_for_its_owner_to_mend", |stage, part| {
        // OAU-12
        Box::pin(async move {
            let Some(oauth) = stage.fake.oauth() else { return };
            let into = place(&stage, &part).await;
            oauth.take_back();
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("it was taken back");
            assert_eq!(error.kind, Kind::AuthRevoked);
        })
    }),
    On::new("an_answer_that_trickles_in_is_an_outage", |stage, part| {
        // ALL-06
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next(vec![Fault::SlowLoris; 20]);
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("it never ends");
            assert_eq!(error.kind, Kind::Down);
        })
    }),
    On::new("too_many_calls_wait_as_long_as_they_are_told", |stage, part| {
        // ALL-04
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next([Fault::too_many("2"), Fault::too_many("Mon, 01 Mar 2027 08:00:07 GMT")]);
            part.busy(&stage.cx, &[into], window()).await.expect("the third try is let in");
        })
    }),
    On::new("too_many_calls_for_too_long_is_said", |stage, part| {
        // ALL-02
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next([Fault::too_many("3600")]);
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("an hour is too long");
            assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
        })
    }),
    On::new("every_status_has_its_meaning", |stage, part| {
        // ALL-02, ALL-03
        Box::pin(async move {
            let into = place(&stage, &part).await;
            for (status, kind) in
                [(404, Kind::NotFound), (410, Kind::Gone), (507, Kind::QuotaExhausted { resets: None })]
            {
                stage.bench().next(vec![Fault::Status(status, vec![]); 4]);
                let error =
                    part.busy(&stage.cx, std::slice::from_ref(&into), window()).await.expect_err("it fails");
                assert_eq!(error.kind.name(), kind.name(), "{status}");
                while stage.bench().fault().is_some() {}
            }
        })
    }),
    On::new("an_outage_is_waited_out", |stage, part| {
        // ALL-03
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next([Fault::Refuse, Fault::Status(503, vec![]), Fault::Status(502, vec![])]);
            part.busy(&stage.cx, &[into], window()).await.expect("the fourth try succeeds");
        })
    }),
    On::new("an_outage_is_never_an_empty_calendar", |stage, part| {
        // FB-09: unknown is never free
        Box::pin(async move {
            let into = place(&stage, &part).await;
            for fault in [Fault::Refuse, Fault::Status(500, vec![])] {
                stage.bench().next(vec![fault; 20]);
                let error = part
                    .busy(&stage.cx, std::slice::from_ref(&into), window())
                    .await
                    .expect_err("it is down");
                assert_eq!(error.kind, Kind::Down);
                while stage.bench().fault().is_some() {}
            }
        })
    }),
    On::new("an_answer_that_does_not_come_is_an_outage", |stage, part| {
        // ALL-06
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next(vec![Fault::Hang; 20]);
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("nothing comes");
            assert_eq!(error.kind, Kind::Down);
        })
    }),
    On::new("an_answer_that_makes_no_sense_is_malformed", |stage, part| {
        // ALL-09, ALL-10
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let answers: [&[u8]; 5] = [
                b"<!DOCTYPE html><html><body>Sign in</body></html>",
                b"",
                b"{\"ok\":true}",
                b"<a><b></a>",
                b"\xff\xfe",
            ];
            for body in answers {
                stage.bench().next([Fault::Garbage(body.into())]);
                let error =
                    part.busy(&stage.cx, std::slice::from_ref(&into), window()).await.expect_err("no sense");
                assert_eq!(error.kind, Kind::Malformed, "{:?}", String::from_utf8_lossy(body));
            }
        })
    }),
    On::new("an_endless_answer_is_refused", |stage, part| {
        // ALL-06
        Box::pin(async move {
            let into = place(&stage, &part).await;
            stage.bench().next([Fault::Garbage(vec![b'<'; 10 * 1024 * 1024 + 1].into())]);
            let error = part.busy(&stage.cx, &[into], window()).await.expect_err("it is too large");
            assert_eq!(error.kind, Kind::Malformed);
        })
    }),
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
