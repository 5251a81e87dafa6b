//! Secrets at rest: AES-256-GCM-SIV with the row's identity as associated data.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kalends_domain::Ids;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The keys of a server: the first seals, all open.
pub struct Keys {
    current: Key,
    old: Vec<Key>,
}

struct Key {
    id: String,
    key: LessSafeKey,
}

/// Where a sealed value stands. Moved to another row or column, it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The row's key.
    pub row: &'a str,
    /// The column, or the name within the row.
    pub column: &'a str,
}

/// A sealed value as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that opens it.
    pub key: String,
    /// Nonce and ciphertext in base64.
    pub text: String,
}

/// Why a sealed value does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The server was started without the key.
    #[error("a secret was sealed with key `{0}`, which this server does not have; add it to the old keys")]
    NoKey(String),
    /// The key is another one of the same name, or the value was changed or moved.
    #[error(
        "a secret in {0} does not open: it was changed, or the key `{1}` is not the one it was sealed with"
    )]
    Tampered(String, String),
    /// The text is longer than the cipher takes.
    #[error("a secret of many gigabytes cannot be sealed")]
    TooLong,
    /// The key is no key.
    #[error("key `{0}` is not 32 bytes in base64; make one with `kalends key new`")]
    BadKey(String),
}

impl Keys {
    /// Keys from `(id, 32 bytes in base64)`, the current one first and apart.
    pub fn new(current: (&str, &SecretString), old: &[(&str, &SecretString)]) -> Result<Self, Broken> {
        let old = old.iter().map(|(id, key)| Key::new(id, key)).collect::<Result<_, _>>()?;
        Ok(Self { current: Key::new(current.0, current.1)?, old })
    }

    /// A fresh key in base64.
    pub fn fresh(ids: &Ids) -> SecretString {
        let bytes = Zeroizing::new(ids.bytes::<32>());
        STANDARD.encode(*bytes).into()
    }

    /// The key that seals.
    pub fn current(&self) -> &str {
        &self.current.id
    }

    /// Seals a text for its place.
    pub fn seal(&self, ids: &Ids, place: Place<'_>, secret: &SecretString) -> Result<Sealed, Broken> {
        let nonce: [u8; NONCE_LEN] = ids.bytes();
        let mut bytes = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
        let aad = Aad::from(place.bytes(&self.current.id));
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.current
            .key
            .seal_in_place_append_tag(nonce_used, aad, &mut *bytes)
            .map_err(|_| Broken::TooLong)?;
        let text = STANDARD.encode([&nonce[..], &bytes].concat());
        Ok(Sealed { key: self.current.id.clone(), text })
    }

    /// Opens what stands in its place.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, Broken> {
        let key = std::iter::once(&self.current)
            .chain(&self.old)
            .find(|key| key.id == sealed.key)
            .ok_or_else(|| Broken::NoKey(sealed.key.clone()))?;
        let tampered = || Broken::Tampered(format!("{}.{}", place.table, place.column), sealed.key.clone());
        let bytes = STANDARD.decode(&sealed.text).map_err(|_| tampered())?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| tampered())?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let aad = Aad::from(place.bytes(&key.id));
        let plain = key.key.open_in_place(nonce, aad, &mut rest).map_err(|_| tampered())?;
        std::str::from_utf8(plain).map(|text| text.to_owned().into()).map_err(|_| tampered())
    }
}

impl Key {
    fn new(id: &str, key: &SecretString) -> Result<Self, Broken> {
        let bad = || Broken::BadKey(id.to_owned());
        let bytes = STANDARD.decode(key.expose_secret().trim()).map(Zeroizing::new).map_err(|_| bad())?;
        let key = UnboundKey::new(&AES_256_GCM_SIV, &bytes).map_err(|_| bad())?;
        Ok(Self { id: id.to_owned(), key: LessSafeKey::new(key) })
    }
}

impl Place<'_> {
    /// Every part with its length before it, so that no two places read alike.
    fn bytes(&self, key: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in ["kalends-seal-1", key, self.table, self.row, self.column] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.current.id)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key)
    }
}
