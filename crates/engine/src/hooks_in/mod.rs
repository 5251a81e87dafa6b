//! What providers tell us: taken in at once, applied by a job, never believed beyond "look there".

mod address;
mod apply;
mod dead;
mod receive;

pub(crate) use self::{
    address::{place, place_of_app},
    apply::run,
};
pub use self::{
    dead::DeadEvent,
    receive::{Arrived, Heard},
};
