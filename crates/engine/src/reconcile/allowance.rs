//! What a provider lets one host do in a day, counted before the provider counts it.

use kalends_app::{Error, Kind};
use kalends_domain::{Id, people::User};

use super::Trouble;
use crate::{Engine, connect::Installed};

/// Takes one of the day's allowance before the provider counts it: it would refuse the rest of the day, for other programs
/// of this host too (ZOOM-06). It is counted in the database, since all nodes and all restarts share it.
pub(super) async fn take(engine: &Engine, installed: &Installed, host: Id<User>) -> Result<(), Trouble> {
    let manifest = installed.app.manifest();
    let most = manifest.quota.daily_writes;
    if most == 0 {
        return Ok(());
    }
    let connection = installed.connection.clone();
    let taken = engine
        .db
        .write(move |tx| {
            let connection = connection.clone();
            Box::pin(async move { tx.allowances().take(&connection, host, most).await })
        })
        .await?;
    taken.map_err(|resets| {
        let words = format!(
            "{} lets a host make or change {most} meetings a day, and today's are used up",
            manifest.name
        );
        Trouble::App(Error::new(Kind::QuotaExhausted { resets: Some(resets) }, words))
    })
}

/// Gives it back when the call came to nothing over there: an outage uses nothing up.
pub(super) async fn settle<T: Sync>(
    engine: &Engine,
    installed: &Installed,
    host: Id<User>,
    answer: &Result<T, Error>,
) -> Result<(), Trouble> {
    let Err(error) = answer else { return Ok(()) };
    let used = matches!(error.kind, Kind::UnknownOutcome | Kind::QuotaExhausted { .. } | Kind::Malformed);
    if used || installed.app.manifest().quota.daily_writes == 0 {
        return Ok(());
    }
    let connection = installed.connection.clone();
    engine
        .db
        .write(move |tx| {
            let connection = connection.clone();
            Box::pin(async move { tx.allowances().give_back(&connection, host).await })
        })
        .await
        .map_err(Trouble::Store)
}
