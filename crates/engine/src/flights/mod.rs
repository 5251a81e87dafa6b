//! Calls to the outside, written down without secrets, so that a person can see what happened and have it done again.

mod line;
mod log;
mod replay;
mod standing;

use kalends_domain::{Id, booking::Booking, people::Organization};
use kalends_store::repo::InboundEvent;

pub use self::{
    line::{Again, Call, TimeLine},
    log::{FlightLog, Lost},
    replay::ReplayError,
};
pub use kalends_store::repo::{Mark, Step};

/// Calls on one page of a time line.
pub const PAGE: u32 = 50;

tokio::task_local! {
    /// For whom this task calls out.
    static FOR: About;
}

/// For whom a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    organization: Id<Organization>,
    booking: Option<Id<Booking>>,
    notice: Option<Id<InboundEvent>>,
    step: Option<Step>,
    run: Option<(u32, u32)>,
}

impl About {
    /// Somebody in this organization.
    pub const fn of(organization: Id<Organization>) -> Self {
        Self { organization, booking: None, notice: None, step: None, run: None }
    }

    /// A booking.
    pub const fn booking(mut self, booking: Option<Id<Booking>>) -> Self {
        self.booking = booking;
        self
    }

    /// What a provider told.
    pub const fn notice(mut self, notice: Option<Id<InboundEvent>>) -> Self {
        self.notice = notice;
        self
    }

    /// A step that can be done again.
    pub const fn step(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// A run after so many that failed, of so many at most.
    pub const fn after(mut self, tries: u32, most: u32) -> Self {
        self.run = Some((tries + 1, most));
        self
    }
}

/// Does the work; every call it makes is recorded as made for this.
pub(crate) async fn about<T>(whom: About, work: impl Future<Output = T>) -> T {
    FOR.scope(whom, work).await
}

/// The same, for whom this task calls out already, as this step.
pub(crate) async fn within<T>(step: Step, work: impl Future<Output = T>) -> T {
    match whom() {
        Some(whom) => about(whom.step(step), work).await,
        None => work.await,
    }
}

/// For whom this task calls out; what it hands to another task is to be recorded for the same.
pub(crate) fn whom() -> Option<About> {
    FOR.try_with(|whom| *whom).ok()
}
