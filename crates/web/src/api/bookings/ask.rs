//! From what came in to what the engine is asked.

use jiff::Timestamp;
use kalends_domain::{Id, Uid, people::Organization};
use kalends_engine::{
    Actor,
    book::{
        BookAsk, Booker, BookingsAsk, Bounds, CancelAsk, CancelWhat, Listed, LocationChoice, LocationPick,
        Order, RescheduleAsk,
    },
};

use crate::api::{
    shape::{
        Wrong,
        booking::{BookingIn, BookingsQuery, CancelIn, GuestsIn, PlaceIn, RescheduleIn, read_instant},
    },
    slots::which,
};

/// A booking to make.
pub(super) fn book(
    input: BookingIn,
    organization: Id<Organization>,
    actor: Actor,
    idempotency_key: Option<String>,
) -> Result<BookAsk, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let start = start(&input.start, &mut wrong);
    let event_type = which(
        organization,
        input.event_type_id,
        input.event_type_slug.as_deref(),
        input.username.as_deref(),
        input.team_slug.as_deref(),
    )
    .map_err(|problem| wrong.push(problem))
    .ok();
    let location =
        input.location.as_ref().and_then(|place| place.choice().map_err(|problem| wrong.push(problem)).ok());
    if input.instant {
        wrong.push(Wrong::new("instant", "this server does not offer instant bookings; leave it out"));
    }
    let hold = reservation(input.reservation_uid.as_deref(), &mut wrong);
    let mut answers = input.booking_fields_responses;
    let notes = answers.remove("notes").map(|answer| answer.line()).unwrap_or_default();
    let (Some(start), Some(event_type), true) = (start, event_type, wrong.is_empty()) else {
        return Err(wrong);
    };
    Ok(BookAsk {
        event_type,
        start,
        minutes: input.length_in_minutes.map(|whole| whole.0),
        booker: Booker {
            name: input.attendee.name,
            email: input.attendee.email,
            zone: input.attendee.time_zone,
            locale: input.attendee.language.unwrap_or_default(),
            phone: input.attendee.phone_number,
        },
        guests: input.guests,
        location,
        answers,
        notes,
        metadata: input.metadata,
        times: input.recurrence_count.map(|whole| whole.0),
        hold,
        idempotency_key,
        actor,
        bounds: Bounds::Offered,
    })
}

/// Where in the body of a booking stands what the engine calls so.
pub(super) fn place_of(field: &str) -> String {
    match field {
        "name" | "email" | "timeZone" | "language" => format!("attendee.{field}"),
        "phone" => "attendee.phoneNumber".to_owned(),
        "lengthInMinutes" | "recurrenceCount" | "location" | "start" | "metadata" | "guests" => {
            field.to_owned()
        }
        // Lists and the header; a question's slug has neither brackets, dots nor capitals in front.
        _ if field.contains(['[', '.']) || field == "Idempotency-Key" => field.to_owned(),
        slug => format!("bookingFieldsResponses.{slug}"),
    }
}

impl PlaceIn {
    pub(super) fn choice(&self) -> Result<LocationChoice, Wrong> {
        let (kind, detail) = match self {
            Self::Word(word) => (word.as_str(), None),
            Self::Typed { kind, phone, address, location, .. } => {
                (kind.as_str(), phone.as_ref().or(address.as_ref()).or(location.as_ref()))
            }
        };
        let pick = match kind {
            "address" => LocationPick::InPerson,
            "attendeeAddress" => LocationPick::GuestPlace,
            "attendeeDefined" => match self {
                Self::Typed { integration: Some(app), .. } => LocationPick::App(app.clone()),
                _ => LocationPick::GuestDefined,
            },
            "phone" => LocationPick::HostPhone,
            "attendeePhone" => LocationPick::GuestPhone,
            "link" => LocationPick::Link,
            "integration" => match self {
                Self::Typed { integration: Some(app), .. } => LocationPick::App(app.clone()),
                _ => return Err(Wrong::new("location.integration", "name the app")),
            },
            _ => {
                let fix = "use address, link, integration, phone, attendeeAddress, attendeePhone or attendeeDefined";
                return Err(Wrong::new("location.type", fix));
            }
        };
        Ok(LocationChoice { pick, detail: detail.cloned().unwrap_or_default() })
    }
}

