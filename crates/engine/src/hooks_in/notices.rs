//! What came, for those who must look: what became of it, the notice itself, and applying it again (INB-06).

use jiff::Timestamp;
use kalends_app::hook::{Raw, What};
use kalends_domain::Id;
use kalends_store::repo::{Inbound, InboundEvent, Installation, RefusedNotices};

use super::{
    kept::{Kept, Looked},
    receive::name,
};
use crate::{
    EditError, Engine, Member, Trouble, audit,
    connect::{ConnectError, Installed},
    flights::ReplayError,
    job::{self, ApplyInbound},
};

/// Shown at once.
const MOST: u32 = 100;

/// Which are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that were given up.
    Dead,
    /// All, whatever became of them.
    All,
}

/// Something a provider told, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundNotice {
    /// Its name here.
    pub id: Id<InboundEvent>,
    /// By which app.
    pub app: String,
    /// What it told, in a few words.
    pub what: &'static str,
    /// What became of it.
    pub state: Inbound,
    /// When it came.
    pub at: Timestamp,
    /// So often it was tried in vain.
    pub tries: u32,
    /// Why it failed last; empty when it did not.
    pub error: String,
}

/// A page of what was told about an account, latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// The notices.
    pub notices: Vec<InboundNotice>,
    /// Where the next page begins, if there is one.
    pub more: Option<(Timestamp, Id<InboundEvent>)>,
    /// What was refused at the account's address.
    pub refused: Option<RefusedNotices>,
}

impl Engine {
    /// What was told about an account: for whoever may change it, and those who manage.
    pub async fn notices_of(
        &self,
        asker: &Member,
        id: Id<Installation>,
        before: Option<(Timestamp, Id<InboundEvent>)>,
        most: u32,
    ) -> Result<Notices, ConnectError> {
        let of = self.looked_into(asker, id).await?.connection;
        let most = most.clamp(1, MOST);
        let mut tx = self.db.read().await?;
        let mut events = tx.hooks().of_account(&of, before, most + 1).await?;
        let full = events.len() > most as usize;
        events.truncate(most as usize);
        let more = events.last().filter(|_| full).map(|last| (last.received_at, last.id));
        let refused = tx.hooks().refused_of(&of).await?;
        Ok(Notices { notices: events.into_iter().map(told).collect(), more, refused })
    }

    /// What providers told, latest first; for those who manage the organization.
    pub async fn notices(&self, asker: &Member, which: Which) -> Result<Vec<InboundNotice>, EditError> {
        manages(asker)?;
        let read = async {
            let mut tx = self.db.read().await?;
            match which {
                Which::Dead => tx.hooks().dead(asker.organization, MOST).await,
                Which::All => tx.hooks().events(asker.organization, MOST).await,
            }
        };
        Ok(read.await.map_err(Trouble::from)?.into_iter().map(told).collect())
    }

    /// One of them, and the notice as it came where that is still kept; none when there is no such thing.
    pub async fn notice(
        &self,
        asker: &Member,
        id: Id<InboundEvent>,
    ) -> Result<Option<(InboundNotice, Option<Looked>)>, EditError> {
        manages(asker)?;
        let read = async {
            let Some(event) = self.db.read().await?.hooks().event(asker.organization, id).await? else {
                return Ok(None);
            };
            let looked = self.kept(&event).await?.map(|kept| kept.looked());
            Ok::<_, kalends_store::Error>(Some((told(event), looked)))
        };
        Ok(read.await.map_err(Trouble::from)?)
    }

    /// Applies one of them again, read anew where the notice is still kept; one that is under way is left to it. For those who
    /// manage, and whoever may change the account it is about.
    pub async fn replay_notice(&self, asker: &Member, id: Id<InboundEvent>) -> Result<(), ReplayError> {
        let mut tx = self.db.read().await?;
        let event = tx.hooks().event(asker.organization, id).await?.ok_or(ReplayError::NotFound)?;
        if !asker.role.manages() {
            let account = event.connection.ok_or(ReplayError::NotFound)?;
            let of = Installed::of_connection(&mut tx, &self.outside, account).await?;
            let of = of.ok_or(ReplayError::NotFound)?;
            drop(tx);
            self.looked_into(asker, of.installation.id).await.map_err(ReplayError::Connection)?;
        }
        let signal = self.read_again(&event).await?.unwrap_or_else(|| event.signal.clone());
        let asker = *asker;
        self.db
            .write(move |tx| {
                let (event, signal) = (event.clone(), signal.clone());
                Box::pin(async move {
                    let organization = asker.organization;
                    if tx.hooks().replay(&event, &signal).await? {
                        job::add(tx, &ApplyInbound { organization, event: id }).await?;
                        let subject = format!("{} notice", event.hook.app);
                        let entry = audit::Entry::by_member(&asker, "step_replayed", &subject);
                        audit::write(tx, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(|error: kalends_store::Error| error.into())
    }

    async fn kept(&self, event: &InboundEvent) -> kalends_store::Result<Option<Kept>> {
        let Some(notice) = event.notice else { return Ok(None) };
        let mut tx = self.db.read().await?;
        let text = tx.notices().open(self.outside.keys(), event.hook.organization, notice).await?;
        Ok(text.as_ref().and_then(Kept::read))
    }

    /// What the notice tells as the app reads it now, which may be more than when it came.
    async fn read_again(&self, event: &InboundEvent) -> kalends_store::Result<Option<serde_json::Value>> {
        let Some(kept) = self.kept(event).await? else { return Ok(None) };
        let slug = event.hook.app.as_str();
        let told = || {
            let reads = self.outside.app(slug)?.hook()?;
            // Its own address holds a key, and nothing that was told depends on that.
            let raw: Raw = kept.raw(self.outside.links().hook(slug, "again").parse().ok()?)?;
            let all = reads.signals(&raw).ok()?;
            all.into_iter().find(|one| name(one) == event.remote_id)
        };
        Ok(told().and_then(|one| serde_json::to_value(one.what).ok()))
    }
}

fn manages(asker: &Member) -> Result<(), EditError> {
    if asker.role.manages() { Ok(()) } else { Err(EditError::Forbidden { what: "notices" }) }
}

fn told(event: InboundEvent) -> InboundNotice {
    let what = match serde_json::from_value::<What>(event.signal) {
        Ok(What::CalendarChanged { .. }) => "a calendar changed",
        Ok(What::ChannelEnded { .. }) => "a channel ended",
        Ok(What::Reauthorize { .. }) => "a channel asks to be renewed",
        Ok(What::Deauthorized { .. }) => "access was taken back",
        Ok(What::MeetingEnded { .. }) => "a meeting ended",
        Ok(What::MeetingChanged { .. }) => "a meeting was changed",
        Ok(What::MeetingGone { .. }) => "a meeting was taken away",
        Ok(What::MailDelivered { .. }) => "a mail arrived",
        Ok(What::MailReturned { .. }) => "a mail came back",
        Ok(What::Other { .. }) | Err(_) => "something else",
    };
    InboundNotice {
        id: event.id,
        app: event.hook.app,
        what,
        state: event.status,
        at: event.received_at,
        tries: event.tries,
        error: event.last_error.unwrap_or_default(),
    }
}
