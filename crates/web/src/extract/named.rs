//! What an address names by the first name in its path; what cannot be such a name is *not found*.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use kalends_domain::{Id, Uid};
use kalends_engine::connect::{ConnectError, Installation};

use crate::Problem;

/// The uid of a booking.
#[derive(Debug, Clone)]
pub struct BookingUid(pub Uid);

/// The id of a connection.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionId(pub Id<Installation>);

impl<S: Send + Sync> FromRequestParts<S> for BookingUid {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let uid = Uid::parse(&first(parts, state).await);
        uid.map(Self).ok_or_else(Problem::no_such_booking)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ConnectionId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = first(parts, state).await.parse();
        id.map(Self).map_err(|_| ConnectError::NotFound.into())
    }
}

async fn first<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    let names = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
    let first = names.ok().and_then(|Path(names)| names.into_iter().next());
    first.map(|(_, value)| value).unwrap_or_default()
}
