//! What a host is asked because of their calendars, or of clocks.

use kalends_domain::{
    Id, Span,
    booking::{AskWhy, Booking, Seen, Status, unfit},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Answered, ConflictAnswer, Filter, LaidOver, Order, OutsideChange, Page},
};

use crate::{
    Engine, Member, Trouble,
    book::{BookingView, views},
    clocks::Shifted,
};

/// Bookings looked at for conflicts; who has more ahead sees the first ones first.
const AHEAD: u32 = 200;
/// Conflicts shown at once.
const MOST: usize = 50;

/// What a host is asked because of their calendars, or of clocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    /// Bookings whose event was changed in a calendar.
    pub changed: Vec<Changed>,
    /// Bookings over which something else was laid.
    pub conflicts: Vec<Conflict>,
    /// Bookings that new rules brought to another local time than was agreed.
    pub shifted: Vec<Shifted>,
}

/// A booking whose event was changed in a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The question's name.
    pub id: Id<OutsideChange>,
    /// The booking as it stands.
    pub view: BookingView,
    /// The calendar, as its owner calls it.
    pub calendar: String,
    /// How the event stands there.
    pub seen: Seen,
    /// Why it was not followed.
    pub why: AskWhy,
    /// The booking could follow.
    pub fits: bool,
}

/// A booking over which something else was laid.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The booking.
    pub view: BookingView,
    /// What lies over it, and where; never what it is called (FB-08).
    pub over: Vec<LaidOver>,
    /// The guest was asked for another time already.
    pub asked: bool,
}

impl Needs {
    /// How many questions there are.
    pub const fn len(&self) -> usize {
        self.changed.len() + self.conflicts.len() + self.shifted.len()
    }

    /// True when nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Engine {
    /// What is asked about the asker's own bookings.
    pub async fn needs(&self, asker: &Member) -> Result<Needs, Trouble> {
        let mut tx = self.db.read().await?;
        let changed = self.changed(&mut tx, asker).await?;
        let conflicts = self.conflicts(&mut tx, asker).await?;
        drop(tx);
        let shifted = self.own_shifted(asker).await?;
        Ok(Needs { changed, conflicts, shifted })
    }

    async fn changed(&self, tx: &mut Tx, asker: &Member) -> Result<Vec<Changed>, Trouble> {
        let open = tx.outside_changes().asked(asker.organization, asker.user).await?;
        let mut all = Vec::with_capacity(open.len());
        for one in open {
            let (Some(booking), Some(calendar), Some(why)) =
                (tx.bookings().get(one.booking).await?, tx.calendars().get(one.calendar).await?, one.why)
            else {
                continue;
            };
            let Some(view) = views(tx, vec![booking], self.now()).await?.pop() else { continue };
            let now = self.now().as_second();
            let fits = !matches!(one.seen, Seen::At { span } if unfit(span, now).is_some());
            all.push(Changed { id: one.id, view, calendar: calendar.name, seen: one.seen, why, fits });
        }
        Ok(all)
    }

    async fn conflicts(&self, tx: &mut Tx, asker: &Member) -> Result<Vec<Conflict>, Trouble> {
        let bookings = ahead(tx, asker).await?;
        let laid = laid_over(tx, asker, &bookings).await?;
        let concerned: Vec<Booking> = laid.iter().map(|(booking, ..)| booking.clone()).collect();
        let mut views = views(tx, concerned, self.now()).await?.into_iter();
        // A booking whose event type is not there any more has no view.
        let conflicts = laid.into_iter().filter_map(|(booking, over, asked)| {
            let view = views.by_ref().find(|view| view.booking.id == booking.id)?;
            Some(Conflict { view, over, asked })
        });
        Ok(conflicts.collect())
    }
}

/// The asker's bookings to come.
async fn ahead(tx: &mut Tx, asker: &Member) -> StoreResult<Vec<Booking>> {
    let filter = Filter {
        hosts: vec![asker.user],
        statuses: vec![Status::Confirmed, Status::AwaitingConfirmation],
        ends_after: Some(tx.now().as_second()),
        ..Filter::of(asker.organization)
    };
    Ok(tx.bookings().list(&filter, Order::Start, Page { skip: 0, take: AHEAD }).await?.bookings)
}

/// What lies over each of these bookings and was not said to be fine; and whether their guests were asked to move.
pub(super) async fn laid_over(
    tx: &mut Tx,
    asker: &Member,
    bookings: &[Booking],
) -> StoreResult<Vec<(Booking, Vec<LaidOver>, bool)>> {
    let spans = bookings.iter().map(|booking| booking.span);
    let Some(around) = spans.reduce(|a, b| Span::new(a.start.min(b.start), a.end.max(b.end))) else {
        return Ok(vec![]);
    };
    let foreign = tx.outside_changes().foreign(asker.user, around).await?;
    if foreign.is_empty() {
        return Ok(vec![]);
    }
    let answers = tx.outside_changes().answers(bookings).await?;
    let mut found = Vec::new();
    for booking in bookings {
        let said = |over: &LaidOver| {
            let about = |one: &&Answered| {
                one.booking == booking.id
                    && one.revision == booking.revision
                    && one.over == (over.calendar, over.remote_id.clone(), over.span)
            };
            answers.iter().find(about).map(|one| one.answer)
        };
        // By start, so what begins after the booking's end is the last that matters.
        let near = foreign.iter().take_while(|over| over.span.start < booking.span.end);
        let over: Vec<LaidOver> = near
            .filter(|over| over.span.overlaps(booking.span) && said(over) != Some(ConflictAnswer::Kept))
            .cloned()
            .collect();
        if !over.is_empty() {
            let guest_knows = over.iter().any(|over| said(over) == Some(ConflictAnswer::Asked));
            found.push((booking.clone(), over, guest_knows));
        }
        if found.len() == MOST {
            break;
        }
    }
    Ok(found)
}
