//! Our own trouble: what no guest and no host can mend.

/// The database, or what stands in it, failed. The cause goes to the log, never to a page.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A stored value cannot be read.
    #[error("{what}: a stored value cannot be read: {why}")]
    Unreadable {
        /// Which one.
        what: &'static str,
        /// The reader's words.
        why: String,
    },
}
