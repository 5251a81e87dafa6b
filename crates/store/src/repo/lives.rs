//! The life of an installation: off and on again, taken away and brought back, gone.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, Team, User},
};
use serde_json::Value as Json;

use super::{
    Installation, Installations,
    installations::{SELECT, installation},
    people::found,
};
use crate::{Result, Row, Sql, sql};

/// How an installation stands beside being on.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// Of which.
    pub installation: Id<Installation>,
    /// Off since then.
    pub off_at: Option<Timestamp>,
    /// What it had when it was switched off or taken away.
    pub kept: Json,
}

/// An installation that was taken away and can come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Removed {
    /// As it was.
    pub installation: Installation,
    /// Taken away then.
    pub at: Timestamp,
    /// Gone for good from then on.
    pub purge_at: Timestamp,
    /// What it had.
    pub kept: Json,
}

impl Installations<'_> {
    /// Switches it on or off, and writes down what it had.
    pub async fn switch(&mut self, of: &Installation, on: bool, kept: &Json) -> Result<()> {
        let now = self.tx.now();
        self.tell(of);
        let query = sql("UPDATE installations SET enabled = $3, off_at = $4, kept = $5, updated_at = $6
             WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL");
        let off_at = (!on).then_some(now);
        let query = query.bind(of.organization).bind(of.id).bind(on).bind(off_at).bind(kept).bind(now);
        found(self.tx.run(query).await?, "installation")
    }

    /// Takes it away: nothing finds it any more, and until `purge_at` it can be brought back.
    pub async fn take_away(&mut self, of: &Installation, purge_at: Timestamp, kept: &Json) -> Result<()> {
        let now = self.tx.now();
        self.tell(of);
        let query = sql("UPDATE installations SET removed_at = $3, purge_at = $4, kept = $5, updated_at = $3
             WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL");
        let query = query.bind(of.organization).bind(of.id).bind(now).bind(purge_at).bind(kept);
        found(self.tx.run(query).await?, "installation")
    }

    /// Brings it back as it was, but for what it had: that is its keeper's to put in place. Missing once it is to go for good.
    pub async fn bring_back(&mut self, of: &Installation, kept: &Json) -> Result<()> {
        let now = self.tx.now();
        self.tell(of);
        let query =
            sql("UPDATE installations SET removed_at = NULL, purge_at = NULL, kept = $3, updated_at = $4
             WHERE organization_id = $1 AND id = $2 AND removed_at IS NOT NULL AND purge_at > $4");
        let query = query.bind(of.organization).bind(of.id).bind(kept).bind(now);
        found(self.tx.run(query).await?, "installation")
    }

    /// How these stand, in one query.
    pub async fn lives(&mut self, of: &[Id<Installation>]) -> Result<Vec<Life>> {
        let query = sql("SELECT id, off_at, kept FROM installations WHERE id IN ($*)");
        self.tx.rows(query.bind_list(of.iter().copied())).await?.iter().map(life).collect()
    }

    /// What an organization took away and can bring back, latest first.
    pub async fn removed(&mut self, organization: Id<Organization>) -> Result<Vec<Removed>> {
        let query = Sql::built(format!(
            "{REMOVED} WHERE organization_id = $1 AND removed_at IS NOT NULL ORDER BY removed_at DESC, id"
        ));
        self.tx.rows(query.bind(organization)).await?.iter().map(removed).collect()
    }

    /// What is to go for good by now, longest due first.
    pub async fn to_purge(&mut self, most: u32) -> Result<Vec<Removed>> {
        let now = self.tx.now();
        let query = Sql::built(format!("{REMOVED} WHERE purge_at <= $1 ORDER BY purge_at, id LIMIT $2"));
        self.tx.rows(query.bind(now).bind(most)).await?.iter().map(removed).collect()
    }

    /// It goes for good at this instant, and no sooner.
    pub async fn purge_later(&mut self, of: &Installation, at: Timestamp) -> Result<()> {
        let query = sql("UPDATE installations SET purge_at = $3
             WHERE organization_id = $1 AND id = $2 AND removed_at IS NOT NULL");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(at)).await.map(drop)
    }

    /// What of these apps is on for the pages of one owner: theirs, and the whole organization's.
    pub async fn on_pages(
        &mut self,
        organization: Id<Organization>,
        user: Option<Id<User>>,
        team: Option<Id<Team>>,
        apps: &[&str],
    ) -> Result<Vec<Installation>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND enabled AND removed_at IS NULL
                AND (owner_user_id = $2 OR owner_team_id = $3 OR (owner_user_id IS NULL AND owner_team_id IS NULL))
                AND app IN ($*) ORDER BY app, id"
        ));
        let query = query.bind(organization).bind(user).bind(team).bind_list(apps.iter().copied());
        self.tx.rows(query).await?.iter().map(installation).collect()
    }
}

const REMOVED: &str =
    "SELECT organization_id, id, app, owner_user_id, owner_team_id, settings, enabled, created_at,
    removed_at, purge_at, kept FROM installations";

fn life(row: &Row) -> Result<Life> {
    Ok(Life { installation: row.get("id")?, off_at: row.get("off_at")?, kept: kept(row)? })
}

fn removed(row: &Row) -> Result<Removed> {
    Ok(Removed {
        installation: installation(row)?,
        at: row.get("removed_at")?,
        purge_at: row.get("purge_at")?,
        kept: kept(row)?,
    })
}

fn kept(row: &Row) -> Result<Json> {
    let text: Option<String> = row.get("kept")?;
    if text.is_some() { row.json("kept") } else { Ok(Json::Null) }
}
