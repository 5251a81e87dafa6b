//! Bookings out of rows.

use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, civil::DateTime};
use kalends_domain::{
    Id, Span, Zone,
    booking::{Attendee, Booking, Marks, State},
    event_type::{Answers, BookedLocation},
    people::User,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Result, Row, Tx, port::broken, sql};

/// What no query asks for, as one JSON value.
#[derive(Serialize, Deserialize)]
pub(super) struct Rest {
    state: State,
    location: BookedLocation,
    #[serde(default)]
    answers: Answers,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    marks: Marks,
}

impl Rest {
    pub(super) fn of(booking: &Booking) -> Self {
        Self {
            state: booking.state.clone(),
            location: booking.location.clone(),
            answers: booking.answers.clone(),
            notes: booking.notes.clone(),
            metadata: booking.metadata.clone(),
            marks: booking.marks,
        }
    }
}

/// A booking without its people.
pub(super) fn booking(row: &Row) -> Result<Booking> {
    let rest: Rest = row.json("rest")?;
    let (span, zone): (Span, String) = (row.span()?, row.get("zone")?);
    Ok(Booking {
        id: row.get("id")?,
        number: row.get("number")?,
        uid: row.get("uid")?,
        organization: row.get("organization_id")?,
        event_type: row.get("event_type_id")?,
        title: row.get("title")?,
        span,
        wall: wall(row, &zone, span.start)?,
        zone,
        state: rest.state,
        revision: row.get("revision")?,
        host: row.get("host_id")?,
        hosts: Vec::new(),
        attendees: Vec::new(),
        location: rest.location,
        answers: rest.answers,
        notes: rest.notes,
        metadata: rest.metadata,
        series: row.get("series_uid")?,
        marks: rest.marks,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// What clocks showed; where that was not noted yet (it was made by an earlier version), what they show now.
pub(super) fn wall(row: &Row, zone: &str, start: i64) -> Result<DateTime> {
    match row.get::<Option<String>>("wall")? {
        Some(text) => text.parse().map_err(|error| broken("wall", &error)),
        None => Ok(Zone::parse(zone).unwrap_or_else(|_| Zone::utc()).wall(start)),
    }
}

/// Adds hosts and attendees: two queries for any number of bookings.
pub(super) async fn with_people(tx: &mut Tx, mut bookings: Vec<Booking>) -> Result<Vec<Booking>> {
    if bookings.is_empty() {
        return Ok(bookings);
    }
    let at: HashMap<Id<Booking>, usize> =
        bookings.iter().enumerate().map(|(index, booking)| (booking.id, index)).collect();
    let organizations: std::collections::BTreeSet<_> = bookings.iter().map(|one| one.organization).collect();
    let hosts = sql("SELECT booking_id, user_id FROM booking_hosts WHERE organization_id IN ($*)")
        .bind_list(organizations.iter().copied())
        .then("AND booking_id IN ($*) ORDER BY booking_id, position")
        .bind_list(bookings.iter().map(|one| one.id));
    for row in tx.rows(hosts).await? {
        if let Some(index) = at.get(&row.get("booking_id")?) {
            bookings[*index].hosts.push(row.get("user_id")?);
        }
    }
    let attendees =
        sql("SELECT booking_id, seat_uid, name, email, zone, locale, phone, extra, absent FROM attendees
         WHERE organization_id IN ($*)")
        .bind_list(organizations)
        .then("AND booking_id IN ($*) ORDER BY booking_id, position")
        .bind_list(bookings.iter().map(|one| one.id));
    for row in tx.rows(attendees).await? {
        if let Some(index) = at.get(&row.get("booking_id")?) {
            bookings[*index].attendees.push(attendee(&row)?);
        }
    }
    Ok(bookings)
}

fn attendee(row: &Row) -> Result<Attendee> {
    Ok(Attendee {
        seat: row.get("seat_uid")?,
        name: row.get("name")?,
        email: row.get("email")?,
        zone: row.get("zone")?,
        locale: row.get("locale")?,
        phone: row.get("phone")?,
        extra: row.get("extra")?,
        absent: row.get("absent")?,
    })
}

/// One booking's time on one host's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Which.
    pub booking: Id<Booking>,
    /// Whose.
    pub host: Id<User>,
    /// When, without buffers.
    pub span: Span,
}

/// Something to be told of a booking later.
#[derive(Debug, Clone)]
pub struct Happened<'a> {
    /// What, in one stable word: `booked`, `moved`, `event_written`.
    pub kind: &'a str,
    /// By whom: `guest`, `host`, `calendar`, a user's id, an app's slug.
    pub actor: &'a str,
    /// More, for people.
    pub detail: Json,
}

/// Something that happened to a booking.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingEvent {
    /// The row.
    pub id: Id<Self>,
    /// When.
    pub at: Timestamp,
    /// What, in one word.
    pub kind: String,
    /// By whom.
    pub actor: String,
    /// The booking's revision then.
    pub revision: u32,
    /// More, for people.
    pub detail: Json,
}

impl BookingEvent {
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            kind: row.get("kind")?,
            actor: row.get("actor")?,
            revision: row.get("revision")?,
            detail: row.json("detail")?,
        })
    }
}
