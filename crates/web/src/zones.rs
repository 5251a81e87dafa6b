//! The choice of a time zone: every zone people live in, by part of the world (TZ-06).

use std::{collections::BTreeSet, sync::LazyLock};

use jiff::{Timestamp, tz};
use kalends_domain::{Zone, people::Hours};

use crate::when::{Face, city, clock, offset};

/// Zones under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneGroup {
    /// `Yours`, `Host`, `Europe`.
    pub name: &'static str,
    /// What can be chosen.
    pub zones: Vec<ZoneChoice>,
}

/// One zone to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneChoice {
    /// The IANA name: what the form sends.
    pub name: String,
    /// `Berlin 15:05 (UTC+1)`
    pub label: String,
    /// It is the chosen one.
    pub chosen: bool,
}

const REGIONS: [&str; 9] =
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// Every zone with a place in its name, once, under its primary name.
static ZONES: LazyLock<Vec<(&'static str, Zone)>> = LazyLock::new(|| {
    let mut seen = BTreeSet::new();
    let mut zones = Vec::new();
    for name in tz::db().available() {
        let Some(region) = name.as_str().split_once('/').map(|(region, _)| region) else { continue };
        let Some(region) = REGIONS.iter().find(|known| **known == region) else { continue };
        let Ok(zone) = Zone::parse(name.as_str()) else { continue };
        if zone.name().starts_with(region) && seen.insert(zone.name().to_owned()) {
            zones.push((*region, zone));
        }
    }
    zones.sort_by_key(|(_, zone)| city(zone.name()));
    zones
});

/// Everything to choose from: the visitor's own and the host's zone first.
pub fn choices(face: &Face, host: Option<&Zone>) -> Vec<ZoneGroup> {
    let now = face.now.timestamp();
    let choice = |zone: &Zone, chosen| ZoneChoice {
        name: zone.name().to_owned(),
        label: label(zone, face, now),
        chosen,
    };
    let mut groups = vec![ZoneGroup { name: "Yours", zones: vec![choice(&face.zone, true)] }];
    if let Some(host) = host.filter(|host| host.name() != face.zone.name()) {
        groups.push(ZoneGroup { name: "Host", zones: vec![choice(host, false)] });
    }
    for region in REGIONS {
        let there = ZONES.iter().filter(|(known, zone)| *known == region && zone.name() != face.zone.name());
        groups.push(ZoneGroup { name: region, zones: there.map(|(_, zone)| choice(zone, false)).collect() });
    }
    if face.zone.name() != "UTC" {
        groups.push(ZoneGroup { name: "Everywhere", zones: vec![choice(&Zone::utc(), false)] });
    }
    groups
}

/// The same for a form that holds the name of a zone.
pub fn choices_for(chosen: &str, hours: Hours, now: Timestamp) -> Vec<ZoneGroup> {
    choices(&Face::new(Zone::parse(chosen).unwrap_or_else(|_| Zone::utc()), hours, now), None)
}

/// The zone a visitor means by a city, a part of a name or an offset; the best known place first.
pub fn find(text: &str, now: Timestamp) -> Option<Zone> {
    let text = text.trim().to_lowercase().replace('-', "−");
    if text.is_empty() {
        return None;
    }
    let plain = text.replace('−', "-");
    let city_of = |zone: &Zone| city(zone.name()).to_lowercase();
    let offset_of = |zone: &Zone| offset(&now.to_zoned(zone.rules().clone())).to_lowercase();
    let by =
        |fits: &dyn Fn(&Zone) -> bool| ZONES.iter().map(|(_, zone)| zone).find(|zone| fits(zone)).cloned();
    by(&|zone| city_of(zone) == plain)
        .or_else(|| by(&|zone| city_of(zone).starts_with(&plain)))
        .or_else(|| by(&|zone| offset_of(zone) == text))
        .or_else(|| by(&|zone| zone.name().to_lowercase().contains(&plain.replace(' ', "_"))))
        .or_else(|| older(&plain))
        .or_else(|| Zone::parse(&plain).ok())
}

/// A zone by a city that has another name by now.
fn older(plain: &str) -> Option<Zone> {
    let name = tz::db().available().find(|name| city(name.as_str()).to_lowercase() == plain)?;
    Zone::parse(name.as_str()).ok()
}

fn label(zone: &Zone, face: &Face, now: Timestamp) -> String {
    let there = now.to_zoned(zone.rules().clone());
    format!("{} {} ({})", city(zone.name()), clock(&there, face.hours), offset(&there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(zone: &str) -> Face {
        let now = "2027-03-09T14:05:00Z".parse().unwrap();
        Face::new(Zone::parse(zone).unwrap(), Hours::TwentyFour, now)
    }

    #[test]
    fn the_visitors_zone_comes_first_and_only_once() {
        let groups = choices(&face("Europe/Berlin"), Some(&Zone::parse("Europe/Lisbon").unwrap()));
        assert_eq!(groups[0].zones[0].label, "Berlin 15:05 (UTC+1)");
        assert_eq!(groups[1].zones[0].label, "Lisbon 14:05 (UTC)");
        let berlins =
            groups.iter().flat_map(|group| &group.zones).filter(|zone| zone.name == "Europe/Berlin").count();
        assert_eq!(berlins, 1);
    }

    /// TZ-06: searchable by city and by offset.
    #[test]
    fn a_zone_is_found_by_city_and_by_offset() {
        let now = "2027-03-09T14:05:00Z".parse().unwrap();
        let name = |text: &str| find(text, now).map(|zone| zone.name().to_owned());
        assert_eq!(name("tokyo").as_deref(), Some("Asia/Tokyo"));
        assert_eq!(name(" New york ").as_deref(), Some("America/New_York"));
        assert_eq!(name("utc+5:45").as_deref(), Some("Asia/Kathmandu"));
        assert!(find("UTC-3", now).is_some_and(|zone| zone.offset(now.as_second()) == -3 * 3600));
        assert_eq!(name("calcutta").as_deref(), Some("Asia/Kolkata"));
        assert_eq!(name("nowhere at all"), None);
    }

    /// TZ-04: an old name is the same zone; it is offered under its new one alone.
    #[test]
    fn a_renamed_zone_is_offered_once() {
        let groups = choices(&face("Asia/Calcutta"), None);
        assert_eq!(groups[0].zones[0].name, "Asia/Kolkata");
        let names: Vec<&str> =
            groups.iter().flat_map(|group| &group.zones).map(|zone| zone.name.as_str()).collect();
        assert!(!names.contains(&"Asia/Calcutta") && !names.contains(&"Europe/Kiev"), "{names:?}");
        assert!(names.len() > 250, "{}", names.len());
    }
}