/// A new time for a booking.
pub(super) fn reschedule(
    booking: Uid,
    input: &RescheduleIn,
    actor: Actor,
) -> Result<RescheduleAsk, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let start = start(&input.start, &mut wrong);
    let actor = seated(actor, input.seat_uid.as_deref(), &mut wrong);
    let hold = reservation(input.reservation_uid.as_deref(), &mut wrong);
    let (Some(start), true) = (start, wrong.is_empty()) else { return Err(wrong) };
    Ok(RescheduleAsk {
        booking,
        start,
        reason: input.rescheduling_reason.clone().unwrap_or_default(),
        minutes: None,
        hold,
        actor,
        bounds: Bounds::Offered,
    })
}

/// Calling a booking off.
pub(super) fn cancel(booking: Uid, input: CancelIn, actor: Actor) -> Result<CancelAsk, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let what = match input.seat_uid.as_deref().map(|text| seat(text, &mut wrong)) {
        Some(Some(seat)) => CancelWhat::Seat(seat),
        _ if input.cancel_subsequent_bookings => CancelWhat::Remaining,
        _ => CancelWhat::Whole,
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(CancelAsk { booking, what, reason: input.cancellation_reason.unwrap_or_default(), actor })
}

fn start(text: &str, wrong: &mut Vec<Wrong>) -> Option<Timestamp> {
    let start = read_instant(text);
    if start.is_none() {
        wrong.push(Wrong::new("start", "give an instant such as 2050-09-05T09:00:00Z"));
    }
    start
}

/// A guest who names a seat acts for that seat alone.
fn seated(actor: Actor, text: Option<&str>, wrong: &mut Vec<Wrong>) -> Actor {
    match (actor, text.map(|text| seat(text, wrong))) {
        (Actor::Guest, Some(Some(seat))) => Actor::Seat(seat),
        (actor, _) => actor,
    }
}

/// The asker's own reservation.
fn reservation(text: Option<&str>, wrong: &mut Vec<Wrong>) -> Option<Uid> {
    let uid = Uid::parse(text?);
    if uid.is_none() {
        wrong.push(Wrong::new("reservationUid", "this cannot be a reservation’s uid"));
    }
    uid
}

/// Email addresses of others who come along.
pub(super) fn guests(input: GuestsIn) -> Result<Vec<String>, Vec<Wrong>> {
    if !(1..=10).contains(&input.guests.len()) {
        return Err(vec![Wrong::new("guests", "add 1 to 10 guests at a time")]);
    }
    Ok(input.guests.into_iter().map(|guest| guest.email).collect())
}

pub(super) fn seat(text: &str, wrong: &mut Vec<Wrong>) -> Option<Uid> {
    let seat = Uid::parse(text);
    if seat.is_none() {
        wrong.push(Wrong::new("seatUid", "this cannot be a seat’s uid"));
    }
    seat
}

