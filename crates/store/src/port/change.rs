//! Short notices of what was committed, for memory that must follow.

use kalends_domain::{
    Id,
    event_type::EventType,
    people::{Organization, User},
};
use serde::{Deserialize, Serialize};

/// What a commit changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// What this host has booked or held.
    Claims(Id<User>),
    /// When else this host is busy: a mirrored calendar, out of office.
    HostTimes(Id<User>),
    /// This user, their schedules or their profile.
    User(Id<User>),
    /// This event type, its hosts or its rules.
    EventType(Id<EventType>),
    /// An organization's name, teams or members.
    Organization(Id<Organization>),
    /// There is work to claim.
    Jobs,
    /// Anything may have changed: notices were lost.
    Everything,
}
