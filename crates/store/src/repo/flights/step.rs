//! Steps of ours that can be done again.

use std::{fmt, str::FromStr};

use kalends_domain::Id;

use crate::repo::{Calendar, Delivery, InboundEvent, Installation, Reference};

/// A step of ours that calls outside: doing it twice has the effect of doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// One thing outside is brought to what it should be.
    Reference(Id<Reference>),
    /// One message is sent.
    Delivery(Id<Delivery>),
    /// One calendar is read.
    Calendar(Id<Calendar>),
    /// The channel by which one calendar tells of changes is opened, renewed or closed.
    Channel(Id<Calendar>),
    /// What was done in a calendar to one event of ours is looked at.
    Heed(Id<Reference>),
    /// What a provider told is applied.
    Notice(Id<InboundEvent>),
    /// Rooms that no booking wants are closed.
    Rooms(Id<Installation>),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(id) => write!(f, "reference:{id}"),
            Self::Delivery(id) => write!(f, "delivery:{id}"),
            Self::Calendar(id) => write!(f, "calendar:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::Heed(id) => write!(f, "heed:{id}"),
            Self::Notice(id) => write!(f, "notice:{id}"),
            Self::Rooms(id) => write!(f, "rooms:{id}"),
        }
    }
}

/// A text that names no step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names no step")]
pub struct NoStep;

impl FromStr for Step {
    type Err = NoStep;

    fn from_str(text: &str) -> Result<Self, NoStep> {
        let (kind, id) = text.split_once(':').ok_or(NoStep)?;
        let uuid = id.parse().map_err(|_| NoStep)?;
        Ok(match kind {
            "reference" => Self::Reference(Id::new(uuid)),
            "delivery" => Self::Delivery(Id::new(uuid)),
            "calendar" => Self::Calendar(Id::new(uuid)),
            "channel" => Self::Channel(Id::new(uuid)),
            "heed" => Self::Heed(Id::new(uuid)),
            "notice" => Self::Notice(Id::new(uuid)),
            "rooms" => Self::Rooms(Id::new(uuid)),
            _ => return Err(NoStep),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_read_as_it_is_written() {
        let uuid = uuid::Uuid::from_u128(7);
        let all = [
            Step::Reference(Id::new(uuid)),
            Step::Delivery(Id::new(uuid)),
            Step::Calendar(Id::new(uuid)),
            Step::Channel(Id::new(uuid)),
            Step::Heed(Id::new(uuid)),
            Step::Notice(Id::new(uuid)),
            Step::Rooms(Id::new(uuid)),
        ];
        for step in all {
            assert_eq!(step.to_string().parse(), Ok(step));
        }
        for wrong in ["", "calendar", "calendar:", "calendar:7", "moon:00000000-0000-0000-0000-000000000007"]
        {
            assert_eq!(wrong.parse::<Step>(), Err(NoStep), "{wrong}");
        }
    }
}
