//! Inbound webhooks: taken in at once, applied by a job, never believed beyond "look there".

mod address;
mod apply;
mod kept;
mod mail;
mod notices;
mod receive;

pub(crate) use self::{
    address::{is_told_apart, place, place_apart, place_of_app, prepare_apart},
    apply::run,
    kept::{KEPT, MOST},
};
pub use self::{
    kept::Looked,
    notices::{InboundNotice, Notices, Which},
    receive::{Arrived, Heard},
};
pub use kalends_store::repo::Inbound;
