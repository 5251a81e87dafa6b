//! The flight recorder: what was called outside for a booking and through a connection, what was told about one, and doing a
//! failed step again. These addresses are ours; the v2 API has none for it.

mod out;

use axum::extract::{Path, State};
use kalends_domain::Id;
use kalends_engine::{
    connect::ConnectError,
    flights::{Mark, PAGE, ReplayError},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::out::{ConnectionOut, Cursors, FlightOut, NoticeOut};
use super::{
    answer::{Acknowledged, Answer, Done, Page, Paged, Success, done, ok, page},
    shape::Wrong,
};
use crate::{
    Web,
    extract::{ApiKey, BookingUid, ConnectionId, Query},
    mark,
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(of_booking))
        .routes(routes!(replay_of_booking))
        .routes(routes!(connections))
        .routes(routes!(of_connection))
        .routes(routes!(replay_of_connection))
        .routes(routes!(notices))
        .routes(routes!(of_notice))
        .routes(routes!(replay_notice))
}

/// Which part of a time line.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Part {
    /// At most so many, 1 to 250; 50 when it is left out.
    take: Option<super::shape::Whole>,
    /// What `pagination.nextCursor` said; left out, the newest come first.
    cursor: Option<String>,
}

impl Part {
    fn take(&self, most: u32) -> Result<u32, Vec<Wrong>> {
        let take = self.take.map_or(PAGE, |whole| whole.0);
        if (1..=most).contains(&take) {
            Ok(take)
        } else {
            Err(vec![Wrong::new("take", format!("ask for 1 to {most} at a time"))])
        }
    }

    fn place<T>(&self) -> Result<Option<(jiff::Timestamp, Id<T>)>, Vec<Wrong>> {
        let Some(text) = self.cursor.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = || vec![Wrong::new("cursor", "send what `pagination.nextCursor` said, or leave it out")];
        mark::read(text).map(Some).ok_or_else(wrong)
    }

    fn mark(&self) -> Result<Option<Mark>, Vec<Wrong>> {
        Ok(self.place()?.map(|(at, id)| Mark { at, id }))
    }
}

/// Calls on one page, at most.
const MOST: u32 = 250;
/// Notices on one page, at most.
const MOST_NOTICES: u32 = 100;

type Flights = Paged<FlightOut, Cursors>;

/// Every call to another server for a booking, newest first.
///
/// For its hosts and those who manage the organization. Secrets are masked; calls are kept for a limited time.
#[utoipa::path(get, path = "/v2/bookings/{bookingUid}/flights", tag = "Flight recorder",
    params(("bookingUid" = String, Path), Part),
    responses((status = 200, body = Page<FlightOut, Cursors>), (status = 404, description = "No such booking, or not yours to see")))]
async fn of_booking(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Query(part): Query<Part>,
) -> Flights {
    let take = part.take(MOST)?;
    let line = web.engine.calls_of_booking(&key.member(), &uid, part.mark()?, take).await?;
    Ok(out::line(&line, take))
}

/// Does the step again that a failed call of a booking belongs to.
///
/// The very same work is put in the queue, never the raw request: what was done meanwhile is not done twice.
#[utoipa::path(post, path = "/v2/bookings/{bookingUid}/flights/{flightId}/replay", tag = "Flight recorder",
    params(("bookingUid" = String, Path), ("flightId" = String, Path)),
    responses((status = 200, body = Done), (status = 404, description = "No such call"),
        (status = 409, description = "There is nothing to do again; `detail` says why")))]
async fn replay_of_booking(
    State(web): State<Web>,
    key: ApiKey,
    BookingUid(uid): BookingUid,
    Path((_of, flight)): Path<(String, String)>,
) -> Acknowledged {
    let flight = flight.parse().map_err(|_| ReplayError::NotFound)?;
    web.engine.replay_for_booking(&key.member(), &uid, flight).await?;
    Ok(done())
}

/// Apps connected by the key's user, and those connected for everybody.
#[utoipa::path(get, path = "/v2/connections", tag = "Flight recorder",
    responses((status = 200, body = Success<Vec<ConnectionOut>>)))]
async fn connections(State(web): State<Web>, key: ApiKey) -> Answer<Vec<ConnectionOut>> {
    let all = web.engine.connections(&key.member()).await?;
    Ok(ok(all.iter().map(out::connection).collect()))
}

