//! What a file says about itself, beside its events.

use calcard::icalendar::{ICalendarComponent, ICalendarProperty, ICalendarValue};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use kalends_domain::Zone;

use crate::read::Properties;
use crate::when::Length;
use crate::zone;

/// What a file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name (`NAME`, or the older `X-WR-CALNAME`).
    pub name: Option<String>,
    /// The zone it is kept in (`X-WR-TIMEZONE`).
    pub zone: Option<Zone>,
    /// How often its publisher wants it read at most (`REFRESH-INTERVAL`, or the older `X-PUBLISHED-TTL`; ICS-01).
    pub refresh: Option<SignedDuration>,
}

impl About {
    /// Reads the outermost component.
    pub(crate) fn read(calendar: &ICalendarComponent) -> Self {
        let other = |name: &str| ICalendarProperty::Other(name.into());
        let text = |name: &ICalendarProperty| {
            calendar.text(name).map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
        };
        let wait = |name: &ICalendarProperty| calendar.value(name).and_then(duration);
        Self {
            name: text(&ICalendarProperty::Name).or_else(|| text(&other("X-WR-CALNAME"))),
            zone: text(&other("X-WR-TIMEZONE")).and_then(|name| zone::known(&name)),
            refresh: wait(&ICalendarProperty::RefreshInterval).or_else(|| wait(&other("X-PUBLISHED-TTL"))),
        }
    }
}

/// A length of time, whether or not the file says that it is one.
fn duration(value: &ICalendarValue) -> Option<SignedDuration> {
    let length = match value {
        ICalendarValue::Duration(duration) => SignedDuration::from_secs(match Length::of(duration) {
            Length::Exact(seconds) => seconds,
            Length::Nominal { days, seconds } => days.saturating_mul(86_400).saturating_add(seconds),
        }),
        ICalendarValue::Text(text) => {
            let span: Span = text.trim().parse().ok()?;
            span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?
        }
        _ => return None,
    };
    length.is_positive().then_some(length)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::Feed;

    fn about(lines: &str) -> super::About {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{lines}\r\nEND:VCALENDAR\r\n");
        Feed::read(text.as_bytes()).unwrap().about().clone()
    }

    #[test]
    fn ics_01_the_publishers_interval_is_read_in_both_spellings() {
        for (line, minutes) in [
            ("REFRESH-INTERVAL;VALUE=DURATION:PT15M", Some(15)),
            ("REFRESH-INTERVAL:PT15M", Some(15)),
            ("X-PUBLISHED-TTL:PT12H", Some(720)),
            ("X-PUBLISHED-TTL:P1D", Some(1440)),
            ("X-PUBLISHED-TTL:P1W", Some(7 * 1440)),
            ("X-PUBLISHED-TTL:-PT1H", None),
            ("X-PUBLISHED-TTL:soon", None),
        ] {
            assert_eq!(about(line).refresh, minutes.map(SignedDuration::from_mins), "{line}");
        }
    }

    #[test]
    fn a_file_says_its_name_and_zone() {
        let read = about("X-WR-CALNAME:Work\\, mostly\r\nX-WR-TIMEZONE:W. Europe Standard Time");
        assert_eq!(read.name.as_deref(), Some("Work, mostly"));
        assert_eq!(read.zone.map(|zone| zone.name().to_owned()).as_deref(), Some("Europe/Berlin"));
        assert_eq!(about("X-WR-CALNAME: ").name, None);
    }
}
