//! What every app must get right when its provider does not, whatever it was asked.
//!
//! Played on fakes only: no real server fails on demand.

use std::sync::Arc;

use futures::future::{BoxFuture, join};
use jiff::SignedDuration;
use kalends_app::{AnyCalendar, AnyConference, AnyMessenger, Error, Kind, RemoteId, fake::Fault};

use super::{
    calendar::{place, window},
    conference::made,
};
use crate::{Check, Stage};

/// How a kind asks a question that changes nothing.
pub trait Asks: Send + Sync + 'static {
    /// What the question is about.
    type About: Send + Sync;

    /// Whether there is anybody to ask, else why not.
    fn applies(_: &Self) -> Result<(), &'static str> {
        Ok(())
    }

    /// Finds out what the question is about.
    fn about(part: &Arc<Self>, stage: &Stage) -> impl Future<Output = Self::About> + Send;

    /// Asks.
    fn ask(
        part: &Arc<Self>,
        stage: &Stage,
        about: &Self::About,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Asks for dyn AnyCalendar {
    type About = [RemoteId; 1];

    async fn about(part: &Arc<Self>, stage: &Stage) -> Self::About {
        [place(stage, part).await]
    }

    async fn ask(part: &Arc<Self>, stage: &Stage, about: &Self::About) -> Result<(), Error> {
        part.busy(&stage.cx, about, window()).await.map(drop)
    }
}

impl Asks for dyn AnyConference {
    type About = ();

    fn applies(part: &Self) -> Result<(), &'static str> {
        made(part)
    }

    async fn about(_: &Arc<Self>, _: &Stage) {}

    async fn ask(part: &Arc<Self>, stage: &Stage, (): &()) -> Result<(), Error> {
        part.probe(&stage.cx).await.map(drop)
    }
}

impl Asks for dyn AnyMessenger {
    type About = ();

    async fn about(_: &Arc<Self>, _: &Stage) {}

    async fn ask(part: &Arc<Self>, stage: &Stage, (): &()) -> Result<(), Error> {
        part.probe(&stage.cx).await.map(drop)
    }
}

