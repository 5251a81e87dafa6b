//! Google's times: a day, or a date-time with a zone (GCAL-11).

use jiff::{Timestamp, civil};
use kalends_domain::{Span, Zone};
use serde::{Deserialize, Serialize};

/// The start or end of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct When {
    /// `2027-03-01`, of an all-day event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// RFC 3339; without an offset only beside a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_time: Option<String>,
    /// An IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

impl When {
    /// An instant, told in a zone: the wall time and its zone make the promise, the offset only settles a repeated hour.
    pub fn at(seconds: i64, zone: &Zone) -> Self {
        let local = kalends_domain::span::instant(seconds).to_zoned(zone.rules().clone());
        Self {
            date: None,
            date_time: Some(local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            time_zone: Some(zone.name().to_owned()),
        }
    }

    /// True for a whole day.
    pub const fn is_day(&self) -> bool {
        self.date.is_some()
    }

    /// The zone it names, if we know it.
    pub fn zone(&self) -> Option<Zone> {
        Zone::parse(self.time_zone.as_deref()?).ok()
    }

    /// Its day, of an all-day event.
    pub fn day(&self) -> Option<civil::Date> {
        self.date.as_deref()?.parse().ok()
    }

    /// Its instant in epoch seconds; a day begins where the calendar's owner is (FB-05).
    pub fn instant(&self, home: &Zone) -> Option<i64> {
        if let Some(day) = self.day() {
            return Some(home.midnight(day));
        }
        let text = self.date_time.as_deref()?;
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(at.as_second());
        }
        let wall = text.parse::<civil::DateTime>().ok()?;
        Some(self.zone().as_ref().unwrap_or(home).instants(wall).first())
    }
}

/// From one to the other; `None` when either cannot be read. One that ends before it starts is empty (FB-06).
pub fn span(start: &When, end: &When, home: &Zone) -> Option<Span> {
    Some(Span::new(start.instant(home)?, end.instant(home)?))
}

/// An instant as the interface's queries want it.
pub fn utc(seconds: i64) -> String {
    kalends_domain::span::instant(seconds).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn gcal_11_a_time_is_told_on_the_wall_of_its_zone() {
        let at = "2027-03-01T09:00:00Z".parse::<Timestamp>().unwrap().as_second();
        let when = When::at(at, &zone("Europe/Berlin"));
        assert_eq!(when.date_time.as_deref(), Some("2027-03-01T10:00:00+01:00"));
        assert_eq!(when.time_zone.as_deref(), Some("Europe/Berlin"));
    }

    #[test]
    fn gcal_11_both_halves_of_a_repeated_hour_come_back_as_they_were() {
        let berlin = zone("Europe/Berlin");
        for text in ["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"] {
            let at = text.parse::<Timestamp>().unwrap().as_second();
            assert_eq!(When::at(at, &berlin).instant(&Zone::utc()), Some(at));
        }
    }

    #[test]
    fn fb_05_a_day_begins_where_its_owner_is() {
        let day = When { date: Some("2027-03-05".into()), ..When::default() };
        let midnight = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        assert_eq!(day.instant(&zone("Asia/Kolkata")), Some(midnight("2027-03-04T18:30:00Z")));
        assert_eq!(day.instant(&zone("UTC")), Some(midnight("2027-03-05T00:00:00Z")));
    }

    #[test]
    fn a_wall_time_without_offset_is_read_in_its_zone() {
        let when = When {
            date_time: Some("2027-03-01T10:00:00".into()),
            time_zone: Some("America/New_York".into()),
            ..When::default()
        };
        let expected = "2027-03-01T15:00:00Z".parse::<Timestamp>().unwrap().as_second();
        assert_eq!(when.instant(&Zone::utc()), Some(expected));
    }

    proptest::proptest! {
        #[test]
        fn all_10_no_text_breaks_the_reading(date in ".{0,30}", time in ".{0,40}", name in ".{0,30}") {
            let when = When { date: Some(date), date_time: Some(time), time_zone: Some(name) };
            when.instant(&Zone::utc());
            When { date: None, ..when }.instant(&Zone::utc());
        }
    }
}
