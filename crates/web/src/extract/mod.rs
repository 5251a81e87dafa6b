//! What handlers take: checked, loaded, authorised before they run.

mod api_key;
mod client;
pub mod cookie;
pub mod csrf;
mod form;
mod json;
mod named;
mod owned;
mod paging;
mod query;
mod session;

pub use self::{
    api_key::ApiKey,
    client::Client,
    csrf::Csrf,
    form::{Asked, Form, GuestForm, Typed},
    json::Json,
    named::{BookingUid, ConnectionId},
    owned::{Own, Owned},
    paging::Paging,
    query::Query,
    session::{NotSignedIn, SignedIn, onward},
};
