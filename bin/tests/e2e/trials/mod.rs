//! What is tried, a file per topic.

mod accounts;
mod backup;
mod bad_days;
mod commands;
mod crash;
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
        bad_days::trials(),
        commands::trials(),
        crash::trials(),
        guest::trials(),
        outside::trials(),
        serving::trials(),
        looks::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
