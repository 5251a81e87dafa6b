//! Event types: what can be booked.

mod answers;
mod link;
mod location;
mod question;
mod settings;
mod shown;

pub use self::{
    answers::{Answer, Answers, FieldProblem, check_answers, check_phone, is_email},
    link::{LinkRefused, PrivateLink},
    location::{BookedLocation, Location, MOST_FALLBACKS},
    question::{Choice, Question, QuestionKind},
    settings::{
        BookingWindow, Buffers, Confirmation, Frequency, Lengths, Limit, Limits, Period, Policy, Recurrence,
        Seats, Settings, SettingsProblem,
    },
    shown::{Hue, Visibility},
};
use crate::{
    Id,
    people::{Organization, ScheduleRow, Slug, Team, User},
};

/// Something guests can book: its words, its hosts, its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct EventType {
    /// The row.
    pub id: Id<Self>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Whose page shows it.
    pub owner: Owner,
    /// Its part of the address.
    pub slug: Slug,
    /// As guests see it.
    pub title: String,
    /// A few sentences for guests.
    pub description: String,
    /// Not on the owner's page; those who know the address can book.
    pub hidden: bool,
    /// Its place on the owner's page, small first.
    pub position: i64,
    /// The hours in which it can be booked; none means each host's default schedule.
    pub schedule: Option<Id<ScheduleRow>>,
    /// How hosts are chosen.
    pub assignment: Assignment,
    /// Who can be booked; for a single event type its owner.
    pub hosts: Vec<Host>,
    /// The rules.
    pub settings: Settings,
}

/// Whose page an event type is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// One person.
    User(Id<User>),
    /// A team.
    Team(Id<Team>),
}

/// How hosts are chosen for a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// The one host.
    Single,
    /// All hosts together.
    Collective,
    /// One host in turn, with all fixed ones.
    RoundRobin,
}

impl Assignment {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Collective => "collective",
            Self::RoundRobin => "round_robin",
        }
    }

    /// The assignment of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Single, Self::Collective, Self::RoundRobin].into_iter().find(|one| one.as_str() == text)
    }
}

/// A user who can be booked through an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Who.
    pub user: Id<User>,
    /// Must be free for every slot, also under round robin.
    pub fixed: bool,
    /// Round robin: the highest priority that is free goes first (0 lowest to 4 highest; 2 is usual).
    pub priority: u8,
    /// Round robin: the share of bookings, 100 is usual.
    pub weight: u32,
    /// Their hours here, when not their default ones.
    pub schedule: Option<Id<ScheduleRow>>,
}
