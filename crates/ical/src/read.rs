//! Files into events: lenient (ICS-02), bounded, and with a note of everything that was not understood.

use std::collections::BTreeMap;

use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFreeBusyType,
    ICalendarParameterName, ICalendarParameterValue, ICalendarParticipationStatus, ICalendarPeriod,
    ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus, ICalendarTransparency, ICalendarValue, Uri,
};
use calcard::{Entry, Parser};
use jiff::tz::TimeZone;
use kalends_domain::{Span, Zone};
use thiserror::Error;

use crate::about::About;
use crate::busy::Problem;
use crate::rule::Budget;
use crate::when::{Length, When, days_between};
use crate::zone::{self, Named, Zones};

/// The largest file that is read (ICS-01).
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Entries one property may hold over all its lines; an event with more is reported.
const MAX_DATES: usize = 20_000;

/// Why a whole file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Over [`MAX_BYTES`].
    #[error("the calendar is larger than 10 MB")]
    TooLarge,
    /// A sign-in page, most often.
    #[error("this is not a calendar: it has no BEGIN:VCALENDAR")]
    NotACalendar,
}

/// One file or object, read.
#[derive(Debug, Default)]
pub struct Feed {
    pub(crate) events: BTreeMap<String, Vec<Event>>,
    pub(crate) free_busy: Vec<FreeBusy>,
    pub(crate) problems: Vec<Problem>,
    about: About,
}

/// What stands in a calendar under one of our uids, to compare it with what we wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The same as ours.
    pub uid: String,
    /// Its revision there; another client may have counted on.
    pub sequence: i64,
    /// When it takes place there; of a series, the first time.
    pub span: Span,
    /// Cancelled but kept.
    pub cancelled: bool,
    /// Whether it happens once; else `span` is only the first time.
    pub once: bool,
    /// Where it takes place: a link that arrives late changes nothing else.
    pub location: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) start: When,
    pub(crate) length: Length,
    pub(crate) rules: Vec<Rule>,
    pub(crate) not_rules: Vec<ICalendarRecurrenceRule>,
    pub(crate) more: Vec<(When, Option<Length>)>,
    pub(crate) not: Vec<When>,
    pub(crate) replaces: Option<Replaces>,
    pub(crate) transparent: bool,
    pub(crate) cancelled: bool,
    pub(crate) tentative: bool,
    /// Who answered what, by address in lower case.
    pub(crate) answers: Vec<(String, Reply)>,
    pub(crate) sequence: i64,
    pub(crate) location: String,
}

/// A rule, or the fact that there is one we cannot read.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Read(Box<ICalendarRecurrenceRule>),
    Unreadable,
}

/// Which occurrence of the series an event stands for (DAV-11).
#[derive(Debug, Clone)]
pub(crate) enum Replaces {
    One(When),
    /// This one and, moved alike, all after it.
    Following(When),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Declined,
    Open,
    Other,
}

/// A period of a VFREEBUSY answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreeBusy {
    pub(crate) span: Span,
    pub(crate) tentative: bool,
}

impl Feed {
    /// Reads a file. What is broken inside is reported by [`Feed::busy`](crate::Feed::busy), the rest is kept.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut parser = Parser::new(&text);
        let mut feed = Self::default();
        let mut calendar = false;
        let mut budget = Budget::default();
        loop {
            match parser.entry() {
                Entry::Eof => break,
                Entry::ICalendar(read) => {
                    calendar = true;
                    let zones = Zones::read(&read.components, &mut budget);
                    feed.about = read.components.first().map(About::read).unwrap_or_default();
                    for component in &read.components {
                        feed.take(component, &zones);
                    }
                }
                _ => {} // a line between calendars; nothing of ours
            }
        }
        if calendar { Ok(feed) } else { Err(Unreadable::NotACalendar) }
    }

    fn take(&mut self, component: &ICalendarComponent, zones: &Zones) {
        match component.component_type {
            ICalendarComponentType::VEvent => {
                let uid = component.text(&ICalendarProperty::Uid).unwrap_or_default().to_owned();
                match Event::read(component, zones, &uid, &mut self.problems) {
                    Ok(event) => self.events.entry(uid).or_default().push(event),
                    Err(problem) => self.problems.push(problem),
                }
            }
            ICalendarComponentType::VFreebusy => self.free_busy(component),
            _ => {}
        }
    }

    fn free_busy(&mut self, component: &ICalendarComponent) {
        for entry in component.entries.iter().filter(|e| e.name == ICalendarProperty::Freebusy) {
            let kind = entry.params.iter().find_map(|p| match &p.value {
                ICalendarParameterValue::Fbtype(kind) => Some(kind.clone()),
                _ => None,
            });
            if kind == Some(ICalendarFreeBusyType::Free) {
                continue;
            }
            let tentative = kind == Some(ICalendarFreeBusyType::BusyTentative);
            for value in &entry.values {
                match period(value, None) {
                    Some((start, length)) => {
                        // Always in UTC by RFC 5545 section 3.8.2.6; a floating one is read as if it were.
                        if let (Some(from), Some(to)) =
                            (start.instant(&TimeZone::UTC), length.end(&start, &TimeZone::UTC))
                        {
                            self.free_busy.push(FreeBusy { span: Span::new(from, to), tentative });
                        }
                    }
                    None => self.problems.push(Problem::unreadable("", "a busy period")),
                }
            }
        }
    }

    /// What the file says about itself.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// The uids of the events in the file.
    pub fn uids(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(String::as_str)
    }

    /// The zone a file is about: of its first VTIMEZONE, if we know that one.
    pub fn zone(bytes: &[u8]) -> Option<Zone> {
        let text = String::from_utf8_lossy(bytes.get(..MAX_BYTES).unwrap_or(bytes));
        let Entry::ICalendar(read) = Parser::new(&text).entry() else { return None };
        read.components.iter().find_map(|c| zone::known(c.text(&ICalendarProperty::Tzid)?))
    }

    /// The event with this uid as it stands, if it is there. `owner` places dates and floating times.
    pub fn find(&self, uid: &str, owner: &Zone) -> Option<Found> {
        let event =
            self.events.get(uid)?.iter().max_by_key(|event| (event.replaces.is_none(), event.sequence))?;
        let start = event.start.instant(owner.rules())?;
        let end = event.length.end(&event.start, owner.rules())?;
        Some(Found {
            uid: uid.to_owned(),
            sequence: event.sequence,
            span: Span::new(start, end),
            cancelled: event.cancelled,
            once: event.rules.is_empty() && event.more.is_empty(),
            location: event.location.clone(),
        })
    }
}

