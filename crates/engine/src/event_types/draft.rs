//! An event type as somebody wants it.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    event_type::{Assignment, EventType, Host, Owner, Settings},
    people::ScheduleRow,
};

/// An event type as somebody wants it: made new, or in place of the old one.
#[derive(Debug, Clone, PartialEq)]
pub struct EventTypeDraft {
    /// Whose page it is on; fixed once made.
    pub owner: Owner,
    /// Its part of the address; empty means one made from the title.
    pub slug: String,
    /// As guests see it.
    pub title: String,
    /// A few sentences for guests.
    pub description: String,
    /// Not on the owner's page.
    pub hidden: bool,
    /// The hours in which it can be booked; none means each host's default schedule.
    pub schedule: Option<Id<ScheduleRow>>,
    /// How hosts are chosen.
    pub assignment: Assignment,
    /// Who can be booked; empty for a user's own event type means the owner.
    pub hosts: Vec<Host>,
    /// The rules.
    pub settings: Settings,
}

impl EventTypeDraft {
    /// A new event type of this owner with the usual rules.
    pub fn new(owner: Owner, title: &str) -> Self {
        Self {
            owner,
            slug: String::new(),
            title: title.to_owned(),
            description: String::new(),
            hidden: false,
            schedule: None,
            assignment: match owner {
                Owner::User(_) => Assignment::Single,
                Owner::Team(_) => Assignment::RoundRobin,
            },
            hosts: Vec::new(),
            settings: Settings::default(),
        }
    }
}

impl From<&EventType> for EventTypeDraft {
    fn from(event_type: &EventType) -> Self {
        Self {
            owner: event_type.owner,
            slug: event_type.slug.to_string(),
            title: event_type.title.clone(),
            description: event_type.description.clone(),
            hidden: event_type.hidden,
            schedule: event_type.schedule,
            assignment: event_type.assignment,
            hosts: event_type.hosts.clone(),
            settings: event_type.settings.clone(),
        }
    }
}

/// A private link as somebody wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrivateLinkDraft {
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// So many bookings at most.
    pub most_uses: Option<u32>,
}
