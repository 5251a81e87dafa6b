//! The rules were replaced: all bookings to come are compared, once.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    booking::Booking,
    zone::{self, Zone},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Agreed, Compared},
};
use serde::{Deserialize, Serialize};

use crate::{Engine, Trouble};

/// Bookings compared in one transaction.
const PORTION: u32 = 500;
/// Where the setting stands.
const KEY: &str = "clock_rules";

/// The rules that bookings to come were compared with last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesInForce {
    /// Their release, such as `2026b`.
    pub release: String,
    /// Since when they are in force here.
    pub since: Timestamp,
}

impl Engine {
    /// Goes by the machine's rules as they are now, and compares every booking to come with what was agreed: unless that
    /// was done for this release.
    ///
    /// Call it at a start and when the rules on the machine were replaced.
    #[tracing::instrument(name = "engine.follow_clock_rules", skip(self))]
    pub async fn follow_clock_rules(&self, release: &str) -> Result<(), Trouble> {
        zone::read_anew();
        self.memory.forget_all();
        if self.clock_rules().await?.is_some_and(|before| before.release == release) {
            return Ok(());
        }
        let (mut next, mut changed) = (Some((self.now().as_second(), None)), 0);
        while let Some(after) = next {
            let found: StoreResult<_> =
                self.db.write(move |tx| Box::pin(async move { portion(tx, after).await })).await;
            let (then, many) = found?;
            next = then;
            changed += many;
        }
        let rules = RulesInForce { release: release.to_owned(), since: self.now() };
        self.db
            .write(move |tx| {
                let rules = rules.clone();
                Box::pin(async move { tx.settings().set(KEY, &rules).await })
            })
            .await
            .map_err(|error: kalends_store::Error| error)?;
        tracing::info!(changed, "bookings to come were compared with the rules of local time");
        Ok(())
    }

    /// The rules that bookings to come were compared with last; none before a server has run.
    pub async fn clock_rules(&self) -> Result<Option<RulesInForce>, Trouble> {
        Ok(self.db.read().await?.settings().get(KEY).await?)
    }
}

/// A place in the list of bookings by start.
type Place = (i64, Option<Id<Booking>>);

/// Compares one portion: where the next one begins, if there is more, and how many bookings it changed.
async fn portion(tx: &mut Tx, after: Place) -> StoreResult<(Option<Place>, u64)> {
    let agreed = tx.bookings().agreed(after, PORTION).await?;
    let full = agreed.len() == PORTION as usize;
    let next = agreed.last().filter(|_| full).map(|last| (last.start, Some(last.booking)));
    let news: Vec<Compared> = agreed.into_iter().filter_map(compared).collect();
    Ok((next, tx.bookings().compared(&news).await?))
}

/// What is to be noted: nothing where nothing changed, or where nobody knows the zone any more.
fn compared(of: Agreed) -> Option<Compared> {
    let promised = Zone::parse(&of.zone).ok()?.promised(of.wall, of.start);
    (of.promised != Some(promised)).then_some(Compared { of, promised })
}
