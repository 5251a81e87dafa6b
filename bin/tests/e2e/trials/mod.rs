//! What is tried, a file per topic.

mod commands;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [commands::trials()].into_iter().flatten().collect()
}
