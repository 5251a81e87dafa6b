//! The server's database, opened beside it: to fill it, and to look at what it does not tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use kalends_domain::{Clock, Ids, id::Chance};
use kalends_store::Db;

/// So long is waited for what bookings left behind.
const PATIENCE: Duration = Duration::from_mins(3);

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
pub async fn waiting(db: &Db) -> Result<i64> {
    Ok(db.read().await?.jobs().waiting(Some(db.now())).await?)
}

/// Waits until they are done; how many there were, and how many a second were done. Gives up after [`PATIENCE`].
pub async fn drain(db: &Db) -> Result<String> {
    let (before, begun) = (waiting(db).await?, Instant::now());
    let mut left = before;
    while left > 0 && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(200)).await;
        left = waiting(db).await?;
    }
    let took = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate to be printed")]
    let rate = (before - left) as f64 / took;
    Ok(format!("{before}; after {took:.1} s {left} were left, {rate:.0} done a second"))
}