/// Which bookings are asked for.
pub(super) fn list(query: &BookingsQuery) -> Result<BookingsAsk, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let status = words(query.status.as_deref())
        .filter_map(|word| match word {
            "upcoming" => Some(Listed::Upcoming),
            "recurring" => Some(Listed::Recurring),
            "past" => Some(Listed::Past),
            "cancelled" => Some(Listed::Cancelled),
            "unconfirmed" => Some(Listed::Unconfirmed),
            _ => {
                wrong.push(Wrong::new(
                    "status",
                    "use upcoming, recurring, past, cancelled or unconfirmed, with commas between",
                ));
                None
            }
        })
        .collect();
    let mut event_types: Vec<i64> = query.event_type_id.into_iter().collect();
    for word in words(query.event_type_ids.as_deref()) {
        match word.parse() {
            Ok(number) => event_types.push(number),
            Err(_) => wrong.push(Wrong::new("eventTypeIds", "give numbers with commas between")),
        }
    }
    for (field, asked) in [("teamId", &query.team_id), ("teamsIds", &query.teams_ids)] {
        if asked.is_some() {
            wrong.push(Wrong::new(
                field,
                "teams have no numbers here; name their event types in eventTypeIds",
            ));
        }
    }
    let uid = query.booking_uid.as_deref().and_then(|text| {
        let uid = Uid::parse(text);
        if uid.is_none() {
            wrong.push(Wrong::new("bookingUid", "this cannot be a booking’s uid"));
        }
        uid
    });
    let mut at = |field: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        let at = read_instant(text);
        if at.is_none() {
            wrong.push(Wrong::new(field, "give an instant such as 2050-09-05T09:00:00Z"));
        }
        at
    };
    let after_start = at("afterStart", &query.after_start);
    let before_end = at("beforeEnd", &query.before_end);
    let after_created = at("afterCreatedAt", &query.after_created_at);
    let before_created = at("beforeCreatedAt", &query.before_created_at);
    let after_updated = at("afterUpdatedAt", &query.after_updated_at);
    let before_updated = at("beforeUpdatedAt", &query.before_updated_at);
    let order = order(query, &mut wrong);
    if query.take.is_some_and(|take| !(1..=250).contains(&take)) {
        wrong.push(Wrong::new("take", "ask for 1 to 250"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(BookingsAsk {
        status,
        attendee_email: query.attendee_email.clone(),
        attendee_name: query.attendee_name.clone(),
        uid,
        event_types,
        after_start,
        before_end,
        after_created,
        before_created,
        after_updated,
        before_updated,
        order,
        skip: query.skip.unwrap_or(0),
        take: query.take,
        ..BookingsAsk::default()
    })
}

fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn order(query: &BookingsQuery, wrong: &mut Vec<Wrong>) -> Order {
    let orders = [
        ("sortStart", &query.sort_start, Order::Start, Order::StartDown),
        ("sortEnd", &query.sort_end, Order::End, Order::EndDown),
        ("sortCreated", &query.sort_created, Order::Created, Order::CreatedDown),
        ("sortUpdatedAt", &query.sort_updated_at, Order::Updated, Order::UpdatedDown),
    ];
    for (field, word, up, down) in orders {
        match word.as_deref() {
            None => {}
            Some("asc") => return up,
            Some("desc") => return down,
            Some(_) => wrong.push(Wrong::new(field, "use asc or desc")),
        }
    }
    Order::default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn organization() -> Id<Organization> {
        "00000000-0000-7000-8000-000000000000".parse().unwrap()
    }

    #[test]
    fn everything_wrong_with_a_booking_is_said() {
        let input = json!({
            "start": "tomorrow",
            "attendee": { "name": "Gus", "email": "gus@example.com", "timeZone": "UTC" },
            "location": { "type": "integration" },
            "instant": true,
        });
        let wrong =
            book(serde_json::from_value(input).unwrap(), organization(), Actor::Guest, None).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["start", "eventTypeId", "location.integration", "instant"]);
    }

    #[test]
    fn places_are_picked_by_their_type() {
        let pick = |value| serde_json::from_value::<PlaceIn>(value).unwrap().choice().unwrap();
        assert_eq!(pick(json!("link")).pick, LocationPick::Link);
        assert_eq!(
            pick(json!({ "type": "integration", "integration": "jitsi" })).pick,
            LocationPick::App("jitsi".into())
        );
        let phone = pick(json!({ "type": "attendeePhone", "phone": "+431234567" }));
        assert_eq!((phone.pick, phone.detail.as_str()), (LocationPick::GuestPhone, "+431234567"));
    }

    #[test]
    fn a_guest_who_names_a_seat_moves_that_seat_alone() {
        let input: RescheduleIn =
            serde_json::from_value(json!({ "start": "2050-09-05T09:00:00Z", "seatUid": "abc" })).unwrap();
        let ask = reschedule(Uid::of(1), &input, Actor::Guest).unwrap();
        assert_eq!(ask.actor, Actor::Seat(Uid::parse("abc").unwrap()));
    }

    #[test]
    fn unknown_words_of_a_list_are_named() {
        let query = BookingsQuery {
            status: Some("upcoming,lost".into()),
            event_type_ids: Some("1,x".into()),
            sort_end: Some("up".into()),
            take: Some(0),
            ..BookingsQuery::default()
        };
        let fields: Vec<String> = list(&query).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["status", "eventTypeIds", "sortEnd", "take"]);
    }
}
