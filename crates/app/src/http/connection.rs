//! One connection for several requests in a row, as sign-ins need that belong to it.

use std::{
    any::Any,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

/// A connection, open as long as somebody holds it.
///
/// Requests that carry it go over it one after the other. The transport opens it with the first of them and keeps its own
/// end inside; it opens it anew when the other side has closed it, which whoever signed in on it can [tell](Self::opening).
#[derive(Clone, Default)]
pub struct Connection(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Held for as long as one exchange takes, however many requests that is; says in which opening it is signed in.
    turn: tokio::sync::Mutex<Option<u64>>,
    openings: AtomicU64,
    end: Mutex<Option<Box<dyn Any + Send>>>,
    certificate: Mutex<Option<Bytes>>,
}

impl Connection {
    /// Not open yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many times it was opened.
    pub fn opening(&self) -> u64 {
        self.0.openings.load(Ordering::Acquire)
    }

    /// The certificate of the server at its other end, DER; `None` without TLS.
    pub fn certificate(&self) -> Option<Bytes> {
        self.0.certificate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For transports: takes what was kept in it, if that is open. Whoever goes away without putting it back has closed it.
    pub fn take<T: Send + 'static>(&self) -> Option<T> {
        let kept = self.0.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.and_then(|end| end.downcast::<T>().ok()).map(|end| *end)
    }

    /// For transports: notes that it is open anew, with this certificate at its other end.
    pub fn opened(&self, certificate: Option<Bytes>) {
        *self.0.certificate.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
        self.0.openings.fetch_add(1, Ordering::AcqRel);
    }

    /// For transports: keeps its end for the next request.
    pub fn keep<T: Send + 'static>(&self, end: T) {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(end));
    }

    pub(crate) fn turn(&self) -> &tokio::sync::Mutex<Option<u64>> {
        &self.0.turn
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("opening", &self.opening()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_put_back_is_closed() {
        let connection = Connection::new();
        assert_eq!(connection.take::<u8>(), None);
        connection.opened(None);
        connection.keep(7_u8);
        assert_eq!((connection.take::<u8>(), connection.take::<u8>()), (Some(7), None));
        assert_eq!(connection.opening(), 1);
    }
}
