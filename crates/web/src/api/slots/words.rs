//! Between the API's words for slots and the engine's.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kalends_domain::{
    Id, Uid,
    people::{Organization, Slug},
    zone::Zone,
};
use kalends_engine::{
    Actor,
    book::{Bounds, Held, HoldAsk},
    slots::{SlotsAsk, Which},
};

use crate::api::shape::{
    Wrong,
    booking::read_instant,
    instant,
    slot::{ReservationIn, ReservationOut, SlotsQuery},
};

/// An event type, named by number or by address.
pub(in crate::api) fn which(
    organization: Id<Organization>,
    number: Option<i64>,
    slug: Option<&str>,
    username: Option<&str>,
    team: Option<&str>,
) -> Result<Which, Wrong> {
    let part =
        |field: &str, text: &str| Slug::parse(text).map_err(|problem| Wrong::new(field, problem.to_string()));
    match (number, slug, username, team) {
        (Some(number), ..) => Ok(Which::Number(number)),
        (None, Some(slug), Some(username), _) => Ok(Which::Page {
            organization,
            owner: part("username", username)?,
            slug: part("eventTypeSlug", slug)?,
        }),
        (None, Some(slug), None, Some(team)) => Ok(Which::Page {
            organization,
            owner: part("teamSlug", team)?,
            slug: part("eventTypeSlug", slug)?,
        }),
        _ => Err(Wrong::new(
            "eventTypeId",
            "name the event type: by eventTypeId, or by eventTypeSlug with username or teamSlug",
        )),
    }
}

/// What is asked, in the engine's words.
pub(in crate::api) fn ask(
    query: &SlotsQuery,
    organization: Id<Organization>,
) -> Result<SlotsAsk, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let mut take = |result: Result<_, Wrong>| result.map_err(|problem| wrong.push(problem)).ok();
    let from = take(edge("start", query.start.as_deref(), Edge::Start));
    let until = take(edge("end", query.end.as_deref(), Edge::End));
    let event_type = which(
        organization,
        query.event_type_id,
        query.event_type_slug.as_deref(),
        query.username.as_deref(),
        query.team_slug.as_deref(),
    )
    .map_err(|problem| wrong.push(problem))
    .ok();
    if query.usernames.is_some() {
        wrong.push(Wrong::new(
            "usernames",
            "this server has no groups for the moment; name a team’s event type",
        ));
    }
    let zone = query.time_zone.as_deref().unwrap_or("UTC");
    if let Err(problem) = Zone::parse(zone) {
        wrong.push(Wrong::new("timeZone", problem.to_string()));
    }
    if let Some(format) = query.format.as_deref()
        && !["time", "slot", "range"].contains(&format)
    {
        wrong.push(Wrong::new("format", "use time or range"));
    }
    let rescheduling = match query.booking_uid_to_reschedule.as_deref().map(|text| (text, Uid::parse(text))) {
        None => None,
        Some((_, Some(uid))) => Some(uid),
        Some((text, None)) => {
            wrong.push(Wrong::new(
                "bookingUidToReschedule",
                format!("`{}` is not a booking’s uid", short(text)),
            ));
            None
        }
    };
    match (from, until, event_type) {
        (Some(from), Some(until), Some(event_type)) if wrong.is_empty() => Ok(SlotsAsk {
            event_type,
            from,
            until,
            zone: zone.to_owned(),
            minutes: query.duration,
            rescheduling,
            hold: None,
        }),
        _ => Err(wrong),
    }
}

/// Which end of the window a text names.
#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

/// An instant, or a whole day in UTC.
fn edge(field: &str, text: Option<&str>, edge: Edge) -> Result<Timestamp, Wrong> {
    let text = text.ok_or_else(|| Wrong::new(field, "give a day such as 2050-09-05, or an instant"))?;
    if let Some(at) = read_instant(text) {
        return Ok(at);
    }
    let day = text.trim().parse::<Date>().ok().and_then(|day| match edge {
        Edge::Start => Some(day),
        Edge::End => day.tomorrow().ok(),
    });
    day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|at| at.timestamp()).ok_or_else(|| {
        Wrong::new(
            field,
            format!(
                "`{}` is neither a day such as 2050-09-05 nor an instant such as 2050-09-05T09:00:00Z",
                short(text)
            ),
        )
    })
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A slot to keep, in the engine's words.
pub(in crate::api) fn hold(input: &ReservationIn, actor: Actor) -> Result<HoldAsk, Vec<Wrong>> {
    let start = read_instant(&input.slot_start)
        .ok_or_else(|| vec![Wrong::new("slotStart", "give an instant such as 2050-09-05T09:00:00Z")])?;
    let keep = input.reservation_duration.map(|whole| whole.0);
    if keep.is_some_and(|minutes| !(1..=60).contains(&minutes)) {
        return Err(vec![Wrong::new("reservationDuration", "keep a slot for 1 to 60 minutes")]);
    }
    if keep.is_some_and(|minutes| minutes != 5) && actor.is_guest() {
        return Err(vec![Wrong::new("reservationDuration", "other than 5 minutes needs an API key")]);
    }
    Ok(HoldAsk {
        event_type: Which::Number(input.event_type_id),
        start,
        minutes: input.slot_duration.map(|whole| whole.0),
        keep: Some(keep.unwrap_or(5)),
        rescheduling: None,
        bounds: Bounds::Offered,
        actor,
    })
}

/// A kept slot, as it goes out.
pub(in crate::api) fn held(held: &Held, event_type: i64, made: Timestamp) -> ReservationOut {
    ReservationOut {
        event_type_id: event_type,
        slot_start: instant(held.start),
        slot_end: instant(held.end),
        slot_duration: (held.end.as_second() - held.start.as_second()) / 60,
        reservation_uid: held.uid.to_string(),
        reservation_duration: (held.until.as_second() - made.as_second() + 59) / 60,
        reservation_until: instant(held.until),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_is_included() {
        assert_eq!(
            edge("end", Some("2050-09-06"), Edge::End).unwrap(),
            "2050-09-07T00:00:00Z".parse().unwrap()
        );
        assert_eq!(
            edge("start", Some("2050-09-06"), Edge::Start).unwrap(),
            "2050-09-06T00:00:00Z".parse().unwrap()
        );
    }

    #[test]
    fn everything_wrong_with_a_question_is_said() {
        let query = SlotsQuery {
            start: Some("soon".into()),
            time_zone: Some("Mars".into()),
            ..SlotsQuery::default()
        };
        let organization = "00000000-0000-7000-8000-000000000000".parse().unwrap();
        let fields: Vec<String> =
            ask(&query, organization).unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["start", "end", "eventTypeId", "timeZone"]);
    }
}
