//! What is tried, a file per topic.

mod accounts;
mod backup;
mod commands;
mod guest;
mod looks;
mod outside;
mod serving;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [
        accounts::trials(),
        backup::trials(),
        commands::trials(),
        guest::trials(),
        outside::trials(),
        serving::trials(),
        looks::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