/// The checks, for a kind of app.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a list of checks, read downwards")]
pub const fn reading<P: ?Sized + Asks>() -> [Check<P>; 12] {
    [
        question("a_wrong_password_is_for_its_owner_to_mend", |stage, part| {
            // OAU-14
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                stage.bench().next([Fault::expired(), Fault::expired()]);
                let error = P::ask(&part, &stage, &about).await.expect_err("it is refused");
                assert_eq!(error.kind, Kind::AuthRevoked);
            })
        }),
        question("a_spent_token_is_freshened_and_the_call_goes_on", |stage, part| {
            // OAU-14
            Box::pin(async move {
                let Some(oauth) = stage.fake.oauth() else { return };
                let about = P::about(&part, &stage).await;
                oauth.expire();
                P::ask(&part, &stage, &about).await.expect("one refresh, one more try");
            })
        }),
        question("a_grant_taken_back_is_for_its_owner_to_mend", |stage, part| {
            // OAU-12
            Box::pin(async move {
                let Some(oauth) = stage.fake.oauth() else { return };
                let about = P::about(&part, &stage).await;
                oauth.take_back();
                let error = P::ask(&part, &stage, &about).await.expect_err("it was taken back");
                assert_eq!(error.kind, Kind::AuthRevoked);
            })
        }),
        question("an_answer_that_trickles_in_is_an_outage", |stage, part| {
            // ALL-06
            Box::pin(async move { is_down(&stage, &part, &[Fault::SlowLoris]).await })
        }),
        question("an_answer_that_does_not_come_is_an_outage", |stage, part| {
            // ALL-06
            Box::pin(async move { is_down(&stage, &part, &[Fault::Hang]).await })
        }),
        question("an_outage_is_never_an_answer", |stage, part| {
            // FB-09: unknown is never free
            Box::pin(async move {
                is_down(&stage, &part, &[Fault::Refuse, Fault::Status(500, vec![])]).await;
            })
        }),
        question("an_outage_is_waited_out", |stage, part| {
            // ALL-03
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                stage.bench().next([Fault::Refuse, Fault::Status(503, vec![]), Fault::Status(502, vec![])]);
                P::ask(&part, &stage, &about).await.expect("the fourth try succeeds");
            })
        }),
        question("while_too_many_calls_are_told_to_wait_none_of_the_account_goes_out", |stage, part| {
            // ALL-04: both forms of Retry-After
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                let date = stage.now().checked_add(SignedDuration::from_secs(9)).expect("a time");
                let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                stage.bench().next([Fault::too_many("2"), Fault::too_many(date)]);
                let (one, other) = join(P::ask(&part, &stage, &about), P::ask(&part, &stage, &about)).await;
                one.and(other).expect("both are let in, in the end");
                let flights = stage.flights();
                let refused: Vec<_> = flights.iter().filter(|one| one.status == Some(429)).collect();
                assert_eq!(refused.len(), 2);
                for no in refused {
                    let end = no.not_before.expect("it said until when");
                    let early = flights.iter().find(|one| one.at > no.at && one.at < end);
                    assert_eq!(early, None, "before {end}");
                }
            })
        }),
        question("too_many_calls_for_too_long_is_said_and_nobody_calls_again", |stage, part| {
            // ALL-02, ALL-04
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                stage.bench().next([Fault::too_many("3600")]);
                for _ in 0..2 {
                    let error = P::ask(&part, &stage, &about).await.expect_err("an hour is too long");
                    assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
                }
                let last = stage.flights().pop().expect("a call");
                assert_eq!(last.status, Some(429), "the second was not sent: {last:?}");
            })
        }),
        question("every_status_has_its_meaning", |stage, part| {
            // ALL-02, ALL-03
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                for (status, kind) in
                    [(404, Kind::NotFound), (410, Kind::Gone), (507, Kind::QuotaExhausted { resets: None })]
                {
                    stage.bench().next(vec![Fault::Status(status, vec![]); 4]);
                    let error = P::ask(&part, &stage, &about).await.expect_err("it fails");
                    assert_eq!(error.kind.name(), kind.name(), "{status}");
                    while stage.bench().fault().is_some() {}
                }
            })
        }),
        question("an_answer_that_makes_no_sense_is_malformed", |stage, part| {
            // ALL-09, ALL-10
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                let answers: [&[u8]; 5] = [
                    b"<!DOCTYPE html><html><body>Sign in</body></html>",
                    b"",
                    b"{\"ok\":true}",
                    b"<a><b></a>",
                    b"\xff\xfe",
                ];
                for body in answers {
                    stage.bench().next([Fault::Garbage(body.into())]);
                    let error = P::ask(&part, &stage, &about).await.expect_err("no sense");
                    assert_eq!(error.kind, Kind::Malformed, "{:?}", String::from_utf8_lossy(body));
                }
            })
        }),
        question("an_endless_answer_is_refused", |stage, part| {
            // ALL-06
            Box::pin(async move {
                let about = P::about(&part, &stage).await;
                stage.bench().next([Fault::Garbage(vec![b'<'; 10 * 1024 * 1024 + 1].into())]);
                let error = P::ask(&part, &stage, &about).await.expect_err("it is too large");
                assert_eq!(error.kind, Kind::Malformed);
            })
        }),
    ]
}

const fn question<P: ?Sized + Asks>(
    name: &'static str,
    run: fn(Arc<Stage>, Arc<P>) -> BoxFuture<'static, ()>,
) -> Check<P> {
    Check::new(name, run).only(P::applies)
}

/// However it is down, it is said to be, and nothing else.
async fn is_down<P: ?Sized + Asks>(stage: &Stage, part: &Arc<P>, faults: &[Fault]) {
    let about = P::about(part, stage).await;
    for fault in faults {
        stage.bench().next(vec![fault.clone(); 20]);
        let error = P::ask(part, stage, &about).await.expect_err("it is down");
        assert_eq!(error.kind, Kind::Down);
        while stage.bench().fault().is_some() {}
    }
}
