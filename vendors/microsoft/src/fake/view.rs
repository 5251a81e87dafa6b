//! Times: a calendar's view, what changed in it, and when a mailbox is busy.

use kalends_domain::Span;
use serde_json::{Value, json};

use super::{
    Ask, Item, OWNER, Said, State,
    events::{paged, shown, touches},
};

/// The longest view, in days.
const VIEW: i64 = 1_825;
/// The longest schedule, in days (MSG-05).
const SCHEDULE: i64 = 62;
const DAY: i64 = 86_400;

pub(super) fn view(ask: &Ask<'_>, verb: &str, state: &State, calendar: &str) -> Said {
    if verb != "GET" {
        return Err(format!("{verb} on a view"));
    }
    ask.takes(&["startDateTime", "endDateTime", "$select", "$top", "$skip"])?;
    let within = window(ask)?;
    let Some(found) = state.calendar(calendar) else { return Ok(ask.missing()) };
    if state.hidden.contains(&found.id) {
        return Ok(ask.refused(403, "ErrorAccessDenied"));
    }
    let mut all = Vec::new();
    for item in state.log(calendar).into_iter().filter(|item| !item.gone && !item.is_rule()) {
        if touches(item, within) {
            all.push(shown(&whole(state, item), false));
        }
    }
    Ok(paged(ask, state, &all))
}

/// The occurrences of a rule.
pub(super) fn instances(ask: &Ask<'_>, verb: &str, state: &State, rule: &str) -> Said {
    if verb != "GET" {
        return Err(format!("{verb} on a series"));
    }
    ask.takes(&["startDateTime", "endDateTime", "$select", "$top", "$skip"])?;
    let within = window(ask)?;
    let Some(rule) = state.find(rule).filter(|item| item.is_rule()) else { return Ok(ask.missing()) };
    let mut all = Vec::new();
    for item in state.events().filter(|item| item.series() == Some(rule.id.as_str())) {
        if touches(item, within) {
            all.push(shown(&whole(state, item), false));
        }
    }
    Ok(paged(ask, state, &all))
}

/// A round of changes: all of the view at first, later what became different, as the documentation of `event: delta` has it.
/// What lies outside of the view and changed is told as removed.
pub(super) fn delta(ask: &Ask<'_>, verb: &str, state: &State, calendar: &str) -> Said {
    if verb != "GET" {
        return Err(format!("{verb} on changes"));
    }
    ask.takes(&["startDateTime", "endDateTime", "$skiptoken", "$deltatoken"])?;
    let Some(found) = state.calendar(calendar) else { return Ok(ask.missing()) };
    if state.hidden.contains(&found.id) {
        return Ok(ask.refused(403, "ErrorAccessDenied"));
    }
    let round = match ask.option("$skiptoken").or_else(|| ask.option("$deltatoken")) {
        Some(token) => match Round::read(token).filter(|round| round.is_known(state)) {
            Some(round) => round,
            None => return Ok(ask.refused(410, "SyncStateNotFound")),
        },
        None => Round { within: window(ask)?, since: 0, until: state.changes, skip: 0 },
    };
    let until = if ask.option("$deltatoken").is_some() { state.changes } else { round.until };
    let mut told = Vec::new();
    for item in state.log(calendar) {
        if item.version <= round.since || item.version > until {
            continue;
        }
        let there = !item.gone && in_view(state, item, round.within);
        if there || round.since > 0 {
            told.push((item, there));
        }
    }
    let size = ask.page.unwrap_or(10).min(state.page).max(1);
    let some: Vec<Value> =
        told.iter().skip(round.skip).take(size).map(|(item, there)| as_told(item, *there)).collect();
    let mut page = json!({ "value": some });
    let mut next = ask.request.url.clone();
    if round.skip + size < told.len() {
        let token = Round { until, skip: round.skip + size, ..round }.token();
        next.set_query(Some(&format!("$skiptoken={token}")));
        page["@odata.nextLink"] = next.as_str().into();
    } else {
        let token = Round { since: until, until, skip: 0, ..round }.token();
        next.set_query(Some(&format!("$deltatoken={token}")));
        page["@odata.deltaLink"] = next.as_str().into();
    }
    Ok(ask.ok(&page))
}

