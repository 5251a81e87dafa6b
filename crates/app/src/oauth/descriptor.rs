//! How a provider does OAuth 2, as `[auth] scheme = "oauth2"` of a manifest says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::KeyUse;

/// A provider's OAuth 2 (OAU-01, OAU-05 to OAU-07). Endpoints are named as `[endpoints]` names them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where people say yes.
    #[serde(default = "authorize")]
    pub authorize: String,
    /// Where codes and refresh tokens become tokens.
    #[serde(default = "token")]
    pub token: String,
    /// Where tokens are given back, if the provider has such a place (OAU-16).
    pub revoke: Option<String>,
    /// Where an administrator there allows the app for a whole organization, for providers whose organizations may want that.
    pub approve: Option<String>,
    /// Who answers say they come from (RFC 9207); the origin of `authorize` where it is not said.
    pub issuer: Option<String>,
    /// How we prove who we are.
    #[serde(default)]
    pub client: ClientProof,
    /// How a key proves who we are, where the provider takes one; instead of a secret, if `client` knows secrets.
    pub key: Option<KeyUse>,
    /// Off only for providers that refuse unknown parameters.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// Between scopes.
    #[serde(default = "space")]
    pub separator: String,
    /// More parameters of the authorize address.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The object of the answer that holds the tokens, where it is not the answer itself.
    pub token_in: Option<String>,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<ScopeUse>,
    /// How tokens may be had; the first is meant where a setup field `grant` does not say.
    #[serde(default = "code_only")]
    pub grants: Vec<Grant>,
    /// Notices are signed with a secret of the operator's registration, beside its client secret.
    #[serde(default)]
    pub webhook_secret: bool,
    /// Fields of the first token answer that are kept among the account's settings, such as its id there.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Where people take access back themselves, for providers without `revoke`.
    pub manage: Option<String>,
}

/// One scope and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeUse {
    /// As the provider names it.
    pub scope: String,
    /// What does not work without it, in plain words (OAU-07).
    #[serde(rename = "for", default)]
    pub uses: Vec<String>,
    /// Without it the connection is refused; else it works in part.
    #[serde(default)]
    pub required: bool,
    /// Scopes that cover it too, or other names an answer may list it by.
    #[serde(default)]
    pub also: Vec<String>,
    /// Answers never list it, so its absence says nothing.
    #[serde(default)]
    pub unlisted: bool,
}

/// How we prove who we are at the token endpoint (OAU-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientProof {
    /// Id and secret in the body.
    #[default]
    Post,
    /// Id and secret in the header, form-encoded first (RFC 6749, 2.3.1).
    Basic,
    /// A private key alone, as `key` says.
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
}

/// How tokens are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person says yes at the provider.
    AuthorizationCode,
    /// An account's own client, whose `account_id`, `client_id` and `client_secret` are setup fields; nobody is asked.
    AccountCredentials,
    /// A service account that speaks for somebody of its organization: its key `service_account` and their address `subject`
    /// are setup fields; nobody is asked.
    JwtBearer,
}

impl Grant {
    /// The setup fields it is had with, and whether each is a secret.
    pub const fn fields(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::AuthorizationCode => &[],
            Self::AccountCredentials => {
                &[("account_id", false), ("client_id", false), ("client_secret", true)]
            }
            Self::JwtBearer => &[("service_account", true), ("subject", false)],
        }
    }

    /// Its name in manifests and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::AccountCredentials => "account_credentials",
            Self::JwtBearer => "jwt_bearer",
        }
    }
}

/// What was asked for and not granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing<'a> {
    /// Without these nothing works.
    pub required: Vec<&'a ScopeUse>,
    /// Without these some things do not.
    pub optional: Vec<&'a ScopeUse>,
}

impl OAuth {
    /// The grant these settings choose.
    pub fn grant(&self, settings: &serde_json::Value) -> Grant {
        let chosen = settings.get("grant").and_then(serde_json::Value::as_str);
        let first = self.grants.first().copied().unwrap_or(Grant::AuthorizationCode);
        self.grants.iter().copied().find(|grant| Some(grant.name()) == chosen).unwrap_or(first)
    }

    /// A client secret proves us there.
    pub fn takes_secrets(&self) -> bool {
        self.client != ClientProof::PrivateKeyJwt
    }

    /// Every scope, as the authorize address lists them.
    pub fn asked(&self) -> String {
        let scopes: Vec<_> = self.scopes.iter().map(|one| one.scope.as_str()).collect();
        scopes.join(&self.separator)
    }

    /// What is missing of what was asked (OAU-07). An answer that lists no scopes grants all (RFC 6749, 5.1).
    pub fn missing(&self, granted: Option<&BTreeSet<String>>) -> Missing<'_> {
        let mut missing = Missing::default();
        let Some(granted) = granted else { return missing };
        for one in self.scopes.iter().filter(|one| !one.is_in(granted)) {
            if one.required { missing.required.push(one) } else { missing.optional.push(one) }
        }
        missing
    }
}

impl ScopeUse {
    fn is_in(&self, granted: &BTreeSet<String>) -> bool {
        self.unlisted
            || granted.contains(&self.scope)
            || self.also.iter().any(|other| granted.contains(other))
    }
}

fn authorize() -> String {
    "authorize".to_owned()
}

fn token() -> String {
    "token".to_owned()
}

fn space() -> String {
    " ".to_owned()
}

const fn yes() -> bool {
    true
}

fn code_only() -> Vec<Grant> {
    vec![Grant::AuthorizationCode]
}
