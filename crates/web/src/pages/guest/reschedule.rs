//! The page on which a guest moves a booking.

use askama::Template;
use jiff::{Timestamp, civil::Weekday};
use kalends_domain::people::Hours;
use kalends_engine::slots::Offer;

use super::{
    booking::Seen,
    event::{Look, Nothing},
    month::{Around, Month, Part, parts},
    parts::{Notice, names},
};
use crate::{
    pages::Frame,
    when::{Face, Leaf},
    zones::{self, ZoneGroup},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/reschedule.html")]
pub struct RescheduleView {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) with: String,
    pub(super) action: String,
    pub(super) back: String,
    pub(super) hidden: Vec<(String, String)>,
    pub(super) notice: Option<Notice>,
    pub(super) now: String,
    pub(super) chosen: String,
    pub(super) month: Month,
    pub(super) zones: Vec<ZoneGroup>,
    pub(super) twelve: bool,
    pub(super) find: String,
    pub(super) nothing: Option<Nothing>,
    pub(super) day: String,
    pub(super) parts: Vec<Part>,
    pub(super) why: String,
    pub(super) reason_required: bool,
    pub(super) reason_error: String,
}

impl RescheduleView {
    /// Draws the page; `start` is the time chosen so far.
    pub fn of(frame: Frame, seen: &Seen, face: &Face, look: &Look, start: Option<Timestamp>) -> Self {
        let booking = &seen.view.booking;
        let path = seen.path();
        let around = Around {
            first: look.first,
            face,
            week_start: Weekday::Monday,
            chosen: look.chosen,
            was: Some(face.date(booking.span.starts())),
            last: look.last,
        };
        let month = Month::of(&around, &look.slots.days);
        let offers = look.chosen.and_then(|date| look.slots.days.get(&date)).map_or(&[][..], Vec::as_slice);
        // Where it is now is no other time.
        let offers: Vec<Offer> =
            offers.iter().copied().filter(|offer| offer.start != booking.span.starts()).collect();
        let offered = start.filter(|start| offers.iter().any(|offer| offer.start == *start));
        let hosts: Vec<&str> = seen.view.hosts.iter().map(|host| host.name.as_str()).collect();
        let show_seats = seen.view.event_type.seats.is_some_and(|seats| seats.show_left);
        Self {
            frame,
            title: seen.view.event_type.title.clone(),
            with: names(&hosts),
            action: format!("{path}/reschedule"),
            back: path,
            hidden: look.chosen.map(|date| ("shown".to_owned(), date.to_string())).into_iter().collect(),
            notice: None,
            now: face.short(booking.span.starts()),
            chosen: offered.map_or(String::new(), |start| face.short(start)),
            nothing: look.slots.days.is_empty().then(|| Nothing {
                title: format!("No times left in {}", month.name),
                text: "No later day can be booked at the moment. Your booking stays as it is.".into(),
                next: look.next.map(Leaf::of),
            }),
            month,
            zones: zones::choices(face, None),
            twelve: face.hours == Hours::Twelve,
            find: String::new(),
            day: look.chosen.map_or(String::new(), |date| face.heading(date)),
            parts: parts(&offers, face, show_seats, offered),
            why: String::new(),
            reason_required: seen.view.may.reason_required,
            reason_error: String::new(),
        }
    }
}
