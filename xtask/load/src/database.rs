//! The server's database, opened beside it: to fill it, and to look at what it does not tell.

use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use kalends_domain::{Clock, Ids, id::Chance};
use kalends_store::Db;

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a driver outside the product works in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Anything that differs will do for ids of throw-away data.
struct Any;

impl Chance for Any {
    fn fill(&self, bytes: &mut [u8]) {
        fastrand::fill(bytes);
    }
}

/// Opens it.
pub async fn open(url: &str) -> Result<Db> {
    let clock: Arc<dyn Clock> = Arc::new(Now);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(Any));
    Ok(Db::open(url, clock, ids).await?)
}

/// Jobs that are due and not done yet: the work that bookings left behind.
pub async fn waiting(url: &str) -> Result<i64> {
    let db = open(url).await?;
    let waiting = db.read().await?.jobs().waiting(Some(db.now())).await?;
    db.close().await;
    Ok(waiting)
}
