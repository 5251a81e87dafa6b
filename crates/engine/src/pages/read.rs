//! The verbs that read guest pages.

use kalends_domain::{
    Id, Uid,
    event_type::{EventType, Owner},
    people::{Organization, Slug},
};

use super::{EventTypePage, PageError, PageOwner, ProfilePage};
use crate::{Engine, index::person, lookup::Found, slots::Which};

impl Engine {
    /// The page of a user or a team: what guests can book there, in the owner's order.
    pub async fn profile_page(
        &self,
        organization: Id<Organization>,
        owner: &Slug,
    ) -> Result<ProfilePage, PageError> {
        let mut tx = self.db.read().await?;
        let user = tx.people().by_username(organization, owner).await?;
        let (owner, row) = if let Some(user) = user.filter(|user| user.disabled_at.is_none()) {
            let row = Owner::User(user.id);
            (PageOwner::user(user), row)
        } else {
            let team = tx.people().team_by_slug(organization, owner).await?.ok_or(PageError::NotFound)?;
            let members: Vec<_> = tx.people().members(&team).await?.iter().map(|one| one.user).collect();
            let members = tx.people().many(&members).await?;
            let row = Owner::Team(team.id);
            (PageOwner::team(team, &members), row)
        };
        let event_types = tx.event_types().of_owner(organization, row).await?;
        let shown: Vec<EventType> = event_types.into_iter().filter(|one| !one.hidden).collect();
        Ok(ProfilePage { owner, event_types: shown })
    }

    /// The page of one event type, by address, number or private link; hidden ones open for who knows the address.
    pub async fn event_type_page(&self, which: &Which) -> Result<EventTypePage, PageError> {
        let Found { offering, link } = self.find(which).await?;
        Ok(EventTypePage {
            event_type: offering.event_type.clone(),
            organization: offering.event_type.organization,
            owner: offering.owner.clone(),
            hosts: offering.hosts.iter().map(|host| host.person.clone()).collect(),
            zone: offering.zone.name().to_owned(),
            link: link.map(|link| link.uid),
            apps: self.outside.known().clone(),
        })
    }

    /// The page on which a booking can be moved; its event type may be hidden.
    pub async fn page_of_booking(&self, uid: &Uid) -> Result<EventTypePage, PageError> {
        let mut tx = self.db.read().await?;
        let booking = match tx.bookings().by_uid(uid).await? {
            Some(booking) => booking,
            None => tx.bookings().by_seat(uid).await?.ok_or(PageError::NotFound)?,
        };
        drop(tx);
        self.event_type_page(&Which::Id(booking.event_type)).await
    }
}

impl PageOwner {
    /// A user as the owner of a page.
    pub(crate) fn user(user: kalends_domain::people::User) -> Self {
        Self::User { id: user.id, slug: user.username, name: user.name, profile: user.profile }
    }

    /// A team as the owner of a page.
    pub(crate) fn team(team: kalends_domain::people::Team, members: &[kalends_domain::people::User]) -> Self {
        let members = members.iter().map(person).collect();
        Self::Team { id: team.id, slug: team.slug, name: team.name, members }
    }
}
