//! The system's clock and randomness: everything below the binary gets them from here.

use jiff::Timestamp;
use kalends_domain::Clock;
use kalends_domain::id::Chance;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is passed")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's randomness.
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness there are no ids, keys or tokens: better no server"
        )]
        getrandom::fill(bytes).expect("the system gives random bytes");
    }
}
