//! How a person who is signed in reads times; for guests there is [`crate::when::Face`].

use jiff::{RoundMode, Timestamp, TimestampRound, Unit, Zoned, civil::Date, tz::TimeZone};
use kalends_domain::people::Hours;

use crate::when::city;

/// A person who reads times.
#[derive(Debug, Clone)]
pub struct Eye {
    /// Their zone.
    pub zone: TimeZone,
    /// 12 or 24 hours.
    pub hours: Hours,
    /// Now.
    pub now: Timestamp,
}

impl Eye {
    /// A time of day.
    pub fn time(&self, at: i64) -> String {
        let form = if self.hours == Hours::Twelve { "%-I:%M %P" } else { "%H:%M" };
        self.zoned(at).strftime(form).to_string()
    }

    /// `Tuesday 9 March`, with the year when it is not this one.
    pub fn date(&self, at: i64) -> String {
        let form = if self.this_year(at) { "%A %-d %B" } else { "%A %-d %B %Y" };
        self.zoned(at).strftime(form).to_string()
    }

    /// Date and time.
    pub fn moment(&self, at: Timestamp) -> String {
        format!("{}, {}", self.date(at.as_second()), self.time(at.as_second()))
    }

    /// The time of day by whose end it has come, with the day where that is not today: `14:05`.
    pub fn until(&self, at: Timestamp) -> String {
        let at = at.round(TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil)).unwrap_or(at);
        if at.to_zoned(self.zone.clone()).date() == self.today() {
            self.time(at.as_second())
        } else {
            self.moment(at)
        }
    }

    /// The time to the second; with the day in its place where that is not today.
    pub fn clock(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.zone.clone());
        let form = match (then.date() == self.today(), self.hours) {
            (true, Hours::Twelve) => "%-I:%M:%S %P",
            (true, Hours::TwentyFour) => "%H:%M:%S",
            (false, Hours::Twelve) => "%-d %b %-I:%M %P",
            (false, Hours::TwentyFour) => "%-d %b %H:%M",
        };
        then.strftime(form).to_string()
    }

    /// The zone they read times in: `Lisbon time`.
    pub fn zone_name(&self) -> String {
        match self.zone.iana_name() {
            None | Some("UTC") => "UTC".to_owned(),
            Some(name) => format!("{} time", city(name)),
        }
    }

    /// Today, where they are.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// An instant, where they are.
    pub fn zoned(&self, at: i64) -> Zoned {
        kalends_domain::span::instant(at).to_zoned(self.zone.clone())
    }

    /// True when it lies in the year they are in.
    pub fn this_year(&self, at: i64) -> bool {
        self.zoned(at).year() == self.today().year()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eye(hours: Hours) -> Eye {
        let zone = TimeZone::get("Europe/Lisbon").unwrap();
        Eye { zone, hours, now: "2027-03-09T14:05:00Z".parse().unwrap() }
    }

    #[test]
    fn times_are_in_the_readers_zone_and_hours() {
        let at = "2027-07-09T14:30:00Z".parse::<Timestamp>().unwrap().as_second();
        assert_eq!(eye(Hours::TwentyFour).time(at), "15:30");
        assert_eq!(eye(Hours::Twelve).time(at), "3:30 pm");
        assert_eq!(eye(Hours::Twelve).date(at), "Friday 9 July");
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        let today = moment("2027-03-09T14:04:12Z");
        assert_eq!(eye(Hours::TwentyFour).clock(today), "14:04:12");
        assert_eq!(eye(Hours::Twelve).clock(today), "2:04:12 pm");
        assert_eq!(eye(Hours::TwentyFour).clock(moment("2027-03-08T14:04:12Z")), "8 Mar 14:04");
        assert_eq!(eye(Hours::TwentyFour).until(moment("2027-03-09T14:04:12Z")), "14:05");
        assert_eq!(eye(Hours::Twelve).until(moment("2027-03-10T14:05:00Z")), "Wednesday 10 March, 2:05 pm");
        assert_eq!(eye(Hours::TwentyFour).zone_name(), "Lisbon time");
    }
}