/// A rule is in view when one of its occurrences is.
fn in_view(state: &State, item: &Item, within: Span) -> bool {
    if !item.is_rule() {
        return touches(item, within);
    }
    state.events().any(|one| one.series() == Some(item.id.as_str()) && touches(one, within))
}

/// An item as a round tells it.
fn as_told(item: &Item, there: bool) -> Value {
    match there {
        false => json!({ "id": item.id, "@removed": { "reason": "deleted" } }),
        true if item.fields["type"] == "occurrence" => bare(item),
        true => shown(item, false),
    }
}

/// An occurrence with what its rule says.
fn whole(state: &State, item: &Item) -> Item {
    let mut item = item.clone();
    if let Some(rule) = item.series().and_then(|id| state.find(id))
        && item.fields["type"] == "occurrence"
    {
        for name in ["showAs", "responseStatus", "isCancelled", "subject"] {
            item.fields[name] = rule.fields[name].clone();
        }
    }
    item
}

/// An occurrence as changes tell it: its times and its series.
fn bare(item: &Item) -> Value {
    json!({
        "@odata.etag": item.etag(),
        "id": item.id,
        "type": "occurrence",
        "seriesMasterId": item.fields["seriesMasterId"],
        "start": item.fields["start"],
        "end": item.fields["end"],
    })
}

/// Where a round of changes stands.
#[derive(Clone, Copy)]
struct Round {
    within: Span,
    since: u64,
    until: u64,
    skip: usize,
}

impl Round {
    fn token(self) -> String {
        format!("{}.{}.{}.{}.{}", self.within.start, self.within.end, self.since, self.until, self.skip)
    }

    fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (start, end) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (since, until) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let skip = parts.next()?.parse().ok()?;
        Some(Self { within: Span::new(start, end), since, until, skip })
    }

    const fn is_known(&self, state: &State) -> bool {
        self.until >= state.known_since && self.until <= state.changes
    }
}

fn window(ask: &Ask<'_>) -> Result<Span, String> {
    let within = Span::new(ask.time("startDateTime")?, ask.time("endDateTime")?);
    if within.is_empty() || within.len() > VIEW * DAY {
        return Err(format!("a view of {} days", within.len() / DAY));
    }
    Ok(within)
}

/// When a mailbox is busy, without saying with what. Errors come per mailbox, inside a 200.
pub(super) fn schedule(ask: &Ask<'_>, state: &State) -> Said {
    ask.takes(&[])?;
    let body = ask.body()?;
    let end = |name: &str| -> Result<i64, String> {
        let moment: crate::Moment =
            serde_json::from_value(body[name].clone()).map_err(|error| format!("{name}: {error}"))?;
        let zone = moment.zone().ok_or_else(|| format!("{name} in no zone"))?;
        Ok(zone.instants(moment.wall().map_err(|error| error.to_string())?).first())
    };
    let within = Span::new(end("startTime")?, end("endTime")?);
    if within.is_empty() || within.len() > SCHEDULE * DAY {
        return Err(format!("a schedule of {} days (MSG-05)", within.len() / DAY));
    }
    let interval = body["availabilityViewInterval"].as_i64().ok_or("without availabilityViewInterval")?;
    if !(5..=1440).contains(&interval) {
        return Err(format!("an interval of {interval} minutes"));
    }
    let asked = body["schedules"]
        .as_array()
        .filter(|all| (1..=20).contains(&all.len()))
        .ok_or("1 to 20 mailboxes")?;
    let mut value = Vec::new();
    for mailbox in asked {
        if mailbox != OWNER {
            value.push(json!({
                "scheduleId": mailbox,
                "error": { "responseCode": "ErrorMailRecipientNotFound", "message": "Unable to resolve." },
                "scheduleItems": [],
            }));
            continue;
        }
        let mut items = Vec::new();
        for item in state.events().filter(|item| !item.is_rule()) {
            let item = whole(state, item);
            if touches(&item, within) {
                let (status, start, end) =
                    (&item.fields["showAs"], &item.fields["start"], &item.fields["end"]);
                items.push(json!({ "status": status, "start": start, "end": end, "isPrivate": false }));
            }
        }
        value.push(json!({ "scheduleId": mailbox, "availabilityView": "", "scheduleItems": items }));
    }
    Ok(ask.ok(&json!({ "value": value })))
}
