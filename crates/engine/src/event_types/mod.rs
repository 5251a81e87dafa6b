//! Event types, as their owners make and change them.

mod check;
mod draft;
mod left_out;
mod links;

use futures::future::BoxFuture;
use kalends_domain::{
    Id,
    event_type::{EventType, Owner},
};
use kalends_store::{Error, Tx};

use self::check::Sound;
pub(crate) use self::check::is_colour;
pub use self::{
    draft::{EventTypeDraft, PrivateLinkDraft},
    left_out::LeftOut,
};
use crate::{EditError, Engine, Invalid, Member, book::leads, connect::usual_room};

const WHAT: &str = "event type";

impl Engine {
    /// An event type its owner, its hosts or those who manage may see.
    pub async fn event_type(&self, member: &Member, id: Id<EventType>) -> Result<EventType, EditError> {
        let mut tx = self.db.read().await?;
        if !tx.event_types().is_open(id).await? {
            return Err(EditError::NotFound { what: WHAT });
        }
        let found = tx.event_types().get(id).await?.ok_or(EditError::NotFound { what: WHAT })?;
        let hosted = found.hosts.iter().any(|host| host.user == member.user);
        if found.organization == member.organization
            && (hosted || may_edit(&mut tx, *member, found.owner).await?)
        {
            Ok(found)
        } else {
            Err(EditError::NotFound { what: WHAT })
        }
    }

    /// The same, by the number the v2 API says.
    pub async fn event_type_numbered(&self, member: &Member, number: i64) -> Result<EventType, EditError> {
        let found = self.db.read().await?.event_types().by_number(number).await?;
        self.event_type(member, found.ok_or(EditError::NotFound { what: WHAT })?.id).await
    }

    /// An owner's event types in their order, hidden ones included.
    pub async fn event_types_of(&self, member: &Member, owner: Owner) -> Result<Vec<EventType>, EditError> {
        let mut tx = self.db.read().await?;
        if !may_see(&mut tx, *member, owner).await? {
            return Err(EditError::NotFound { what: "page" });
        }
        Ok(tx.event_types().of_owner(member.organization, owner).await?)
    }

    /// The event types a member hosts: their own, and those of their teams.
    pub async fn hosted_event_types(&self, member: &Member) -> Result<Vec<EventType>, EditError> {
        let mut tx = self.db.read().await?;
        let user = tx.people().get(member.user).await?.ok_or(EditError::NotFound { what: "user" })?;
        Ok(tx.event_types().hosted_by(&user).await?)
    }

    /// Makes a new event type; it stands last on its owner's page. One that names no place gets its owner's usual room.
    pub async fn create_event_type(
        &self,
        member: &Member,
        draft: &EventTypeDraft,
    ) -> Result<EventType, EditError> {
        let mut draft = draft.clone();
        if draft.settings.locations.is_empty() {
            draft.settings.locations.extend(usual_room::place(&mut self.db.read().await?, &draft).await?);
        }
        self.make_event_type(member, &draft).await
    }

    async fn make_event_type(&self, member: &Member, draft: &EventTypeDraft) -> Result<EventType, EditError> {
        let sound = check::check(draft, &self.outside)?;
        let (member, draft) = (*member, draft.clone());
        let result = self.db.write(move |tx| created(tx, member, draft.clone(), sound.clone())).await;
        slug_taken(result)
    }

    /// Puts a draft in the place of an event type. Bookings made before stay as they are.
    pub async fn update_event_type(
        &self,
        member: &Member,
        id: Id<EventType>,
        draft: &EventTypeDraft,
    ) -> Result<EventType, EditError> {
        let sound = check::check(draft, &self.outside)?;
        let (member, draft) = (*member, draft.clone());
        let result = self.db.write(move |tx| updated(tx, member, id, draft.clone(), sound.clone())).await;
        slug_taken(result)
    }

