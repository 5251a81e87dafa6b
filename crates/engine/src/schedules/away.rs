//! Absences, and stays in other zones.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{ToSpan, civil::Date};
use kalends_domain::{
    Id,
    availability::{OutOfOffice, RuleProblem, Travel},
    people::User,
    zone::Zone,
};
use kalends_store::{Error, Tx};

use super::{Away, Stay, subject};
use crate::{EditError, Engine, Invalid, Member};

impl Engine {
    /// A user's days away that are not over, by date.
    pub async fn away(&self, member: &Member, user: Id<User>) -> Result<Vec<Away>, EditError> {
        let mut tx = self.db.read().await?;
        let user = subject(&mut tx, *member, user).await?;
        Ok(tx.schedules().away(&[user.id], self.yesterday()).await?)
    }

    /// Notes days away; nothing is offered on them.
    pub async fn add_away(
        &self,
        member: &Member,
        user: Id<User>,
        dates: &OutOfOffice,
    ) -> Result<Away, EditError> {
        dates.check().map_err(rule)?;
        let dates = dates.clone();
        self.change_of(member, user, move |tx, user| {
            let (id, dates) = (tx.ids().id(), dates.clone());
            Box::pin(async move {
                let away = Away { id, organization: user.organization, user: user.id, dates };
                tx.schedules().add_away(&away).await?;
                Ok(away)
            })
        })
        .await
    }

    /// Takes days away back.
    pub async fn delete_away(&self, member: &Member, user: Id<User>, id: Id<Away>) -> Result<(), EditError> {
        self.change_of(member, user, move |tx, user| {
            Box::pin(async move {
                tx.schedules().delete_away(&user, id).await.map_err(|error| gone(error, "absence"))
            })
        })
        .await
    }

    /// A user's stays in other zones, by date.
    pub async fn stays(&self, member: &Member, user: Id<User>) -> Result<Vec<Stay>, EditError> {
        let mut tx = self.db.read().await?;
        let user = subject(&mut tx, *member, user).await?;
        Ok(tx.schedules().stays(&[user.id]).await?)
    }

    /// Notes a stay: the schedule's hours are then local there.
    pub async fn add_stay(&self, member: &Member, user: Id<User>, dates: &Travel) -> Result<Stay, EditError> {
        dates.check().map_err(rule)?;
        let dates = dates.clone();
        self.change_of(member, user, move |tx, user| {
            let (id, dates) = (tx.ids().id(), dates.clone());
            Box::pin(async move {
                let stay = Stay { id, organization: user.organization, user: user.id, dates };
                tx.schedules().add_stay(&stay).await?;
                Ok(stay)
            })
        })
        .await
    }

    /// Takes a stay back.
    pub async fn delete_stay(&self, member: &Member, user: Id<User>, id: Id<Stay>) -> Result<(), EditError> {
        self.change_of(member, user, move |tx, user| {
            Box::pin(async move {
                tx.schedules().delete_stay(&user, id).await.map_err(|error| gone(error, "stay"))
            })
        })
        .await
    }

    /// One step about somebody's days, by those who may take it, in one transaction.
    async fn change_of<T: Send + 'static>(
        &self,
        member: &Member,
        user: Id<User>,
        step: impl for<'t> Fn(&'t mut Tx, User) -> BoxFuture<'t, Result<T, EditError>> + Send + Sync + 'static,
    ) -> Result<T, EditError> {
        let (member, step) = (*member, Arc::new(step));
        self.db
            .write(move |tx| {
                let step = Arc::clone(&step);
                Box::pin(async move {
                    let user = subject(tx, member, user).await?;
                    step(tx, user).await
                })
            })
            .await
    }

    /// Somewhere it is still yesterday.
    fn yesterday(&self) -> Date {
        Zone::utc().date(self.now().as_second()).saturating_sub(1.day())
    }
}

fn rule(problem: RuleProblem) -> Invalid {
    Invalid::one(&problem.field, problem.fix)
}

fn gone(error: Error, what: &'static str) -> EditError {
    match error {
        Error::Missing(_) => EditError::NotFound { what },
        other => other.into(),
    }
}
