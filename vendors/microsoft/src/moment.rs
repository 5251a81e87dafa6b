//! Times as Graph writes them: a clock on a wall, and the name of the wall's zone (MSG-07).

use jiff::civil::DateTime;
use kalends_app::{Error, Kind};
use kalends_domain::{Zone, zone::Instants};
use serde::{Deserialize, Serialize};

/// `dateTimeTimeZone`: a time without an offset, and a Windows or IANA name beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    date_time: String,
    time_zone: Option<String>,
}

impl Moment {
    /// An instant on the wall of this zone, under a name that Graph knows (TZ-03).
    pub fn of(at: i64, zone: &Zone) -> Self {
        let windows = zone.to_windows().filter(|name| {
            // Windows has fewer zones: a neighbour's may stand for ours, but not where its clock differs.
            // Nor where it shows this time twice.
            Zone::from_windows(name).is_ok_and(|theirs| theirs.instants(zone.wall(at)) == Instants::One(at))
        });
        match windows {
            Some(name) => Self::named(zone.wall(at), name),
            None => Self::named(Zone::utc().wall(at), "UTC"),
        }
    }

    /// An instant in UTC.
    pub fn utc(at: i64) -> Self {
        Self::named(Zone::utc().wall(at), "UTC")
    }

    fn named(wall: DateTime, zone: &str) -> Self {
        Self { date_time: wall.strftime("%Y-%m-%dT%H:%M:%S").to_string(), time_zone: Some(zone.to_owned()) }
    }

    /// What the clock shows.
    pub fn wall(&self) -> Result<DateTime, Error> {
        let text = self.date_time.trim_end_matches('Z');
        text.parse().map_err(|_| Error::new(Kind::Malformed, "the answer holds a time that is none"))
    }

    /// The zone of the clock; `None` for a name nobody knows, such as `tzone://Microsoft/Custom`.
    pub fn zone(&self) -> Option<Zone> {
        self.zone_near(&Zone::utc())
    }

    /// The same in the mailbox of somebody who lives there: of the zones under one Windows name it is theirs (TZ-03).
    fn zone_near(&self, owner: &Zone) -> Option<Zone> {
        match self.time_zone.as_deref().map(str::trim) {
            Some("tzone://Microsoft/Utc") => Some(Zone::utc()),
            Some(name) if !name.is_empty() => Zone::parse_near(name, owner).ok(),
            _ if self.date_time.ends_with('Z') => Some(Zone::utc()),
            _ => None,
        }
    }

    /// The instant. Where its zone is not known the owner's is as good a guess as any.
    pub fn at(&self, owner: &Zone) -> Result<i64, Error> {
        let wall = self.wall()?;
        let zone = self.zone_near(owner);
        if zone.is_none() {
            tracing::warn!("a calendar names a time zone nobody knows; it is read as its owner's");
        }
        Ok(zone.as_ref().unwrap_or(owner).instants(wall).first())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn moment(date_time: &str, zone: Option<&str>) -> Moment {
        Moment { date_time: date_time.into(), time_zone: zone.map(Into::into) }
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[rstest]
    #[case("2019-03-15T12:00:00.0000000", Some("Pacific Standard Time"), "2019-03-15T19:00:00Z")]
    #[case("2019-03-15T12:00:00.0000000", Some("UTC"), "2019-03-15T12:00:00Z")]
    #[case("2019-03-15T12:00:00", Some("tzone://Microsoft/Utc"), "2019-03-15T12:00:00Z")]
    #[case("2019-03-15T12:00:00", Some("Europe/Vienna"), "2019-03-15T11:00:00Z")]
    #[case("2019-03-15T12:00:00Z", None, "2019-03-15T12:00:00Z")]
    #[case("2019-03-15T12:00:00", Some("tzone://Microsoft/Custom"), "2019-03-15T06:30:00Z")]
    #[case("2019-03-15T12:00:00", Some(""), "2019-03-15T06:30:00Z")]
    #[case("2019-03-15T12:00:00", None, "2019-03-15T06:30:00Z")]
    fn msg_07_a_wall_clock_is_read_in_its_own_zone(
        #[case] wall: &str,
        #[case] zone: Option<&str>,
        #[case] instant: &str,
    ) {
        let owner = Zone::parse("Asia/Kolkata").unwrap();
        assert_eq!(moment(wall, zone).at(&owner).unwrap(), at(instant));
    }

    #[test]
    fn tz_03_one_windows_name_is_read_as_the_mailboxs_own_zone() {
        let wall = moment("2014-01-15T12:00:00", Some("Alaskan Standard Time"));
        let read_in = |home: &str| wall.at(&Zone::parse(home).unwrap()).unwrap();
        assert_eq!(read_in("America/Metlakatla"), at("2014-01-15T20:00:00Z"));
        assert_eq!(read_in("Europe/Vienna"), at("2014-01-15T21:00:00Z"));
    }

    #[test]
    fn tz_03_a_zone_is_written_by_its_windows_name() {
        let vienna = Moment::of(at("2027-03-01T09:00:00Z"), &Zone::parse("Europe/Vienna").unwrap());
        assert_eq!(vienna, moment("2027-03-01T10:00:00", Some("W. Europe Standard Time")));
    }

    proptest! {
        #[test]
        fn tz_03_every_zone_survives_the_way_there_and_back(at in 1_700_000_000_i64..2_100_000_000, which in any::<prop::sample::Index>()) {
            let names = kalends_domain::zone::names();
            let zone = Zone::parse(which.get(names.as_slice()).as_str()).unwrap();
            let read = Moment::of(at, &zone);
            let wall = read.wall().unwrap();
            let both = read.zone().unwrap().instants(wall);
            prop_assert!(both.first() == at || both.last() == at, "{read:?}");
        }

        #[test]
        fn all_10_no_text_makes_it_panic(wall in "\\PC{0,30}", zone in prop::option::of("\\PC{0,20}")) {
            let _ = moment(&wall, zone.as_deref()).at(&Zone::utc()); // whatever it says, it says it
        }
    }
}
