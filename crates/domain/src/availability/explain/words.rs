//! Reasons in plain words.

use std::fmt::Write;

use super::{Reason, Side};
use crate::{
    Zone,
    availability::{Hours, Measure, Source},
    event_type::Period,
};

impl Reason {
    /// The reason as a sentence, with times in a zone and sources by the caller's names for them.
    pub fn words(&self, zone: &Zone, source: impl Fn(Source) -> String) -> String {
        let time = |at: i64| clock(zone, at);
        match self {
            Self::NoHosts => "Nobody hosts this event type; add a host.".into(),
            Self::Past => "This time has passed.".into(),
            Self::Notice { earliest } => {
                format!("Too soon: the minimum notice allows {} and later.", time(*earliest))
            }
            Self::NotAsked { window } => format!(
                "It does not fit into the time asked about, {} to {}.",
                time(window.start),
                time(window.end)
            ),
            Self::BookingWindow { starts } if starts.start == i64::MIN => {
                format!("Too far ahead: booking is open until {}.", time(starts.end))
            }
            Self::BookingWindow { starts } => format!(
                "Outside the dates that can be booked, {} to {}.",
                time(starts.start),
                time(starts.end)
            ),
            Self::Limit { reached } => {
                let what = match (reached.measure, reached.most) {
                    (Measure::Bookings, 1) => "booking",
                    (Measure::Bookings, _) => "bookings",
                    (Measure::Minutes, 1) => "minute",
                    (Measure::Minutes, _) => "minutes",
                };
                let per = match reached.per {
                    Period::Day => "day",
                    Period::Week => "week",
                    Period::Month => "month",
                    Period::Year => "year",
                };
                format!(
                    "The limit of {} {what} per {per} leaves no room: {} taken.",
                    reached.most, reached.taken
                )
            }
            Self::SeatsTaken { source: by } => format!("All seats are taken ({}).", source(*by)),
            Self::NotFirstOfDay { first } => {
                format!("Only the first slot of the day is offered: {}.", time(*first))
            }
            Self::OffGrid { before, after } => {
                let mut text = "Free, but slots start at other times".to_owned();
                let near: Vec<String> = [before, after].into_iter().flatten().map(|at| time(*at)).collect();
                if !near.is_empty() {
                    let _ = write!(text, ", the nearest at {}", near.join(" and "));
                }
                text + "."
            }
            Self::Withheld { source: by } => {
                format!("Not offered because {} could not be read; unknown is never free.", source(*by))
            }
            Self::OutOfOffice { from, until } if from == until => format!("Out of office on {from}."),
            Self::OutOfOffice { from, until } => format!("Out of office from {from} to {until}."),
            Self::OutsideHours { date, hours, differs, zone } => {
                let why = if *differs { "hours set for that date" } else { "weekly hours" };
                if hours.is_empty() {
                    format!("Closed on {date} ({why}).")
                } else {
                    format!("Outside the hours of {date}: {} {zone} ({why}).", list(hours))
                }
            }
            Self::Busy { source: by, span } => {
                format!("Busy {} to {}: {}.", time(span.start), time(span.end), source(*by))
            }
            Self::Buffer { source: by, side, room, own, new, .. } => {
                let name = source(*by);
                let (next_to, own_side, new_side) = match side {
                    Side::Before => ("before", "before it", "after this one"),
                    Side::After => ("after", "after it", "before this one"),
                };
                let whose = match (own, new) {
                    (0, new) => format!("{} min are kept free {new_side}", new / 60),
                    (own, 0) => format!("{} min are kept free {own_side}", own / 60),
                    (own, new) => {
                        format!("{} min are kept free {own_side} and {} min {new_side}", own / 60, new / 60)
                    }
                };
                format!("Only {} min {next_to} {name}: {whose}.", room.div_euclid(60))
            }
        }
    }
}

fn list(hours: &[Hours]) -> String {
    let all: Vec<String> = hours.iter().map(|one| format!("{}–{}", one.start, one.end)).collect();
    all.join(", ")
}

/// Date, time and offset: an offset tells the two times of a repeated hour apart (TZ-05).
fn clock(zone: &Zone, at: i64) -> String {
    let offset = zone.offset(at) / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let wall = zone.wall(at).strftime("%a %-d %B %Y, %H:%M");
    match (offset.abs() / 60, offset.abs() % 60) {
        (0, 0) => format!("{wall} (UTC)"),
        (hours, 0) => format!("{wall} (UTC{sign}{hours})"),
        (hours, minutes) => format!("{wall} (UTC{sign}{hours}:{minutes:02})"),
    }
}
