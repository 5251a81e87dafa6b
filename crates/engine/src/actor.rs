//! Who asks, as authentication has proven it.

use kalends_domain::{
    Id, Uid,
    booking::By,
    people::{Organization, Role, User},
};

/// A signed-in user, or the owner of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: Id<User>,
    /// Where they belong; verbs never look outside it.
    pub organization: Id<Organization>,
    /// What they may do there.
    pub role: Role,
}

impl Member {
    /// May change what belongs to this user: themselves, or anybody's for one who manages.
    pub fn may_act_for(&self, user: Id<User>) -> bool {
        self.user == user || self.role.manages()
    }
}

/// Who changes a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who knows the booking's uid: the booker. The event type's policy binds them.
    Guest,
    /// Somebody who knows the uid of one seat: they act for that seat alone.
    Seat(Uid),
    /// A host of the booking, or somebody who manages for them.
    Member(Member),
    /// A calendar in which the event was moved or deleted, where the policy says to follow.
    Calendar,
    /// Time ran out.
    Timeout,
}

impl Actor {
    /// As a booking's history says it.
    pub const fn by(&self) -> By {
        match self {
            Self::Guest | Self::Seat(_) => By::Guest,
            Self::Member(_) => By::Host,
            Self::Calendar => By::Calendar,
            Self::Timeout => By::Timeout,
        }
    }

    /// The signed-in user, if it is one.
    pub const fn member(&self) -> Option<Member> {
        match self {
            Self::Member(member) => Some(*member),
            _ => None,
        }
    }

    /// Bound by what the event type lets guests do.
    pub const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest | Self::Seat(_))
    }
}
