//! Client authentication by a private key at a token endpoint: `private_key_jwt` (RFC 7521, 4.2; RFC 7523, 2.2; OAU-05).

use aws_lc_rs::digest;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm as Signing, EncodingKey, Header,
    jwk::{AlgorithmParameters, Jwk},
};
use kalends_domain::id::Chance;
use serde::{Deserialize, Serialize};

use crate::{
    Secret,
    jwt::{self, BadKey},
};

/// What an assertion is called in token requests.
pub(crate) const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion is good for five minutes. It begins a little early: a clock may be ahead of theirs.
const LIFE: i64 = 300;
const EARLY: i64 = 60;

/// How a provider takes keys, as `[auth.key]` of a manifest says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// What it takes; of these the first that a key can do is used.
    pub algorithms: Vec<Algorithm>,
    /// The key is known there by a certificate that was uploaded, whose thumbprint each assertion names.
    #[serde(default)]
    pub certificate: bool,
    /// For whom assertions are; the token endpoint where it is not said.
    pub audience: Option<String>,
}

/// How a key signs (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// RSA with PKCS #1 padding.
    RS256,
    /// RSA with probabilistic padding.
    PS256,
    /// The curve P-256.
    ES256,
}

impl Algorithm {
    const fn signing(self) -> Signing {
        match self {
            Self::RS256 => Signing::RS256,
            Self::PS256 => Signing::PS256,
            Self::ES256 => Signing::ES256,
        }
    }

    /// The kind of key it needs.
    const fn family(self) -> &'static str {
        match self {
            Self::RS256 | Self::PS256 => "an RSA key of 2048 bits or more",
            Self::ES256 => "a key of the curve P-256",
        }
    }

    fn key(self, pem: &str) -> Option<EncodingKey> {
        match self {
            Self::RS256 | Self::PS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
            Self::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        }
        .ok()
    }
}

/// A key as it was pasted will not do, and what will. Nothing of it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitKey {
    /// Cut off, or something else.
    #[error(
        "Paste the private key in PEM form (PKCS #8), from its line BEGIN PRIVATE KEY to its line END PRIVATE KEY."
    )]
    Pem,
    /// Nobody could type its password.
    #[error("This key has a password. Paste it without one: openssl pkey -in key.pem writes it so.")]
    Password,
    /// Nothing the provider takes can be done with it.
    #[error("This key cannot be read or used here. It has to be {0}.")]
    Family(&'static str),
    /// The provider knows keys by their certificates.
    #[error(
        "Paste the certificate that is uploaded there too, below the key, with its lines BEGIN CERTIFICATE and END CERTIFICATE."
    )]
    Certificate,
    /// They do not belong together.
    #[error("This certificate is of another key. Paste the key and the certificate that was made from it.")]
    Pair,
}

/// A key that proves us, ready to sign.
pub struct ClientKey {
    key: EncodingKey,
    algorithm: Algorithm,
    thumbprint: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: &'a str,
    nbf: i64,
    iat: i64,
    exp: i64,
}

impl ClientKey {
    /// Reads a key as it was pasted, with its certificate where the provider knows it by that, and tries it.
    pub fn read(pasted: &Secret, of: &KeyUse) -> Result<Self, UnfitKey> {
        let pasted = pasted.expose();
        let Some(pem) = ["PRIVATE KEY", "RSA PRIVATE KEY"].iter().find_map(|label| block(pasted, label))
        else {
            let locked = block(pasted, "ENCRYPTED PRIVATE KEY").is_some();
            return Err(if locked { UnfitKey::Password } else { UnfitKey::Pem });
        };
        let fits = |algorithm: &Algorithm| Some((algorithm.key(pem)?, *algorithm));
        let family = of.algorithms.first().map_or("another", |algorithm| algorithm.family());
        let Some((key, algorithm)) = of.algorithms.iter().find_map(fits) else {
            return Err(UnfitKey::Family(family));
        };
        let thumbprint = of.certificate.then(|| thumbprint(pasted, &key, algorithm)).transpose()?;
        let read = Self { key, algorithm, thumbprint };
        read.signed("", "", "", Timestamp::UNIX_EPOCH).map_err(|BadKey| UnfitKey::Family(family))?;
        Ok(read)
    }

    /// Says who we are, once: no two of them are the same.
    pub(super) fn assertion(
        &self,
        client: &str,
        audience: &str,
        chance: &dyn Chance,
        now: Timestamp,
    ) -> Result<String, BadKey> {
        let mut bytes = [0_u8; 16];
        chance.fill(&mut bytes);
        self.signed(client, audience, &BASE64_URL_SAFE_NO_PAD.encode(bytes), now)
    }

    fn signed(&self, client: &str, audience: &str, jti: &str, now: Timestamp) -> Result<String, BadKey> {
        let begins = now.as_second() - EARLY;
        let exp = now.as_second() + LIFE;
        let claims = Claims { iss: client, sub: client, aud: audience, jti, nbf: begins, iat: begins, exp };
        let header = Header { x5t_s256: self.thumbprint.clone(), ..Header::new(self.algorithm.signing()) };
        jwt::signed(&header, &claims, &self.key)
    }

    /// What the other side has of it: the public key, and the thumbprint of its certificate.
    pub(crate) fn public(&self) -> Option<(Jwk, Signing, Option<&str>)> {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm.signing()).ok()?;
        Some((jwk, self.algorithm.signing(), self.thumbprint.as_deref()))
    }
}

/// The thumbprint of the certificate beside the key, which must be of that key.
fn thumbprint(pasted: &str, key: &EncodingKey, algorithm: Algorithm) -> Result<String, UnfitKey> {
    let inside = block(pasted, "CERTIFICATE").and_then(inside).ok_or(UnfitKey::Certificate)?;
    let public = Jwk::from_encoding_key(key, algorithm.signing()).map_err(|_| UnfitKey::Pem)?;
    let part = match &public.algorithm {
        AlgorithmParameters::RSA(rsa) => &rsa.n,
        AlgorithmParameters::EllipticCurve(curve) => &curve.x,
        _ => return Err(UnfitKey::Pair),
    };
    let part = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| UnfitKey::Pair)?;
    if part.is_empty() || !inside.windows(part.len()).any(|window| window == part) {
        return Err(UnfitKey::Pair);
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &inside)))
}

/// The first block of this label in a PEM text, its lines BEGIN and END with it.
fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let end = format!("-----END {label}-----");
    let from = text.find(&format!("-----BEGIN {label}-----"))?;
    let to = from + text[from..].find(&end)? + end.len();
    Some(&text[from..to])
}

/// What a PEM block says.
fn inside(block: &str) -> Option<Vec<u8>> {
    let lines: String = block.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(lines).ok()
}
