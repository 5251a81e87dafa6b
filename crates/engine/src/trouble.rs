//! Internal errors: what no guest and no host can mend.

/// The database, or what stands in it, failed. The cause goes to the log, never to a page.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A call to the database.
    #[error(transparent)]
    Store(#[from] kalends_store::Error),
    /// A stored value cannot be read.
    #[error("{what}: a stored value cannot be read: {why}")]
    Unreadable {
        /// Which one.
        what: &'static str,
        /// The reader's words.
        why: String,
    },
}

impl Trouble {
    /// Another row has the fresh number; another one will do.
    pub(crate) fn is_number_taken(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_taken("number"))
    }
}

macro_rules! from_store {
    ($($error:ty),* $(,)?) => {$(
        impl From<kalends_store::Error> for $error {
            fn from(error: kalends_store::Error) -> Self {
                Self::Trouble(error.into())
            }
        }
    )*};
}

from_store!(
    crate::book::BookError,
    crate::book::ChangeError,
    crate::slots::SlotsError,
    crate::EditError,
    crate::PageError,
);

/// True when, somewhere behind this, the database did not answer: nothing was changed, and later it may.
pub fn database_is_away(cause: &(dyn std::error::Error + 'static)) -> bool {
    store_said(cause, kalends_store::Error::is_unavailable)
}

/// True when, somewhere behind this, the disk of the database is full: nothing was changed.
pub fn disk_is_full(cause: &(dyn std::error::Error + 'static)) -> bool {
    store_said(cause, |error| matches!(error, kalends_store::Error::Full))
}

fn store_said(
    cause: &(dyn std::error::Error + 'static),
    what: impl Fn(&kalends_store::Error) -> bool,
) -> bool {
    std::iter::successors(Some(cause), |error| error.source()).any(|error| {
        let own = error.downcast_ref::<kalends_store::Error>();
        let within = error.downcast_ref::<Trouble>();
        own.is_some_and(&what) || matches!(within, Some(Trouble::Store(error)) if what(error))
    })
}
