//! `/v2/slots`: what can be booked, and keeping a slot for a while.

mod out;
mod words;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use kalends_domain::{Uid, zone::Zone};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::words::which;
use super::{
    answer::{Acknowledged, Answer, Done, Made, Success, done, made, ok},
    home,
    shape::slot::{ReservationIn, ReservationOut, SlotOut, SlotsQuery},
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json, Query},
};

/// The version of these shapes.
pub(super) const VERSION: &str = "2024-09-04";

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(slots)).routes(routes!(reserve)).routes(routes!(
        reservation,
        change_reservation,
        release
    ))
}

/// What can be booked, by date.
#[utoipa::path(get, path = "/v2/slots", tag = "Slots", params(SlotsQuery),
    responses((status = 200, body = Success<BTreeMap<String, Vec<SlotOut>>>)))]
async fn slots(
    State(web): State<Web>,
    key: Option<ApiKey>,
    Query(query): Query<SlotsQuery>,
) -> Answer<out::Days> {
    let ask = words::ask(&query, home(&web, key.as_ref()).await?)?;
    let zone = Zone::parse(&ask.zone).unwrap_or_else(|_| Zone::utc());
    let slots = web.engine.slots(&ask).await.map_err(|error| {
        Problem::from(error).naming(|field| match field {
            "lengthInMinutes" => "duration".to_owned(),
            other => other.to_owned(),
        })
    })?;
    Ok(ok(out::Days { slots, zone, ends: query.format.as_deref() == Some("range") }))
}

/// Keeps a slot while somebody fills in a form.
#[utoipa::path(post, path = "/v2/slots/reservations", tag = "Slots", request_body = ReservationIn,
    responses((status = 201, body = Success<ReservationOut>)))]
async fn reserve(
    State(web): State<Web>,
    key: Option<ApiKey>,
    Json(input): Json<ReservationIn>,
) -> Made<ReservationOut> {
    let ask = words::hold(&input, ApiKey::actor(key.as_ref()))?;
    let held = web.engine.hold(&ask).await.map_err(in_words)?;
    Ok(made(words::held(&held, input.event_type_id, web.engine.now())))
}

/// A slot that is kept; `null` when it is not any more.
#[utoipa::path(get, path = "/v2/slots/reservations/{uid}", tag = "Slots", params(("uid" = String, Path)),
    responses((status = 200, body = Success<Option<ReservationOut>>)))]
async fn reservation(State(web): State<Web>, Path(uid): Path<String>) -> Answer<Option<ReservationOut>> {
    let Some(held) = web.engine.held(&name(&uid)?).await? else { return Ok(ok(None)) };
    let event_type = web.engine.event_type_number(held.event_type).await?;
    Ok(ok(event_type.map(|number| words::held(&held, number, web.engine.now()))))
}

/// Keeps another slot in place of one, or the same for longer.
#[utoipa::path(patch, path = "/v2/slots/reservations/{uid}", tag = "Slots", params(("uid" = String, Path)),
    request_body = ReservationIn, responses((status = 200, body = Success<ReservationOut>)))]
async fn change_reservation(
    State(web): State<Web>,
    key: Option<ApiKey>,
    Path(uid): Path<String>,
    Json(input): Json<ReservationIn>,
) -> Answer<ReservationOut> {
    let ask = words::hold(&input, ApiKey::actor(key.as_ref()))?;
    let held = web.engine.update_hold(&name(&uid)?, &ask).await.map_err(in_words)?;
    Ok(ok(words::held(&held, input.event_type_id, web.engine.now())))
}

/// Gives a kept slot back.
#[utoipa::path(delete, path = "/v2/slots/reservations/{uid}", tag = "Slots", params(("uid" = String, Path)),
    responses((status = 200, body = Done)))]
async fn release(State(web): State<Web>, Path(uid): Path<String>) -> Acknowledged {
    web.engine.release_hold(&name(&uid)?).await?;
    Ok(done())
}

/// What will not do, by the names a reservation has for it.
fn in_words(error: impl Into<Problem>) -> Problem {
    error.into().naming(|field| match field {
        "lengthInMinutes" => "slotDuration".to_owned(),
        "start" => "slotStart".to_owned(),
        other => other.to_owned(),
    })
}

fn name(uid: &str) -> Result<Uid, Problem> {
    Uid::parse(uid)
        .ok_or_else(|| Problem::not_found("reservation_not_found", "This reservation does not exist."))
}
