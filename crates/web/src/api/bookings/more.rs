//! What else clients do with bookings: look one up by a seat, bring guests, meet elsewhere, hand it over.

use axum::extract::{Path, State};
use kalends_domain::{Id, Uid, people::User};
use kalends_engine::{Actor, EditError, book::ReassignAsk};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ask, first, out, shaped};
use crate::{
    Problem, Web,
    api::{
        answer::{Answer, Success, ok},
        number,
        shape::booking::{BookingOut, GuestsIn, LocationChangeIn, ReassignedOut},
    },
    extract::{ApiKey, BookingUid, Json},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(by_seat))
        .routes(routes!(add_guests))
        .routes(routes!(change_location))
        .routes(routes!(reassign))
        .routes(routes!(reassign_to))
}

/// The booking in which somebody has this seat.
#[utoipa::path(get, path = "/v2/bookings/by-seat/{seatUid}", tag = "Bookings", params(("seatUid" = String, Path)),
    responses((status = 200, body = Success<BookingOut>)))]
async fn by_seat(
    State(web): State<Web>,
    key: Option<ApiKey>,
    Path(seat): Path<String>,
) -> Answer<BookingOut> {
    let absent = || Problem::not_found("seat_not_found", "This seat does not exist.");
    let view = web.engine.booking(&Uid::parse(&seat).ok_or_else(absent)?).await?;
    if view.seat.is_none() {
        return Err(absent());
    }
    Ok(ok(out::booking(&view.seen_by(ApiKey::actor(key.as_ref()).member()))))
}

/// Adds guests; those who come already are left as they are.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/guests", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = GuestsIn,
    responses((status = 200, body = Success<BookingOut>)))]
async fn add_guests(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Json(input): Json<GuestsIn>,
) -> Answer<BookingOut> {
    let guests = ask::guests(input)?;
    let booking = web.engine.add_guests(&Actor::Member(key.member()), &uid, &guests).await?;
    Ok(ok(first(shaped(&web, vec![booking], None, Some(&key)).await?)?))
}

/// Chooses another of the event type's places.
#[utoipa::path(patch, path = "/v2/bookings/{bookingUid}/location", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = LocationChangeIn,
    responses((status = 200, body = Success<BookingOut>)))]
async fn change_location(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Json(input): Json<LocationChangeIn>,
) -> Answer<BookingOut> {
    let choice = input.location.choice().map_err(|wrong| vec![wrong])?;
    let booking = web.engine.change_location(&key.member(), &uid, &choice).await?;
    Ok(ok(first(shaped(&web, vec![booking], None, Some(&key)).await?)?))
}

/// Gives a round-robin booking to the next host in turn who is free then.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/reassign", tag = "Bookings",
    params(("bookingUid" = String, Path)), responses((status = 200, body = Success<ReassignedOut>)))]
async fn reassign(State(web): State<Web>, key: ApiKey, BookingUid(uid): BookingUid) -> Answer<ReassignedOut> {
    hand_over(&web, &key, uid, None).await
}

/// Gives a round-robin booking to one of its event type's hosts.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/reassign/{userId}", tag = "Bookings",
    params(("bookingUid" = String, Path), ("userId" = i64, Path)),
    responses((status = 200, body = Success<ReassignedOut>)))]
async fn reassign_to(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Path((_of, user)): Path<(String, String)>,
) -> Answer<ReassignedOut> {
    let absent = || Problem::from(EditError::NotFound { what: "user" });
    let number = number(&user, absent)?;
    let colleagues = web.engine.colleagues(&key.member()).await?;
    let to = colleagues.iter().find(|user| user.number == number).ok_or_else(absent)?;
    hand_over(&web, &key, uid, Some(to.id)).await
}

async fn hand_over(web: &Web, key: &ApiKey, booking: Uid, to: Option<Id<User>>) -> Answer<ReassignedOut> {
    let before = web.engine.hosted_booking(&key.member(), &booking).await?.booking.hosts;
    let given = web.engine.reassign(&ReassignAsk { booking, to, actor: Actor::Member(key.member()) }).await?;
    let views = web.engine.viewed(vec![given]).await?;
    Ok(ok(first(views.iter().filter_map(|view| out::reassigned(view, &before)).collect())?))
}
