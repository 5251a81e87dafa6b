//! When calendars are busy.

use http::Method;
use kalends_app::{Error, Kind, RemoteId, kind::calendar::Busy};
use kalends_domain::Span;
use serde::Deserialize;
use serde_json::json;
use vendor_microsoft::{Event, Graph, Moment, is_refused};

use crate::api;

/// Whole days begin elsewhere in other zones; a day is more than any zone.
pub const MARGIN: i64 = 86_400;
/// Days of one schedule; Graph takes 62 (MSG-05).
const SCHEDULE: i64 = 60 * 86_400;

/// What blocks a calendar within the window. Where we may not see with what, the mailbox says when alone.
pub async fn busy(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Vec<Busy>, Error> {
    match seen(graph, of, within).await {
        Err(error) if is_refused(&error) => schedule(graph, of, within).await.map_err(|_| error),
        answer => answer,
    }
}

async fn seen(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Vec<Busy>, Error> {
    let (zone, elsewhere) = (api::zone(graph.cx), api::elsewhere(graph.cx));
    let view = api::view(graph, of, within.widened(MARGIN, MARGIN))?;
    let events: Vec<Event> = graph.all("read_events", view).await?;
    let mut all = Vec::new();
    for event in &events {
        all.extend(event.busy(&zone, within, elsewhere)?);
    }
    Ok(all)
}

/// When the mailbox of a calendar is busy, by its own account.
pub async fn schedule(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Vec<Busy>, Error> {
    let listed: api::Listed = graph.read("read_calendar", api::calendar(graph, of)?).await?;
    let mailbox = listed.mailbox().ok_or_else(|| {
        Error::new(Kind::PolicyDenied, "the calendar may not be read, and it does not say whose it is")
    })?;
    let mut all = Vec::new();
    let mut start = within.start;
    while start < within.end {
        let part = Span::new(start, within.end.min(start + SCHEDULE));
        for item in asked(graph, &mailbox, part).await? {
            all.extend(item.busy(graph, within)?);
        }
        start = part.end;
    }
    Ok(all)
}

async fn asked(graph: &Graph<'_>, mailbox: &str, part: Span) -> Result<Vec<Item>, Error> {
    let body = json!({
        "schedules": [mailbox],
        "startTime": Moment::utc(part.start),
        "endTime": Moment::utc(part.end),
        "availabilityViewInterval": 30,
    });
    let url = graph.url(&["me", "calendar", "getSchedule"])?;
    let request = graph
        .request("read_schedule", Method::POST, url)?
        .body("application/json", body.to_string())
        .repeatable(); // it changes nothing
    let answer: Schedules = graph.cx.http.send(request).await?.json()?;
    let of_mailbox = answer.value.into_iter().next();
    match of_mailbox.ok_or_else(|| Error::new(Kind::Malformed, "the answer leaves out the mailbox"))? {
        // An error inside a 200 is never "free" (ALL-09).
        Schedule { error: Some(error), .. } => {
            let code = error.response_code.unwrap_or_default();
            Err(Error::new(Kind::PolicyDenied, "the mailbox does not say when it is busy").said(code))
        }
        Schedule { schedule_items: Some(items), .. } => Ok(items),
        Schedule { .. } => Err(Error::new(Kind::Malformed, "the mailbox's times are left out")),
    }
}

#[derive(Debug, Deserialize)]
struct Schedules {
    value: Vec<Schedule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schedule {
    schedule_items: Option<Vec<Item>>,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    response_code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Item {
    status: Option<String>,
    start: Moment,
    end: Moment,
}

impl Item {
    fn busy(&self, graph: &Graph<'_>, within: Span) -> Result<Option<Busy>, Error> {
        let zone = api::zone(graph.cx);
        let span = Span::new(self.start.at(&zone)?, self.end.at(&zone)?);
        let free = match self.status.as_deref() {
            Some("free") => true,
            Some("workingElsewhere") => !api::elsewhere(graph.cx),
            _ => false,
        };
        let blocks = !free && !span.is_empty() && span.overlaps(within);
        let tentative = self.status.as_deref() == Some("tentative");
        Ok(blocks.then_some(Busy { span, uid: None, tentative }))
    }
}
