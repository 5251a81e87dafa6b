//! Tokens as they are kept: sealed together, so that a version of the row is a version of all of them.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Secret, oauth::Tokens};
use kalends_domain::Ids;
use kalends_store::{
    Result, Tx,
    repo::{Connection, Credential, Grant},
    seal::Keys,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::connect::Installed;

/// Their name among a connection's credentials. No setup field can have it.
const NAME: &str = "-oauth";
/// Renewed this long before they end, or a tenth of their life, whichever is less (OAU-11).
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// Tokens as they are kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Signs requests.
    pub access: Secret,
    /// Gets the next ones.
    pub refresh: Option<Secret>,
    /// When they came, by our own clock.
    pub issued_at: Timestamp,
    /// From when on they are to be renewed.
    pub renew_at: Option<Timestamp>,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// Counts writes of the row.
    pub version: i64,
    /// The account's provider asked to hear nothing before then.
    pub silent_until: Option<Timestamp>,
}

/// Tokens that have just come, with what was not granted of what was asked.
#[derive(Debug, Clone)]
pub(crate) struct NewTokens {
    pub tokens: Tokens,
    /// What does not work without it, in words.
    pub missing: Vec<String>,
}

impl NewTokens {
    /// Stores them: a person has just signed in, so nothing that came before counts any more.
    pub async fn keep(&self, tx: &mut Tx, keys: &Keys, of: &Installed, subject: &str) -> Result<()> {
        let before = tx.oauth().grant_for_update(&of.connection).await?;
        let kept = Kept::fresh(&self.tokens, None, tx.now(), tx.ids());
        kept.put(tx, keys, &of.connection).await?;
        // Whoever is renewing the old ones comes too late.
        let fence = before.map_or(0, |before| before.fence) + 1;
        let grant = Grant {
            organization: of.connection.organization,
            connection: of.connection.id,
            app: of.app.slug.to_owned(),
            subject: subject.to_owned(),
            missing: self.missing.clone(),
            refreshed_at: tx.now(),
            fence,
            stored_fence: fence,
            lease_until: None,
            attempt: None,
            failures: 0,
            next_try_at: None,
            ended_at: None,
            cause: String::new(),
        };
        tx.oauth().set_grant(&grant).await?;
        tx.oauth().clear_trouble(grant.organization, &grant.app).await
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    access: String,
    refresh: Option<String>,
    issued_at: Timestamp,
    renew_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl Kept {
    /// Tokens that came at this instant. Where no refresh token came along, the one before stays (OAU-09).
    pub fn fresh(tokens: &Tokens, before: Option<&Self>, now: Timestamp, ids: &Ids) -> Self {
        let refresh = tokens.refresh.clone().or_else(|| before.and_then(|before| before.refresh.clone()));
        let renew_at = tokens.expires_at.map(|ends| {
            let life = ends.duration_since(now);
            let margin = MARGIN.min(life / 10);
            // Up to half as much earlier, so that what was granted together is not renewed together.
            let early = margin.as_millis() * i128::from(ids.bytes::<1>()[0]) / 512;
            let early = SignedDuration::from_millis(i64::try_from(early).unwrap_or(0));
            ends.checked_sub(margin + early).unwrap_or(now).max(now)
        });
        Self {
            access: tokens.access.clone(),
            refresh,
            issued_at: now,
            renew_at,
            expires_at: tokens.expires_at,
            version: 0,
            silent_until: None,
        }
    }

    /// Time to renew them: soon over, or from a future that is none, because our clock was set back (OAU-19).
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.renew_at.is_some_and(|at| now >= at) || self.issued_at.duration_since(now) > MARGIN
    }

    /// The access token has ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }

    /// The tokens of a connection.
    pub async fn read(tx: &mut Tx, keys: &Keys, of: &Connection) -> Result<Option<Self>> {
        let Some(credential) = tx.credentials().get(keys, of, NAME).await? else { return Ok(None) };
        let written: Written = serde_json::from_str(credential.secret.expose_secret())
            .map_err(|error| kalends_store::Error::Unfit(format!("the tokens cannot be read: {error}")))?;
        Ok(Some(Self {
            access: Secret::new(written.access),
            refresh: written.refresh.map(Secret::new),
            issued_at: written.issued_at,
            renew_at: written.renew_at,
            expires_at: written.expires_at,
            version: credential.version,
            silent_until: credential.silent_until,
        }))
    }

    /// Stores them over whatever is there: a person has just signed in.
    pub async fn put(&self, tx: &mut Tx, keys: &Keys, of: &Connection) -> Result<()> {
        let secret = self.text()?;
        tx.credentials().put(keys, of, NAME, &secret, self.expires_at).await
    }

    /// Stores them over this version and no other; false when another came first.
    pub async fn replace(&self, tx: &mut Tx, keys: &Keys, of: &Connection, version: i64) -> Result<bool> {
        let new =
            Credential { secret: self.text()?, expires_at: self.expires_at, version, silent_until: None };
        tx.credentials().replace(keys, of, NAME, &new).await
    }

    fn text(&self) -> Result<SecretString> {
        let written = Written {
            access: self.access.expose().to_owned(),
            refresh: self.refresh.as_ref().map(|secret| secret.expose().to_owned()),
            issued_at: self.issued_at,
            renew_at: self.renew_at,
            expires_at: self.expires_at,
        };
        serde_json::to_string(&written)
            .map(SecretString::from)
            .map_err(|error| kalends_store::Error::Unfit(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use kalends_testkit::{Counting, Held};
    use std::sync::Arc;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn kept(life: Option<i64>) -> Kept {
        let tokens = Tokens {
            access: Secret::new("a"),
            refresh: None,
            expires_at: life.map(|life| at(1000 + life)),
            scopes: None,
            kept: std::collections::BTreeMap::new(),
        };
        let ids = Ids::new(Arc::new(Held::from_text("2027-03-01T08:00:00Z")), Arc::new(Counting::default()));
        Kept::fresh(&tokens, None, at(1000), &ids)
    }

    #[test]
    fn oau_11_tokens_are_renewed_five_minutes_or_a_tenth_of_their_life_early() {
        for (life, margin) in [(3600, 300), (600, 60), (86_400, 300)] {
            let renew = kept(Some(life)).renew_at.unwrap().as_second();
            let early = 1000 + life - renew;
            assert!((margin..=margin + margin / 2 + 1).contains(&early), "{life}: {early}");
        }
    }

    #[test]
    fn oau_06_tokens_without_an_end_are_never_renewed_by_the_clock() {
        assert!(!kept(None).is_stale(at(4_000_000_000)) && !kept(None).is_over(at(4_000_000_000)));
    }

    #[test]
    fn oau_19_a_clock_set_back_makes_tokens_stale_and_not_fresh() {
        let kept = kept(Some(3600));
        assert!(!kept.is_stale(at(1000)) && !kept.is_stale(at(1000 - 300)));
        assert!(kept.is_stale(at(1000 - 301)));
    }

    #[test]
    fn oau_09_a_refresh_token_that_does_not_come_again_stays() {
        let ids = Ids::new(Arc::new(Held::from_text("2027-03-01T08:00:00Z")), Arc::new(Counting::default()));
        let before = Kept { refresh: Some(Secret::new("old")), ..kept(None) };
        let tokens = |refresh: Option<&str>| Tokens {
            access: Secret::new("b"),
            refresh: refresh.map(Secret::new),
            expires_at: None,
            scopes: None,
            kept: std::collections::BTreeMap::new(),
        };
        let stays = Kept::fresh(&tokens(None), Some(&before), at(2000), &ids);
        assert_eq!(stays.refresh, Some(Secret::new("old")));
        let rotated = Kept::fresh(&tokens(Some("new")), Some(&before), at(2000), &ids);
        assert_eq!(rotated.refresh, Some(Secret::new("new")));
    }
}
