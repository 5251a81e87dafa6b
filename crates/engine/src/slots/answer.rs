//! The verbs that read slots.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use kalends_domain::{
    Span, Uid,
    availability::{Seated, Source},
    span::instant,
    zone::Zone,
};
use kalends_store::repo::Owner;

use super::{
    Explanation, HostExplanation, Offer, SeatsLeft, Slots, SlotsAsk, SlotsError, View, Which, view::Look,
};
use crate::{
    Engine, Invalid, Member, Trouble,
    book::check,
    index::{Offering, Purpose, Taker, source_of, source_of_owner},
};

/// How far around a window hosts' time matters: buffers, and hours of dates that differ.
const AROUND: i64 = 3 * 86_400;

impl Engine {
    /// The starts that can be booked in a window, by date in the guest's zone.
    pub async fn slots(&self, ask: &SlotsAsk) -> Result<Slots, SlotsError> {
        let found = self.find(&ask.event_type).await?;
        let offering = found.offering;
        let settings = &offering.event_type.settings;
        let mut invalid = Invalid::default();
        let minutes = check::length(settings, ask.minutes, &mut invalid);
        let zone = check::zone(&ask.zone, "timeZone", &mut invalid);
        let window = Span::between(ask.from, ask.until);
        invalid.need(ask.from < ask.until, "end", "the end lies before the start; swap them");
        invalid.need(
            window.len() <= SlotsAsk::LONGEST_DAYS * 86_400,
            "end",
            &format!("ask for at most {} days at a time", SlotsAsk::LONGEST_DAYS),
        );
        invalid.check()?;

        let ignoring = self.ignoring(ask.rescheduling.as_ref(), ask.hold.as_ref()).await?;
        let view = self.view(offering, window, ignoring, Purpose::Page).await?;
        self.looked_at(&view.offering.users());
        let seats = view.settings().seats.map(|seats| seats.count);
        let mut days: BTreeMap<_, Vec<Offer>> = BTreeMap::new();
        for slot in view.slots_by_date(Look { window, zone: &zone, minutes }) {
            let (date, slots) = slot;
            days.entry(date).or_default().extend(slots.into_iter().map(|slot| Offer {
                start: instant(slot.start),
                seats: seats.map(|count| SeatsLeft { left: slot.seats_left.unwrap_or(count), count }),
            }));
        }
        Ok(Slots { event_type: view.offering.event_type.id, minutes, days, withheld: view.withheld() })
    }

    /// Why a start is, or is not, offered to guests: for the hosts' eyes.
    pub async fn explain_slot(
        &self,
        member: &Member,
        event_type: &Which,
        at: Timestamp,
        minutes: Option<u32>,
    ) -> Result<Explanation, SlotsError> {
        let offering = self.find(event_type).await?.offering;
        let hosted = offering.event_type.hosts.iter().any(|host| host.user == member.user);
        if offering.event_type.organization != member.organization || !(hosted || member.role.manages()) {
            return Err(SlotsError::NotFound);
        }
        let mut invalid = Invalid::default();
        let minutes = check::length(&offering.event_type.settings, minutes, &mut invalid);
        invalid.check()?;
        let zone = offering.zone.clone();
        let start = at.as_second();
        let day = Span::new(
            zone.midnight(zone.date(start)),
            zone.midnight(zone.date(start).tomorrow().unwrap_or(jiff::civil::Date::MAX)),
        );
        let window = Span::new(day.start, day.end.max(start + i64::from(minutes) * 60));
        let view = self.view(offering, window, Vec::new(), Purpose::Page).await?;
        let look = Look { window, zone: &zone, minutes };
        let explained = view.explained(look, |ask| ask.explain(start));
        let words = |source: Source, time: Option<&crate::index::HostTime>| named(source, time);
        let any = view.times.first().map(|time| &**time);
        let hosts = view.offering.hosts.iter().zip(&view.times).zip(&explained.hosts);
        let hosts: Vec<HostExplanation> = hosts
            .map(|((host, time), answer)| HostExplanation {
                host: host.host.user,
                name: host.person.name.clone(),
                free: answer.reasons.is_empty(),
                reasons: answer
                    .reasons
                    .iter()
                    .map(|reason| reason.words(&zone, |source| words(source, Some(time))))
                    .collect(),
            })
            .collect();
        let offered = explained.offered();
        let general: Vec<String> =
            explained.reasons.iter().map(|reason| reason.words(&zone, |source| words(source, any))).collect();
        let verdict = if offered { "Guests can book this time.".to_owned() } else { general.join(" ") };
        Ok(Explanation { offered, verdict, hosts })
    }

