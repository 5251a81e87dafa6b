//! Schedules and absences, as their owners see and change them.

use kalends_domain::{
    Id,
    availability::{OutOfOffice, Schedule, Travel},
    people::{ScheduleRow, User},
};

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

/// An absence of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The row.
    pub id: Id<AwayRow>,
    /// Who is away.
    pub user: Id<User>,
    /// From when to when.
    pub dates: OutOfOffice,
}

/// A stay in another zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The row.
    pub id: Id<StayRow>,
    /// Who is there.
    pub user: Id<User>,
    /// From when to when, and where.
    pub dates: Travel,
}

/// The row an absence is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwayRow {}

/// The row a stay is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StayRow {}
