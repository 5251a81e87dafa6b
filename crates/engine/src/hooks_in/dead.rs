//! Events that were given up, and taking them up again (INB-06).

use jiff::Timestamp;
use kalends_app::hook::What;
use kalends_domain::Id;
use kalends_store::repo::InboundEvent;

use crate::{
    EditError, Engine, Member, Trouble,
    job::{self, ApplyInbound},
};

/// Shown at once.
const MOST: u32 = 100;

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEvent {
    /// Its name here.
    pub id: Id<InboundEvent>,
    /// From which app.
    pub app: String,
    /// What it told, in a word.
    pub what: &'static str,
    /// When it came.
    pub at: Timestamp,
    /// So often it was tried.
    pub tries: u32,
    /// Why it failed last.
    pub error: String,
}

impl Engine {
    /// Notices that were given up, latest first; for those who manage the organization.
    pub async fn dead_notices(&self, asker: &Member) -> Result<Vec<DeadEvent>, EditError> {
        if !asker.role.manages() {
            return Err(EditError::Forbidden { what: "notices" });
        }
        let read = async { self.db.read().await?.hooks().dead(asker.organization, MOST).await };
        let dead = read.await.map_err(Trouble::from)?;
        Ok(dead.into_iter().map(shown).collect())
    }

    /// Applies one of them again; what is not given up any more is left as it is.
    pub async fn replay_notice(&self, asker: &Member, id: Id<InboundEvent>) -> Result<(), EditError> {
        if !asker.role.manages() {
            return Err(EditError::Forbidden { what: "notices" });
        }
        let organization = asker.organization;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let Some(event) = tx.hooks().event(organization, id).await? else { return Ok(()) };
                    if tx.hooks().replay(&event).await? {
                        job::add(tx, &ApplyInbound { organization, event: id }).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(|error: kalends_store::Error| EditError::Trouble(error.into()))
    }
}

fn shown(event: InboundEvent) -> DeadEvent {
    let what = match serde_json::from_value::<What>(event.signal) {
        Ok(What::CalendarChanged { .. }) => "a calendar changed",
        Ok(What::ChannelEnded { .. }) => "a channel ended",
        Ok(What::Reauthorize { .. }) => "a channel asks to be renewed",
        Ok(What::Deauthorized { .. }) => "access was taken back",
        Ok(What::MeetingEnded { .. }) => "a meeting ended",
        Ok(What::MeetingGone { .. }) => "a meeting was taken away",
        Ok(What::Other { .. }) | Err(_) => "something else",
    };
    DeadEvent {
        id: event.id,
        app: event.hook.app,
        what,
        at: event.received_at,
        tries: event.tries,
        error: event.last_error.unwrap_or_default(),
    }
}
