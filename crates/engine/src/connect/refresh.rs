//! An account's calendars, looked for again.

use kalends_app::gateway::Patience;
use kalends_domain::Id;
use kalends_store::repo::Installation;

use super::{ConnectError, install};
use crate::{
    Engine, Member, audit,
    flights::{self, About},
};

/// What another look at an account found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// So many calendars it has now.
    pub there: usize,
    /// So many of them were not known here.
    pub new: usize,
    /// So many that were known here it has no more.
    pub gone: usize,
}

impl Engine {
    /// Asks the account again which calendars it has. What counts is read soon after.
    pub async fn refresh_calendars(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<Refreshed, ConnectError> {
        let there = self.own(asker, id).await?;
        let Some(calendar) = there.app.calendar() else { return Ok(Refreshed::default()) };
        let cx = self.cx(&there, Patience::Form).await.map_err(ConnectError::Probe)?;
        let about = About::of(asker.organization);
        let answer = flights::about(about, calendar.calendars(&cx)).await;
        self.heard(&there, &answer).await;
        let found = answer.map_err(ConnectError::Probe)?;
        let owner = self.asker(asker).await?;
        let asker = *asker;
        let seen = self
            .db
            .write(move |tx| {
                let (there, found, owner) = (there.clone(), found.clone(), owner.clone());
                Box::pin(async move {
                    let seen = install::calendars(tx, &there, &found, &owner).await?;
                    if seen.new + seen.gone > 0 {
                        let subject = format!("{} {}", there.app.slug, there.connection.account);
                        audit::write(tx, &audit::Entry::by_member(&asker, "calendars_found", &subject))
                            .await?;
                    }
                    Ok::<_, kalends_store::Error>(seen)
                })
            })
            .await?;
        Ok(seen)
    }
}
