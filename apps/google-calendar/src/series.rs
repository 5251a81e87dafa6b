//! A series, expanded here: Google sends its rule and its exceptions (REC-01 to REC-05).

use std::fmt::Write;

use jiff::civil::Date;
use kalends_domain::{Span, Zone};
use kalends_ical::{Feed, Owner as IcalOwner};
use vendor_google::{Event, When};

use crate::busy::{Hold, Owner, hold};

/// What a series blocks in a window.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocked {
    /// Sorted, overlapping ones joined.
    pub busy: Vec<Span>,
    /// Every one of them only might.
    pub tentative: bool,
    /// The rule cannot be followed: all of the window is blocked (REC-04).
    pub unexpanded: bool,
}

/// Follows the rule, puts exceptions in their places.
pub(crate) fn expand(series: &Event, exceptions: &[&Event], owner: &Owner, within: Span) -> Blocked {
    let whole = || Blocked { busy: vec![within], tentative: false, unexpanded: true };
    let Some(text) = text(series, exceptions, owner) else { return whole() };
    let Ok(feed) = Feed::read(text.as_bytes()) else { return whole() };
    let found = feed.busy(&IcalOwner::new([] as [&str; 0], owner.home.clone()), within);
    // Whatever was not understood may hide a time.
    if !found.problems.is_empty() {
        return whole();
    }
    Blocked {
        tentative: !found.times.is_empty() && found.times.iter().all(|time| time.tentative),
        busy: found.merged(),
        unexpanded: false,
    }
}

/// The series as the standard writes it; `None` when its times cannot be read.
fn text(series: &Event, exceptions: &[&Event], owner: &Owner) -> Option<String> {
    let zone = series.start.zone().unwrap_or_else(|| owner.home.clone());
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kalends//EN\r\n");
    begin(&mut text, series, owner);
    times(&mut text, &series.start, &series.end, &zone, owner)?;
    for line in &series.recurrence {
        let rule = ["RRULE", "EXRULE", "RDATE", "EXDATE"].iter().any(|name| line.starts_with(name));
        if !rule || line.chars().any(char::is_control) {
            return None;
        }
        write!(text, "{line}\r\n").ok()?;
    }
    text.push_str("END:VEVENT\r\n");
    for exception in exceptions {
        let original = exception.original_start_time.as_ref()?;
        begin(&mut text, exception, owner);
        line(&mut text, "RECURRENCE-ID", original, &zone, owner)?;
        if exception.is_cancelled() {
            // A cancelled occurrence has no times of its own.
            line(&mut text, "DTSTART", original, &zone, owner)?;
        } else {
            times(&mut text, &exception.start, &exception.end, &zone, owner)?;
        }
        text.push_str("END:VEVENT\r\n");
    }
    text.push_str("END:VCALENDAR\r\n");
    Some(text)
}

fn begin(text: &mut String, event: &Event, owner: &Owner) {
    text.push_str("BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:20000101T000000Z\r\n");
    text.push_str(match (event.is_cancelled(), hold(event, owner)) {
        (true, _) => "STATUS:CANCELLED\r\n",
        (false, Hold::Free) => "TRANSP:TRANSPARENT\r\n",
        (false, Hold::Tentative) => "STATUS:TENTATIVE\r\nTRANSP:OPAQUE\r\n",
        (false, Hold::Firm) => "TRANSP:OPAQUE\r\n",
    });
}

fn times(text: &mut String, start: &When, end: &When, zone: &Zone, owner: &Owner) -> Option<()> {
    line(text, "DTSTART", start, zone, owner)?;
    line(text, "DTEND", end, zone, owner)
}