impl Event {
    fn read(
        from: &ICalendarComponent,
        zones: &Zones,
        uid: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, Problem> {
        let start_entry = from.entry(&ICalendarProperty::Dtstart).ok_or_else(|| Problem::no_start(uid))?;
        let start = start_entry.when(zones).next().ok_or_else(|| Problem::unreadable(uid, "DTSTART"))?;
        if let When::Zoned(_, Named::Unknown(name)) = &start {
            problems.push(Problem::unknown_zone(uid, name));
        }
        let length = length(from, &start, zones).ok_or_else(|| Problem::unreadable(uid, "DTEND"))?;
        let mut event = Self {
            start,
            length,
            rules: vec![],
            not_rules: vec![],
            more: vec![],
            not: vec![],
            replaces: None,
            transparent: false,
            cancelled: false,
            tentative: false,
            answers: vec![],
            sequence: 0,
            location: String::new(),
        };
        for entry in &from.entries {
            event.property(entry, zones);
        }
        if event.more.len() + event.not.len() > MAX_DATES {
            event.rules = vec![Rule::Unreadable];
        }
        Ok(event)
    }

    fn property(&mut self, entry: &ICalendarEntry, zones: &Zones) {
        match &entry.name {
            ICalendarProperty::Rrule => self.rules.push(match entry.values.first() {
                Some(ICalendarValue::RecurrenceRule(rule)) => Rule::Read(rule.clone()),
                _ => Rule::Unreadable,
            }),
            ICalendarProperty::Exrule => {
                if let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first() {
                    self.not_rules.push(rule.as_ref().clone());
                }
            }
            ICalendarProperty::Rdate => {
                let zone = entry.zone(zones);
                let periods =
                    entry.values.iter().filter_map(|v| period(v, zone.clone())).map(|(w, l)| (w, Some(l)));
                self.more.extend(entry.when(zones).map(|when| (when, None)).chain(periods));
            }
            ICalendarProperty::Exdate => self.not.extend(entry.when(zones)),
            ICalendarProperty::RecurrenceId => {
                let following = entry.params.iter().any(|p| p.name == ICalendarParameterName::Range);
                self.replaces =
                    entry.when(zones).next().map(if following { Replaces::Following } else { Replaces::One });
            }
            ICalendarProperty::Transp => {
                self.transparent = entry.values.first()
                    == Some(&ICalendarValue::Transparency(ICalendarTransparency::Transparent));
            }
            ICalendarProperty::Status => {
                let status = entry.values.first();
                self.cancelled = status == Some(&ICalendarValue::Status(ICalendarStatus::Cancelled));
                self.tentative = status == Some(&ICalendarValue::Status(ICalendarStatus::Tentative));
            }
            ICalendarProperty::Sequence => {
                if let Some(ICalendarValue::Integer(n)) = entry.values.first() {
                    self.sequence = *n;
                }
            }
            ICalendarProperty::Location => {
                if let Some(ICalendarValue::Text(place)) = entry.values.first() {
                    place.trim().clone_into(&mut self.location);
                }
            }
            ICalendarProperty::Attendee => {
                let reply = reply(entry);
                self.answers.extend(addresses(entry).map(|address| (address, reply)));
            }
            _ => {}
        }
    }
}

fn reply(entry: &ICalendarEntry) -> Reply {
    let status = entry.params.iter().find_map(|p| match &p.value {
        ICalendarParameterValue::Partstat(status) => Some(status),
        _ => None,
    });
    match status {
        Some(ICalendarParticipationStatus::Declined) => Reply::Declined,
        Some(ICalendarParticipationStatus::Tentative | ICalendarParticipationStatus::NeedsAction) | None => {
            Reply::Open
        }
        Some(_) => Reply::Other,
    }
}

/// An attendee's address, and the one in EMAIL where the value is a server's own path.
fn addresses(entry: &ICalendarEntry) -> impl Iterator<Item = String> {
    let value = entry.values.first().and_then(|v| match v {
        ICalendarValue::Uri(Uri::Location(uri)) => Some(uri.as_str()),
        ICalendarValue::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let email = entry.params.iter().find_map(|p| match (&p.name, &p.value) {
        (ICalendarParameterName::Email, ICalendarParameterValue::Text(text)) => Some(text.as_str()),
        _ => None,
    });
    value.into_iter().chain(email).map(address)
}

/// How addresses are compared: without `mailto:`, in lower case.
pub(crate) fn address(of: &str) -> String {
    let lower = of.trim().to_lowercase();
    lower.strip_prefix("mailto:").map(ToOwned::to_owned).unwrap_or(lower)
}

/// From DTEND, else DURATION, else a day for a date and nothing for a time (ICS-02).
fn length(from: &ICalendarComponent, start: &When, zones: &Zones) -> Option<Length> {
    if let Some(end) = from.entry(&ICalendarProperty::Dtend) {
        return between(start, &end.when(zones).next()?);
    }
    match from.value(&ICalendarProperty::Duration) {
        Some(ICalendarValue::Duration(duration)) => Some(Length::of(duration)),
        Some(_) => None,
        None if start.is_day() => Some(Length::Nominal { days: 1, seconds: 0 }),
        None => Some(Length::Exact(0)),
    }
}

fn between(start: &When, end: &When) -> Option<Length> {
    Some(match (start, end) {
        // An end on the day it starts is written by programs that mean that day.
        (When::Day(from), When::Day(to)) if from == to => Length::Nominal { days: 1, seconds: 0 },
        (When::Day(from), When::Day(to)) => Length::Nominal { days: days_between(*from, *to), seconds: 0 },
        (When::Floating(_), When::Floating(_)) | (_, When::Day(_)) | (When::Day(_), _) => {
            Length::Exact(end.wall() - start.wall())
        }
        // The owner's zone only matters for a floating end of a zoned start, which no program writes.
        _ => Length::Exact(end.instant(&TimeZone::UTC)? - start.instant(&TimeZone::UTC)?),
    })
}

fn period(value: &ICalendarValue, zone: Option<Named>) -> Option<(When, Length)> {
    let ICalendarValue::Period(period) = value else { return None };
    match period {
        ICalendarPeriod::Range { start, end } => {
            let start = When::new(start, zone.clone())?;
            let length = between(&start, &When::new(end, zone)?)?;
            Some((start, length))
        }
        ICalendarPeriod::Duration { start, duration } => {
            Some((When::new(start, zone)?, Length::of(duration)))
        }
    }
}

/// Reading one component's properties.
pub(crate) trait Properties {
    fn entry(&self, name: &ICalendarProperty) -> Option<&ICalendarEntry>;
    fn values<'a>(&'a self, name: &'a ICalendarProperty) -> impl Iterator<Item = &'a ICalendarValue>;
    fn value(&self, name: &ICalendarProperty) -> Option<&ICalendarValue> {
        self.entry(name)?.values.first()
    }
    fn text(&self, name: &ICalendarProperty) -> Option<&str> {
        match self.value(name)? {
            ICalendarValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Properties for ICalendarComponent {
    fn entry(&self, name: &ICalendarProperty) -> Option<&ICalendarEntry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    fn values<'a>(&'a self, name: &'a ICalendarProperty) -> impl Iterator<Item = &'a ICalendarValue> {
        self.entries.iter().filter(move |entry| entry.name == *name).flat_map(|entry| &entry.values)
    }
}

trait Moments {
    fn zone(&self, zones: &Zones) -> Option<Named>;
    fn when<'a>(&'a self, zones: &Zones) -> impl Iterator<Item = When> + use<'a, Self>;
}

impl Moments for ICalendarEntry {
    fn zone(&self, zones: &Zones) -> Option<Named> {
        self.params.iter().find_map(|p| match (&p.name, &p.value) {
            (ICalendarParameterName::Tzid, ICalendarParameterValue::Text(id)) => Some(zones.find(id)),
            _ => None,
        })
    }

    fn when<'a>(&'a self, zones: &Zones) -> impl Iterator<Item = When> + use<'a> {
        let zone = self.zone(zones);
        self.values.iter().filter_map(move |value| match value {
            ICalendarValue::PartialDateTime(value) => When::new(value, zone.clone()),
            _ => None,
        })
    }
}
