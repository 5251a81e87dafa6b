//! What we remember of a feed between two readings.

use jiff::{SignedDuration, Timestamp};
use kalends_app::kind::calendar::Changes;
use kalends_app::{Error, Kind, Response};
use serde::{Deserialize, Serialize};

/// No feed is read more often, whoever asks (ICS-01).
const FLOOR: SignedDuration = SignedDuration::from_mins(5);
/// No publisher's wish keeps us away for longer: a plan that changed must not stay unseen.
const CEILING: SignedDuration = SignedDuration::from_hours(24);
/// Longer validators than this are not sent back.
const LONGEST: usize = 1_000;

/// The version that was read, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    /// The publisher's own mark of the version.
    pub(crate) etag: Option<String>,
    /// When the publisher says it changed.
    pub(crate) modified: Option<String>,
    /// What was read, as a hash: for publishers that mark nothing.
    pub(crate) hash: String,
    /// When it was read.
    pub(crate) read: Timestamp,
    /// How often its publisher wants it read, in seconds.
    pub(crate) every: Option<i64>,
}

impl Cursor {
    /// Of this answer, read now.
    pub(crate) fn of(
        response: &Response,
        hash: String,
        every: Option<SignedDuration>,
        now: Timestamp,
    ) -> Self {
        let kept = |name| response.header(name).filter(|v| v.len() <= LONGEST).map(ToOwned::to_owned);
        // A date that is none would only be misread.
        let modified = kept("last-modified").filter(|date| httpdate::parse_http_date(date).is_ok());
        Self { etag: kept("etag"), modified, hash, read: now, every: every.map(|wait| wait.as_secs()) }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|_| {
            Error::new(Kind::CursorExpired, "what was remembered of the last reading is unreadable")
        })
    }

    pub(crate) fn text(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|error| Error::new(Kind::Invalid, format!("this version cannot be remembered: {error}")))
    }

    /// The same version, seen again.
    #[must_use]
    pub(crate) fn seen(mut self, now: Timestamp) -> Self {
        self.read = now;
        self
    }

    /// Read so lately that it is not read again. A clock that went back makes nothing young.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.read);
        !age.is_negative() && age < FLOOR
    }

    /// Not before this, by the publisher's wish and our floor.
    pub(crate) fn quiet_until(&self) -> Option<Timestamp> {
        let every = self.every.map_or(FLOOR, SignedDuration::from_secs).clamp(FLOOR, CEILING);
        self.read.checked_add(every).ok()
    }

    /// Tells that nothing changed.
    pub(crate) fn nothing_new(&self) -> Result<Changes, Error> {
        Ok(Changes { cursor: Some(self.text()?), quiet_until: self.quiet_until(), ..Changes::default() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(every: Option<i64>) -> Cursor {
        Cursor { etag: None, modified: None, hash: String::new(), read: Timestamp::UNIX_EPOCH, every }
    }

    #[test]
    fn ics_01_a_publishers_interval_is_kept_within_reason() {
        for (every, minutes) in [(None, 5), (Some(1), 5), (Some(900), 15), (Some(30 * 86_400), 24 * 60)] {
            let until = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
            assert_eq!(cursor(every).quiet_until(), Some(until), "{every:?}");
        }
    }

    #[test]
    fn a_clock_that_went_back_does_not_stop_the_reading() {
        let before = Timestamp::UNIX_EPOCH - SignedDuration::from_hours(1);
        assert!(!cursor(None).is_young(before));
        assert!(cursor(None).is_young(Timestamp::UNIX_EPOCH + SignedDuration::from_mins(4)));
    }

    proptest! {
        #[test]
        fn all_10_no_cursor_makes_it_panic(text in "\\PC{0,80}", every in any::<i64>()) {
            let _ = Cursor::parse(&text); // whatever it says, it says it
            let _ = cursor(Some(every)).quiet_until(); // a wish without bounds is still a time
        }
    }
}
