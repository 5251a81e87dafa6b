//! Doing a step again: the very same job as ever, so that what was done meanwhile is not done twice.

use kalends_domain::{Id, Uid, people::Organization};
use kalends_store::{
    Error as StoreError, Result as StoreResult, Tx,
    repo::{Flight, Installation, Recorded, Step},
};

use super::standing::{self, Standing};
use crate::{
    Engine, Member, Trouble, audit,
    book::{self, ChangeError},
    connect::ConnectError,
    job::{self, ApplyInbound, Deliver, Heed, Reconcile, SweepRooms, SyncCalendar, WatchCalendar},
};

/// Why a step is not done again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such call, or not theirs to see.
    #[error("This call is not on record here. Records are kept for a limited time.")]
    NotFound,
    /// Doing it again is not needed, or changes nothing.
    #[error("{0}")]
    Cannot(String),
    /// The booking is not theirs to see.
    #[error(transparent)]
    Booking(ChangeError),
    /// The account is not theirs to see.
    #[error(transparent)]
    Connection(ConnectError),
    /// Our own trouble.
    #[error("Something went wrong on our side. Nothing was changed; try again.")]
    Trouble(#[from] Trouble),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Engine {
    /// Does the step again that a call of a booking belongs to.
    pub async fn replay_for_booking(
        &self,
        asker: &Member,
        uid: &Uid,
        call: Id<Flight>,
    ) -> Result<(), ReplayError> {
        let mut tx = self.db.read().await?;
        let booking = book::seen(&mut tx, asker, uid).await.map_err(ReplayError::Booking)?;
        let found = tx.flights().get(booking.organization, call).await?;
        drop(tx);
        let found = found.filter(|one| one.flight.booking == Some(booking.id));
        self.replay_call(asker, found).await
    }

    /// Does the step again that a call through an account belongs to.
    pub async fn replay_for_connection(
        &self,
        asker: &Member,
        id: Id<Installation>,
        call: Id<Flight>,
    ) -> Result<(), ReplayError> {
        let of = self.looked_into(asker, id).await.map_err(ReplayError::Connection)?.connection;
        let found = self.db.read().await?.flights().get(of.organization, call).await?;
        let found = found.filter(|one| one.flight.connection == Some(of.id));
        self.replay_call(asker, found).await
    }

    /// Does one thing of a booking's again, now instead of when it is due; without a step, whatever is not as it should be.
    pub async fn try_outside_again(
        &self,
        asker: &Member,
        uid: &Uid,
        step: Option<Step>,
    ) -> Result<(), ReplayError> {
        let mut tx = self.db.read().await?;
        let booking = book::seen(&mut tx, asker, uid).await.map_err(ReplayError::Booking)?;
        let of_it = match step {
            None => Some(booking.id),
            Some(Step::Reference(id)) => tx.references().get(id).await?.map(|row| row.booking),
            Some(Step::Delivery(id)) => tx.deliveries().get(id).await?.and_then(|row| row.what.booking),
            Some(_) => None,
        };
        drop(tx);
        if of_it != Some(booking.id) {
            return Err(ReplayError::NotFound);
        }
        let subject = format!("booking {uid}");
        if let Some(step) = step {
            return self.replay(asker, step, subject).await;
        }
        let asker = *asker;
        self.db
            .write(move |tx| {
                let (booking, subject) = (booking.clone(), subject.clone());
                Box::pin(async move {
                    job::add(tx, &Reconcile::of(&booking)).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "step_replayed", &subject)).await
                })
            })
            .await
            .map_err(|error: StoreError| error.into())
    }

    async fn replay_call(&self, asker: &Member, found: Option<Recorded>) -> Result<(), ReplayError> {
        let Recorded { flight, uid, .. } = found.ok_or(ReplayError::NotFound)?;
        if flight.outcome == "ok" {
            return Err(ReplayError::Cannot("This call went well. There is nothing to do again.".to_owned()));
        }
        let step = flight.step.ok_or_else(|| ReplayError::Cannot(standing::NO_STEP.to_owned()))?;
        let of = uid.map(|uid| format!(" of booking {uid}")).unwrap_or_default();
        self.replay(asker, step, format!("{} {}{of}", flight.app, flight.operation)).await
    }

    /// Does a step again, if there is anything left to do; the caller has made sure that the asker may.
    pub(crate) async fn replay(
        &self,
        asker: &Member,
        step: Step,
        subject: String,
    ) -> Result<(), ReplayError> {
        let (engine, asker) = (self.clone(), *asker);
        self.db
            .write(move |tx| {
                let (engine, subject) = (engine.clone(), subject.clone());
                Box::pin(async move {
                    let organization = asker.organization;
                    if let Standing::Closed(why) = standing::of(&engine, tx, organization, step).await? {
                        return Err(ReplayError::Cannot(why));
                    }
                    begin(tx, organization, step).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "step_replayed", &subject)).await?;
                    Ok(())
                })
            })
            .await
    }
}

/// Adds the step's own job. One that waits already is only brought forward.
async fn begin(tx: &mut Tx, organization: Id<Organization>, step: Step) -> StoreResult<()> {
    match step {
        Step::Reference(id) => match tx.references().get(id).await? {
            Some(row) => job::add(tx, &Reconcile::new(organization, row.booking)).await,
            None => Ok(()),
        },
        Step::Delivery(delivery) => {
            if let Some(found) = tx.deliveries().get(delivery).await? {
                tx.deliveries().replay(&found).await?;
            }
            job::add(tx, &Deliver { organization, delivery }).await
        }
        Step::Calendar(calendar) => {
            let now = tx.now();
            if let Some(found) = tx.calendars().get(calendar).await? {
                tx.calendars().plan(&found, Some(now)).await?;
            }
            job::add(tx, &SyncCalendar::new(organization, calendar)).await
        }
        Step::Channel(calendar) => {
            let found = tx.calendars().get(calendar).await?;
            let channel = match found {
                Some(found) => tx.channels().of(&found).await?,
                None => None,
            };
            if let Some(mut channel) = channel {
                channel.renew_at = Some(tx.now());
                tx.channels().put(&channel).await?;
            }
            job::add(tx, &WatchCalendar::new(organization, calendar)).await
        }
        Step::Heed(reference) => job::add(tx, &Heed { organization, reference }).await,
        Step::Notice(event) => {
            if let Some(found) = tx.hooks().event(organization, event).await? {
                tx.hooks().replay(&found, &found.signal).await?;
            }
            job::add(tx, &ApplyInbound { organization, event }).await
        }
        Step::Rooms(installation) => job::add(tx, &SweepRooms { organization, installation }).await,
    }
}
