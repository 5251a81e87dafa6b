//! Which events take their time, by the same rules for every source (FB-01 to FB-08).

use std::collections::BTreeMap;
use std::fmt;

use jiff::tz::TimeZone;
use kalends_domain::{Span, Zone, availability::merge};

use crate::expand;
use crate::read::{Event, Feed, Reply, address};
use crate::rule::{Budget, TooHard};

/// Whose calendar it is.
#[derive(Debug, Clone)]
pub struct Owner {
    addresses: Vec<String>,
    zone: Zone,
    unanswered: Unanswered,
}

/// What tentative and not yet answered events do (FB-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unanswered {
    #[default]
    /// Unknown is not free.
    Blocks,
    /// The owner decided that only a yes counts.
    Free,
}

impl Owner {
    /// `addresses` are the owner's own, with or without `mailto:`: only their own "no" frees a time (FB-03).
    /// `zone` is where their days begin and end (FB-05).
    pub fn new(addresses: impl IntoIterator<Item = impl AsRef<str>>, zone: Zone) -> Self {
        let addresses = addresses.into_iter().map(|a| address(a.as_ref())).collect();
        Self { addresses, zone, unanswered: Unanswered::default() }
    }

    /// The per-calendar setting for tentative events.
    #[must_use]
    pub fn with(mut self, unanswered: Unanswered) -> Self {
        self.unanswered = unanswered;
        self
    }

    /// Where the owner's days begin and end.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    pub(crate) const fn rules(&self) -> &TimeZone {
        self.zone.rules()
    }

    /// How this event, in this state, takes its time; none when it does not.
    pub(crate) fn blocked_by(&self, event: &Event) -> Option<Hold> {
        if event.cancelled || event.transparent {
            return None;
        }
        let own =
            event.answers.iter().filter(|(who, _)| self.addresses.contains(who)).map(|(_, reply)| *reply);
        let mut open = event.tentative;
        for reply in own {
            match reply {
                Reply::Declined => return None,
                Reply::Open => open = true,
                Reply::Other => {}
            }
        }
        match (open, self.unanswered) {
            (false, _) => Some(Hold::Firm),
            (true, Unanswered::Blocks) => Some(Hold::Tentative),
            (true, Unanswered::Free) => None,
        }
    }
}

/// How firmly an event takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    Firm,
    Tentative,
}

/// The busy times of a file within a window, and what was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Busy {
    /// By start. Not merged, so that our own booking can be left out by its uid (FB-07); titles are not kept (FB-08).
    pub times: Vec<BusyTime>,
    /// For the owner of the calendar, once per event.
    pub problems: Vec<Problem>,
}

/// One busy time; it overlaps the window and may reach beyond it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BusyTime {
    /// Never empty.
    pub span: Span,
    /// The event's uid; empty when the source names none.
    pub uid: String,
    /// Not firmly accepted yet (FB-04).
    pub tentative: bool,
}

/// Something in a calendar that was not understood, in words for its owner. Holds no titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The event's uid; empty when it has none.
    pub uid: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    NoStart,
    Unreadable(&'static str),
    UnknownZone(String),
    EndsBeforeStart,
    CannotRepeat(TooHard),
}

impl Problem {
    pub(crate) fn no_start(uid: &str) -> Self {
        Self { uid: uid.to_owned(), what: What::NoStart }
    }

    pub(crate) fn unreadable(uid: &str, what: &'static str) -> Self {
        Self { uid: uid.to_owned(), what: What::Unreadable(what) }
    }

    pub(crate) fn unknown_zone(uid: &str, name: &str) -> Self {
        Self { uid: uid.to_owned(), what: What::UnknownZone(name.chars().take(80).collect()) }
    }

    pub(crate) fn ends_before_start(uid: &str) -> Self {
        Self { uid: uid.to_owned(), what: What::EndsBeforeStart }
    }

    pub(crate) fn cannot_repeat(uid: &str, why: TooHard) -> Self {
        Self { uid: uid.to_owned(), what: What::CannotRepeat(why) }
    }

    /// Whether the time was blocked for want of knowing better (REC-04).
    pub const fn blocks(&self) -> bool {
        matches!(self.what, What::CannotRepeat(_))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::NoStart => write!(f, "an event has no start and was left out"),
            What::Unreadable(what) => write!(f, "an event was left out, its {what} cannot be read"),
            What::UnknownZone(name) => {
                write!(f, "an event uses the unknown time zone \"{name}\"; it was read in your own")
            }
            What::EndsBeforeStart => write!(f, "an event ends before it starts and was left out"),
            What::CannotRepeat(why) => {
                write!(f, "an event could not be expanded ({why}); all its days count as busy")
            }
        }
    }
}

impl Feed {
    /// True when the owner of the calendar has declined the event itself; one occurrence of a series is not all of it.
    pub fn declined(&self, uid: &str, owner: &Owner) -> bool {
        let whole = |event: &&Event| event.replaces.is_none();
        let latest =
            self.events.get(uid).and_then(|all| all.iter().filter(whole).max_by_key(|one| one.sequence));
        latest.is_some_and(|event| {
            event
                .answers
                .iter()
                .any(|(who, reply)| *reply == Reply::Declined && owner.addresses.contains(who))
        })
    }

    /// The busy times that overlap the window.
    pub fn busy(&self, owner: &Owner, window: Span) -> Busy {
        let mut busy = Busy { times: vec![], problems: self.problems.clone() };
        let mut budget = Budget::default();
        for (uid, events) in &self.events {
            expand::series(uid, events, owner, window, &mut budget, &mut busy);
        }
        let blocks = |tentative: bool| !tentative || owner.unanswered == Unanswered::Blocks;
        busy.times.extend(
            self.free_busy
                .iter()
                .filter(|period| period.span.overlaps(window) && blocks(period.tentative))
                .map(|period| BusyTime {
                    span: period.span,
                    uid: String::new(),
                    tentative: period.tentative,
                }),
        );
        busy.times.sort_unstable();
        busy.times.dedup();
        busy
    }
}

impl Busy {
    /// The busy times without their names, sorted, overlapping ones joined.
    pub fn merged(&self) -> Vec<Span> {
        let mut spans = self.times.iter().map(|time| time.span).collect();
        merge(&mut spans);
        spans
    }

    /// How many times each problem occurs, for a page that must stay short.
    pub fn counted(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for problem in &self.problems {
            *counts.entry(problem.to_string()).or_default() += 1;
        }
        counts
    }
}
