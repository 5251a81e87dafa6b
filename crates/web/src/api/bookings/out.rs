//! From what the engine answers to what goes out.

use kalends_domain::{Id, people::User};
use kalends_engine::book::{BookingView, Person};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shape::booking::{Around, BookingOut, EventTypeRef, HostOut, ReassignedOut, ReassignedTo};

/// A booking with everything the API says about it.
pub(super) fn booking(view: &BookingView) -> BookingOut {
    let around = Around {
        event_type: EventTypeRef { id: view.event_type.number, slug: view.event_type.slug.to_string() },
        description: view.booking.notes.clone(),
        hosts: view.hosts.iter().map(host).collect(),
        shared: view.event_type.seats.is_some(),
        seat: view.seat.as_ref().map(ToString::to_string),
    };
    BookingOut::of(&view.booking, around)
}

/// A booking that was given to another host than those it had.
pub(super) fn reassigned(view: &BookingView, before: &[Id<User>]) -> Option<ReassignedOut> {
    let new = view.hosts.iter().find(|host| !before.contains(&host.id)).or(view.hosts.first())?;
    Some(ReassignedOut {
        booking_uid: view.booking.uid.to_string(),
        reassigned_to: ReassignedTo {
            id: new.number,
            name: new.name.clone(),
            email: new.email.clone(),
            display_email: new.email.clone(),
        },
    })
}

fn host(person: &Person) -> HostOut {
    HostOut {
        id: person.number,
        name: person.name.clone(),
        email: person.email.clone(),
        display_email: person.email.clone(),
        username: person.username.to_string(),
        time_zone: person.zone.clone(),
    }
}

/// Where a page of a list lies in the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    pub total_items: u64,
    pub remaining_items: u64,
    pub returned_items: u64,
    pub items_per_page: u64,
    pub current_page: u64,
    pub total_pages: u64,
    pub has_next_page: bool,
    pub has_previous_page: bool,
}

/// A page of `returned` items after `skip`, of `take` at most, among `total`.
pub(super) fn pagination(total: u64, returned: u64, skip: u64, take: u64) -> Pagination {
    let remaining = total.saturating_sub(skip + returned);
    Pagination {
        total_items: total,
        remaining_items: remaining,
        returned_items: returned,
        items_per_page: take,
        current_page: skip / take.max(1) + 1,
        total_pages: total.div_ceil(take.max(1)),
        has_next_page: remaining > 0,
        has_previous_page: skip > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_three_pages_knows_where_it_is() {
        let page = pagination(25, 10, 10, 10);
        assert_eq!((page.current_page, page.total_pages, page.remaining_items), (2, 3, 5));
        assert!(page.has_next_page && page.has_previous_page);
    }
}
