//! The clock, as a value that is passed in.

use jiff::Timestamp;

/// Says what time it is. The binary reads the system's clock, a test holds its own.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}
