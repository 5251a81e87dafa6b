//! What is tried, a file per topic.

mod accounts;
mod backup;
mod clocks;
mod commands;
mod connecting;
mod crash;
mod elsewhere;
mod exchange;
mod guest;
mod looks;
mod outside;
mod races;
mod recorder;
mod secrets;
mod serving;
mod signing_in;
mod waits;

use libtest_mimic::Trial;

/// Every trial.
pub fn all() -> Vec<Trial> {
    [
        accounts::trials(),
        backup::trials(),
        clocks::trials(),
        commands::trials(),
        connecting::trials(),
        crash::trials(),
        elsewhere::trials(),
        exchange::trials(),
        guest::trials(),
        outside::trials(),
        races::trials(),
        recorder::trials(),
        secrets::trials(),
        serving::trials(),
        signing_in::trials(),
        waits::trials(),
        looks::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
