//! Days and times as a person reads them, guest or signed in: their zone, their clock, the words of the design.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit, Zoned, civil::Date};
use kalends_domain::{Span, Zone, people::Hours};

/// How a person reads times, and what day it is for them.
#[derive(Debug, Clone)]
pub struct Face {
    /// Where they are.
    pub zone: Zone,
    /// 12 or 24 hours.
    pub hours: Hours,
    /// Now, there.
    pub now: Zoned,
}

/// A day set like a leaf of a tear-off calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// `2027-03-11`
    pub date: String,
    /// `Thursday`
    pub weekday: String,
    /// `11`
    pub day: i8,
    /// `March 2027`
    pub month: String,
    /// `March`
    pub month_alone: String,
}

impl Face {
    /// Their reading at this moment.
    pub fn new(zone: Zone, hours: Hours, now: Timestamp) -> Self {
        let now = now.to_zoned(zone.rules().clone());
        Self { zone, hours, now }
    }

    /// The same moment and clock elsewhere.
    #[must_use]
    pub fn at(&self, zone: Zone) -> Self {
        Self::new(zone, self.hours, self.now.timestamp())
    }

    /// Today, there.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// The local date of an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// `14:30` or `2:30 pm`.
    pub fn time(&self, at: Timestamp) -> String {
        clock(&self.local(at), self.hours)
    }

    /// `14:30` or `2:30 pm`, and the offset where a clock put back shows it twice that day (TZ-05).
    pub fn slot(&self, at: Timestamp) -> String {
        let local = self.local(at);
        let twice = self.zone.rules().to_ambiguous_timestamp(local.datetime()).is_ambiguous();
        let time = clock(&local, self.hours);
        if twice { format!("{time} ({})", offset(&local)) } else { time }
    }

    /// `Thursday 11 March`, with the year when it is not this one.
    pub fn day(&self, date: Date) -> String {
        let year = if date.year() == self.today().year() { "" } else { " %Y" };
        date.strftime(&format!("%A %-d %B{year}")).to_string()
    }

    /// The same as a heading, whose second line does not begin with the month.
    pub fn heading(&self, date: Date) -> String {
        let day = self.day(date);
        day.split_once(' ').map_or_else(
            || day.clone(),
            |(weekday, rest)| format!("{weekday} {}", rest.replacen(' ', "\u{a0}", 1)),
        )
    }

    /// `today, 16:15`, `tomorrow, 09:00` or `Thursday 11 March, 10:30`.
    pub fn soon(&self, at: Timestamp) -> String {
        let date = self.date(at);
        let day = if date == self.today() {
            "today".into()
        } else if self.today().tomorrow().is_ok_and(|tomorrow| tomorrow == date) {
            "tomorrow".into()
        } else {
            self.day(date)
        };
        format!("{day}, {}", self.time(at))
    }

    /// `Thu 11 March, 10:30`
    pub fn short(&self, at: Timestamp) -> String {
        format!("{}, {}", self.date(at).strftime("%a %-d %B"), self.time(at))
    }

    /// `Thursday 11 March, 10:30`
    pub fn whole(&self, at: Timestamp) -> String {
        format!("{}, {}", self.day(self.date(at)), self.time(at))
    }

    /// `Thursday 11 March` of an instant, with the year when it is not this one.
    pub fn dated(&self, at: Timestamp) -> String {
        self.day(self.date(at))
    }

    /// The time to the second; with the day in its place where that is not today.
    pub fn clock(&self, at: Timestamp) -> String {
        let then = self.local(at);
        let form = match (then.date() == self.today(), self.hours) {
            (true, Hours::Twelve) => "%-I:%M:%S %P",
            (true, Hours::TwentyFour) => "%H:%M:%S",
            (false, Hours::Twelve) => "%-d %b %-I:%M %P",
            (false, Hours::TwentyFour) => "%-d %b %H:%M",
        };
        then.strftime(form).to_string()
    }

