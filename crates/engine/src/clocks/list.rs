//! Bookings to come that are at another local time than was agreed.

use kalends_domain::{Span, booking::unfit};
use kalends_store::repo::{Filter, Order, Page};

use crate::{
    Engine, Member, Trouble,
    book::{BookingView, views},
};

/// Bookings on one page.
const PAGE: u32 = 50;

/// A booking that new rules brought to another local time than was agreed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shifted {
    /// The booking as it stands.
    pub view: BookingView,
    /// The agreed local time, by the rules in force.
    pub to: Span,
    /// The booking can move there.
    pub fits: bool,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftedPage {
    /// Earliest first.
    pub items: Vec<Shifted>,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<u32>,
}

impl Shifted {
    /// The booking, if it is one of them.
    pub fn of(view: BookingView, now: i64) -> Option<Self> {
        let live = view.booking.state.claims_time() && view.booking.span.start >= now;
        let to = view.booking.shifted().filter(|_| live)?;
        Some(Self { fits: unfit(to, now).is_none(), view, to })
    }
}

impl Engine {
    /// Those the asker decides about: their own; for one who manages, the organization's.
    pub async fn shifted(&self, asker: &Member, skip: u32) -> Result<ShiftedPage, Trouble> {
        self.shifted_of(concerning(asker), Page { skip, take: PAGE }).await
    }

    /// The first of them.
    pub(super) async fn shifted_at_most(&self, asker: &Member, take: u32) -> Result<Vec<Shifted>, Trouble> {
        Ok(self.shifted_of(concerning(asker), Page { skip: 0, take }).await?.items)
    }

    /// The first of those the asker hosts.
    pub(crate) async fn own_shifted(&self, asker: &Member) -> Result<Vec<Shifted>, Trouble> {
        let own = Filter { hosts: vec![asker.user], ..Filter::of(asker.organization) };
        Ok(self.shifted_of(own, Page { skip: 0, take: PAGE }).await?.items)
    }

    async fn shifted_of(&self, filter: Filter, page: Page) -> Result<ShiftedPage, Trouble> {
        let mut tx = self.db.read().await?;
        let now = self.now();
        let filter = filter.shifted(now.as_second());
        let listed = tx.bookings().list(&filter, Order::Start, page).await?;
        let total = u64::try_from(listed.total).unwrap_or(0);
        let end = page.skip.saturating_add(page.take);
        let views = views(&mut tx, listed.bookings, now).await?;
        let items = views.into_iter().filter_map(|view| Shifted::of(view, now.as_second())).collect();
        Ok(ShiftedPage { items, total, next: (u64::from(end) < total).then_some(end) })
    }
}

/// The asker's own bookings; for one who manages, the organization's.
fn concerning(asker: &Member) -> Filter {
    let hosts = if asker.role.manages() { vec![] } else { vec![asker.user] };
    Filter { hosts, ..Filter::of(asker.organization) }
}
