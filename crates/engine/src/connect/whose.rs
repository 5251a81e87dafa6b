//! For whom an app is set up, and who may say so.

use kalends_app::{App, manifest};
use kalends_domain::people::Team;
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Installation, Scope},
};

use super::ConnectError;
use crate::{Engine, Member};

/// One choice of for whom an app is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForWhom {
    /// What is chosen.
    pub scope: Scope,
    /// In words: `You`, a team's name, `Everybody`.
    pub name: String,
}

impl Engine {
    /// For whom the asker may set an app up; nobody when only others may.
    pub async fn may_install_for(&self, asker: &Member, app: &App) -> Result<Vec<ForWhom>, ConnectError> {
        let teams = run_by(&mut self.db.read().await?, asker).await?;
        Ok(choices(app, asker, &teams))
    }

    /// The asker's usual choice, or why there is none.
    pub(super) async fn usual_scope(&self, asker: &Member, app: &App) -> Result<Scope, ConnectError> {
        let choices = self.may_install_for(asker, app).await?;
        choices.first().map(|choice| choice.scope).ok_or(ConnectError::Forbidden)
    }

    /// Refuses a choice that is not the asker's, or that the app does not offer.
    pub(super) async fn check_scope(
        &self,
        asker: &Member,
        app: &App,
        scope: Scope,
    ) -> Result<(), ConnectError> {
        let choices = self.may_install_for(asker, app).await?;
        if choices.iter().any(|choice| choice.scope == scope) { Ok(()) } else { Err(ConnectError::Forbidden) }
    }
}

/// For whom somebody who runs these teams may set an app up.
pub(super) fn choices(app: &App, asker: &Member, teams: &[Team]) -> Vec<ForWhom> {
    let scopes = &app.manifest().scopes;
    let mut choices = Vec::new();
    if scopes.contains(&manifest::Scope::User) {
        choices.push(ForWhom { scope: Scope::User(asker.user), name: "You".to_owned() });
    }
    if scopes.contains(&manifest::Scope::Team) {
        let team = |team: &Team| ForWhom { scope: Scope::Team(team.id), name: team.name.clone() };
        choices.extend(teams.iter().map(team));
    }
    if scopes.contains(&manifest::Scope::Organization) && asker.role.manages() {
        choices.push(ForWhom { scope: Scope::Organization, name: "Everybody".to_owned() });
    }
    choices
}

/// Teams the asker runs: those they lead, or all for one who manages the organization.
pub(super) async fn run_by(tx: &mut Tx, asker: &Member) -> StoreResult<Vec<Team>> {
    if asker.role.manages() {
        return tx.people().teams(asker.organization).await;
    }
    let Some(user) = tx.people().get(asker.user).await? else { return Ok(vec![]) };
    let all = tx.people().teams_of(&user).await?;
    Ok(all.into_iter().filter(|(_, role)| role.manages()).map(|(team, _)| team).collect())
}

/// May the asker change this installation; what they may not even see is not there.
pub(super) async fn may_change(tx: &mut Tx, asker: &Member, of: &Installation) -> Result<(), ConnectError> {
    let run = run_by(tx, asker).await?;
    changeable(asker, &run, of)
}

/// The same, for one who runs these teams.
pub(super) fn changeable(asker: &Member, run: &[Team], of: &Installation) -> Result<(), ConnectError> {
    if of.organization != asker.organization {
        return Err(ConnectError::NotFound);
    }
    match of.scope {
        Scope::User(user) if user == asker.user => Ok(()),
        Scope::User(_) => Err(ConnectError::NotFound),
        Scope::Organization | Scope::Team(_) if asker.role.manages() => Ok(()),
        Scope::Team(team) if run.iter().any(|one| one.id == team) => Ok(()),
        Scope::Organization | Scope::Team(_) => Err(ConnectError::Forbidden),
    }
}
