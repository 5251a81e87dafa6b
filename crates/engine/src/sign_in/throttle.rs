//! How often something may be tried: a bucket of tries per key that fills with time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// Tries kept for one key at most, before old ones are forgotten.
const MOST_KEYS: usize = 50_000;

/// Buckets of tries by key. Kept in memory: a restart forgives, each node counts for itself.
#[derive(Debug)]
pub struct Throttle {
    tries: f64,
    refill: SignedDuration,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Too many tries: when the next one counts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Too many tries. Wait {} and try again.", wait_words(*.wait))]
pub struct TooMany {
    /// So long.
    pub wait: SignedDuration,
}

impl Throttle {
    /// So many tries at once, and one more after each `refill`.
    pub fn new(tries: u32, refill: SignedDuration) -> Self {
        Self { tries: f64::from(tries), refill, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one try, or says how long to wait. A refused try costs nothing.
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), TooMany> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_KEYS {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.tries);
            if buckets.len() >= MOST_KEYS {
                return Err(TooMany { wait: self.refill });
            }
        }
        let fresh = Bucket { left: self.tries, at: now };
        let bucket = buckets.entry(key.to_owned()).or_insert(fresh);
        let left = self.filled(*bucket, now);
        if left < 1.0 {
            let wait = self.refill.as_secs_f64() * (1.0 - left);
            return Err(TooMany {
                wait: SignedDuration::try_from_secs_f64(wait.ceil()).unwrap_or(self.refill),
            });
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }

    /// Gives all tries back: it went well.
    pub fn forgive(&self, key: &str) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn filled(&self, bucket: Bucket, now: Timestamp) -> f64 {
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        (bucket.left + passed / self.refill.as_secs_f64()).min(self.tries)
    }
}

fn wait_words(wait: SignedDuration) -> String {
    let seconds = wait.as_secs().max(1);
    match seconds {
        1 => "a second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn tries_run_out_and_come_back_one_by_one() {
        let throttle = Throttle::new(3, SignedDuration::from_secs(60));
        for _ in 0..3 {
            throttle.take("a", at(0)).unwrap();
        }
        assert_eq!(throttle.take("a", at(10)).unwrap_err().wait, SignedDuration::from_secs(50));
        throttle.take("a", at(60)).unwrap();
        assert!(throttle.take("a", at(61)).is_err());
    }

    #[test]
    fn one_key_does_not_spend_anothers_tries() {
        let throttle = Throttle::new(1, SignedDuration::from_secs(60));
        throttle.take("a", at(0)).unwrap();
        throttle.take("b", at(0)).unwrap();
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let throttle = Throttle::new(1, SignedDuration::from_mins(15));
        throttle.take("a", at(0)).unwrap();
        let refused = throttle.take("a", at(1)).unwrap_err();
        assert_eq!(refused.to_string(), "Too many tries. Wait 15 minutes and try again.");
    }
}
