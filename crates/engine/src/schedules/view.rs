//! Schedules and absences, as their owners see and change them.

use kalends_domain::{
    Id,
    availability::Schedule,
    people::{ScheduleRow, User},
};
pub use kalends_store::repo::{Away, Stay};

/// A schedule with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleView {
    /// The row.
    pub id: Id<ScheduleRow>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Whose.
    pub user: Id<User>,
    /// As its owner calls it.
    pub name: String,
    /// The hours.
    pub hours: Schedule,
    /// The one of event types that name none.
    pub is_default: bool,
}

/// A schedule as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleDraft {
    /// As its owner calls it.
    pub name: String,
    /// The hours.
    pub hours: Schedule,
}
