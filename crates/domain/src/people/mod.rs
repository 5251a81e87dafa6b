//! People: users, teams, organizations, and what each role may do.

mod slug;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::slug::{BadSlug, Slug};
use crate::Id;

/// The tenant: everything else belongs to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// First in the key of every tenant table.
    pub id: Id<Self>,
    /// Its part of an address.
    pub slug: Slug,
    /// As people call it.
    pub name: String,
}

/// A person who signs in; a *host* where they can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The row.
    pub id: Id<Self>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Where they belong.
    pub organization: Id<Organization>,
    /// Sign-in address, lower case; mails go there.
    pub email: String,
    /// When the address was proven, if it was.
    pub email_verified_at: Option<Timestamp>,
    /// As guests see it.
    pub name: String,
    /// Their page's address.
    pub username: Slug,
    /// What they may do in the organization.
    pub role: Role,
    /// How things are shown to them.
    pub profile: Profile,
    /// The schedule of event types that name none.
    pub default_schedule: Option<Id<crate::people::ScheduleRow>>,
    /// Set when they may no longer sign in or be booked.
    pub disabled_at: Option<Timestamp>,
    /// When they came.
    pub created_at: Timestamp,
}

/// The row a schedule is kept in; the rules themselves are [`crate::availability`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleRow {}

/// How things are shown to a user, and what their page says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// IANA zone; pages and mails to them are in it.
    pub zone: String,
    /// BCP 47 language tag.
    pub locale: String,
    /// 12 or 24 hours.
    pub hours: Hours,
    /// First day of their week, 0 = Sunday.
    pub week_start: u8,
    /// A few words on their page.
    pub bio: String,
    /// Their colour for buttons as `#rrggbb`; used after a contrast check only.
    pub brand: Option<String>,
    /// What becomes of a booking that is changed in a calendar of theirs.
    pub calendar_changes: CalendarChanges,
    /// The app that makes the rooms of their new event types; none where none is chosen.
    pub usual_room: Option<String>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            zone: "UTC".into(),
            locale: "en".into(),
            hours: Hours::default(),
            week_start: 1,
            bio: String::new(),
            brand: None,
            calendar_changes: CalendarChanges::default(),
            usual_room: None,
        }
    }
}

/// What becomes of a booking whose event is moved, deleted or declined in a host's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarChanges {
    /// The booking moves along, or is called off; guests are told.
    Follow,
    /// The host decides, each time.
    #[default]
    Ask,
    /// Nothing; the event is put right when the booking changes next.
    Ignore,
}

impl CalendarChanges {
    /// As forms say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Ask => "ask",
            Self::Ignore => "ignore",
        }
    }

    /// The choice of this name; what nobody knows asks.
    pub fn parse(text: &str) -> Self {
        match text {
            "follow" => Self::Follow,
            "ignore" => Self::Ignore,
            _ => Self::Ask,
        }
    }
}

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Hours {
    /// 2:30 pm.
    #[serde(rename = "12")]
    Twelve,
    /// 14:30.
    #[default]
    #[serde(rename = "24")]
    TwentyFour,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Their own bookings, event types and connections.
    Member,
    /// And everybody's, and the settings.
    Admin,
    /// And the organization itself; there is always one.
    Owner,
}

impl Role {
    /// As it is stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin, Self::Owner].into_iter().find(|role| role.as_str() == text)
    }

    /// May see and change what belongs to others.
    pub fn manages(self) -> bool {
        self >= Self::Admin
    }
}

/// People who are booked together or in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Its page's address.
    pub slug: Slug,
    /// As guests see it.
    pub name: String,
}

/// One user in one team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The team.
    pub team: Id<Team>,
    /// The user.
    pub user: Id<User>,
    /// What they may do there.
    pub role: Role,
}
