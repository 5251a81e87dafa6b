//! Moments as calendars write them: dates, floating, zoned and UTC times; and how long things last.

use calcard::common::PartialDateTime;
use calcard::icalendar::ICalendarDuration;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use crate::zone::Named;

/// Seconds on a wall clock, counted as if it stood in UTC: what recurrence rules run on.
pub(crate) type Wall = i64;

/// A moment, in the words of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum When {
    /// A whole day of the owner's.
    Day(Date),
    /// Wall time without a zone: the owner's.
    Floating(DateTime),
    Zoned(DateTime, Named),
    Utc(Timestamp),
}

impl When {
    /// None where the value is no date at all (13th month, hour 27).
    pub(crate) fn new(value: &PartialDateTime, zone: Option<Named>) -> Option<Self> {
        let (at, kind) = civil(value)?;
        Some(match kind {
            Kind::Day => Self::Day(at.date()),
            Kind::Local => zone.map_or(Self::Floating(at), |zone| Self::Zoned(at, zone)),
            Kind::Offset(offset) => Self::Utc(offset.to_timestamp(at).ok()?),
        })
    }

    pub(crate) const fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }

    /// What its own wall clock shows.
    pub(crate) fn wall(&self) -> Wall {
        match self {
            Self::Day(day) => floating(day.at(0, 0, 0, 0)),
            Self::Floating(at) | Self::Zoned(at, _) => floating(*at),
            Self::Utc(at) => at.as_second(),
        }
    }

    /// The same kind of moment, at another time of its wall clock. None beyond the years we can count.
    pub(crate) fn at(&self, wall: Wall) -> Option<Self> {
        let ts = Timestamp::from_second(wall).ok()?;
        let at = Offset::UTC.to_datetime(ts);
        Some(match self {
            Self::Day(_) => Self::Day(at.date()),
            Self::Floating(_) => Self::Floating(at),
            Self::Zoned(_, zone) => Self::Zoned(at, zone.clone()),
            Self::Utc(_) => Self::Utc(ts),
        })
    }

    /// Epoch seconds. A time that a clock change skips moves on by the change, a doubled one is the first (REC-03).
    pub(crate) fn instant(&self, owner: &TimeZone) -> Option<i64> {
        match self {
            Self::Day(day) => placed(day.at(0, 0, 0, 0), owner),
            Self::Floating(at) => placed(*at, owner),
            Self::Zoned(at, zone) => match zone {
                Named::Known(zone) => placed(*at, zone),
                Named::Custom(zone) => zone.place(floating(*at)),
                Named::Unknown(_) => placed(*at, owner),
            },
            Self::Utc(at) => Some(at.as_second()),
        }
    }
}

fn placed(at: DateTime, zone: &TimeZone) -> Option<i64> {
    zone.to_ambiguous_timestamp(at).compatible().ok().map(Timestamp::as_second)
}

pub(crate) fn floating(at: DateTime) -> Wall {
    // Only the last hours of year 9999 have no such second; the clamp keeps order there.
    Offset::UTC.to_timestamp(at).unwrap_or(Timestamp::MAX).as_second()
}

pub(crate) enum Kind {
    Day,
    Local,
    Offset(Offset),
}

/// The date and time in a parsed value. Second 60 is a leap second, which no clock of ours shows.
pub(crate) fn civil(value: &PartialDateTime) -> Option<(DateTime, Kind)> {
    let date = Date::new(
        i16::try_from(value.year?).ok()?,
        i8::try_from(value.month?).ok()?,
        i8::try_from(value.day?).ok()?,
    )
    .ok()?;
    let Some(hour) = value.hour else { return Some((date.at(0, 0, 0, 0), Kind::Day)) };
    let small = |n: u8| i8::try_from(n).ok();
    let second = small(value.second.unwrap_or(0))?.min(59);
    let at = DateTime::new(
        date.year(),
        date.month(),
        date.day(),
        small(hour)?,
        small(value.minute.unwrap_or(0))?,
        second,
        0,
    )
    .ok()?;
    let kind = match value.tz_hour {
        None => Kind::Local,
        Some(hours) => {
            let seconds = i32::from(hours) * 3600 + i32::from(value.tz_minute.unwrap_or(0)) * 60;
            Kind::Offset(Offset::from_seconds(if value.tz_minus { -seconds } else { seconds }).ok()?)
        }
    };
    Some((at, kind))
}

/// How long an event lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Length {
    /// The same number of seconds every time.
    Exact(i64),
    /// So many days on the wall clock, then so many seconds.
    Nominal { days: i64, seconds: i64 },
}

impl Length {
    pub(crate) fn of(duration: &ICalendarDuration) -> Self {
        let sign = if duration.neg { -1 } else { 1 };
        let days = i64::from(duration.weeks) * 7 + i64::from(duration.days);
        let seconds =
            i64::from(duration.hours) * 3600 + i64::from(duration.minutes) * 60 + i64::from(duration.seconds);
        if days == 0 {
            Self::Exact(sign * seconds)
        } else {
            Self::Nominal { days: sign * days, seconds: sign * seconds }
        }
    }

    /// Epoch seconds of the end of something that starts at `start`.
    pub(crate) fn end(self, start: &When, owner: &TimeZone) -> Option<i64> {
        match self {
            Self::Exact(seconds) => start.instant(owner)?.checked_add(seconds),
            Self::Nominal { days, seconds } => start
                .at(start.wall().checked_add(days.checked_mul(86_400)?)?)?
                .instant(owner)?
                .checked_add(seconds),
        }
    }

    /// At most how far behind its start an end can lie.
    pub(crate) const fn most(self) -> i64 {
        match self {
            Self::Exact(seconds) => seconds,
            Self::Nominal { days, seconds } => {
                days.saturating_mul(86_400).saturating_add(seconds).saturating_add(86_400)
            }
        }
    }
}

/// The days from one date to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
