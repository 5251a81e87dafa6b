//! `/v2/bookings`: made, looked at, moved, called off.

mod ask;
mod more;
mod out;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use kalends_domain::{Uid, booking::Booking};
use kalends_engine::book::{Absences, BookingView};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::out::Pagination;
use super::{
    answer::{Answer, Made, Page, Paged, Success, made, ok, page},
    home,
    shape::booking::{AbsentIn, BookingIn, BookingOut, BookingsQuery, CancelIn, DeclineIn, RescheduleIn},
};
use crate::{
    Problem, Web,
    extract::{ApiKey, BookingUid, Json, Query},
};

/// The version of these shapes.
pub(super) const VERSION: &str = "2024-08-13";

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show))
        .routes(routes!(reschedule))
        .routes(routes!(cancel))
        .routes(routes!(confirm))
        .routes(routes!(decline))
        .routes(routes!(mark_absent))
        .merge(more::routes())
}

/// Books a slot, or a series of them.
///
/// An `Idempotency-Key` names the attempt: sent again with the same body, the first answer comes again.
#[utoipa::path(post, path = "/v2/bookings", tag = "Bookings", request_body = BookingIn,
    responses((status = 201, body = Success<BookingOut>), (status = 409, description = "Somebody was faster")))]
#[tracing::instrument(name = "api.bookings.create", skip_all)]
async fn create(
    State(web): State<Web>,
    key: Option<ApiKey>,
    headers: HeaderMap,
    Json(input): Json<BookingIn>,
) -> Result<Response, Problem> {
    let attempt = idempotency_key(&headers)?;
    let home = home(&web, key.as_ref()).await?;
    let ask = ask::book(input, home, ApiKey::actor(key.as_ref()), attempt)?;
    let booked = web.engine.book(&ask).await;
    let booked = booked.map_err(|error| Problem::from(error).naming(ask::place_of))?;
    let mut out = shaped(&web, booked.bookings, booked.seat, key.as_ref()).await?;
    // A series is answered by a list, as the v2 API has it.
    Ok(if out.len() == 1 { made(out.remove(0)).into_response() } else { made(out).into_response() })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let plain = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let key = value.to_str().ok().filter(plain);
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Problem::bad_request(
            "bad_idempotency_key",
            "An idempotency key is 1 to 255 plain letters. A random UUID will do.",
        )
    })
}

/// The key's user's bookings, a page at a time.
#[utoipa::path(get, path = "/v2/bookings", tag = "Bookings", params(BookingsQuery),
    responses((status = 200, body = Page<BookingOut, Pagination>)))]
async fn list(
    State(web): State<Web>,
    key: ApiKey,
    Query(query): Query<BookingsQuery>,
) -> Paged<BookingOut, Pagination> {
    let ask = ask::list(&query)?;
    let bookings = web.engine.bookings(&key.member(), &ask).await?;
    let items: Vec<BookingOut> = bookings.items.iter().map(out::booking).collect();
    let take = ask.take.unwrap_or(100);
    let pagination = out::pagination(bookings.total, items.len() as u64, ask.skip.into(), take.into());
    Ok(page(items, pagination))
}

/// One booking, by its uid; whoever knows the uid may see it.
///
/// Of a slot that guests share, they see each other only where the event type lets them.
#[utoipa::path(get, path = "/v2/bookings/{bookingUid}", tag = "Bookings", params(("bookingUid" = String, Path)),
    responses((status = 200, body = Success<BookingOut>)))]
async fn show(
    State(web): State<Web>,
    key: Option<ApiKey>,
    BookingUid(uid): BookingUid,
) -> Answer<BookingOut> {
    let view = web.engine.booking(&uid).await?;
    Ok(ok(out::booking(&view.seen_by(ApiKey::actor(key.as_ref()).member()))))
}

/// Moves a booking to another time. It keeps its uid.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/reschedule", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = RescheduleIn,
    responses((status = 201, body = Success<BookingOut>)))]
