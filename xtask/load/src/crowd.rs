//! `crowd`: everybody wants everything at once: several lengths, buffers, teams, seats, moves, answers of the host.
//!
//! How many win depends on who is faster, but three things do not: nobody sees a failure of the server, no host has two
//! bookings at once (the server's `doctor` looks), and what was refused was truly taken: afterwards nothing is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use http::{Method, StatusCode};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::measure::{Log, Report, together};
use crate::own::{BOOKINGS, Own, SLOTS};

/// Event types of the example people: of one host with lengths and a buffer, in turn, of two hosts together.
const CONTESTED: [(&str, &str, u32); 6] = [
    ("username=ines", "consultation", 30),
    ("username=ines", "consultation", 45),
    ("username=ines", "consultation", 60),
    ("username=ines", "first-call", 15),
    ("teamSlug=office", "structural-check", 30),
    ("teamSlug=office", "with-both-partners", 60),
];

/// All of it, one after the other, against a server with the example people.
pub async fn run(own: &Own, clients: usize, attempts: usize, from: Timestamp) -> Result<()> {
    let server = own.example_host()?;
    println!("several lengths, buffers, teams: {}", contested(&server, clients, attempts, from).await?);
    println!("seats: {}", seats(&server, clients, attempts, from).await?);
    println!("yes or no: {}", answers(&server, clients, from + (24 * 21).hours()).await?);
    println!("moves into one slot: {}", moves(&server, clients, from + (24 * 28).hours()).await?);
    Ok(())
}

fn body(of: &Value, start: &str, guest: usize) -> Value {
    let mut body = json!({
        "start": start,
        "attendee": { "name": "Guest", "email": format!("guest{guest}@example.com"), "timeZone": "Europe/Lisbon" },
    });
    for (name, value) in of.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// The starts offered in so many days.
async fn offered(client: &mut Client, query: &str, from: Timestamp, days: i64) -> Result<Vec<String>> {
    let path = format!("/v2/slots?{query}&start={from}&end={}", from + (24 * days).hours());
    let answer = client.json(Method::GET, &path, SLOTS, None).await?;
    let days = answer["data"].as_object().context("no days")?.values();
    Ok(days
        .flat_map(|day| day.as_array().into_iter().flatten())
        .filter_map(|slot| slot["start"].as_str().map(str::to_owned))
        .collect())
}

/// Sends the wishes from all clients, so often that each comes several times.
async fn all(
    server: &Server,
    clients: usize,
    attempts: usize,
    wishes: Vec<(String, Value)>,
) -> Result<Report> {
    ensure!(!wishes.is_empty(), "nothing is offered");
    let (next, wishes) = (Arc::new(AtomicUsize::new(0)), Arc::new(wishes));
    let report = together(clients, |_| {
        let (next, wishes, server) = (Arc::clone(&next), Arc::clone(&wishes), server.clone());
        async move {
            let (mut client, mut log) = (server.connect().await?, Log::default());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= attempts {
                    return Ok(log);
                }
                // A step that shares no factor with most lengths: neighbours in time are asked for far apart, and again.
                let (path, body) = &wishes[number * 7919 % wishes.len()];
                let asked = Instant::now();
                let (status, said) = client.call(Method::POST, path, BOOKINGS, Some(body)).await?;
                if !(status.is_success() || status == StatusCode::CONFLICT) {
                    bail!("{path} answered {status}: {}", String::from_utf8_lossy(&said));
                }
                log.note(status, asked.elapsed());
            }
        }
    })
    .await?;
    Ok(report)
}

async fn contested(server: &Server, clients: usize, attempts: usize, from: Timestamp) -> Result<Report> {
    let mut client = server.connect().await?;
    let mut wishes = Vec::new();
    let query = |(owner, slug, minutes): (&str, &str, u32)| {
        format!("{owner}&eventTypeSlug={slug}&duration={minutes}")
    };
    for of in CONTESTED {
        let (owner, slug, minutes) = of;
        let (name, value) = owner.split_once('=').context("no owner")?;
        let mut named = json!({
            "eventTypeSlug": slug, (name): value,
            "bookingFieldsResponses": { "about": "a roof" },
            "location": { "type": "attendeePhone", "phone": "+43 1 2345678" },
        });
        if slug == "consultation" {
            named["lengthInMinutes"] = minutes.into();
        }
        let starts = offered(&mut client, &query(of), from, 7).await?;
        let asks = starts.iter().enumerate().map(|(guest, start)| body(&named, start, guest));
        wishes.extend(asks.map(|ask| ("/v2/bookings".to_owned(), ask)));
    }
    let attempts = attempts.max(wishes.len() * 3);
    let report = all(server, clients, attempts, wishes).await?;
    for of in CONTESTED {
        let left = offered(&mut client, &query(of), from, 7).await?;
        ensure!(left.is_empty(), "{of:?} was refused and is free: {left:?}");
    }
    Ok(report)
}

