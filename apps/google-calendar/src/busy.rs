//! When calendars are busy, and which events take their time (GCAL-05 to GCAL-07, FB-01 to FB-06).

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use kalends_app::{Cx, Error, Kind, RemoteId, kind::calendar::Busy};
use kalends_domain::{Span, Zone};
use serde::Deserialize;
use serde_json::{Value, json};
use vendor_google::{Event, call, when};

/// Calendars in one question; Google takes no more (GCAL-05).
const AT_ONCE: usize = 50;
/// The longest time in one question: Google refuses about three months.
const LONGEST: i64 = 60 * 86_400;

#[derive(Deserialize)]
struct Answer {
    calendars: BTreeMap<String, Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    busy: Vec<Period>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Period {
    start: Timestamp,
    end: Timestamp,
}

/// Asks Google when these calendars are busy. One that is not told about is an error, never free.
pub(crate) async fn ask(cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
    let mut all = Vec::new();
    for calendars in of.chunks(AT_ONCE) {
        let mut from = within.start;
        while from < within.end {
            let part = Span::new(from, within.end.min(from + LONGEST));
            all.extend(one(cx, calendars, part).await?);
            from = part.end;
        }
    }
    all.sort_by_key(|busy| busy.span);
    all.dedup();
    Ok(all)
}

async fn one(cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
    let items: Vec<Value> = of.iter().map(|id| json!({ "id": id.as_str() })).collect();
    let body = json!({
        "timeMin": when::utc(within.start),
        "timeMax": when::utc(within.end),
        "calendarExpansionMax": AT_ONCE,
        "items": items,
    });
    let url = call::address(cx, "api", ["freeBusy"])?;
    let request = call::json("read_busy", Method::POST, url, &body).reading();
    let mut answer: Answer = cx.http.send(request).await?.json()?;
    let mut busy = Vec::new();
    for id in of {
        let said = answer.calendars.remove(id.as_str()).ok_or_else(|| {
            Error::new(
                Kind::Malformed,
                "Google leaves a calendar out of its answer: it does not count as free",
            )
        })?;
        if let Some(error) = said.errors.first() {
            return Err(refused(&error.reason));
        }
        busy.extend(said.busy.into_iter().map(|period| Span::between(period.start, period.end)));
    }
    let taken = busy.into_iter().filter(|span| !span.is_empty());
    Ok(taken.map(|span| Busy { span, uid: None, tentative: false }).collect())
}

/// An error about one calendar inside a 200 (ALL-09).
fn refused(reason: &str) -> Error {
    let error = match reason {
        "notFound" => Error::new(Kind::NotFound, "one of the calendars is not there or not shared any more"),
        "groupTooBig" | "tooManyCalendarsRequested" => {
            Error::new(Kind::Invalid, "one of the calendars is a group too big to be asked")
        }
        _ => Error::new(Kind::Down, "Google cannot tell when one of the calendars is busy"),
    };
    error.said(reason)
}

/// Whose calendar it is, and how its owner wants it read.
pub(crate) struct Owner {
    /// Where their days begin (FB-05).
    pub home: Zone,
    /// Focus time can be booked over (GCAL-07).
    pub focus_is_free: bool,
}

impl Owner {
    /// The calendar's own zone, else the account's.
    pub(crate) fn of(cx: &Cx, zone: Option<&str>) -> Self {
        let home = zone.and_then(|zone| Zone::parse(zone).ok()).or_else(|| Zone::parse(&cx.zone).ok());
        Self { home: home.unwrap_or_else(Zone::utc), focus_is_free: cx.setting("focus") == Some("free") }
    }
}

/// How an event takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It does not.
    Free,
    /// It does.
    Firm,
    /// It might (FB-04).
    Tentative,
}

/// Whether an event takes its time; what is unknown does.
pub(crate) fn hold(event: &Event, owner: &Owner) -> Hold {
    let kind = event.event_type.as_deref().unwrap_or_default();
    let free = event.is_cancelled()
        || event.transparency.as_deref() == Some("transparent")
        || matches!(kind, "workingLocation" | "birthday")
        || (kind == "focusTime" && owner.focus_is_free)
        || event.own_answer() == Some("declined");
    if free {
        return Hold::Free;
    }
    let open = event.status.as_deref() == Some("tentative")
        || matches!(event.own_answer(), Some("needsAction" | "tentative"));
    if open { Hold::Tentative } else { Hold::Firm }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        serde_json::from_str(&format!(r#"{{"id":"x",{text}}}"#)).expect("an event")
    }

    fn judged(text: &str) -> Hold {
        hold(&event(text), &Owner { home: Zone::utc(), focus_is_free: false })
    }

    #[test]
    fn fb_01_transparent_events_are_free() {
        assert_eq!(judged(r#""transparency":"transparent""#), Hold::Free);
        assert_eq!(judged(r#""transparency":"opaque""#), Hold::Firm);
    }

    #[test]
    fn fb_02_cancelled_events_are_free() {
        assert_eq!(judged(r#""status":"cancelled""#), Hold::Free);
    }

    #[test]
    fn fb_03_only_the_owners_own_no_frees() {
        assert_eq!(judged(r#""attendees":[{"self":true,"responseStatus":"declined"}]"#), Hold::Free);
        assert_eq!(judged(r#""attendees":[{"responseStatus":"declined"}]"#), Hold::Firm);
    }

    #[test]
    fn fb_04_what_is_not_yet_answered_might_block() {
        for answer in ["needsAction", "tentative"] {
            let text = format!(r#""attendees":[{{"self":true,"responseStatus":"{answer}"}}]"#);
            assert_eq!(judged(&text), Hold::Tentative);
        }
        assert_eq!(judged(r#""status":"tentative""#), Hold::Tentative);
        assert_eq!(judged(r#""attendees":[{"self":true,"responseStatus":"accepted"}]"#), Hold::Firm);
    }

    #[test]
    fn gcal_07_working_places_and_birthdays_never_block_and_absence_does() {
        for (kind, is) in [
            ("workingLocation", Hold::Free),
            ("birthday", Hold::Free),
            ("outOfOffice", Hold::Firm),
            ("focusTime", Hold::Firm),
            ("fromGmail", Hold::Firm),
            ("somethingNew", Hold::Firm),
        ] {
            assert_eq!(judged(&format!(r#""eventType":"{kind}""#)), is, "{kind}");
        }
    }

    #[test]
    fn gcal_07_focus_time_can_be_opened() {
        let owner = Owner { home: Zone::utc(), focus_is_free: true };
        assert_eq!(hold(&event(r#""eventType":"focusTime""#), &owner), Hold::Free);
        assert_eq!(hold(&event(r#""eventType":"outOfOffice""#), &owner), Hold::Firm);
    }
}
