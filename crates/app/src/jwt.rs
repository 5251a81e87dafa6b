//! Signed JSON Web Tokens (RFC 7519).

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::Secret;

/// The key signs nothing. What it is stays unsaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key signs nothing")]
pub struct BadKey;

/// Signed with a secret both sides know.
pub fn hs256(claims: &impl Serialize, secret: &Secret) -> Result<String, BadKey> {
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    signed(&Header::new(Algorithm::HS256), claims, &key)
}

/// Signed with an RSA key in PEM form, which the other side may know by an id.
pub fn rs256(claims: &impl Serialize, pem: &Secret, id: Option<&str>) -> Result<String, BadKey> {
    let key = EncodingKey::from_rsa_pem(pem.expose().trim().as_bytes()).map_err(|_| BadKey)?;
    let header = Header { kid: id.map(str::to_owned), ..Header::new(Algorithm::RS256) };
    signed(&header, claims, &key)
}

pub(crate) fn signed(header: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<String, BadKey> {
    jsonwebtoken::encode(header, claims, key).map_err(|_| BadKey)
}
