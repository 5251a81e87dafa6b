//! One event in one calendar: there as it should be, or gone, whatever happened before.

use kalends_app::{
    AnyCalendar, Cx, Error, Kind, RemoteId,
    kind::calendar::{Draft, Written},
};

/// What we remember of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Where it stands, when an answer said so.
    pub written: Option<Written>,
    /// A write was begun before, perhaps by a worker that died: it may stand there without our knowing.
    pub attempted: bool,
}

/// Makes the event stand there and say this.
///
/// A lost answer is looked for by uid before anything is written again (ALL-07); an event of our uid is ours (DAV-07).
pub async fn put(
    calendar: &dyn AnyCalendar,
    cx: &Cx,
    into: &RemoteId,
    known: &Known,
    draft: &Draft,
) -> Result<Written, Error> {
    let there = match &known.written {
        Some(written) => Some(written.clone()),
        None if known.attempted => calendar.find(cx, into, &draft.uid).await?,
        None => None,
    };
    let first = match &there {
        Some(written) => calendar.update(cx, into, written, draft).await,
        None => calendar.create(cx, into, draft).await,
    };
    match first {
        Ok(written) => Ok(written),
        Err(error) if unsure(&error) => look_and_put(calendar, cx, into, draft, error).await,
        Err(error) => Err(error),
    }
}

/// The answer was lost, or what stands there is not what we thought: look, then write once more.
async fn look_and_put(
    calendar: &dyn AnyCalendar,
    cx: &Cx,
    into: &RemoteId,
    draft: &Draft,
    why: Error,
) -> Result<Written, Error> {
    match calendar.find(cx, into, &draft.uid).await? {
        Some(written) => calendar.update(cx, into, &written, draft).await,
        // A conflict with nothing there cannot be mended by writing the same again.
        None if why.kind == Kind::Conflict => Err(why),
        None => calendar.create(cx, into, draft).await,
    }
}

/// Makes the event be gone. One that never was, or is gone already, is fine.
pub async fn take_away(
    calendar: &dyn AnyCalendar,
    cx: &Cx,
    from: &RemoteId,
    known: &Known,
    uid: &str,
) -> Result<(), Error> {
    let there = match &known.written {
        Some(written) => Some(written.clone()),
        None if known.attempted => calendar.find(cx, from, uid).await?,
        None => None,
    };
    let Some(written) = there else { return Ok(()) };
    match calendar.delete(cx, from, &written).await {
        Err(error) if unsure(&error) => match calendar.find(cx, from, uid).await? {
            Some(written) => gone(calendar.delete(cx, from, &written).await),
            None => Ok(()),
        },
        answer => gone(answer),
    }
}

fn gone(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(error) if error.is_missing() => Ok(()),
        answer => answer,
    }
}

fn unsure(error: &Error) -> bool {
    error.is_missing() || matches!(error.kind, Kind::UnknownOutcome | Kind::Conflict)
}
