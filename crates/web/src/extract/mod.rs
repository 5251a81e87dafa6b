//! What handlers take: checked, loaded, authorised before they run.

mod client;
pub mod cookie;
pub mod csrf;
mod form;
mod json;
mod paging;

pub use self::{
    client::Client,
    csrf::Csrf,
    form::{Asked, Form, GuestForm, Typed},
    json::Json,
    paging::Paging,
};
