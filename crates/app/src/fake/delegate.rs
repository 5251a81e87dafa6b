//! A played service account: what it says for somebody is taken when nothing of it is off (RFC 7523, GCAL-24).

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use url::Url;

/// A service account whose word is taken.
#[derive(Debug)]
pub(super) struct Delegate {
    pub email: String,
    /// PEM.
    pub public_key: String,
    /// What an administrator has allowed its client id.
    pub allowed: BTreeSet<String>,
}

/// A status and the provider's code for why not.
pub(super) type No = (u16, &'static str);

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

impl Delegate {
    /// For which scopes this form gets tokens for this person here. What no client of ours should say is an `Err`.
    pub fn judge(
        &self,
        form: &BTreeMap<String, String>,
        here: &Url,
        person: &str,
    ) -> Result<Result<BTreeSet<String>, No>, String> {
        if form.keys().ne(["assertion", "grant_type"]) {
            return Err("an assertion comes alone: no client, no scope beside it".into());
        }
        let Some(claims) = self.claims(&form["assertion"]) else { return Ok(Err((400, "invalid_grant"))) };
        if claims.aud != here.as_str() {
            return Err(format!("the assertion is for {}, which is not here", claims.aud));
        }
        // There is no clock here: only how long it lives can be judged.
        if !(1..=3600).contains(&(claims.exp - claims.iat)) {
            return Err("an assertion is good for an hour at most".into());
        }
        if claims.iss != self.email || claims.sub != person {
            return Ok(Err((400, "invalid_grant")));
        }
        if !claims.scope.split(' ').all(|scope| self.allowed.contains(scope)) {
            return Ok(Err((401, "unauthorized_client")));
        }
        Ok(Ok(claims.scope.split(' ').map(str::to_owned).collect()))
    }

    /// What is claimed under this account's signature; none under another's.
    fn claims(&self, assertion: &str) -> Option<Claims> {
        let key = DecodingKey::from_rsa_pem(self.public_key.as_bytes()).ok()?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        Some(jsonwebtoken::decode::<Claims>(assertion, &key, &rules).ok()?.claims)
    }
}
