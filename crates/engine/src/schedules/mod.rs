//! Schedules, absences and stays elsewhere.

mod away;
mod view;

use futures::future::BoxFuture;
use kalends_domain::{
    Id,
    people::{ScheduleRow, User},
};
use kalends_store::{Tx, repo::StoredSchedule};

pub use self::view::{Away, ScheduleDraft, ScheduleView, Stay};
use crate::{EditError, Engine, Invalid, Member};

const WHAT: &str = "schedule";

impl Engine {
    /// All schedules of a user, by name: theirs, or anybody's for one who manages.
    pub async fn schedules_of(
        &self,
        member: &Member,
        user: Id<User>,
    ) -> Result<Vec<ScheduleView>, EditError> {
        let mut tx = self.db.read().await?;
        let user = subject(&mut tx, *member, user).await?;
        let stored = tx.schedules().of_users(&[user.id]).await?;
        Ok(stored.into_iter().map(|one| seen(one, &user)).collect())
    }

    /// One schedule.
    pub async fn schedule(&self, member: &Member, id: Id<ScheduleRow>) -> Result<ScheduleView, EditError> {
        let mut tx = self.db.read().await?;
        let (stored, user) = own(&mut tx, *member, id).await?;
        Ok(seen(stored, &user))
    }

    /// The same, by the number the v2 API says.
    pub async fn schedule_numbered(&self, member: &Member, number: i64) -> Result<ScheduleView, EditError> {
        let found = self.db.read().await?.schedules().by_number(number).await?;
        self.schedule(member, found.ok_or(EditError::NotFound { what: WHAT })?.id).await
    }

    /// Makes a schedule; a user's first one is their default.
    pub async fn create_schedule(
        &self,
        member: &Member,
        user: Id<User>,
        draft: &ScheduleDraft,
    ) -> Result<ScheduleView, EditError> {
        let draft = sound(draft)?;
        let member = *member;
        self.db.write(move |tx| created(tx, member, user, draft.clone())).await
    }

    /// Puts a draft in the place of a schedule.
    pub async fn update_schedule(
        &self,
        member: &Member,
        id: Id<ScheduleRow>,
        draft: &ScheduleDraft,
    ) -> Result<ScheduleView, EditError> {
        let draft = sound(draft)?;
        let member = *member;
        self.db
            .write(move |tx| {
                let draft = draft.clone();
                Box::pin(async move {
                    let (old, user) = own(tx, member, id).await?;
                    let new = StoredSchedule { name: draft.name, hours: draft.hours, ..old };
                    tx.schedules().save(&new).await?;
                    Ok(seen(new, &user))
                })
            })
            .await
    }

    /// Makes a schedule the one of event types that name none.
    pub async fn set_default_schedule(
        &self,
        member: &Member,
        id: Id<ScheduleRow>,
    ) -> Result<ScheduleView, EditError> {
        let member = *member;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let (stored, mut user) = own(tx, member, id).await?;
                    user.default_schedule = Some(id);
                    tx.people().save(&user).await?;
                    Ok(seen(stored, &user))
                })
            })
            .await
    }

    /// Deletes a schedule; event types that named it use the default one. The default and the last one stay.
    pub async fn delete_schedule(&self, member: &Member, id: Id<ScheduleRow>) -> Result<(), EditError> {
        let member = *member;
        self.db.write(move |tx| deleted(tx, member, id)).await
    }
}

fn created(
    tx: &mut Tx,
    member: Member,
    user: Id<User>,
    draft: ScheduleDraft,
) -> BoxFuture<'_, Result<ScheduleView, EditError>> {
    Box::pin(async move {
        let mut user = subject(tx, member, user).await?;
        let stored = StoredSchedule {
            id: tx.ids().id(),
            number: tx.ids().number(),
            organization: user.organization,
            user: user.id,
            name: draft.name,
            hours: draft.hours,
        };
        tx.schedules().add(&stored).await?;
        if user.default_schedule.is_none() {
            user.default_schedule = Some(stored.id);
            tx.people().save(&user).await?;
        }
        Ok(seen(stored, &user))
    })
}

fn deleted(tx: &mut Tx, member: Member, id: Id<ScheduleRow>) -> BoxFuture<'_, Result<(), EditError>> {
    Box::pin(async move {
        let (stored, user) = own(tx, member, id).await?;
        if user.default_schedule == Some(id) {
            let why = "This is the default schedule. Make another one the default first.".to_owned();
            return Err(EditError::InUse { why });
        }
        Ok(tx.schedules().delete(&stored).await?)
    })
}

/// The user for whom something is done: oneself, or anybody for one who manages.
pub(crate) async fn subject(tx: &mut Tx, member: Member, user: Id<User>) -> Result<User, EditError> {
    let found = tx.people().get(user).await?.filter(|found| found.organization == member.organization);
    found.filter(|found| member.may_act_for(found.id)).ok_or(EditError::NotFound { what: "user" })
}

async fn own(tx: &mut Tx, member: Member, id: Id<ScheduleRow>) -> Result<(StoredSchedule, User), EditError> {
    let stored = tx.schedules().get(id).await?.ok_or(EditError::NotFound { what: WHAT })?;
    let user = subject(tx, member, stored.user).await.map_err(|error| match error {
        EditError::NotFound { .. } => EditError::NotFound { what: WHAT },
        other => other,
    })?;
    Ok((stored, user))
}

fn seen(stored: StoredSchedule, user: &User) -> ScheduleView {
    ScheduleView {
        is_default: user.default_schedule == Some(stored.id),
        id: stored.id,
        number: stored.number,
        user: stored.user,
        name: stored.name,
        hours: stored.hours,
    }
}

fn sound(draft: &ScheduleDraft) -> Result<ScheduleDraft, Invalid> {
    let mut invalid = Invalid::default();
    let name = draft.name.trim().to_owned();
    invalid.need(!name.is_empty(), "name", "Give it a name.");
    invalid.need(name.chars().count() <= 100, "name", "Write at most 100 letters.");
    invalid.need(draft.hours.overrides().len() <= 1000, "overrides", "at most 1000 dates can differ");
    invalid.check()?;
    Ok(ScheduleDraft { name, hours: draft.hours.clone() })
}
