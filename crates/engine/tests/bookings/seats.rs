//! Guests who share a slot.

use kalends_domain::{
    booking::State,
    event_type::{EventType, Seats},
};
use kalends_engine::{
    Actor,
    book::{BookError, CancelWhat, ChangeError},
    slots::SeatsLeft,
};

use crate::house::{House, ask, at, cancelling, moving};

checks![
    guests_share_a_booking_until_it_is_full,
    slots_say_how_many_seats_are_left,
    a_guest_takes_one_seat_only,
    a_hold_keeps_a_seat,
    a_seat_given_back_is_free_and_the_last_one_ends_the_booking,
    the_booking_of_all_is_not_a_guests_to_cancel,
    a_seat_moves_alone,
    the_only_seat_moves_with_its_booking,
    a_seat_moves_into_another_booking,
    a_seats_page_shows_its_own_guest_alone,
];

async fn workshop(h: &House, count: u32) -> EventType {
    h.single(|settings| {
        settings.seats = Some(Seats { count, show_left: true, show_guests: false });
    })
    .await
}

async fn guests_share_a_booking_until_it_is_full(h: &House) {
    let event_type = workshop(h, 2).await;
    let first = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let second = h.book(&event_type, "11-24 09:00", "zoe").await.unwrap();
    assert_eq!(first.bookings[0].uid, second.bookings[0].uid);
    assert_ne!(first.seat, second.seat);
    assert_eq!(second.bookings[0].attendees.len(), 2);
    let third = h.book(&event_type, "11-24 09:00", "max").await;
    assert!(matches!(third, Err(BookError::Full)), "{third:?}");
    assert_eq!(h.history(&first.bookings[0]).await, ["booked", "seat_taken"]);
}

async fn slots_say_how_many_seats_are_left(h: &House) {
    let event_type = workshop(h, 2).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    let slots = h.slots(&event_type, "11-24 00:00", "11-24 23:59").await;
    let offers: Vec<_> = slots.days.values().flatten().collect();
    assert_eq!(offers[0].seats, Some(SeatsLeft { left: 1, count: 2 }));
    assert_eq!(offers[1].seats, Some(SeatsLeft { left: 2, count: 2 }));
    h.booked(&event_type, "11-24 09:00", "zoe").await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:30");
}

async fn a_guest_takes_one_seat_only(h: &House) {
    let event_type = workshop(h, 3).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    assert!(matches!(h.book(&event_type, "11-24 09:00", "gus").await, Err(BookError::AlreadyIn)));
}

async fn a_hold_keeps_a_seat(h: &House) {
    let event_type = workshop(h, 2).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    let held = h.engine.hold(&crate::book::hold(&event_type, "11-24 09:00")).await.unwrap();
    let refused = h.book(&event_type, "11-24 09:00", "zoe").await;
    assert!(matches!(refused, Err(BookError::Full)), "{refused:?}");
    let mut ask = ask(event_type.id, at("11-24 09:00"), "max");
    ask.hold = Some(held.uid);
    let booked = h.engine.book(&ask).await.unwrap();
    assert_eq!(booked.bookings[0].attendees.len(), 2);
}

