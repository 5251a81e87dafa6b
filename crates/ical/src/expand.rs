//! One series within a window: its rule, its exceptions, its extra dates (REC-01 to REC-05, DAV-11).

use std::collections::BTreeSet;

use kalends_domain::Span;

use crate::busy::{Busy, BusyTime, Hold, Owner, Problem};
use crate::read::{Event, Replaces, Rule};
use crate::rule::{self, Budget, TooHard, Until};
use crate::when::{Length, Wall, When};

/// Wall clocks differ from UTC by less than this, and a clock change is smaller still.
const ANY_OFFSET: i64 = 27 * 3600;

/// Adds the busy times of all events with one uid.
pub(crate) fn series(
    uid: &str,
    events: &[Event],
    owner: &Owner,
    window: Span,
    budget: &mut Budget,
    busy: &mut Busy,
) {
    let mut work = Series { uid, owner, window, exceptions: Exceptions::of(events, owner), budget, busy };
    for event in events {
        if event.replaces.is_some() {
            work.add(event, &event.start, event.length);
        } else {
            work.master(event);
        }
    }
}

/// The EXDATEs of a series. A date takes out whatever starts on that day of its own wall clock.
#[derive(Default)]
struct Excluded {
    instants: BTreeSet<i64>,
    days: BTreeSet<Wall>,
}

impl Excluded {
    fn of(event: &Event, owner: &Owner) -> Self {
        let mut all = Self::default();
        for not in &event.not {
            if not.is_day() {
                all.days.insert(not.wall());
            } else if let Some(instant) = not.instant(owner.rules()) {
                all.instants.insert(instant);
            }
        }
        all
    }

    fn holds(&self, start: &When, instant: i64) -> bool {
        self.instants.contains(&instant) || self.days.contains(&midnight(start.wall()))
    }
}

struct Series<'a> {
    uid: &'a str,
    owner: &'a Owner,
    window: Span,
    exceptions: Exceptions<'a>,
    budget: &'a mut Budget,
    busy: &'a mut Busy,
}

/// What the overrides of a series take from it.
struct Exceptions<'a> {
    /// A date can stand for an occurrence that has a time.
    replaced: Excluded,
    /// `(from, override)`, by time: later occurrences follow the last one before them.
    following: Vec<(i64, Wall, &'a Event)>,
}

impl<'a> Exceptions<'a> {
    fn of(events: &'a [Event], owner: &Owner) -> Self {
        let mut all = Self { replaced: Excluded::default(), following: vec![] };
        for event in events {
            let Some(replaces) = &event.replaces else { continue };
            let (Replaces::One(when) | Replaces::Following(when)) = replaces;
            let Some(instant) = when.instant(owner.rules()) else { continue };
            if when.is_day() {
                all.replaced.days.insert(when.wall());
            } else {
                all.replaced.instants.insert(instant);
            }
            if matches!(replaces, Replaces::Following(_)) {
                all.following.push((instant, when.wall(), event));
            }
        }
        all.following.sort_by_key(|(instant, ..)| *instant);
        all
    }

    /// The override that moved this occurrence along, if one did.
    fn followed(&self, instant: i64) -> Option<(Wall, &'a Event)> {
        let before = self.following.partition_point(|(from, ..)| *from <= instant);
        before.checked_sub(1).map(|last| (self.following[last].1, self.following[last].2))
    }

    /// The farthest any occurrence is moved, either way.
    fn reach(&self) -> i64 {
        self.following.iter().map(|(_, from, event)| (event.start.wall() - from).abs()).max().unwrap_or(0)
    }
}

const fn midnight(wall: Wall) -> Wall {
    wall - wall.rem_euclid(86_400)
}

