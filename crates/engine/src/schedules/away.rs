//! Absences, and stays in other zones.

use jiff::{ToSpan, civil::Date};
use kalends_domain::{
    Id,
    availability::{OutOfOffice, RuleProblem, Travel},
    people::User,
    zone::Zone,
};
use kalends_store::Error;

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
        let (member, dates) = (*member, dates.clone());
        self.db
            .write(move |tx| {
                let dates = dates.clone();
                Box::pin(async move {
                    let user = subject(tx, member, user).await?;
                    let id = tx.ids().id();
                    let away = Away { id, organization: user.organization, user: user.id, dates };
                    tx.schedules().add_away(&away).await?;
                    Ok(away)
                })
            })
            .await
    }

    /// Takes days away back.
    pub async fn delete_away(&self, member: &Member, user: Id<User>, id: Id<Away>) -> Result<(), EditError> {
        let member = *member;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let user = subject(tx, member, user).await?;
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
        let (member, dates) = (*member, dates.clone());
        self.db
            .write(move |tx| {
                let dates = dates.clone();
                Box::pin(async move {
                    let user = subject(tx, member, user).await?;
                    let id = tx.ids().id();
                    let stay = Stay { id, organization: user.organization, user: user.id, dates };
                    tx.schedules().add_stay(&stay).await?;
                    Ok(stay)
                })
            })
            .await
    }

    /// Takes a stay back.
    pub async fn delete_stay(&self, member: &Member, user: Id<User>, id: Id<Stay>) -> Result<(), EditError> {
        let member = *member;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let user = subject(tx, member, user).await?;
                    tx.schedules().delete_stay(&user, id).await.map_err(|error| gone(error, "stay"))
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