async fn reschedule(
    State(web): State<Web>,
    key: Option<ApiKey>,
    BookingUid(uid): BookingUid,
    Json(input): Json<RescheduleIn>,
) -> Made<BookingOut> {
    let ask = ask::reschedule(uid, &input, ApiKey::actor(key.as_ref()))?;
    let seat = input.seat_uid.as_deref().and_then(Uid::parse);
    let booking = web.engine.reschedule(&ask).await?;
    Ok(made(first(shaped(&web, vec![booking], seat, key.as_ref()).await?)?))
}

/// Calls a booking off, or one seat, or all that follow in its series.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/cancel", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = CancelIn,
    responses((status = 200, body = Success<BookingOut>)))]
async fn cancel(
    State(web): State<Web>,
    key: Option<ApiKey>,
    BookingUid(uid): BookingUid,
    input: Option<Json<CancelIn>>,
) -> Result<Response, Problem> {
    let input = input.map(|Json(input)| input).unwrap_or_default();
    let seat = input.seat_uid.as_deref().and_then(Uid::parse);
    let cancelled = web.engine.cancel(&ask::cancel(uid, input, ApiKey::actor(key.as_ref()))?).await;
    let cancelled = cancelled.map_err(|error| {
        Problem::from(error).naming(|field| field.replace("reason", "cancellationReason"))
    })?;
    let mut out = shaped(&web, cancelled, seat, key.as_ref()).await?;
    Ok(if out.len() == 1 { ok(out.remove(0)).into_response() } else { ok(out).into_response() })
}

/// Says yes to a booking that waits.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/confirm", tag = "Bookings",
    params(("bookingUid" = String, Path)), responses((status = 200, body = Success<BookingOut>)))]
async fn confirm(State(web): State<Web>, key: ApiKey, BookingUid(uid): BookingUid) -> Answer<BookingOut> {
    let confirmed = web.engine.confirm(&key.member(), &uid).await?;
    Ok(ok(first(shaped(&web, confirmed, None, Some(&key)).await?)?))
}

/// Says no to a booking that waits.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/decline", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = DeclineIn,
    responses((status = 200, body = Success<BookingOut>)))]
async fn decline(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    input: Option<Json<DeclineIn>>,
) -> Answer<BookingOut> {
    let reason = input.and_then(|Json(input)| input.reason).unwrap_or_default();
    let declined = web.engine.decline(&key.member(), &uid, &reason).await?;
    Ok(ok(first(shaped(&web, declined, None, Some(&key)).await?)?))
}

/// Notes who did not come.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/mark-absent", tag = "Bookings",
    params(("bookingUid" = String, Path)), request_body = AbsentIn,
    responses((status = 200, body = Success<BookingOut>)))]
async fn mark_absent(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Json(input): Json<AbsentIn>,
) -> Answer<BookingOut> {
    let attendees = input.attendees.into_iter().map(|one| (one.email, one.absent)).collect();
    let absences = Absences { host: input.host, attendees };
    let booking = web.engine.mark_absent(&key.member(), &uid, &absences).await?;
    Ok(ok(first(shaped(&web, vec![booking], None, Some(&key)).await?)?))
}

/// What was just made or changed, as far as they may see it: all of it for hosts, for a guest their own seat.
async fn shaped(
    web: &Web,
    bookings: Vec<Booking>,
    seat: Option<Uid>,
    key: Option<&ApiKey>,
) -> Result<Vec<BookingOut>, Problem> {
    let member = ApiKey::actor(key).member();
    let seen = |view: BookingView| out::booking(&BookingView { seat: seat.clone(), ..view }.seen_by(member));
    Ok(web.engine.viewed(bookings).await?.into_iter().map(seen).collect())
}

/// The booking that was named, of those that changed with it.
fn first<T>(changed: Vec<T>) -> Result<T, Problem> {
    changed.into_iter().next().ok_or_else(Problem::no_such_booking)
}