/// A fresh event type of the host, by its number.
async fn event_type(client: &mut Client, more: Value) -> Result<i64> {
    let mut event = json!({ "lengthInMinutes": 15, "minimumBookingNotice": 0 });
    for (name, value) in more.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    let made = client.json(Method::POST, "/v2/event-types", "2024-06-14", Some(&event)).await?;
    made["data"]["id"].as_i64().with_context(|| format!("no id in {made}"))
}

async fn seats(server: &Server, clients: usize, attempts: usize, from: Timestamp) -> Result<Report> {
    let mut client = server.connect().await?;
    let seats = json!({ "seatsPerTimeSlot": 4, "showAttendeeInfo": false, "showAvailabilityCount": true });
    let id = event_type(&mut client, json!({ "title": "Class", "slug": "class", "seats": seats })).await?;
    let starts = offered(&mut client, &format!("eventTypeId={id}"), from + (24 * 14).hours(), 5).await?;
    let starts: Vec<_> = starts.into_iter().take(100).collect();
    let wishes = (0..attempts).map(|guest| {
        ("/v2/bookings".to_owned(), body(&json!({ "eventTypeId": id }), &starts[guest % starts.len()], guest))
    });
    let report = all(server, clients, attempts, wishes.collect()).await?;
    let (won, seats) = (report.count(StatusCode::CREATED), 4 * u64::try_from(starts.len())?);
    ensure!(won == seats, "{seats} seats were given to {won} guests: {report}");
    Ok(report)
}

/// Books so many slots in turn; their uids.
async fn book(client: &mut Client, id: i64, from: Timestamp, many: usize) -> Result<Vec<String>> {
    let starts = offered(client, &format!("eventTypeId={id}"), from, 6).await?;
    ensure!(starts.len() >= many, "only {} slots are offered", starts.len());
    let mut uids = Vec::new();
    for (guest, start) in starts.iter().take(many).enumerate() {
        let body = body(&json!({ "eventTypeId": id }), start, guest);
        let made = client.json(Method::POST, "/v2/bookings", BOOKINGS, Some(&body)).await?;
        uids.push(made["data"]["uid"].as_str().context("no uid")?.to_owned());
    }
    Ok(uids)
}

async fn answers(server: &Server, clients: usize, from: Timestamp) -> Result<Report> {
    let mut client = server.connect().await?;
    let policy = json!({ "type": "always", "blockUnconfirmedBookingsInBooker": true });
    let more = json!({ "title": "Asked", "slug": "asked", "confirmationPolicy": policy });
    let id = event_type(&mut client, more).await?;
    let uids = book(&mut client, id, from, 50).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let report = together(clients, |_| {
        let (next, uids, server) = (Arc::clone(&next), uids.clone(), server.clone());
        async move {
            let (mut client, mut log) = (server.connect().await?, Log::default());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(uid) = uids.get(number / 40) else { return Ok(log) };
                let word = if number % 2 == 0 { "confirm" } else { "decline" };
                let asked = Instant::now();
                let path = format!("/v2/bookings/{uid}/{word}");
                let (status, said) = client.call(Method::POST, &path, BOOKINGS, Some(&json!({}))).await?;
                ensure!(
                    !status.is_server_error(),
                    "{path} answered {status}: {}",
                    String::from_utf8_lossy(&said)
                );
                log.note(status, asked.elapsed());
            }
        }
    })
    .await?;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for uid in &uids {
        let one = client.json(Method::GET, &format!("/v2/bookings/{uid}"), BOOKINGS, None).await?;
        *states.entry(one["data"]["status"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let settled: usize = ["accepted", "rejected"].iter().filter_map(|state| states.get(*state)).sum();
    ensure!(settled == uids.len(), "each is accepted or rejected, but: {states:?}");
    println!("  {states:?}");
    Ok(report)
}

async fn moves(server: &Server, clients: usize, from: Timestamp) -> Result<Report> {
    let mut client = server.connect().await?;
    let id = event_type(&mut client, json!({ "title": "Moved", "slug": "moved" })).await?;
    let uids = book(&mut client, id, from, 100).await?;
    let query = format!("eventTypeId={id}");
    let goal = offered(&mut client, &query, from, 6).await?.pop().context("no slot to move into")?;
    let wishes = uids.iter().map(|uid| (format!("/v2/bookings/{uid}/reschedule"), json!({ "start": goal })));
    let report = all(server, clients, uids.len(), wishes.collect()).await?;
    let won = report.count(StatusCode::CREATED);
    ensure!(won == 1, "{won} bookings were moved into one slot: {report}");
    Ok(report)
}
