//! Everything the slot engine is told about one event type, gathered from memory.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan, civil::Date};
use kalends_domain::{
    Id, Span,
    availability::{Ask, Busy, Counted, HostTimes, Offer, Seated, Slot, Source, Timing, bookable},
    event_type::{Assignment, Period, Settings},
    people::User,
    zone::Zone,
};

use kalends_store::repo::Owner;

use super::Withheld;
use crate::{
    book::BookError,
    index::{HostTime, Offering, Purpose, Tally},
};

/// An event type, its hosts' time and what is booked of it, at one instant.
pub(crate) struct View {
    /// The event type.
    pub offering: Arc<Offering>,
    /// The hosts' time, in the offering's order.
    pub times: Vec<Arc<HostTime>>,
    /// Its bookings, where a limit counts them.
    pub booked: Vec<Span>,
    /// Its bookings, where guests share a slot.
    pub seated: Vec<Seated>,
    /// The same, with who is behind each source.
    pub tally: Option<Arc<Tally>>,
    /// Sources that do not block: the booking that moves, the guest's own hold.
    pub ignoring: Vec<Source>,
    /// The clock.
    pub now: Timestamp,
    /// What it was gathered for, and so how far around.
    pub purpose: Purpose,
}

/// Where to look, and for what length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub window: Span,
    pub zone: &'a Zone,
    pub minutes: u32,
}

/// How a start that may be booked is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// As a new booking with these hosts, by their place: all of them, but one under round robin who is not fixed.
    New(Vec<usize>),
    /// As a seat in a booking that is there.
    Seat(Source),
}

/// What stands in the way of a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocks {
    AsTheyAre,
    Gone,
}

impl View {
    /// The rules of the event type.
    pub fn settings(&self) -> &Settings {
        &self.offering.event_type.settings
    }

    /// The booking behind a source with seats.
    pub fn booking(&self, source: Source) -> Option<Owner> {
        self.tally.as_ref()?.booking(source)
    }

    /// All slots of a window.
    pub fn slots(&self, look: Look<'_>) -> Vec<Slot> {
        self.asked(look, Blocks::AsTheyAre, |ask| ask.slots().slots)
    }

    /// The same, by date in the guest's zone.
    pub fn slots_by_date(&self, look: Look<'_>) -> Vec<(Date, Vec<Slot>)> {
        self.asked(look, Blocks::AsTheyAre, |ask| ask.slots().by_date(look.zone))
    }

    /// Hosts of whom nothing is offered, because a calendar of theirs is not known.
    pub fn withheld(&self) -> Vec<Withheld> {
        let now = self.now.as_second();
        let hosts = self.offering.hosts.iter().zip(&self.times);
        hosts
            .filter_map(|(host, time)| {
                let calendar = time.unknown(now)?;
                Some(Withheld {
                    host: host.host.user,
                    name: host.person.name.clone(),
                    calendar: calendar.name.clone(),
                    fresh_at: calendar.synced_at,
                })
            })
            .collect()
    }

    /// How a guest may book this start; else why not.
    ///
    /// A start is good when some window offers it: the one that begins there, the guest's day, or the days around it.
    /// A view of a start alone knows the first of them; its "no" may be a "yes" with more around.
    pub fn offered(&self, start: i64, zone: &Zone, minutes: u32) -> Result<Offered, BookError> {
        self.in_time(start)?;
        let looks = self.windows(start, zone, minutes);
        for look in &looks {
            if let Some(slot) = self.slots(*look).into_iter().find(|slot| slot.start == start) {
                return self.taken_up(slot, *look);
            }
        }
        if let Some(per) = self.limit_at(start, minutes) {
            return Err(BookError::Limit { per });
        }
        if let Some(seated) = self.seated.iter().find(|seated| seated.start == start && seated.left == 0)
            && !self.ignoring.contains(&seated.source)
        {
            return Err(BookError::Full);
        }
        let open = looks.iter().any(|look| self.asked(*look, Blocks::Gone, |ask| ask.slots().offers(start)));
        Err(if open { self.busy() } else { BookError::NotOffered })
    }

    /// How a host may book this start: any time at which hosts are not known to be busy.
    pub fn free(&self, start: i64, minutes: u32) -> Result<Offered, BookError> {
        if self.offering.hosts.is_empty() {
            return Err(BookError::NoHosts);
        }
        if start <= self.now.as_second() {
            return Err(BookError::TooSoon { minutes: 0 });
        }
        if let Some(seated) = self.seated.iter().find(|seated| seated.start == start && seated.left > 0) {
            return Ok(Offered::Seat(seated.source));
        }
        let free: Vec<usize> =
            (0..self.times.len()).filter(|place| self.is_free(*place, start, minutes)).collect();
        let needed = |place: &usize| self.needed(*place);
        let all_needed = (0..self.times.len()).filter(needed).all(|place| free.contains(&place));
        let in_turn = self.times.len() == (0..self.times.len()).filter(needed).count()
            || free.iter().any(|place| !self.needed(*place));
        if all_needed && in_turn { Ok(Offered::New(free)) } else { Err(self.busy()) }
    }

    /// True when all of these hosts work throughout this time.
    pub fn works(&self, hosts: &[Id<User>], span: Span) -> bool {
        let them = self.offering.hosts.iter().zip(&self.times);
        hosts.iter().all(|host| {
            them.clone().any(|(one, time)| {
                one.host.user == *host
                    && HostTimes {
                        schedule: &one.hours,
                        travel: &time.habits.travel,
                        away: &time.habits.away,
                        busy: Busy::Rows(&[]),
                        fixed: one.host.fixed,
                    }
                    .works(span)
            })
        })
    }

