//! Listing: pages, cursors, and what may not be asked together (GCAL-21).

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_domain::Span;
use serde_json::{Value, json};

use super::{
    body, busy,
    calendar::{Calendar, Stored},
    query::Query,
};

/// An answer that takes more than one page.
pub(super) struct Rest {
    items: Vec<Value>,
    sync: String,
}

/// How a listing ends.
pub(super) enum Listed {
    /// This page.
    Page(Value),
    /// The cursor is too old.
    Gone,
    /// The cursor never was one.
    NoCursor,
}

/// One page of a calendar's events.
pub(super) fn page(
    calendar: &Calendar,
    asked: &Query,
    rests: &mut BTreeMap<String, Rest>,
    most: usize,
) -> Result<Listed, String> {
    let single = asked.flag("singleEvents")?;
    let rest = match (asked.get("pageToken"), asked.get("syncToken")) {
        (Some(token), _) => rests.remove(token).ok_or("a page token that was never given out")?,
        (None, Some(token)) => {
            for never in
                ["timeMin", "timeMax", "q", "orderBy", "iCalUID", "updatedMin", "privateExtendedProperty"]
            {
                if asked.get(never).is_some() {
                    return Err(format!("{never} together with a sync token"));
                }
            }
            let Some((kind, at)) = token.strip_prefix("CP").and_then(|rest| rest.split_once('-')) else {
                return Ok(Listed::NoCursor);
            };
            let Ok(at) = at.parse::<u64>() else { return Ok(Listed::NoCursor) };
            if kind != mark(single) {
                return Err("singleEvents must stay as it was when the cursor was made".into());
            }
            if !calendar.remembers(at) {
                return Ok(Listed::Gone);
            }
            let mut changed: Vec<&Stored> =
                calendar.all().map(|(_, stored)| stored).filter(|stored| stored.at > at).collect();
            changed.sort_by_key(|stored| stored.at);
            Rest {
                items: changed.iter().map(|one| one.value.clone()).collect(),
                sync: cursor(calendar, single),
            }
        }
        (None, None) => Rest { items: all(calendar, asked, single)?, sync: cursor(calendar, single) },
    };
    let size: usize = asked.get("maxResults").map_or(Ok(250), str::parse).map_err(|_| "maxResults")?;
    if !(1..=2500).contains(&size) {
        return Err("maxResults is 1 to 2500".into());
    }
    let (size, Rest { mut items, sync }) = (size.min(most), rest);
    let left = items.split_off(size.min(items.len()));
    let items: Vec<Value> = items.into_iter().map(|item| asked.masked(item)).collect();
    let mut page = json!({
        "kind": "calendar#events",
        "etag": "\"1\"",
        "summary": calendar.name,
        "timeZone": calendar.zone.name(),
        "accessRole": calendar.role,
        "items": items,
    });
    if left.is_empty() {
        page["nextSyncToken"] = sync.into();
    } else {
        let token = format!("page-{}-{}", calendar.revision(), left.len());
        page["nextPageToken"] = token.clone().into();
        rests.insert(token, Rest { items: left, sync });
    }
    Ok(Listed::Page(page))
}

fn all(calendar: &Calendar, asked: &Query, single: bool) -> Result<Vec<Value>, String> {
    let time = |name: &str| -> Result<Option<i64>, String> {
        let Some(text) = asked.get(name) else { return Ok(None) };
        let at = text.parse::<Timestamp>().map_err(|_| format!("{name} is no RFC 3339 time: {text}"))?;
        Ok(Some(at.as_second()))
    };
    let within =
        Span::new(time("timeMin")?.unwrap_or(i64::MIN / 2), time("timeMax")?.unwrap_or(i64::MAX / 2));
    let deleted = asked.flag("showDeleted")?;
    let has = |event: &Value| {
        asked.get("privateExtendedProperty").is_none_or(|wanted| {
            let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
            event["extendedProperties"]["private"][name] == value
        })
    };
    if single {
        let horizon = Span::new(within.start.max(0), within.end.min(4_102_444_800));
        return Ok(busy::occurrences(calendar, horizon).into_iter().filter(has).collect());
    }
    let listed = |event: &Value| {
        if body::is_cancelled(event) {
            // Occurrences taken out of a series that still stands are always told.
            let series = event["recurringEventId"].as_str().and_then(|series| calendar.get(series));
            return deleted || series.is_some_and(|series| !body::is_cancelled(&series.value));
        }
        let series = event.get("recurrence").is_some();
        series || busy::span(event, &calendar.zone).is_none_or(|span| span.overlaps(within))
    };
    Ok(calendar.all().map(|(_, one)| &one.value).filter(|one| listed(one) && has(one)).cloned().collect())
}

fn cursor(calendar: &Calendar, single: bool) -> String {
    format!("CP{}-{}", mark(single), calendar.revision())
}

const fn mark(single: bool) -> &'static str {
    if single { "s" } else { "m" }
}
