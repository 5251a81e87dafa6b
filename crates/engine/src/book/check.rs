//! What a guest typed, checked whole before anything is claimed.

use std::collections::{BTreeMap, BTreeSet};

use kalends_domain::{
    booking::Attendee,
    event_type::{
        Answers, BookedLocation, EventType, Location, Settings, check_answers, check_phone, is_email,
    },
    zone::Zone,
};

use super::{BookAsk, Booker, LocationChoice, LocationPick};
use crate::{Invalid, connect::Apps};

/// Most people one booker may bring.
const MOST_GUESTS: usize = 50;
/// Longest text in a field, in letters.
const LONGEST: usize = 5_000;

/// Input that fits the event type.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub minutes: u32,
    pub times: u32,
    pub attendees: Vec<Attendee>,
    pub location: BookedLocation,
    pub answers: Answers,
    pub notes: String,
    pub metadata: BTreeMap<String, String>,
}

/// Checks everything that needs no database; says all that will not do at once.
pub(crate) fn check(ask: &BookAsk, event_type: &EventType, apps: &Apps) -> Result<Checked, Invalid> {
    let settings = &event_type.settings;
    let mut invalid = Invalid::default();

    let minutes = length(settings, ask.minutes, &mut invalid);
    let times = times(settings, ask.times, &mut invalid);
    let booker = booker(&ask.booker, &mut invalid);
    let guests = guests(&ask.guests, &booker, settings.extra_guests, "guests", &mut invalid);
    let location = place(&settings.locations, ask.location.as_ref(), apps, &mut invalid);
    let answers = check_answers(&settings.questions, &ask.answers).unwrap_or_else(|problems| {
        invalid.extend(problems);
        Answers::new()
    });
    let notes = text(&ask.notes, "notes", &mut invalid);
    metadata(&ask.metadata, &mut invalid);
    if let Some(key) = &ask.idempotency_key {
        let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        invalid.need(fits, "Idempotency-Key", "use 1 to 255 visible ASCII letters");
    }
    invalid.check()?;

    let mut attendees = vec![booker];
    attendees.extend(guests);
    Ok(Checked { minutes, times, attendees, location, answers, notes, metadata: ask.metadata.clone() })
}

/// The length asked for, if the event type offers it.
pub(crate) fn length(settings: &Settings, asked: Option<u32>, invalid: &mut Invalid) -> u32 {
    settings.lengths.pick(asked).unwrap_or_else(|| {
        let offered: BTreeSet<u32> =
            settings.lengths.choices.iter().copied().chain([settings.lengths.usual]).collect();
        let offered: Vec<String> = offered.iter().map(u32::to_string).collect();
        invalid
            .say("lengthInMinutes", format!("choose one of these lengths: {} minutes", offered.join(", ")));
        settings.lengths.usual
    })
}

fn times(settings: &Settings, asked: Option<u32>, invalid: &mut Invalid) -> u32 {
    match (settings.recurrence, asked) {
        (None, None | Some(1)) => 1,
        (None, Some(_)) => {
            invalid.say("recurrenceCount", "this event does not repeat; leave it out");
            1
        }
        (Some(series), None) => series.most,
        (Some(series), Some(times)) => {
            invalid.need(
                (1..=series.most).contains(&times),
                "recurrenceCount",
                &format!("this event repeats 1 to {} times", series.most),
            );
            times
        }
    }
}

fn booker(booker: &Booker, invalid: &mut Invalid) -> Attendee {
    let name = line(&booker.name);
    invalid.need(!name.is_empty(), "name", "Enter your name.");
    invalid.need(name.chars().count() <= 200, "name", "Write at most 200 letters.");
    let email = booker.email.trim().to_lowercase();
    invalid.need(!email.is_empty(), "email", "Enter your email.");
    invalid.need(
        email.is_empty() || is_email(&email),
        "email",
        "This is not an email; write it like name@example.com.",
    );
    let phone = booker.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
    if let Some(Err(fix)) = phone.map(check_phone) {
        invalid.say("phone", fix);
    }
    let zone = zone(&booker.zone, "timeZone", invalid);
    let locale = if booker.locale.trim().is_empty() { "en" } else { booker.locale.trim() };
    let fits =
        locale.len() <= 35 && locale.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    invalid.need(fits, "language", "use a language tag such as en or pt-BR");
    Attendee {
        seat: None,
        name,
        email,
        zone: zone.name().to_owned(),
        locale: locale.to_owned(),
        phone: phone.map(str::to_owned),
        extra: false,
        absent: false,
    }
}

/// A zone by any of its names; notes a problem and goes on in UTC when nobody knows it.
pub(crate) fn zone(name: &str, field: &str, invalid: &mut Invalid) -> Zone {
    Zone::parse(name).unwrap_or_else(|error| {
        invalid.say(field, error.to_string());
        Zone::utc()
    })
}

