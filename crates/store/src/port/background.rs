//! Work that nobody waits for, and so makes way.

tokio::task_local! {
    static BEHIND: ();
}

/// Runs work that nobody waits for: its transactions make way for those of people who do. On SQLite, where one writes
/// at a time, they go along with others; on `PostgreSQL` a few at once.
pub async fn in_background<F: Future>(work: F) -> F::Output {
    BEHIND.scope((), work).await
}

/// True inside of it.
pub(super) fn is_in_background() -> bool {
    BEHIND.try_with(|()| ()).is_ok()
}
