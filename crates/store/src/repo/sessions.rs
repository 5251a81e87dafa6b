//! Sessions, one-time tokens, API keys. Only hashes are stored.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, User},
};

use super::people::found;
use crate::{Change, Result, Row, Tx, sql};

/// Ways in.
pub struct Sessions<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The row.
    pub id: Id<Self>,
    /// Where the user belongs.
    pub organization: Id<Organization>,
    /// Who.
    pub user: Id<User>,
    /// What their browser calls itself.
    pub user_agent: String,
    /// Where they came from.
    pub ip: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When they were last seen, to some minutes.
    pub last_seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A token that was sent by mail and works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where the user belongs.
    pub organization: Id<Organization>,
    /// Whose.
    pub user: Id<User>,
    /// What it is for, in one word; a token for one purpose does nothing else.
    pub purpose: String,
    /// What it proves, such as an email.
    pub detail: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A key for the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The row.
    pub id: Id<Self>,
    /// Where the user belongs.
    pub organization: Id<Organization>,
    /// As whom it acts.
    pub user: Id<User>,
    /// Its first letters, to tell it from others.
    pub shown: String,
    /// What its user calls it.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to some minutes.
    pub last_used_at: Option<Timestamp>,
}

/// Random tokens need no salt: SHA-256, in hexadecimal digits.
fn hash(token: &str) -> String {
    crate::sha256(token)
}

const SESSION: &str = "organization_id, id, user_id, user_agent, ip, created_at, last_seen_at, expires_at";
const KEY: &str = "organization_id, id, user_id, shown, label, created_at, expires_at, last_used_at";

