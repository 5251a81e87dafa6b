//! What is tried, a file per topic.

mod commands;
mod looks;
mod serving;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [commands::trials(), serving::trials(), looks::trials()].into_iter().flatten().collect()
}