    /// Hosts who take turns and are free then, whoever else is not: who could take over.
    pub fn free_in_turn(&self, start: i64, minutes: u32) -> Vec<usize> {
        (0..self.times.len())
            .filter(|place| !self.needed(*place) && self.is_free(*place, start, minutes))
            .collect()
    }

    /// True for a host who must take part.
    pub fn needed(&self, place: usize) -> bool {
        self.offering.event_type.assignment != Assignment::RoundRobin || self.offering.hosts[place].host.fixed
    }

    /// Notice and booking window.
    pub fn in_time(&self, start: i64) -> Result<(), BookError> {
        if self.offering.hosts.is_empty() {
            return Err(BookError::NoHosts);
        }
        let settings = self.settings();
        let now = self.now.as_second();
        if start <= now || start < now.saturating_add(i64::from(settings.notice) * 60) {
            return Err(BookError::TooSoon { minutes: settings.notice });
        }
        if bookable(&settings.window, &self.offering.zone, now).holds(start) {
            Ok(())
        } else {
            Err(BookError::OutsideWindow)
        }
    }

    /// The period of a limit that leaves no room for one more booking then.
    pub fn limit_at(&self, start: i64, minutes: u32) -> Option<Period> {
        let reached = self.counted().reached(minutes, Span::new(start, start + 1));
        reached.first().map(|limit| limit.per)
    }

    /// The event type's limits and what counts towards them.
    pub fn counted(&self) -> Counted<'_> {
        Counted {
            limits: &self.settings().limits,
            booked: &self.booked,
            zone: &self.offering.zone,
            week_start: self.offering.week_start,
        }
    }

    /// True when nothing is known to take a host's time then, buffers included.
    fn is_free(&self, place: usize, start: i64, minutes: u32) -> bool {
        let buffers = self.settings().buffers;
        let wish = Span::new(start, start + i64::from(minutes) * 60)
            .widened(i64::from(buffers.before) * 60, i64::from(buffers.after) * 60);
        let time = &self.times[place];
        let mut others = time.blocks.rows().iter().filter(|row| !self.ignoring.contains(&row.source));
        time.unknown(self.now.as_second()).is_none() && !others.any(|row| row.span.overlaps(wish))
    }

    fn taken_up(&self, slot: Slot, look: Look<'_>) -> Result<Offered, BookError> {
        if slot.seats_left.is_some()
            && let Some(seated) = self.seated.iter().find(|one| one.start == slot.start && one.left > 0)
        {
            return Ok(Offered::Seat(seated.source));
        }
        let hosts = self.asked(look, Blocks::AsTheyAre, |ask| ask.hosts_at(slot.start));
        if hosts.is_empty() { Err(self.busy()) } else { Ok(Offered::New(hosts)) }
    }

    fn windows<'a>(&self, start: i64, zone: &'a Zone, minutes: u32) -> Vec<Look<'a>> {
        let end = start + i64::from(minutes) * 60;
        let offset = i64::from(self.settings().offset) * 60;
        let today = zone.date(start);
        let tomorrow = today.saturating_add(1.day());
        let day = Span::new(zone.midnight(today), zone.midnight(tomorrow).max(end));
        let around = Span::new(start, end).widened(2 * 86_400, 86_400);
        let look = |window| Look { window, zone, minutes };
        if self.settings().first_slot_only {
            return if self.purpose == Purpose::Start { Vec::new() } else { vec![look(day)] };
        }
        if self.purpose == Purpose::Start {
            return vec![look(Span::new(start - offset, end))];
        }
        vec![look(Span::new(start - offset, end)), look(day), look(around)]
    }

    /// Somebody has the time, or a calendar is not known.
    fn busy(&self) -> BookError {
        let now = self.now.as_second();
        let unknown = |place: &usize| self.times[*place].unknown(now).is_some();
        let places = 0..self.times.len();
        let missing = places.clone().find(|place| self.needed(*place) && unknown(place)).or_else(|| {
            let mut in_turn = places.filter(|place| !self.needed(*place)).peekable();
            let first = in_turn.peek().copied();
            first.filter(|_| in_turn.all(|place| unknown(&place)))
        });
        match missing {
            Some(place) => BookError::Withheld { host: self.offering.hosts[place].person.name.clone() },
            None => BookError::Taken,
        }
    }

    fn asked<T>(&self, look: Look<'_>, blocks: Blocks, then: impl FnOnce(&Ask<'_>) -> T) -> T {
        let now = self.now.as_second();
        let settings = self.settings();
        let hosts: Vec<HostTimes<'_>> = self
            .offering
            .hosts
            .iter()
            .zip(&self.times)
            .map(|(host, time)| HostTimes {
                schedule: &host.hours,
                travel: &time.habits.travel,
                away: &time.habits.away,
                busy: match blocks {
                    Blocks::AsTheyAre => time.busy(now),
                    Blocks::Gone => Busy::Rows(&[]),
                },
                fixed: host.host.fixed,
            })
            .collect();
        let timing = Timing {
            length: look.minutes,
            interval: settings.interval,
            notice: settings.notice,
            offset: settings.offset,
            before: settings.buffers.before,
            after: settings.buffers.after,
        };
        then(&Ask {
            window: look.window,
            now,
            booker: look.zone,
            timing,
            assignment: self.offering.event_type.assignment,
            hosts: &hosts,
            ahead: &settings.window,
            counted: self.counted(),
            seated: if blocks == Blocks::Gone { &[] } else { &self.seated },
            ignoring: &self.ignoring,
            offer: if settings.first_slot_only { Offer::FirstOfDay } else { Offer::All },
        })
    }

    /// The words for an instant.
    pub fn explained<T>(&self, look: Look<'_>, then: impl FnOnce(&Ask<'_>) -> T) -> T {
        self.asked(look, Blocks::AsTheyAre, then)
    }
}
