//! Names of things: row ids, opaque uids, and the numbers the v2 API speaks.

use std::{
    fmt,
    marker::PhantomData,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Clock;

/// The id of one `T`: a UUIDv7, so that ids sort by the time they were made.
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The UUID inside.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.hyphenated().fmt(f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A short opaque name for addresses and mails: letters and digits, 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(String);

impl Uid {
    /// Letters and digits in a uid.
    pub const LEN: usize = 22;

    /// Spells 128 random bits in base 62.
    pub fn of(mut bits: u128) -> Self {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut text = String::with_capacity(Self::LEN);
        for _ in 0..Self::LEN {
            text.push(char::from(DIGITS[usize::try_from(bits % 62).unwrap_or(0)]));
            bits /= 62;
        }
        Self(text)
    }

    /// A uid somebody sent us, if it can be one: letters, digits, `-` and `_`, 1 to 64 of them.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| Self(text.to_owned()))
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fills bytes with chance. The binary asks the system, a test counts.
pub trait Chance: Send + Sync + 'static {
    /// Overwrites every byte.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes ids, uids and numbers from a clock and chance.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    last: Arc<AtomicI64>,
}

impl Ids {
    /// A maker of ids.
    pub fn new(clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        Self { clock, chance, last: Arc::new(AtomicI64::new(0)) }
    }

    /// A fresh id.
    pub fn id<T>(&self) -> Id<T> {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        Id::new(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// A fresh uid.
    pub fn uid(&self) -> Uid {
        Uid::of(u128::from_be_bytes(self.bytes()))
    }

    /// A fresh number below 2^53, growing within one process, so that a JavaScript client can hold it.
    ///
    /// Milliseconds since 2024 and eleven random bits: two nodes meet rarely, and a unique index says so when they do.
    pub fn number(&self) -> i64 {
        const EPOCH: i64 = 1_704_067_200_000; // 2024-01-01T00:00:00Z
        let [high, low] = self.bytes();
        let random = i64::from(u16::from_be_bytes([high, low]) & 0x7ff);
        let fresh = ((self.clock.now().as_millisecond() - EPOCH).max(1) << 11) | random;
        let taken =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(fresh.max(last + 1)));
        taken.map_or(fresh, |last| fresh.max(last + 1))
    }

    /// Fresh random bytes, for tokens and keys.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    struct Held;
    impl Clock for Held {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_800_000_000).unwrap()
        }
    }
    struct Same;
    impl Chance for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn numbers_never_repeat_within_one_millisecond() {
        let ids = Ids::new(Arc::new(Held), Arc::new(Same));
        let numbers: Vec<i64> = (0..5000).map(|_| ids.number()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert!(numbers.iter().all(|number| *number < 1 << 53));
    }

    #[test]
    fn a_uid_keeps_all_its_bits() {
        assert_ne!(Uid::of(u128::MAX), Uid::of(u128::MAX - 1));
        assert_ne!(Uid::of(u128::MAX), Uid::of(u128::MAX >> 1));
        assert_eq!(Uid::of(u128::MAX).as_str().len(), Uid::LEN);
    }

    #[test]
    fn a_uid_from_outside_is_checked() {
        assert!(Uid::parse("abc-DEF_123").is_some());
        assert!(Uid::parse("").is_none());
        assert!(Uid::parse("a/../b").is_none());
    }
}