/// One time, on the wall of the series' zone: the rule is followed there (REC-03).
fn line(text: &mut String, name: &str, when: &When, zone: &Zone, owner: &Owner) -> Option<()> {
    if when.is_day() {
        let day: Date = when.day()?;
        write!(text, "{name};VALUE=DATE:{}\r\n", day.strftime("%Y%m%d")).ok()
    } else {
        let wall = zone.wall(when.instant(&owner.home)?);
        write!(text, "{name};TZID={}:{}\r\n", zone.name(), wall.strftime("%Y%m%dT%H%M%S")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().expect("a time").as_second()
    }

    fn event(text: &str) -> Event {
        serde_json::from_str(text).expect("an event")
    }

    fn weekly(rule: &str) -> Event {
        event(&format!(
            r#"{{"id":"s","start":{{"dateTime":"2027-03-02T10:00:00+01:00","timeZone":"Europe/Berlin"}},
            "end":{{"dateTime":"2027-03-02T11:00:00+01:00","timeZone":"Europe/Berlin"}},"recurrence":["{rule}"]}}"#
        ))
    }

    fn owner() -> Owner {
        Owner { home: Zone::parse("Europe/Berlin").expect("a zone"), focus_is_free: false }
    }

    fn march_and_april() -> Span {
        Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-30T00:00:00Z"))
    }

    fn starts(blocked: &Blocked) -> Vec<String> {
        blocked.busy.iter().map(|span| span.starts().to_string()).collect()
    }

    #[test]
    fn rec_03_a_series_stays_on_the_wall_when_the_clocks_change() {
        let blocked = expand(&weekly("RRULE:FREQ=WEEKLY;COUNT=5"), &[], &owner(), march_and_april());
        let expected = [
            "2027-03-02T09:00:00Z",
            "2027-03-09T09:00:00Z",
            "2027-03-16T09:00:00Z",
            "2027-03-23T09:00:00Z",
            "2027-03-30T08:00:00Z",
        ];
        assert_eq!(starts(&blocked), expected);
    }

    #[test]
    fn rec_05_a_moved_occurrence_frees_its_old_time_and_takes_its_new_one() {
        let moved = event(
            r#"{"id":"s_1","recurringEventId":"s","originalStartTime":{"dateTime":"2027-03-09T10:00:00+01:00","timeZone":"Europe/Berlin"},
            "start":{"dateTime":"2027-03-10T15:00:00Z"},"end":{"dateTime":"2027-03-10T16:00:00Z"}}"#,
        );
        let gone = event(
            r#"{"id":"s_2","status":"cancelled","recurringEventId":"s","originalStartTime":{"dateTime":"2027-03-16T10:00:00+01:00"}}"#,
        );
        let series = weekly("RRULE:FREQ=WEEKLY;COUNT=4");
        let blocked = expand(&series, &[&moved, &gone], &owner(), march_and_april());
        assert_eq!(
            starts(&blocked),
            ["2027-03-02T09:00:00Z", "2027-03-10T15:00:00Z", "2027-03-23T09:00:00Z"]
        );
    }

    #[test]
    fn fb_03_an_occurrence_the_owner_declined_is_free() {
        let no = event(
            r#"{"id":"s_1","recurringEventId":"s","originalStartTime":{"dateTime":"2027-03-09T10:00:00+01:00"},
            "start":{"dateTime":"2027-03-09T10:00:00+01:00"},"end":{"dateTime":"2027-03-09T11:00:00+01:00"},
            "attendees":[{"self":true,"responseStatus":"declined"}]}"#,
        );
        let series = weekly("RRULE:FREQ=WEEKLY;COUNT=2");
        let blocked = expand(&series, &[&no], &owner(), march_and_april());
        assert_eq!(starts(&blocked), ["2027-03-02T09:00:00Z"]);
    }

    #[test]
    fn rec_04_a_rule_that_cannot_be_followed_blocks_the_window() {
        for rule in
            ["RRULE:FREQ=SECONDLY", "RRULE:FREQ=SOMETIMES", "X-RULE:FREQ=DAILY", "RRULE:\\nEND:VEVENT"]
        {
            let blocked = expand(&weekly(rule), &[], &owner(), march_and_april());
            assert_eq!((blocked.busy, blocked.unexpanded), (vec![march_and_april()], true), "{rule}");
        }
    }

    #[test]
    fn fb_05_a_series_of_whole_days_begins_where_its_owner_is() {
        let days = event(
            r#"{"id":"s","start":{"date":"2027-03-05"},"end":{"date":"2027-03-06"},"recurrence":["RRULE:FREQ=WEEKLY;COUNT=2"]}"#,
        );
        let blocked = expand(&days, &[], &owner(), march_and_april());
        assert_eq!(starts(&blocked), ["2027-03-04T23:00:00Z", "2027-03-11T23:00:00Z"]);
    }
}
