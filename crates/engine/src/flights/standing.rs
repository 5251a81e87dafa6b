//! How a step stands now: whether there is anything left to do again.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{ChannelState, Following, Inbound, Reference, Sent, Step},
};

use crate::{Engine, connect::Installed};

/// Why a call without a step is not made again from here.
pub(super) const NO_STEP: &str = "Somebody waited for its answer, or it is made anew whenever it is needed. There is nothing to do again here.";
const DONE: &str = "It was done since.";
const GONE: &str = "What it was for is not there any more.";

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is something to do; it is tried by itself at this instant, if at all.
    Open {
        /// The next try.
        next_try: Option<Timestamp>,
    },
    /// There is not; why.
    Closed(String),
}

impl Standing {
    fn closed(why: &str) -> Self {
        Self::Closed(why.to_owned())
    }
}

/// How this step stands. What belongs to another organization is not there.
pub(super) async fn of(
    engine: &Engine,
    tx: &mut Tx,
    organization: Id<Organization>,
    step: Step,
) -> StoreResult<Standing> {
    match step {
        Step::Reference(id) => {
            let row = tx.references().get(id).await?.filter(|row| row.organization == organization);
            let Some(row) = row else { return Ok(Standing::closed(GONE)) };
            if row.following == Following::Done {
                return Ok(Standing::closed(DONE));
            }
            let next_try = row.next_try_at;
            Ok(barred(engine, tx, &row).await?.map_or(Standing::Open { next_try }, Standing::Closed))
        }
        Step::Delivery(id) => {
            let row = tx.deliveries().get(id).await?.filter(|row| row.what.organization == organization);
            Ok(match row {
                None => Standing::closed(GONE),
                Some(row) if row.sent == Sent::Done => {
                    Standing::closed("It went out since; it is not sent twice.")
                }
                Some(row) if matches!(row.sent, Sent::Refused | Sent::Complained) => {
                    Standing::closed("This address takes no mails; it is not sent again.")
                }
                Some(row) => Standing::Open { next_try: row.next_try_at },
            })
        }
        Step::Calendar(id) => {
            let row = tx.calendars().get(id).await?.filter(|row| row.organization == organization);
            Ok(match row {
                None => Standing::closed(GONE),
                Some(row) if !row.blocks => Standing::closed("This calendar is not read any more."),
                Some(row) if row.freshness.failing_since.is_none() => Standing::closed("It was read since."),
                Some(row) => Standing::Open { next_try: row.next_sync_at },
            })
        }
        Step::Channel(id) => {
            let calendar = tx.calendars().get(id).await?.filter(|row| row.organization == organization);
            let channel = match calendar {
                Some(calendar) => tx.channels().of(&calendar).await?,
                None => None,
            };
            Ok(match channel {
                None => Standing::closed(GONE),
                Some(row) if row.state == ChannelState::Live && row.last_error.is_none() => {
                    Standing::closed(DONE)
                }
                Some(row) => Standing::Open { next_try: row.renew_at },
            })
        }
        Step::Heed(id) => Ok(match tx.outside_changes().of_reference(organization, id).await? {
            None => Standing::closed("It is settled since."),
            Some(change) if change.why.is_some() => Standing::closed("It waits for the host’s answer."),
            Some(_) => Standing::Open { next_try: None },
        }),
        Step::Notice(id) => Ok(match tx.hooks().event(organization, id).await?.map(|event| event.status) {
            None => Standing::closed(GONE),
            Some(Inbound::Done) => Standing::closed("It was applied."),
            Some(Inbound::Ignored) => Standing::closed("It is about nothing this server knows."),
            Some(Inbound::Waiting | Inbound::Parked | Inbound::Dead) => Standing::Open { next_try: None },
        }),
        Step::Rooms(id) => {
            let row = tx.installations().get(id).await?.filter(|row| row.organization == organization);
            Ok(row.map_or_else(|| Standing::closed(GONE), |_| Standing::Open { next_try: None }))
        }
    }
}

/// Why doing it again would change nothing before somebody has mended the account.
async fn barred(engine: &Engine, tx: &mut Tx, of: &Reference) -> StoreResult<Option<String>> {
    let installed = Installed::get(tx, &engine.outside, of.wanted.installation).await?;
    Ok(match installed {
        None => Some("The account is not connected any more.".to_owned()),
        Some(one) if one.is_usable() => None,
        Some(one) => {
            Some(format!("{} It is taken up by itself once the account is mended.", one.why_unusable()))
        }
    })
}