    /// The minute by whose beginning it has come, with the day where that is not today: `14:05`.
    pub fn until(&self, at: Timestamp) -> String {
        let whole = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
        let at = at.round(whole).unwrap_or(at);
        if self.date(at) == self.today() { self.time(at) } else { self.whole(at) }
    }

    /// The end of a span: `11:15`, or `Friday 12 March, 00:15` when that is another day.
    pub fn end(&self, span: Span) -> String {
        let (start, end) = (self.date(span.starts()), self.date(span.ends()));
        if start == end { self.time(span.ends()) } else { self.whole(span.ends()) }
    }

    /// An instant for machines: `2027-03-11T10:30:00+01:00`.
    pub fn machine(&self, at: Timestamp) -> String {
        self.local(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The day of an instant, as a leaf.
    pub fn leaf(&self, at: Timestamp) -> Leaf {
        Leaf::of(self.date(at))
    }

    /// `Berlin time`, or `UTC`.
    pub fn zone_name(&self) -> String {
        match self.zone.name() {
            "UTC" => "UTC".into(),
            name => format!("{} time", city(name)),
        }
    }

    /// `UTC+1` at an instant.
    pub fn offset(&self, at: Timestamp) -> String {
        offset(&self.local(at))
    }

    fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.rules().clone())
    }
}

impl Leaf {
    /// The leaf of a date.
    pub fn of(date: Date) -> Self {
        let part = |format: &str| date.strftime(format).to_string();
        Self {
            date: date.to_string(),
            weekday: part("%A"),
            day: date.day(),
            month: part("%B %Y"),
            month_alone: part("%B"),
        }
    }
}