impl Sessions<'_> {
    /// Stores a session under its token.
    pub async fn add(&mut self, token: &str, new: &Session) -> Result<()> {
        self.tx
            .run(
                sql("INSERT INTO sessions (organization_id, id, user_id, token_hash, user_agent, ip, created_at, last_seen_at,
                        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.user)
                .bind(hash(token))
                .bind(&new.user_agent)
                .bind(&new.ip)
                .bind(new.created_at)
                .bind(new.last_seen_at)
                .bind(new.expires_at),
            )
            .await
            .map(drop)
    }

    /// The session of a token that is neither over nor revoked.
    pub async fn by_token(&mut self, token: &str) -> Result<Option<Session>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {SESSION} FROM sessions WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > $2"
        ));
        self.tx.row(query.bind(hash(token)).bind(now)).await?.as_ref().map(session).transpose()
    }

    /// Notes that a session was used, and until when it is good now.
    pub async fn seen(&mut self, of: &Session, expires_at: Timestamp) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE sessions SET last_seen_at = $3, expires_at = $4
             WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(now).bind(expires_at)).await.map(drop)
    }

    /// A user's sessions that are good, last seen first.
    pub async fn list(&mut self, of: &User) -> Result<Vec<Session>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {SESSION} FROM sessions WHERE organization_id = $1 AND user_id = $2 AND revoked_at IS NULL
                AND expires_at > $3 ORDER BY last_seen_at DESC, id"
        ));
        let rows = self.tx.rows(query.bind(of.organization).bind(of.id).bind(now)).await?;
        rows.iter().map(session).collect()
    }

    /// Ends one of a user's sessions; one that is not theirs is [`crate::Error::Missing`].
    pub async fn revoke(&mut self, of: &User, id: Id<Session>) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE sessions SET revoked_at = $4
             WHERE organization_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL");
        let ended = self.tx.run(query.bind(of.organization).bind(of.id).bind(id).bind(now)).await?;
        found(ended, "session")
    }

    /// Ends all of a user's sessions but one.
    pub async fn revoke_others(&mut self, of: &User, keep: Option<Id<Session>>) -> Result<u64> {
        let now = self.tx.now();
        let query = sql("UPDATE sessions SET revoked_at = $4
             WHERE organization_id = $1 AND user_id = $2 AND id <> $3 AND revoked_at IS NULL");
        let keep = keep.map(|id| id.to_string()).unwrap_or_default();
        self.tx.run(query.bind(of.organization).bind(of.id).bind(keep).bind(now)).await
    }

    /// Stores a one-time token; earlier ones of the same user and purpose stop working.
    pub async fn add_token(&mut self, token: &str, new: &Token) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("DELETE FROM tokens WHERE organization_id = $1 AND user_id = $2 AND purpose = $3")
                    .bind(new.organization)
                    .bind(new.user)
                    .bind(&new.purpose),
            )
            .await?;
        self.tx
            .run(
                sql("INSERT INTO tokens (token_hash, organization_id, user_id, purpose, detail, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(hash(token))
                .bind(new.organization)
                .bind(new.user)
                .bind(&new.purpose)
                .bind(&new.detail)
                .bind(now)
                .bind(new.expires_at),
            )
            .await
            .map(drop)
    }

    /// The token, if it still works, without using it up: to show its form.
    pub async fn token(&mut self, token: &str, purpose: &str) -> Result<Option<Token>> {
        let now = self.tx.now();
        let query = sql("SELECT organization_id, user_id, purpose, detail, expires_at FROM tokens
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3");
        let row = self.tx.row(query.bind(hash(token)).bind(purpose).bind(now)).await?;
        row.as_ref().map(one_time).transpose()
    }

    /// Uses a token up; none when it does not work (any more), and of two at once one gets it.
    pub async fn use_token(&mut self, token: &str, purpose: &str) -> Result<Option<Token>> {
        let now = self.tx.now();
        let query = sql("UPDATE tokens SET used_at = $3
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
             RETURNING organization_id, user_id, purpose, detail, expires_at");
        let row = self.tx.row(query.bind(hash(token)).bind(purpose).bind(now)).await?;
        row.as_ref().map(one_time).transpose()
    }

    /// Stores an API key.
    pub async fn add_key(&mut self, key: &str, new: &ApiKey) -> Result<()> {
        self.tx
            .run(
                sql("INSERT INTO api_keys (organization_id, id, user_id, key_hash, shown, label, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.user)
                .bind(hash(key))
                .bind(&new.shown)
                .bind(&new.label)
                .bind(new.created_at)
                .bind(new.expires_at),
            )
            .await
            .map(drop)
    }

    /// The API key of this text that is neither over nor revoked.
    pub async fn by_key(&mut self, key: &str) -> Result<Option<ApiKey>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {KEY} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2)"
        ));
        self.tx.row(query.bind(hash(key)).bind(now)).await?.as_ref().map(api_key).transpose()
    }

    /// A user's API keys that are good, newest first.
    pub async fn keys(&mut self, of: &User) -> Result<Vec<ApiKey>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {KEY} FROM api_keys WHERE organization_id = $1 AND user_id = $2 AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $3) ORDER BY created_at DESC, id"
        ));
        let rows = self.tx.rows(query.bind(of.organization).bind(of.id).bind(now)).await?;
        rows.iter().map(api_key).collect()
    }

    /// Notes that an API key was used.
    pub async fn key_used(&mut self, of: &ApiKey) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE api_keys SET last_used_at = $3 WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(now)).await.map(drop)
    }

    /// Ends one of a user's API keys; one that is not theirs is [`crate::Error::Missing`].
    pub async fn revoke_key(&mut self, of: &User, id: Id<ApiKey>) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE api_keys SET revoked_at = $4
             WHERE organization_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL");
        let ended = self.tx.run(query.bind(of.organization).bind(of.id).bind(id).bind(now)).await?;
        // Whoever remembers the key's user forgets the key too.
        self.tx.notify(Change::User(of.id));
        found(ended, "API key")
    }

    /// Deletes sessions and tokens that ended before.
    pub async fn sweep(&mut self, before: Timestamp) -> Result<u64> {
        let sessions = sql("DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1").bind(before);
        let tokens = sql("DELETE FROM tokens WHERE expires_at < $1").bind(before);
        Ok(self.tx.run(sessions).await? + self.tx.run(tokens).await?)
    }
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        user_agent: row.get("user_agent")?,
        ip: row.get("ip")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        expires_at: row.get("expires_at")?,
    })
}

fn one_time(row: &Row) -> Result<Token> {
    Ok(Token {
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        purpose: row.get("purpose")?,
        detail: row.get("detail")?,
        expires_at: row.get("expires_at")?,
    })
}

fn api_key(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        shown: row.get("shown")?,
        label: row.get("label")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        last_used_at: row.get("last_used_at")?,
    })
}