impl Series<'_> {
    /// The occurrences of the series itself, without those that overrides replace.
    fn master(&mut self, event: &Event) {
        let blocked = self.owner.blocked_by(event);
        if blocked.is_none() && self.exceptions.following.is_empty() {
            return;
        }
        let not = Excluded::of(event, self.owner);
        match self.occurrences(event) {
            Ok(occurrences) => {
                for (start, length) in occurrences {
                    if !self.left_out(&not, &start) {
                        self.occurrence(event, &start, length);
                    }
                }
            }
            Err(why) => {
                if let Some(hold) = blocked {
                    self.whole_window(event, hold, why);
                }
            }
        }
    }

    /// Every start that may touch the window, exceptions included.
    fn occurrences(&mut self, event: &Event) -> Result<Vec<(When, Length)>, TooHard> {
        let reach = self.exceptions.reach().saturating_add(ANY_OFFSET);
        let stop = self.window.end.saturating_add(reach);
        let first = self.window.start.saturating_sub(reach).saturating_sub(event.length.most().max(0));
        let excluded = self.excluded(event, stop);
        let mut walls = BTreeSet::new();
        let mut begun = event.rules.is_empty();
        for rule in &event.rules {
            let Rule::Read(rule) = rule else { return Err(TooHard::Invalid) };
            let until = Until::of(rule);
            let past = |wall: Wall| {
                let instant = event.start.at(wall).and_then(|start| start.instant(self.owner.rules()));
                until.is_some_and(|until| until.before(wall, instant.unwrap_or(i64::MAX)))
            };
            if past(event.start.wall()) {
                continue; // split at its very first occurrence: nothing of it is left
            }
            begun = true;
            let mut starts = rule::starts(rule, event.start.wall(), stop, self.budget)?;
            // DTSTART counts as the first occurrence even where the rule would not make it (RFC 5545 section 3.8.5.3).
            let counted = rule.count.and_then(|count| usize::try_from(count).ok());
            if starts.first() != Some(&event.start.wall()) && counted == Some(starts.len()) {
                starts.pop();
            }
            walls.extend(starts.into_iter().take_while(|wall| !past(*wall)));
        }
        if begun {
            walls.insert(event.start.wall());
        }
        let ruled = walls.into_iter().filter(|wall| *wall >= first && !excluded.contains(wall));
        let ruled = ruled.filter_map(|wall| Some((event.start.at(wall)?, event.length)));
        let more = event.more.iter().map(|(when, length)| (when.clone(), length.unwrap_or(event.length)));
        Ok(ruled.chain(more).collect())
    }

    /// Starts made by EXRULE, which no longer exists in the standard but in files. One we cannot follow frees nothing.
    fn excluded(&mut self, event: &Event, stop: Wall) -> BTreeSet<Wall> {
        let mut all = BTreeSet::new();
        for rule in &event.not_rules {
            let until = Until::of(rule);
            let starts = rule::starts(rule, event.start.wall(), stop, self.budget).unwrap_or_default();
            all.extend(starts.into_iter().take_while(|wall| {
                let instant = event.start.at(*wall).and_then(|start| start.instant(self.owner.rules()));
                !until.is_some_and(|until| until.before(*wall, instant.unwrap_or(i64::MAX)))
            }));
        }
        all
    }

    /// Whether EXDATE or an override takes this occurrence out of the series.
    fn left_out(&self, not: &Excluded, start: &When) -> bool {
        let Some(instant) = start.instant(self.owner.rules()) else { return true };
        not.holds(start, instant) || self.exceptions.replaced.holds(start, instant)
    }

    /// One occurrence, where an override may have moved all from some point on.
    fn occurrence(&mut self, event: &Event, start: &When, length: Length) {
        let Some(instant) = start.instant(self.owner.rules()) else { return };
        match self.exceptions.followed(instant) {
            Some((from, changed)) => {
                let moved = start.wall().checked_add(changed.start.wall() - from);
                if let Some(moved) = moved.and_then(|wall| changed.start.at(wall)) {
                    self.add(changed, &moved, changed.length);
                }
            }
            None => self.add(event, start, length),
        }
    }

    fn add(&mut self, event: &Event, start: &When, length: Length) {
        let Some(hold) = self.owner.blocked_by(event) else { return };
        let zone = self.owner.rules();
        let (Some(from), Some(to)) = (start.instant(zone), length.end(start, zone)) else { return };
        if to < from {
            // Counted once per event, not once per occurrence.
            let problem = Problem::ends_before_start(self.uid);
            if self.busy.problems.last() != Some(&problem) {
                self.busy.problems.push(problem);
            }
            return;
        }
        let span = Span::new(from, to);
        if span.overlaps(self.window) {
            self.push(span, hold);
        }
    }

    fn push(&mut self, span: Span, hold: Hold) {
        if !span.is_empty() {
            let tentative = hold == Hold::Tentative;
            self.busy.times.push(BusyTime { span, uid: self.uid.to_owned(), tentative });
        }
    }

    /// A rule that is not followed blocks all the window from its start on (REC-04).
    fn whole_window(&mut self, event: &Event, hold: Hold, why: TooHard) {
        self.busy.problems.push(Problem::cannot_repeat(self.uid, why));
        let from = event.start.instant(self.owner.rules()).unwrap_or(self.window.start);
        self.push(Span::new(from.max(self.window.start), self.window.end), hold);
    }
}
