//! API keys: made, shown once, looked up by hash, revoked.

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use kalends_domain::{Id, people::User};
use kalends_store::Result as StoreResult;
pub use kalends_store::repo::ApiKey;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Engine, Invalid, Member, audit,
    sign_in::{SignInError, fresh_token, user_of},
};

/// What every key begins with: clients of the v2 API send such keys as bearer tokens.
pub const PREFIX: &str = "cal_";
/// Letters of a key that may be shown again.
const SHOWN: usize = 10;
/// Written down as used at most this often.
const USED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A key just made.
#[derive(Debug)]
pub struct FreshKey {
    /// The key itself, shown this once.
    pub key: SecretString,
    /// What is kept of it.
    pub kept: ApiKey,
}

/// What a key is remembered by: never the key itself.
pub(crate) type KeyName = [u8; 32];

/// A key that was good when it was read.
#[derive(Debug)]
pub(crate) struct KnownKey {
    pub key: ApiKey,
    /// As whom it acts.
    pub user: User,
    pub read_at: Timestamp,
}

impl KnownKey {
    /// Remembered for this long, though every change is heard of: a lost notice must not keep a revoked key good.
    const FOR: SignedDuration = SignedDuration::from_secs(30);

    /// True while it may be believed.
    pub fn holds(&self, now: Timestamp) -> bool {
        let young = now >= self.read_at && now.duration_since(self.read_at) < Self::FOR;
        young && self.key.expires_at.is_none_or(|end| now < end)
    }
}

impl Engine {
    /// Makes a key that acts as its user.
    pub async fn make_api_key(
        &self,
        of: &Member,
        label: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<FreshKey, SignInError> {
        let label = label.trim().to_owned();
        let now = self.db.now();
        let mut invalid = Invalid::default();
        invalid.need(
            (1..=80).contains(&label.chars().count()),
            "label",
            "Give it a name of 1 to 80 letters.",
        );
        invalid.need(expires_at.is_none_or(|end| end > now), "expires", "Choose a day that lies ahead.");
        invalid.check()?;
        let user = user_of(&mut self.db.read().await?, of).await?;
        let ids = self.db.ids();
        let key = fresh_token(PREFIX, ids);
        let kept = ApiKey {
            id: ids.id(),
            organization: user.organization,
            user: user.id,
            shown: key.expose_secret().chars().take(SHOWN).collect(),
            label,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        let made = FreshKey { key: key.clone(), kept: kept.clone() };
        self.db
            .write(move |tx| {
                let (key, kept, user) = (key.clone(), kept.clone(), user.clone());
                Box::pin(async move {
                    tx.sessions().add_key(key.expose_secret(), &kept).await?;
                    audit::write(tx, &audit::Entry::by(&user, "api_key_made", &kept.label)).await
                })
            })
            .await
            .map_err(SignInError::Store)?;
        Ok(made)
    }

    /// As whom a key acts; none when it is over, revoked, or its user may not come in any more.
    pub async fn api_key(&self, key: &SecretString) -> StoreResult<Option<(ApiKey, User)>> {
        if !key.expose_secret().starts_with(PREFIX) {
            return Ok(None);
        }
        let name = digest::digest(&digest::SHA256, key.expose_secret().as_bytes());
        let name: KeyName = name.as_ref().try_into().unwrap_or_default();
        if let Some(known) = self.memory.key(&name) {
            return Ok(Some((known.key.clone(), known.user.clone())));
        }
        let began = self.memory.key_begins();
        let found = {
            let mut tx = self.db.read().await?;
            let Some(row) = tx.sessions().by_key(key.expose_secret()).await? else { return Ok(None) };
            let user = tx.people().get(row.user).await?.filter(|user| user.disabled_at.is_none());
            user.map(|user| (row, user))
        };
        let Some((row, user)) = found else { return Ok(None) };
        let now = self.db.now();
        self.memory.keep_key(name, KnownKey { key: row.clone(), user: user.clone(), read_at: now }, began);
        if row.last_used_at.is_none_or(|last| now.duration_since(last) >= USED_EVERY) {
            let touched = row.clone();
            self.db
                .write(move |tx| {
                    let touched = touched.clone();
                    Box::pin(async move { tx.sessions().key_used(&touched).await })
                })
                .await?;
        }
        Ok(Some((row, user)))
    }

    /// A user's keys that are good, newest first.
    pub async fn api_keys(&self, of: &Member) -> Result<Vec<ApiKey>, SignInError> {
        let mut tx = self.db.read().await?;
        let user = user_of(&mut tx, of).await?;
        Ok(tx.sessions().keys(&user).await?)
    }

    /// Ends one of a user's own keys.
    pub async fn revoke_api_key(&self, of: &Member, id: Id<ApiKey>) -> Result<(), SignInError> {
        let user = user_of(&mut self.db.read().await?, of).await?;
        self.db
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    tx.sessions().revoke_key(&user, id).await?;
                    audit::write(tx, &audit::Entry::by(&user, "api_key_revoked", &id.to_string()))
                        .await
                        .map_err(SignInError::from)
                })
            })
            .await
    }
}
