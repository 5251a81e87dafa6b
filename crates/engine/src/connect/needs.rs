//! Apps that need another: neither is set up without the other, nor taken from under it.

use kalends_app::App;
use kalends_domain::Id;
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Installation, Scope},
};

use super::{ConnectError, Outside};
use crate::{Engine, Member};

/// An app that another needs, and whether it is there for the asker.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// The app.
    pub app: &'static App,
    /// It is set up and on.
    pub there: bool,
}

impl Engine {
    /// What an app needs, for the asker.
    pub async fn app_needs(&self, asker: &Member, app: &App) -> Result<Vec<Need>, ConnectError> {
        let mut tx = self.db.read().await?;
        let all = tx.installations().list(asker.organization).await?;
        let serves = |one: &Installation| serves(one.scope, Scope::User(asker.user));
        let needs = needed(&self.outside, app).map(|needed| Need {
            app: needed,
            there: all.iter().any(|one| one.app == needed.slug && one.enabled && serves(one)),
        });
        Ok(needs.collect())
    }

    /// Refuses to set up an app for somebody while something it needs is not there for them.
    pub(super) async fn check_needs(
        &self,
        asker: &Member,
        app: &App,
        scope: Scope,
    ) -> Result<(), ConnectError> {
        let mut tx = self.db.read().await?;
        let all = tx.installations().list(asker.organization).await?;
        let lacking = needed(&self.outside, app).find(|needed| {
            all.iter().all(|one| one.app != needed.slug || !one.enabled || !serves(one.scope, scope))
        });
        match lacking {
            None => Ok(()),
            Some(lacking) => Err(ConnectError::Needs {
                app: app.manifest().name.clone(),
                needs: lacking.manifest().name.clone(),
                slug: lacking.slug,
            }),
        }
    }
}

fn needed(outside: &Outside, app: &App) -> impl Iterator<Item = &'static App> {
    app.manifest().depends_on.iter().filter_map(|slug| outside.app(slug))
}

/// Names of apps that would lose what they need if this one were off or gone.
pub(super) async fn needed_by(tx: &mut Tx, outside: &Outside, of: &Installation) -> StoreResult<Vec<String>> {
    let all = tx.installations().list(of.organization).await?;
    let left = |id: Id<Installation>, scope: Scope| {
        all.iter().any(|one| one.id != id && one.app == of.app && one.enabled && serves(one.scope, scope))
    };
    let mut names: Vec<String> = all
        .iter()
        .filter(|one| one.enabled && serves(of.scope, one.scope) && !left(of.id, one.scope))
        .filter_map(|one| outside.app(&one.app))
        .filter(|app| app.manifest().depends_on.contains(&of.app))
        .map(|app| app.manifest().name.clone())
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// True when what is set up for `there` can be used by what is set up for `asked`.
fn serves(there: Scope, asked: Scope) -> bool {
    there == Scope::Organization || there == asked
}
