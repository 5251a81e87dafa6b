//! What is tried, a file per topic.

mod accounts;
mod backup;
mod commands;
mod guest;
mod looks;
mod serving;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [
        accounts::trials(),
        backup::trials(),
        commands::trials(),
        guest::trials(),
        serving::trials(),
        looks::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
