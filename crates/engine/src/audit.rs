//! The audit log: who changed what, told in order.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, User},
};
use kalends_store::{Result, Tx, repo::Deed};
use serde_json::json;

use crate::{EditError, Engine, Member, Trouble};

/// One line to write.
#[derive(Debug, Clone)]
pub(crate) struct Entry(Deed);

impl Entry {
    /// Done by a user.
    pub fn by(user: &User, action: &str, subject: &str) -> Self {
        Self::new(user.organization, Some(user.id), action, subject)
    }

    /// Done by somebody signed in.
    pub fn by_member(member: &Member, action: &str, subject: &str) -> Self {
        Self::new(member.organization, Some(member.user), action, subject)
    }

    /// Done by the server itself.
    pub fn by_server(organization: Id<Organization>, action: &str, subject: &str) -> Self {
        Self::new(organization, None, action, subject)
    }

    fn new(organization: Id<Organization>, actor: Option<Id<User>>, action: &str, subject: &str) -> Self {
        Self(Deed {
            organization,
            actor,
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: json!({}),
            ip: String::new(),
        })
    }

    /// From there.
    #[must_use]
    pub fn from(mut self, ip: &str) -> Self {
        ip.clone_into(&mut self.0.ip);
        self
    }
}

/// Writes a line in the transaction of what it tells.
pub(crate) async fn write(tx: &mut Tx, entry: &Entry) -> Result<()> {
    tx.audit().note(&entry.0).await
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Who; the server itself where there is nobody.
    pub who: Option<String>,
    /// What, in one stable word.
    pub action: String,
    /// To what.
    pub subject: String,
    /// From where; empty when it came from inside.
    pub ip: String,
}

impl Engine {
    /// The last lines of the organization's log, newest first; for those who manage it.
    pub async fn audit_log(&self, asker: &Member, most: u32) -> Result<Vec<AuditLine>, EditError> {
        if !asker.role.manages() {
            return Err(EditError::Forbidden { what: "log" });
        }
        let read = async {
            let mut tx = self.db.read().await?;
            let people = tx.people().list(asker.organization).await?;
            Ok::<_, kalends_store::Error>((
                tx.audit().list(asker.organization, most.min(1000)).await?,
                people,
            ))
        };
        let (deeds, people) = read.await.map_err(Trouble::from)?;
        let name = |id: Id<User>| people.iter().find(|user| user.id == id).map(|user| user.name.clone());
        let lines = deeds.into_iter().map(|(at, deed)| AuditLine {
            at,
            who: deed.actor.map(|id| name(id).unwrap_or_else(|| "somebody who left".to_owned())),
            action: deed.action,
            subject: deed.subject,
            ip: deed.ip,
        });
        Ok(lines.collect())
    }
}