/// Every call to another server through a connection, newest first.
#[utoipa::path(get, path = "/v2/connections/{connectionId}/flights", tag = "Flight recorder",
    params(("connectionId" = String, Path), Part),
    responses((status = 200, body = Page<FlightOut, Cursors>), (status = 404, description = "No such connection, or not yours to see")))]
async fn of_connection(
    State(web): State<Web>,
    key: ApiKey,
    ConnectionId(id): ConnectionId,
    Query(part): Query<Part>,
) -> Flights {
    let take = part.take(MOST)?;
    let line = web.engine.calls_of_connection(&key.member(), id, part.mark()?, take).await?;
    Ok(out::line(&line, take))
}

/// Does the step again that a failed call through a connection belongs to.
#[utoipa::path(post, path = "/v2/connections/{connectionId}/flights/{flightId}/replay", tag = "Flight recorder",
    params(("connectionId" = String, Path), ("flightId" = String, Path)),
    responses((status = 200, body = Done), (status = 404, description = "No such call"),
        (status = 409, description = "There is nothing to do again; `detail` says why")))]
async fn replay_of_connection(
    State(web): State<Web>,
    key: ApiKey,
    ConnectionId(id): ConnectionId,
    Path((_of, flight)): Path<(String, String)>,
) -> Acknowledged {
    let flight = flight.parse().map_err(|_| ReplayError::NotFound)?;
    web.engine.replay_for_connection(&key.member(), id, flight).await?;
    Ok(done())
}

/// What a provider told about a connection, and what became of it, latest first.
#[utoipa::path(get, path = "/v2/connections/{connectionId}/notices", tag = "Flight recorder",
    params(("connectionId" = String, Path), Part),
    responses((status = 200, body = Page<NoticeOut, Cursors>), (status = 404, description = "No such connection, or not yours to see")))]
async fn notices(
    State(web): State<Web>,
    key: ApiKey,
    ConnectionId(id): ConnectionId,
    Query(part): Query<Part>,
) -> Paged<NoticeOut, Cursors> {
    let take = part.take(MOST_NOTICES)?;
    let told = web.engine.notices_of(&key.member(), id, part.place()?, take).await?;
    let next = told.more.map(|(at, last)| mark::write(at, last));
    let rows: Vec<_> = told.notices.iter().map(out::notice).collect();
    let pagination = Cursors::new(rows.len(), take, next);
    Ok(page(rows, pagination))
}

/// Every call to another server that was made because of a notice, newest first.
#[utoipa::path(get, path = "/v2/connections/{connectionId}/notices/{noticeId}/flights", tag = "Flight recorder",
    params(("connectionId" = String, Path), ("noticeId" = String, Path), Part),
    responses((status = 200, body = Page<FlightOut, Cursors>), (status = 404, description = "No such notice, or not yours to see")))]
async fn of_notice(
    State(web): State<Web>,
    key: ApiKey,
    ConnectionId(id): ConnectionId,
    Path((_of, notice)): Path<(String, String)>,
    Query(part): Query<Part>,
) -> Flights {
    let take = part.take(MOST)?;
    let notice = notice.parse().map_err(|_| ConnectError::NotFound)?;
    let line = web.engine.calls_of_notice(&key.member(), id, notice, part.mark()?, take).await?;
    Ok(out::line(&line, take))
}

/// Applies a notice again; one that is under way is left to it.
#[utoipa::path(post, path = "/v2/connections/{connectionId}/notices/{noticeId}/replay", tag = "Flight recorder",
    params(("connectionId" = String, Path), ("noticeId" = String, Path)),
    responses((status = 200, body = Done), (status = 404, description = "No such notice")))]
async fn replay_notice(
    State(web): State<Web>,
    key: ApiKey,
    ConnectionId(id): ConnectionId,
    Path((_of, notice)): Path<(String, String)>,
) -> Acknowledged {
    let notice = notice.parse().map_err(|_| ReplayError::NotFound)?;
    // A notice about another connection is not there.
    web.engine.calls_of_notice(&key.member(), id, notice, None, 1).await?;
    web.engine.replay_notice(&key.member(), notice).await?;
    Ok(done())
}
