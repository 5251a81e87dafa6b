//! Secrets at rest: AES-256-GCM-SIV with the row's identity as associated data.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kalends_domain::Ids;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The keys of a server: the first seals, all open.
pub struct Keys {
    ring: RwLock<Arc<Ring>>,
    reread: Option<Reread>,
}

/// Where keys come from, asked again when a secret is under one we do not have yet.
type Reread = Box<dyn Fn() -> Option<Keys> + Send + Sync>;

struct Ring {
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
    #[error(
        "a secret was sealed with key `{0}`, which is not in the key file; put it back from a backup of that file"
    )]
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
    #[error("key `{0}` is not 32 bytes in base64; restore it from a backup of the key file")]
    BadKey(String),
}

impl Keys {
    /// Keys from `(id, 32 bytes in base64)`, the current one first and apart.
    pub fn new(current: (&str, &SecretString), old: &[(&str, &SecretString)]) -> Result<Self, Broken> {
        let old = old.iter().map(|(id, key)| Key::new(id, key)).collect::<Result<_, _>>()?;
        let ring = Ring { current: Key::new(current.0, current.1)?, old };
        Ok(Self { ring: RwLock::new(Arc::new(ring)), reread: None })
    }

    /// With a source that is read again when a secret is under an unknown key: so a rotation by another process is
    /// followed while serving.
    #[must_use]
    pub fn rereading(mut self, source: impl Fn() -> Option<Self> + Send + Sync + 'static) -> Self {
        self.reread = Some(Box::new(source));
        self
    }

    /// A fresh key in base64.
    pub fn fresh(ids: &Ids) -> SecretString {
        let bytes = Zeroizing::new(ids.bytes::<32>());
        STANDARD.encode(*bytes).into()
    }

    /// The key that seals.
    pub fn current(&self) -> String {
        self.ring().current.id.clone()
    }

    /// Seals a text for its place.
    pub fn seal(&self, ids: &Ids, place: Place<'_>, secret: &SecretString) -> Result<Sealed, Broken> {
        let nonce: [u8; NONCE_LEN] = ids.bytes();
        let mut bytes = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
        let ring = self.ring();
        let aad = Aad::from(place.bytes(&ring.current.id));
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        ring.current
            .key
            .seal_in_place_append_tag(nonce_used, aad, &mut *bytes)
            .map_err(|_| Broken::TooLong)?;
        let text = STANDARD.encode([&nonce[..], &bytes].concat());
        Ok(Sealed { key: ring.current.id.clone(), text })
    }

    /// Opens what stands in its place.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, Broken> {
        let mut ring = self.ring();
        if ring.key(&sealed.key).is_none() {
            ring = self.read_again();
        }
        let key = ring.key(&sealed.key).ok_or_else(|| Broken::NoKey(sealed.key.clone()))?;
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

impl Keys {
    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_again(&self) -> Arc<Ring> {
        if let Some(keys) = self.reread.as_ref().and_then(|source| source()) {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = keys.ring();
        }
        self.ring()
    }
}

impl Ring {
    fn key(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.current).chain(&self.old).find(|key| key.id == id)
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
        write!(f, "Keys({})", self.current())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    const ROW: Place<'static> = Place { table: "t", row: "1", column: "c" };

    struct Held;
    impl kalends_domain::Clock for Held {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
    }
    impl kalends_domain::id::Chance for Held {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn ids() -> Ids {
        Ids::new(Arc::new(Held), Arc::new(Held))
    }

    fn key(byte: u8) -> SecretString {
        STANDARD.encode([byte; 32]).into()
    }

    #[test]
    fn a_key_that_came_later_is_read_once_it_is_needed() {
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reads);
        let keys = Keys::new(("old", &key(1)), &[]).unwrap().rereading(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Keys::new(("new", &key(2)), &[("old", &key(1))]).ok()
        });
        let before = keys.seal(&ids(), ROW, &"secret".into()).unwrap();
        assert_eq!(keys.open(ROW, &before).unwrap().expose_secret(), "secret");
        assert_eq!(reads.load(Ordering::Relaxed), 0);

        let elsewhere = Keys::new(("new", &key(2)), &[]).unwrap();
        let after = elsewhere.seal(&ids(), ROW, &"resealed".into()).unwrap();
        assert_eq!(keys.open(ROW, &after).unwrap().expose_secret(), "resealed");
        assert_eq!((reads.load(Ordering::Relaxed), keys.current()), (1, "new".to_owned()));
        assert_eq!(keys.open(ROW, &before).unwrap().expose_secret(), "secret", "the old one still opens");
    }

    #[test]
    fn a_key_that_is_nowhere_is_named() {
        let keys = Keys::new(("a", &key(1)), &[]).unwrap().rereading(|| None);
        let sealed = Sealed { key: "lost".into(), text: String::new() };
        assert_eq!(keys.open(ROW, &sealed).err(), Some(Broken::NoKey("lost".into())));
    }
}
