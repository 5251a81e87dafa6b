//! Time zones as calendars name them: IANA, Windows, decorated names, and definitions of their own.

use std::collections::HashMap;
use std::sync::Arc;

use calcard::icalendar::{ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarValue};
use jiff::tz::TimeZone;

use crate::read::Properties;
use crate::rule::{self, Budget, Until};
use crate::when::{self, Wall};

/// Changes of a zone defined in the file are followed to here: 2100-01-01.
const HORIZON: Wall = 4_102_444_800;
/// Definitions a file may hold; more are not read.
const MOST: usize = 500;

/// A zone, as far as we understand it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Named {
    Known(TimeZone),
    /// Defined only by the VTIMEZONE in the file.
    Custom(Arc<Custom>),
    /// Named, never defined: read as the owner's, and reported.
    Unknown(Arc<str>),
}

impl Named {
    fn known(zone: &kalends_domain::Zone) -> Self {
        Self::Known(zone.rules().clone())
    }
}

/// The zones of one file, by TZID.
#[derive(Debug, Default)]
pub(crate) struct Zones(HashMap<String, Named>);

impl Zones {
    /// Collects the definitions whose names we do not know better ourselves: our data is newer than most files.
    pub(crate) fn read(components: &[ICalendarComponent], budget: &mut Budget) -> Self {
        let mut zones = HashMap::new();
        for component in
            components.iter().filter(|c| c.component_type == ICalendarComponentType::VTimezone).take(MOST)
        {
            let Some(id) = component.text(&ICalendarProperty::Tzid) else { continue };
            let location = ICalendarProperty::Other("X-LIC-LOCATION".into());
            let zone = known(id)
                .or_else(|| component.text(&location).and_then(known))
                .as_ref()
                .map(Named::known)
                .or_else(|| Custom::read(component, components, budget).map(|c| Named::Custom(Arc::new(c))));
            if let Some(zone) = zone {
                zones.insert(id.to_owned(), zone);
            }
        }
        Self(zones)
    }

    pub(crate) fn find(&self, id: &str) -> Named {
        self.0
            .get(id)
            .cloned()
            .or_else(|| known(id).as_ref().map(Named::known))
            .unwrap_or_else(|| Named::Unknown(id.into()))
    }
}

/// A zone we have data for: by IANA name, by Windows name (TZ-03), or by the end of a decorated name such as
/// `/mozilla.org/20050126_1/Europe/Berlin`.
pub(crate) fn known(id: &str) -> Option<kalends_domain::Zone> {
    let id = id.trim().trim_matches('"');
    if let Some(zone) = named(id) {
        return Some(zone);
    }
    let parts: Vec<&str> = id.split('/').collect();
    (1..parts.len())
        .map(|n| parts[n..].join("/"))
        .filter(|rest| rest.contains('/'))
        .find_map(|rest| named(&rest))
}

fn named(id: &str) -> Option<kalends_domain::Zone> {
    kalends_domain::Zone::parse(id).ok()
}

/// A zone that only the file knows: its changes in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Custom {
    /// The offset before the first change, in seconds.
    first: i64,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at: i64,
    from: i64,
    to: i64,
}

impl Change {
    /// Wall times before this still belong to the old offset: in a gap they move on, when doubled they are the first.
    const fn wall(self) -> Wall {
        self.at + if self.from > self.to { self.from } else { self.to }
    }
}

impl Custom {
    /// None when no observance can be read, or when its rules are too hard to follow.
    fn read(zone: &ICalendarComponent, all: &[ICalendarComponent], budget: &mut Budget) -> Option<Self> {
        let mut changes = Vec::new();
        for id in zone.component_ids.iter().take(MOST) {
            let part = usize::try_from(*id).ok().and_then(|id| all.get(id))?;
            if matches!(
                part.component_type,
                ICalendarComponentType::Standard | ICalendarComponentType::Daylight
            ) {
                observance(part, &mut changes, budget)?;
            }
        }
        changes.sort_unstable();
        changes.dedup();
        let first = changes.first()?.from;
        Some(Self { first, changes })
    }

    /// Epoch seconds of a wall time.
    pub(crate) fn place(&self, wall: Wall) -> Option<i64> {
        let passed = self.changes.partition_point(|change| change.wall() <= wall);
        let offset = passed.checked_sub(1).map_or(self.first, |last| self.changes[last].to);
        wall.checked_sub(offset)
    }
}

fn observance(part: &ICalendarComponent, changes: &mut Vec<Change>, budget: &mut Budget) -> Option<()> {
    let from = offset(part, &ICalendarProperty::Tzoffsetfrom)?;
    let to = offset(part, &ICalendarProperty::Tzoffsetto)?;
    let (start, _) = part.value(&ICalendarProperty::Dtstart).and_then(date_time)?;
    let start = when::floating(start);
    let mut walls = vec![start];
    for value in part.values(&ICalendarProperty::Rrule) {
        let ICalendarValue::RecurrenceRule(rule) = value else { return None };
        let until = Until::of(rule);
        for wall in rule::starts(rule, start, HORIZON, budget).ok()? {
            if until.as_ref().is_some_and(|until| until.before(wall, wall - from)) {
                break;
            }
            walls.push(wall);
        }
    }
    for value in part.values(&ICalendarProperty::Rdate).take(MOST) {
        if let Some((at, _)) = date_time(value) {
            walls.push(when::floating(at));
        }
    }
    changes.extend(walls.into_iter().map(|wall| Change { at: wall - from, from, to }));
    Some(())
}

fn date_time(value: &ICalendarValue) -> Option<(jiff::civil::DateTime, when::Kind)> {
    if let ICalendarValue::PartialDateTime(value) = value { when::civil(value) } else { None }
}

fn offset(part: &ICalendarComponent, name: &ICalendarProperty) -> Option<i64> {
    let ICalendarValue::PartialDateTime(value) = part.value(name)? else { return None };
    let seconds = i64::from(value.tz_hour?) * 3600
        + i64::from(value.tz_minute.unwrap_or(0)) * 60
        + i64::from(value.second.unwrap_or(0));
    Some(if value.tz_minus { -seconds } else { seconds })
}
