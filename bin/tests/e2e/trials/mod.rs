//! What is tried, a file per topic.

mod accounts;
mod backup;
mod commands;
mod looks;
mod serving;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [accounts::trials(), backup::trials(), commands::trials(), serving::trials(), looks::trials()]
        .into_iter()
        .flatten()
        .collect()
}