    /// Takes an event type off every page; its bookings stay.
    pub async fn delete_event_type(
        &self,
        member: &Member,
        id: Id<EventType>,
    ) -> Result<EventType, EditError> {
        let found = self.editable(member, id).await?;
        let gone = found.clone();
        self.db
            .write(move |tx| {
                let gone = gone.clone();
                Box::pin(async move { tx.event_types().delete(&gone).await.map_err(EditError::from) })
            })
            .await?;
        Ok(found)
    }

    /// A copy beside the original, hidden until somebody shows it.
    pub async fn duplicate_event_type(
        &self,
        member: &Member,
        id: Id<EventType>,
    ) -> Result<EventType, EditError> {
        let original = self.editable(member, id).await?;
        let siblings = self.event_types_of(member, original.owner).await?;
        let mut draft = EventTypeDraft::from(&original);
        draft.slug = check::copy_slug(&original.slug, &siblings).to_string();
        draft.title = format!("{} (copy)", original.title.chars().take(190).collect::<String>());
        draft.hidden = true;
        self.make_event_type(member, &draft).await
    }

    /// Puts an owner's event types in this order; those not named follow in the order they had.
    pub async fn reorder_event_types(
        &self,
        member: &Member,
        owner: Owner,
        order: &[Id<EventType>],
    ) -> Result<(), EditError> {
        let (member, order) = (*member, order.to_vec());
        self.db.write(move |tx| reordered(tx, member, owner, order.clone())).await
    }

    /// An event type this member may change.
    pub(crate) async fn editable(&self, member: &Member, id: Id<EventType>) -> Result<EventType, EditError> {
        let found = self.event_type(member, id).await?;
        let mut tx = self.db.read().await?;
        if may_edit(&mut tx, *member, found.owner).await? {
            Ok(found)
        } else {
            Err(EditError::Forbidden { what: WHAT })
        }
    }
}

fn created(
    tx: &mut Tx,
    member: Member,
    draft: EventTypeDraft,
    sound: Sound,
) -> BoxFuture<'_, Result<EventType, EditError>> {
    Box::pin(async move {
        if !may_edit(tx, member, draft.owner).await? {
            return Err(EditError::Forbidden { what: "page" });
        }
        people(tx, member, &draft, &sound).await?;
        let siblings = tx.event_types().of_owner(member.organization, draft.owner).await?;
        let last = siblings.iter().map(|one| one.position).max().unwrap_or(-1);
        let event_type = EventType {
            id: tx.ids().id(),
            number: tx.ids().number(),
            organization: member.organization,
            owner: draft.owner,
            slug: sound.slug,
            title: sound.title,
            description: sound.description,
            hidden: draft.hidden,
            position: last + 1,
            schedule: draft.schedule,
            assignment: draft.assignment,
            hosts: sound.hosts,
            settings: draft.settings,
        };
        tx.event_types().add(&event_type).await?;
        Ok(event_type)
    })
}

fn updated(
    tx: &mut Tx,
    member: Member,
    id: Id<EventType>,
    draft: EventTypeDraft,
    sound: Sound,
) -> BoxFuture<'_, Result<EventType, EditError>> {
    Box::pin(async move {
        let old = tx.event_types().get(id).await?.ok_or(EditError::NotFound { what: WHAT })?;
        if old.organization != member.organization || !may_edit(tx, member, old.owner).await? {
            return Err(EditError::NotFound { what: WHAT });
        }
        if draft.owner != old.owner {
            return Err(Invalid::one("owner", "an event type stays with its owner; make a copy there").into());
        }
        people(tx, member, &draft, &sound).await?;
        let event_type = EventType {
            slug: sound.slug,
            title: sound.title,
            description: sound.description,
            hidden: draft.hidden,
            schedule: draft.schedule,
            assignment: draft.assignment,
            hosts: sound.hosts,
            settings: draft.settings,
            ..old
        };
        tx.event_types().save(&event_type).await.map_err(|error| match error {
            Error::Missing(_) => EditError::NotFound { what: WHAT },
            other => other.into(),
        })?;
        Ok(event_type)
    })
}