/// `Berlin` of `Europe/Berlin`.
pub fn city(zone: &str) -> String {
    // POSIX counts these westwards: what Etc/GMT-9 calls itself is UTC+9 to everybody.
    let west = zone.strip_prefix("Etc/GMT").and_then(|hours| hours.parse::<i8>().ok());
    if let Some(west) = west.filter(|west| *west != 0) {
        return format!("UTC{}{}", if west > 0 { '−' } else { '+' }, west.abs());
    }
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

/// `14:30` or `2:30 pm`.
pub fn clock(at: &Zoned, hours: Hours) -> String {
    match hours {
        Hours::TwentyFour => at.strftime("%H:%M").to_string(),
        Hours::Twelve => {
            let half = if at.hour() < 12 { "am" } else { "pm" };
            format!("{}:{:02} {half}", (at.hour() + 11) % 12 + 1, at.minute())
        }
    }
}

/// `UTC`, `UTC+1`, `UTC−3:30`.
pub fn offset(at: &Zoned) -> String {
    let seconds = at.offset().seconds();
    let minutes = seconds.abs() / 60;
    let part = if minutes % 60 == 0 { String::new() } else { format!(":{:02}", minutes % 60) };
    match seconds {
        0 => "UTC".into(),
        east if east > 0 => format!("UTC+{}{part}", minutes / 60),
        _ => format!("UTC−{}{part}", minutes / 60),
    }
}

/// `45 minutes`, `1 hour`, `1 hour 30 minutes`.
pub fn minutes(count: u32) -> String {
    let (hours, rest) = (count / 60, count % 60);
    match (hours, rest) {
        (0, 1) => "1 minute".into(),
        (0, rest) => format!("{rest} minutes"),
        (1, 0) => "1 hour".into(),
        (hours, 0) => format!("{hours} hours"),
        (1, rest) => format!("1 hour {rest} minutes"),
        (hours, rest) => format!("{hours} hours {rest} minutes"),
    }
}

/// `45 min`, `1 h`, `1 h 30`: for lists.
pub fn minutes_short(count: u32) -> String {
    match (count / 60, count % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(zone: &str, hours: Hours) -> Face {
        Face::new(Zone::parse(zone).unwrap(), hours, at("2027-03-09T14:05:00Z"))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_read_in_the_visitors_zone_and_clock() {
        let when = at("2027-03-11T13:30:00Z");
        assert_eq!(face("Europe/Berlin", Hours::TwentyFour).whole(when), "Thursday 11 March, 14:30");
        assert_eq!(face("America/New_York", Hours::Twelve).time(when), "8:30 am");
        assert_eq!(face("Europe/Berlin", Hours::Twelve).time(at("2027-03-11T23:00:00Z")), "12:00 am");
        assert_eq!(face("Asia/Kathmandu", Hours::TwentyFour).offset(when), "UTC+5:45");
    }

    #[test]
    fn a_time_to_the_second_is_todays_and_a_wait_ends_at_a_minute() {
        let face = |hours| face("Europe/Lisbon", hours);
        let today = at("2027-03-09T14:04:12Z");
        assert_eq!(face(Hours::TwentyFour).clock(today), "14:04:12");
        assert_eq!(face(Hours::Twelve).clock(today), "2:04:12 pm");
        assert_eq!(face(Hours::TwentyFour).clock(at("2027-03-08T14:04:12Z")), "8 Mar 14:04");
        assert_eq!(face(Hours::TwentyFour).until(today), "14:05");
        assert_eq!(face(Hours::Twelve).until(at("2027-03-10T14:05:00Z")), "Wednesday 10 March, 2:05 pm");
        assert_eq!(face(Hours::TwentyFour).dated(at("2027-07-09T14:30:00Z")), "Friday 9 July");
    }

    #[test]
    fn the_year_is_said_when_it_is_not_this_one() {
        let face = face("UTC", Hours::TwentyFour);
        assert_eq!(face.day(Date::constant(2027, 12, 31)), "Friday 31 December");
        assert_eq!(face.day(Date::constant(2028, 1, 1)), "Saturday 1 January 2028");
        assert_eq!(face.heading(Date::constant(2028, 1, 1)), "Saturday 1\u{a0}January 2028");
    }

    /// TZ-06: a zone that is an offset is called by it, not by its name with the sign the other way round.
    #[test]
    fn a_zone_that_is_an_offset_is_called_by_it() {
        assert_eq!(
            ["Etc/GMT-9", "Etc/GMT+5", "Etc/GMT", "Etc/UTC", "America/Port_of_Spain"].map(city),
            ["UTC+9", "UTC−5", "GMT", "UTC", "Port of Spain"]
        );
    }

    #[test]
    fn near_days_have_names() {
        let face = face("UTC", Hours::TwentyFour);
        assert_eq!(face.soon(at("2027-03-09T16:15:00Z")), "today, 16:15");
        assert_eq!(face.soon(at("2027-03-10T09:00:00Z")), "tomorrow, 09:00");
        assert_eq!(face.soon(at("2027-03-11T09:00:00Z")), "Thursday 11 March, 09:00");
    }

    /// TZ-05: clocks go back in Berlin on 31 October 2027 at 03:00.
    #[test]
    fn a_time_that_comes_twice_shows_its_offset() {
        let face = face("Europe/Berlin", Hours::TwentyFour);
        assert_eq!(face.slot(at("2027-10-31T00:30:00Z")), "02:30 (UTC+2)");
        assert_eq!(face.slot(at("2027-10-31T01:30:00Z")), "02:30 (UTC+1)");
        assert_eq!(face.slot(at("2027-10-31T02:30:00Z")), "03:30");
    }

    #[test]
    fn a_span_over_midnight_names_its_second_day() {
        let face = face("UTC", Hours::TwentyFour);
        let start = at("2027-03-11T23:30:00Z").as_second();
        assert_eq!(face.end(Span::new(start, start + 1800)), "Friday 12 March, 00:00");
        assert_eq!(face.end(Span::new(start, start + 60)), "23:31");
    }

    #[test]
    fn lengths_are_said_in_words() {
        assert_eq!(
            [minutes(1), minutes(45), minutes(60), minutes(90)].join("; "),
            "1 minute; 45 minutes; 1 hour; 1 hour 30 minutes"
        );
        assert_eq!(
            [minutes_short(15), minutes_short(420), minutes_short(65)].join("; "),
            "15 min; 7 h; 1 h 05"
        );
    }
}