async fn a_seat_given_back_is_free_and_the_last_one_ends_the_booking(h: &House) {
    let event_type = workshop(h, 2).await;
    let first = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let second = h.book(&event_type, "11-24 09:00", "zoe").await.unwrap();
    let booking = &first.bookings[0];
    let leave =
        |seat: &kalends_domain::Uid| cancelling(booking, CancelWhat::Whole, Actor::Seat(seat.clone()));
    let left = h.engine.cancel(&leave(first.seat.as_ref().unwrap())).await.unwrap().remove(0);
    assert!(left.state.is_confirmed());
    assert_eq!(left.attendees.len(), 1);
    let again = h.engine.cancel(&leave(first.seat.as_ref().unwrap())).await;
    assert!(matches!(again, Err(ChangeError::NoSeat)), "{again:?}");
    h.booked(&event_type, "11-24 09:00", "max").await;
    let host = Actor::Member(h.member(0));
    let seat = CancelWhat::Seat(second.seat.clone().unwrap());
    h.engine.cancel(&cancelling(booking, seat, host.clone())).await.unwrap();
    let view = h.engine.booking(&booking.uid).await.unwrap();
    let last = CancelWhat::Seat(view.booking.attendees[0].seat.clone().unwrap());
    let gone = h.engine.cancel(&cancelling(booking, last, host)).await.unwrap().remove(0);
    assert!(matches!(gone.state, State::Cancelled { .. }));
    let slots = h.slots(&event_type, "11-24 00:00", "11-24 23:59").await;
    assert_eq!(slots.days.values().flatten().next().unwrap().seats, Some(SeatsLeft { left: 2, count: 2 }));
}

async fn the_booking_of_all_is_not_a_guests_to_cancel(h: &House) {
    let event_type = workshop(h, 2).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let all = h.engine.cancel(&cancelling(&booking, CancelWhat::Whole, Actor::Guest)).await;
    assert!(matches!(all, Err(ChangeError::Forbidden)), "{all:?}");
    let host = Actor::Member(h.member(0));
    h.engine.cancel(&cancelling(&booking, CancelWhat::Whole, host)).await.unwrap();
}

async fn a_seat_moves_alone(h: &House) {
    let event_type = workshop(h, 2).await;
    let first = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    h.booked(&event_type, "11-24 09:00", "zoe").await;
    let seat = first.seat.clone().unwrap();
    let moved = h
        .engine
        .reschedule(&moving(&first.bookings[0], "11-24 10:00", Actor::Seat(seat.clone())))
        .await
        .unwrap();
    assert_ne!(moved.uid, first.bookings[0].uid);
    assert_eq!(moved.attendees[0].seat, Some(seat.clone()));
    let stays = h.engine.booking(&first.bookings[0].uid).await.unwrap().booking;
    assert_eq!(stays.attendees.len(), 1);
    assert_eq!(h.engine.booking(&seat).await.unwrap().booking.uid, moved.uid);
}

async fn the_only_seat_moves_with_its_booking(h: &House) {
    let event_type = workshop(h, 2).await;
    let first = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let actor = Actor::Seat(first.seat.clone().unwrap());
    let moved = h.engine.reschedule(&moving(&first.bookings[0], "11-24 10:00", actor)).await.unwrap();
    assert_eq!((moved.uid, moved.revision), (first.bookings[0].uid.clone(), 1));
}

async fn a_seat_moves_into_another_booking(h: &House) {
    let event_type = workshop(h, 2).await;
    let first = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let other = h.booked(&event_type, "11-24 10:00", "zoe").await;
    let actor = Actor::Seat(first.seat.clone().unwrap());
    let moved = h.engine.reschedule(&moving(&first.bookings[0], "11-24 10:00", actor)).await.unwrap();
    assert_eq!((moved.uid, moved.attendees.len()), (other.uid, 2));
    let left = h.engine.booking(&first.bookings[0].uid).await.unwrap().booking;
    assert!(matches!(left.state, State::Cancelled { .. }), "nobody is left in it");
    let third = h.book(&event_type, "11-24 10:00", "max").await;
    assert!(matches!(third, Err(BookError::Full)), "{third:?}");
    h.booked(&event_type, "11-24 09:00", "max").await;
}

async fn a_seats_page_shows_its_own_guest_alone(h: &House) {
    let event_type = workshop(h, 2).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    let second = h.book(&event_type, "11-24 09:00", "zoe").await.unwrap();
    let view = h.engine.booking(second.seat.as_ref().unwrap()).await.unwrap();
    let emails: Vec<_> = view.booking.attendees.iter().map(|one| one.email.as_str()).collect();
    assert_eq!(emails, ["zoe@guests.example.com"]);
    assert_eq!(view.seat, second.seat);
}
