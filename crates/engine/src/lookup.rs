//! From what somebody names to the event type in memory.

use std::sync::Arc;

use kalends_domain::{
    Id,
    event_type::{EventType, LinkRefused, PrivateLink},
};

use crate::{
    Engine, PageError, Trouble,
    book::BookError,
    index::Offering,
    slots::{SlotsError, Which},
};

/// An event type, and the private link it was reached by.
pub(crate) struct Found {
    pub offering: Arc<Offering>,
    pub link: Option<PrivateLink>,
}

/// Why there is none.
pub(crate) enum NotFound {
    Nothing,
    Link(LinkRefused),
    Trouble(Trouble),
}

impl Engine {
    /// The number the v2 API has for an event type; none when it is gone.
    pub async fn event_type_number(&self, id: Id<EventType>) -> Result<Option<i64>, Trouble> {
        Ok(self.memory.offering(id).await?.map(|offering| offering.event_type.number))
    }

    /// The event type that is meant; a private link must still book.
    pub(crate) async fn find(&self, which: &Which) -> Result<Found, NotFound> {
        let memory = &self.memory;
        let offering = match which {
            Which::Id(id) => memory.offering(*id).await?,
            Which::Number(number) => memory.by_number(*number).await?,
            Which::Page { organization, owner, slug } => {
                memory.at((*organization, owner.clone(), slug.clone())).await?
            }
            Which::Link(uid) => {
                // Never from memory: each use counts.
                let link = self.db.read().await?.event_types().link(uid).await?.ok_or(NotFound::Nothing)?;
                link.check(self.now()).map_err(NotFound::Link)?;
                let offering = memory.offering(link.event_type).await?.ok_or(NotFound::Nothing)?;
                return Ok(Found { offering, link: Some(link) });
            }
        };
        offering.map(|offering| Found { offering, link: None }).ok_or(NotFound::Nothing)
    }
}

impl<E: Into<Trouble>> From<E> for NotFound {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

macro_rules! becomes {
    ($($error:ident),*) => {$(
        impl From<NotFound> for $error {
            fn from(why: NotFound) -> Self {
                match why {
                    NotFound::Nothing => Self::NotFound,
                    NotFound::Link(refused) => Self::Link(refused),
                    NotFound::Trouble(trouble) => Self::Trouble(trouble),
                }
            }
        }
    )*};
}

becomes!(BookError, SlotsError, PageError);
