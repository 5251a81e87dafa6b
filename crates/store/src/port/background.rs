//! Work that nobody waits for, and so makes way.

tokio::task_local! {
    static MAKES_WAY: bool;
}

/// Runs work that nobody waits for: on SQLite, where one writes at a time, its transactions make way for those of people
/// who do wait, and go along with them.
pub async fn in_background<F: Future>(work: F) -> F::Output {
    MAKES_WAY.scope(true, work).await
}

/// Runs a part of such work that makes way for nobody, because each moment it waits can do harm.
pub async fn at_once<F: Future>(work: F) -> F::Output {
    MAKES_WAY.scope(false, work).await
}

/// True inside of the first, and not of the second.
pub(super) fn is_in_background() -> bool {
    MAKES_WAY.try_with(|makes_way| *makes_way).unwrap_or(false)
}

/// True outside of both: somebody waits for it.
pub(super) fn is_awaited() -> bool {
    MAKES_WAY.try_with(|_| ()).is_err()
}