/// Further people, each once, the booker not among them.
pub(crate) fn guests(
    given: &[String],
    booker: &Attendee,
    allowed: bool,
    field: &str,
    invalid: &mut Invalid,
) -> Vec<Attendee> {
    let mut seen = BTreeSet::from([booker.email.clone()]);
    let mut guests = Vec::new();
    for (index, email) in given.iter().enumerate() {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            continue;
        }
        if !is_email(&email) {
            invalid
                .say(&format!("{field}[{index}]"), "This is not an email; write it like name@example.com.");
        } else if seen.insert(email.clone()) {
            guests.push(Attendee {
                seat: None,
                name: email.split('@').next().unwrap_or_default().to_owned(),
                email,
                zone: booker.zone.clone(),
                locale: booker.locale.clone(),
                phone: None,
                extra: true,
                absent: false,
            });
        }
    }
    invalid.need(allowed || guests.is_empty(), field, "This event is for one guest; leave the others out.");
    invalid.need(guests.len() <= MOST_GUESTS, field, &format!("Bring at most {MOST_GUESTS} guests."));
    guests
}

/// The place of the booking, from the event type's places and the guest's choice.
pub(crate) fn place(
    offered: &[Location],
    choice: Option<&LocationChoice>,
    apps: &Apps,
    invalid: &mut Invalid,
) -> BookedLocation {
    let chosen = match (offered, choice) {
        ([], None) => return BookedLocation::Unspecified,
        ([], Some(_)) => None,
        ([only], None) => Some(only),
        (_, None) => {
            invalid.say("location", "Choose where to meet.");
            return BookedLocation::Unspecified;
        }
        (_, Some(choice)) => picked(offered, &choice.pick),
    };
    let Some(chosen) = chosen else {
        invalid.say("location", "This place is not offered; choose one of those shown.");
        return BookedLocation::Unspecified;
    };
    let detail = line(choice.map_or("", |choice| &choice.detail));
    match chosen {
        Location::InPerson { address, .. } => BookedLocation::Address { address: address.clone() },
        Location::GuestPlace => {
            invalid.need(!detail.is_empty(), "location", "Enter the address where to meet.");
            invalid.need(detail.chars().count() <= 500, "location", "Write at most 500 letters.");
            BookedLocation::Address { address: detail }
        }
        Location::HostPhone { number, .. } => {
            BookedLocation::Phone { number: number.clone(), host_calls: false }
        }
        Location::GuestPhone => {
            if let Err(fix) = check_phone(&detail) {
                invalid.say("location", fix);
            }
            BookedLocation::Phone { number: detail, host_calls: true }
        }
        Location::GuestLink { app } => {
            let link = apps.place(app).map(|place| place.link(&detail));
            let url = match link {
                Some(Ok(url)) => url.into(),
                Some(Err(fix)) => {
                    invalid.say("location", fix);
                    detail
                }
                None => {
                    invalid.say("location", "This place is not offered any more; choose another one.");
                    detail
                }
            };
            BookedLocation::Link { url, app: Some(app.clone()) }
        }
        Location::Link { url, app, .. } => BookedLocation::Link { url: url.clone(), app: app.clone() },
        Location::App { app, fallbacks } => BookedLocation::App {
            app: app.clone(),
            url: None,
            password: None,
            fallbacks: fallbacks.clone(),
            instead: None,
        },
    }
}

fn picked<'a>(offered: &'a [Location], pick: &LocationPick) -> Option<&'a Location> {
    offered.iter().enumerate().find_map(|(index, location)| {
        let fits = match (pick, location) {
            (LocationPick::Nth(nth), _) => *nth == index,
            (LocationPick::InPerson, Location::InPerson { .. })
            | (LocationPick::GuestPlace, Location::GuestPlace)
            | (LocationPick::HostPhone, Location::HostPhone { .. })
            | (LocationPick::GuestPhone, Location::GuestPhone)
            | (LocationPick::Link, Location::Link { .. })
            | (LocationPick::GuestDefined, Location::GuestPlace | Location::GuestLink { .. }) => true,
            (LocationPick::App(asked), Location::App { app, .. } | Location::GuestLink { app }) => {
                asked == app
            }
            _ => false,
        };
        fits.then_some(location)
    })
}

fn metadata(pairs: &BTreeMap<String, String>, invalid: &mut Invalid) {
    invalid.need(pairs.len() <= 50, "metadata", "attach at most 50 pairs");
    for (key, value) in pairs {
        let fits = (1..=40).contains(&key.chars().count()) && value.chars().count() <= 500;
        if !fits {
            let key: String = key.chars().take(40).collect();
            invalid.say(&format!("metadata.{key}"), "a key has 1 to 40 letters, a value at most 500");
        }
    }
}

/// A reason or a note: trimmed, bounded.
pub(crate) fn text(text: &str, field: &str, invalid: &mut Invalid) -> String {
    let text = text.trim().to_owned();
    invalid.need(text.chars().count() <= LONGEST, field, &format!("Write at most {LONGEST} letters."));
    text
}

/// One line: control characters could break a mail's header, so they go.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
