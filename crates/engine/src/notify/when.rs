//! Times as a reader reads them: their zone, their hours, plain words (EML-05).

use jiff::{Timestamp, Zoned, tz::TimeZone};
use kalends_domain::{Span, people::Hours};

/// How one reader reads times.
#[derive(Debug, Clone)]
pub struct Reading {
    zone: TimeZone,
    name: String,
    hours: Hours,
}

impl Reading {
    /// In this zone; one we do not know is read as UTC, and says so.
    pub fn new(zone: &str, hours: Hours) -> Self {
        match TimeZone::get(zone) {
            Ok(known) => Self { zone: known, name: zone.to_owned(), hours },
            Err(_) => Self { zone: TimeZone::UTC, name: "UTC".into(), hours },
        }
    }

    /// `Thursday 11 March 2027`
    pub fn day(&self, at: Timestamp) -> String {
        let at = self.local(at);
        format!("{} {}", at.strftime("%A %-d %B"), at.year())
    }

    /// `Thursday 11 March, 10:30`: for subjects, where space is short.
    pub fn short(&self, at: Timestamp) -> String {
        let local = self.local(at);
        format!("{}, {}", local.strftime("%A %-d %B"), self.clock(&local))
    }

    /// `10:30 to 11:15, Berlin time (UTC+1)`; the day is named again when it ends on another one.
    pub fn times(&self, span: Span) -> String {
        let (start, end) = (self.local(span.starts()), self.local(span.ends()));
        let end_day = if start.date() == end.date() {
            String::new()
        } else {
            format!("{}, ", end.strftime("%A %-d %B"))
        };
        format!("{} to {end_day}{}, {}", self.clock(&start), self.clock(&end), self.zone_words(&start))
    }

    /// `Thursday 11 March 2027, 10:30 to 11:15, Berlin time (UTC+1)`
    pub fn whole(&self, span: Span) -> String {
        format!("{}, {}", self.day(span.starts()), self.times(span))
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    fn clock(&self, at: &Zoned) -> String {
        match self.hours {
            Hours::TwentyFour => at.strftime("%H:%M").to_string(),
            Hours::Twelve => {
                let half = if at.hour() < 12 { "am" } else { "pm" };
                let hour = (at.hour() + 11) % 12 + 1;
                format!("{hour}:{:02} {half}", at.minute())
            }
        }
    }

    fn zone_words(&self, at: &Zoned) -> String {
        if self.name == "UTC" {
            return "UTC".into();
        }
        let seconds = at.offset().seconds();
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        let part = if minutes % 60 == 0 { String::new() } else { format!(":{:02}", minutes % 60) };
        let place = self.name.rsplit('/').next().unwrap_or(&self.name).replace('_', " ");
        format!("{place} time (UTC{sign}{}{part})", minutes / 60)
    }
}

/// How hours are usually written where this language tag is from.
pub fn hours_of(locale: &str) -> Hours {
    let tag = locale.to_ascii_lowercase().replace('_', "-");
    let twelve = ["en-us", "en-ca", "en-au", "en-nz", "en-in", "en-ph", "hi", "ko", "ar", "es-mx", "es-co"];
    if twelve.iter().any(|start| tag == *start || tag.starts_with(&format!("{start}-"))) {
        Hours::Twelve
    } else {
        Hours::TwentyFour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, minutes: i64) -> Span {
        let start = start.parse::<Timestamp>().unwrap().as_second();
        Span::new(start, start + minutes * 60)
    }

    #[test]
    fn a_time_is_written_in_the_readers_zone_and_hours() {
        let at = span("2027-03-11T09:30:00Z", 45);
        let berlin = Reading::new("Europe/Berlin", Hours::TwentyFour);
        assert_eq!(berlin.whole(at), "Thursday 11 March 2027, 10:30 to 11:15, Berlin time (UTC+1)");
        let new_york = Reading::new("America/New_York", Hours::Twelve);
        assert_eq!(new_york.whole(at), "Thursday 11 March 2027, 4:30 am to 5:15 am, New York time (UTC-5)");
        let kolkata = Reading::new("Asia/Kolkata", Hours::Twelve);
        assert_eq!(
            kolkata.times(span("2027-03-11T06:30:00Z", 60)),
            "12:00 pm to 1:00 pm, Kolkata time (UTC+5:30)"
        );
    }

    #[test]
    fn a_booking_over_midnight_names_both_days() {
        let berlin = Reading::new("Europe/Berlin", Hours::TwentyFour);
        let at = span("2027-03-11T22:30:00Z", 60);
        assert_eq!(berlin.times(at), "23:30 to Friday 12 March, 00:30, Berlin time (UTC+1)");
    }

    #[test]
    fn an_unknown_zone_is_read_as_utc_and_says_so() {
        let lost = Reading::new("Mars/Olympus", Hours::TwentyFour);
        assert_eq!(lost.times(span("2027-03-11T09:30:00Z", 30)), "09:30 to 10:00, UTC");
    }

    #[test]
    fn americans_read_twelve_hours_and_britons_do_not() {
        assert_eq!(hours_of("en-US"), Hours::Twelve);
        assert_eq!(hours_of("en-GB"), Hours::TwentyFour);
        assert_eq!(hours_of("pt"), Hours::TwentyFour);
    }
}
