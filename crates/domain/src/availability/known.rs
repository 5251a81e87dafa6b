//! What we know of a calendar: unknown is never free.

/// What was read from a calendar, and whether that still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<T> {
    /// Read, and nothing since says otherwise.
    Fresh(T),
    /// Not readable since then (epoch seconds); this was the last answer.
    Stale {
        /// The last answer.
        last: T,
        /// When it was given.
        since: i64,
    },
    /// Never read.
    Never,
}

impl<T> Known<T> {
    /// What may be relied on when an old answer is trusted for so many seconds; zero fails closed (FB-09).
    ///
    /// `None` means: withhold the host.
    pub fn trusted(self, now: i64, trust_for: i64) -> Option<T> {
        match self {
            Self::Fresh(known) => Some(known),
            Self::Stale { last, since } if now.saturating_sub(since) < trust_for => Some(last),
            Self::Stale { .. } | Self::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_calendar_is_trusted_for_its_time_and_no_longer_fb_09() {
        let stale = Known::Stale { last: "busy", since: 100 };
        assert_eq!(stale.trusted(159, 60), Some("busy"));
        assert_eq!(stale.trusted(160, 60), None);
        assert_eq!(stale.trusted(100, 0), None);
        assert_eq!(Known::<&str>::Never.trusted(0, i64::MAX), None);
        assert_eq!(Known::Fresh("busy").trusted(i64::MAX, 0), Some("busy"));
    }
}
