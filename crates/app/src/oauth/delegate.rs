//! An account's own key that speaks for people of its organization: the JWT bearer grant (RFC 7523, GCAL-24).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Class, Refusal, ScopeUse};
use crate::{
    Error, Kind, Secret,
    jwt::{self, BadKey},
};

/// What the grant is called in token requests.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An assertion is good for an hour, the most there is. It begins a little early: a clock may be ahead of theirs.
const LIFE: i64 = 3600;
const EARLY: i64 = 60;

/// A service account, and whom it speaks for.
#[derive(Debug, Clone)]
pub struct Delegate {
    email: String,
    client_id: String,
    key: Secret,
    key_id: Option<String>,
    subject: String,
}

/// A key as it was pasted will not do, and what will. Nothing of it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongKey {
    /// Cut off, or something else.
    #[error("This is not JSON. Paste the whole key file, from its first brace to its last.")]
    Json,
    /// The file of an OAuth client, say.
    #[error(
        "This is not the key of a service account. Make a key of the type JSON there, and paste that file."
    )]
    Account,
    /// The private key in it was changed on the way.
    #[error("The private_key in this file cannot be read. Paste the file unchanged, or make a new key.")]
    Key,
}

/// What of the file is used. Its token address is not: an assertion goes where the manifest says, nowhere else.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    #[serde(default)]
    client_id: String,
    private_key: String,
    private_key_id: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl Delegate {
    /// Reads a key file as it was pasted, and tries the key in it.
    pub fn read(file: &Secret, subject: &str) -> Result<Self, WrongKey> {
        let file: serde_json::Value = serde_json::from_str(file.expose()).map_err(|_| WrongKey::Json)?;
        let file: File = serde_json::from_value(file).map_err(|_| WrongKey::Account)?;
        if file.kind != "service_account" || file.client_email.is_empty() {
            return Err(WrongKey::Account);
        }
        let read = Self {
            email: file.client_email,
            client_id: file.client_id,
            key: Secret::new(file.private_key),
            key_id: file.private_key_id,
            subject: subject.to_owned(),
        };
        read.assertion("", "", Timestamp::UNIX_EPOCH).map_err(|BadKey| WrongKey::Key)?;
        Ok(read)
    }

    /// Says at a token endpoint for whom these scopes are asked.
    pub(super) fn assertion(&self, scope: &str, endpoint: &str, now: Timestamp) -> Result<String, BadKey> {
        let iat = now.as_second() - EARLY;
        let claims =
            Claims { iss: &self.email, sub: &self.subject, scope, aud: endpoint, iat, exp: iat + LIFE };
        jwt::rs256(&claims, &self.key, self.key_id.as_deref())
    }

    /// A refusal as somebody can mend it: here it is never about this server's registration.
    pub(super) fn explained(&self, refusal: Refusal, scopes: &[ScopeUse]) -> Refusal {
        match refusal.class {
            Class::Client => {
                let id = if self.client_id.is_empty() { "of the service account" } else { &self.client_id };
                // An address in an error is cut, and those who allow scopes know them by their ends.
                let ends = scopes.iter().filter_map(|one| one.scope.rsplit('/').next());
                let ends = ends.collect::<Vec<_>>().join(", ");
                refusal.for_owner(&format!(
                    "an administrator of the organization has to allow the client id {id} these scopes in the admin console, under domain-wide delegation: {ends}. Then connect again here"
                ))
            }
            Class::Grant => refusal.for_owner(
                "the service account does not speak for this person: see that its key still exists there, and that the email is of somebody in that organization",
            ),
            _ => refusal,
        }
    }
}

impl Refusal {
    /// The account's owner can mend it, nobody else: what they read.
    pub(super) fn for_owner(self, message: &str) -> Self {
        let mut error = Error::new(Kind::AuthRevoked, message);
        error = error.said(self.error.provider_said().unwrap_or_default());
        if let Some(status) = self.error.http_status() {
            error = error.status(status);
        }
        Self { class: Class::Grant, error }
    }
}