fn reordered(
    tx: &mut Tx,
    member: Member,
    owner: Owner,
    order: Vec<Id<EventType>>,
) -> BoxFuture<'_, Result<(), EditError>> {
    Box::pin(async move {
        if !may_edit(tx, member, owner).await? {
            return Err(EditError::Forbidden { what: "page" });
        }
        let mut event_types = tx.event_types().of_owner(member.organization, owner).await?;
        let unknown = order.iter().any(|id| event_types.iter().all(|one| one.id != *id));
        if unknown {
            return Err(
                Invalid::one("order", "names an event type that is not on this page; load it again").into()
            );
        }
        event_types.sort_by_key(|one| order.iter().position(|id| *id == one.id).unwrap_or(usize::MAX));
        for (position, event_type) in (0_i64..).zip(&mut event_types) {
            if event_type.position != position {
                event_type.position = position;
                tx.event_types().save(event_type).await?;
            }
        }
        Ok(())
    })
}

/// Hosts and schedules must be there, and belong where the event type does.
async fn people(tx: &mut Tx, member: Member, draft: &EventTypeDraft, sound: &Sound) -> Result<(), EditError> {
    let mut invalid = Invalid::default();
    let ids: Vec<_> = sound.hosts.iter().map(|host| host.user).collect();
    let users = tx.people().many(&ids).await?;
    let members = match draft.owner {
        Owner::User(_) => None,
        Owner::Team(team) => match tx.people().team(member.organization, team).await? {
            Some(team) => Some(tx.people().members(&team).await?),
            None => return Err(EditError::NotFound { what: "team" }),
        },
    };
    for (index, host) in sound.hosts.iter().enumerate() {
        let field = format!("hosts[{index}]");
        let here = users.iter().any(|user| {
            user.id == host.user && user.organization == member.organization && user.disabled_at.is_none()
        });
        invalid.need(here, &field, "is nobody who can be booked here");
        let in_team = members.as_ref().is_none_or(|all| all.iter().any(|one| one.user == host.user));
        invalid.need(in_team, &field, "is not in the team; add them to it first");
    }
    let named: Vec<_> =
        draft.schedule.into_iter().chain(sound.hosts.iter().filter_map(|host| host.schedule)).collect();
    let schedules = tx.schedules().many(&named).await?;
    for id in named {
        let here = schedules.iter().any(|one| one.id == id && one.organization == member.organization);
        invalid.need(here, "schedule", "does not exist; choose another one");
    }
    Ok(invalid.check()?)
}

/// May change what is on this page.
pub(crate) async fn may_edit(tx: &mut Tx, member: Member, owner: Owner) -> Result<bool, Error> {
    match owner {
        Owner::User(user) if user == member.user => Ok(true),
        Owner::User(user) => {
            let there = tx.people().get(user).await?;
            Ok(member.role.manages() && there.is_some_and(|user| user.organization == member.organization))
        }
        Owner::Team(team) if member.role.manages() => {
            Ok(tx.people().team(member.organization, team).await?.is_some())
        }
        Owner::Team(team) => leads(tx, member, team).await,
    }
}

async fn may_see(tx: &mut Tx, member: Member, owner: Owner) -> Result<bool, Error> {
    if may_edit(tx, member, owner).await? {
        return Ok(true);
    }
    let Owner::Team(team) = owner else { return Ok(false) };
    let Some(team) = tx.people().team(member.organization, team).await? else { return Ok(false) };
    Ok(tx.people().members(&team).await?.iter().any(|one| one.user == member.user))
}

/// Two event types of one owner cannot have one address.
fn slug_taken(result: Result<EventType, EditError>) -> Result<EventType, EditError> {
    result.map_err(|error| match error {
        EditError::Trouble(crate::Trouble::Store(store)) if store.is_taken("slug") => {
            Invalid::one("slug", "another event type on this page has this address; choose another one")
                .into()
        }
        other => other,
    })
}