    /// An event type with all that takes its hosts' time within a window.
    pub(crate) async fn view(
        &self,
        offering: Arc<Offering>,
        window: Span,
        ignoring: Vec<Source>,
        purpose: Purpose,
    ) -> Result<View, Trouble> {
        let now = self.now();
        let window = if purpose == Purpose::Start {
            let settings = &offering.event_type.settings;
            let reach = settings.offset.max(settings.buffers.before).max(settings.buffers.after);
            window.widened(i64::from(reach) * 60, i64::from(reach) * 60)
        } else {
            // Nothing is offered before now, so nothing before it matters.
            let start = window.start.max(now.as_second() + 86_400);
            Span::new(start - AROUND, window.end.max(start) + AROUND)
        };
        let times = self.memory.times(&offering.users(), window, purpose).await?;
        let (mut booked, mut seated) = (Vec::new(), Vec::new());
        let tally =
            if offering.counts() { Some(self.memory.tally(&offering, window, purpose).await?) } else { None };
        if let Some(tally) = &tally {
            for one in &tally.booked {
                let source = source_of(one.booking);
                if !ignoring.contains(&source) {
                    booked.push(one.span);
                }
                if let Some(seats) = offering.event_type.settings.seats {
                    let own = one.holds.iter().filter(|hold| ignoring.contains(hold)).count();
                    let taken = one.seats.saturating_sub(u32::try_from(own).unwrap_or(0));
                    let left = seats.count.saturating_sub(taken);
                    seated.push(Seated { start: one.span.start, source, left });
                }
            }
        }
        Ok(View { offering, times, booked, seated, tally, ignoring, now, purpose })
    }

    /// The sources of what gives way: a booking that moves, the guest's own hold.
    pub(crate) async fn ignoring(
        &self,
        rescheduling: Option<&Uid>,
        hold: Option<&Uid>,
    ) -> Result<Vec<Source>, Trouble> {
        let mut sources = Vec::new();
        if rescheduling.is_none() && hold.is_none() {
            return Ok(sources);
        }
        let mut tx = self.db.read().await?;
        if let Some(uid) = rescheduling
            && let Some(booking) = tx.bookings().by_uid(uid).await?
        {
            sources.push(source_of(booking.id));
        }
        if let Some(uid) = hold
            && let Some(hold) = tx.holds().by_uid(uid).await?
        {
            sources.push(source_of_owner(Owner::Hold(hold.id)));
        }
        Ok(sources)
    }
}

/// A source in words, for the host.
fn named(source: Source, time: Option<&crate::index::HostTime>) -> String {
    match time.and_then(|time| Some((time, time.takers.get(&source)?))) {
        Some((_, Taker::Claim(Owner::Booking(_)))) => "a booking".to_owned(),
        Some((_, Taker::Claim(Owner::Hold(_)))) => "a guest who is filling in the form".to_owned(),
        Some((time, Taker::Calendar(place))) => {
            let name = time.habits.calendars.get(*place).map_or("", |calendar| calendar.name.as_str());
            format!("the calendar “{name}”")
        }
        None => "something else".to_owned(),
    }
}

/// A zone's name that is known to be one.
pub(crate) fn zone_or_utc(name: &str) -> Zone {
    Zone::parse(name).unwrap_or_else(|_| Zone::utc())
}
