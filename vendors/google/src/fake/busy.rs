//! Free or busy, and the occurrences of a series, worked out in the plainest way.

use jiff::ToSpan;
use kalends_domain::{Span, Zone};
use serde_json::{Value, json};

use super::{body, calendar::Calendar};
use crate::when::{self, When};

/// Every occurrence of every event that overlaps a time, exceptions in their place; what is cancelled left out.
pub(super) fn occurrences(calendar: &Calendar, within: Span) -> Vec<Value> {
    let mut found = Vec::new();
    for (id, stored) in calendar.all() {
        let event = &stored.value;
        if body::is_cancelled(event) || event.get("recurringEventId").is_some() {
            continue;
        }
        if event.get("recurrence").is_some() {
            found.extend(series(calendar, id, event, within));
        } else if span(event, &calendar.zone).is_some_and(|span| span.overlaps(within)) {
            found.push(event.clone());
        }
    }
    // Exceptions whose series this calendar does not have.
    found.extend(
        calendar
            .all()
            .map(|(_, stored)| &stored.value)
            .filter(|event| {
                event["recurringEventId"].as_str().is_some_and(|series| calendar.get(series).is_none())
                    && !body::is_cancelled(event)
                    && span(event, &calendar.zone).is_some_and(|span| span.overlaps(within))
            })
            .cloned(),
    );
    found
}

/// The occurrences of one series. Only `FREQ=DAILY` and `FREQ=WEEKLY` with `COUNT` or without end are played.
pub(super) fn series(calendar: &Calendar, id: &str, event: &Value, within: Span) -> Vec<Value> {
    let rule = event["recurrence"][0].as_str().unwrap_or_default();
    let step = if rule.contains("FREQ=WEEKLY") { 7.days() } else { 1.days() };
    let count = rule
        .split_once("COUNT=")
        .and_then(|(_, rest)| rest.split(';').next().and_then(|count| count.parse::<usize>().ok()));
    let start: When = serde_json::from_value(event["start"].clone()).unwrap_or_default();
    let zone = start.zone().unwrap_or_else(|| calendar.zone.clone());
    let Some(whole) = span(event, &calendar.zone) else { return vec![] };
    let mut wall = zone.wall(whole.start);
    let mut found = Vec::new();
    for _ in 0..count.unwrap_or(5_000) {
        let at = zone.instants(wall).first();
        if at >= within.end + 400 * 86_400 {
            break;
        }
        let name = format!("{id}_{}", kalends_domain::span::instant(at).strftime("%Y%m%dT%H%M%SZ"));
        let occurrence = if let Some(exception) = calendar.get(&name) {
            exception.value.clone()
        } else {
            let mut one = event.clone();
            if let Some(fields) = one.as_object_mut() {
                fields.remove("recurrence");
            }
            one["id"] = name.into();
            one["recurringEventId"] = id.into();
            one["originalStartTime"] = json!(When::at(at, &zone));
            one["start"] = json!({ "dateTime": when::utc(at), "timeZone": zone.name() });
            one["end"] = json!({ "dateTime": when::utc(at + whole.len()), "timeZone": zone.name() });
            one
        };
        if !body::is_cancelled(&occurrence)
            && span(&occurrence, &calendar.zone).is_some_and(|span| span.overlaps(within))
        {
            found.push(occurrence);
        }
        let Ok(next) = wall.checked_add(step) else { break };
        wall = next;
    }
    found
}

/// What Google's free-busy question says of a calendar (GCAL-06).
pub(super) fn busy(calendar: &Calendar, within: Span) -> Vec<Value> {
    let mut spans: Vec<Span> = occurrences(calendar, within)
        .iter()
        .filter(|event| {
            let own = event["attendees"].as_array().into_iter().flatten().find(|one| one["self"] == true);
            event["transparency"] != "transparent"
                && !matches!(event["eventType"].as_str(), Some("workingLocation" | "birthday"))
                && own.is_none_or(|one| one["responseStatus"] != "declined")
        })
        .filter_map(|event| span(event, &calendar.zone)?.intersect(within))
        .collect();
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined.iter().map(|span| json!({ "start": when::utc(span.start), "end": when::utc(span.end) })).collect()
}

/// The time of an event; none for one of no length.
pub(super) fn span(event: &Value, home: &Zone) -> Option<Span> {
    let read = |field: &str| serde_json::from_value::<When>(event[field].clone()).ok();
    when::span(&read("start")?, &read("end")?, home).filter(|span| !span.is_empty())
}
