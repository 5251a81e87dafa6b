//! The audit log: who changed what, told in order.

use kalends_domain::{
    Id,
    people::{Organization, User},
};
use kalends_store::{Result, Tx, sql};

/// One line to write.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    organization: Id<Organization>,
    actor: Option<Id<User>>,
    action: &'static str,
    subject: String,
    ip: String,
}

impl Entry {
    /// Done by a user.
    pub fn by(user: &User, action: &'static str, subject: &str) -> Self {
        Self {
            organization: user.organization,
            actor: Some(user.id),
            action,
            subject: subject.to_owned(),
            ip: String::new(),
        }
    }

    /// Done by the server itself.
    pub fn by_server(organization: Id<Organization>, action: &'static str, subject: &str) -> Self {
        Self { organization, actor: None, action, subject: subject.to_owned(), ip: String::new() }
    }

    /// From there.
    #[must_use]
    pub fn from(mut self, ip: &str) -> Self {
        ip.clone_into(&mut self.ip);
        self
    }
}

/// Writes a line in the transaction of what it tells.
pub(crate) async fn write(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let (id, now) = (tx.ids().uid(), tx.now());
    let query = sql("INSERT INTO audit_log (organization_id, id, at, actor, action, subject, detail, ip)
         VALUES ($1, $2, $3, $4, $5, $6, '{}', $7)");
    tx.run(
        query
            .bind(entry.organization)
            .bind(&id)
            .bind(now)
            .bind(entry.actor)
            .bind(entry.action)
            .bind(&entry.subject)
            .bind(&entry.ip),
    )
    .await
    .map(drop)
}
