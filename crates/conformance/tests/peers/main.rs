//! The calendar suite before servers that others wrote, and what other people's clients put there.
//!
//! `KALENDS_PEER_RADICALE` and `KALENDS_PEER_CYRUS` say where they are; where one is not said, its trials are ignored.
#![expect(clippy::expect_used, reason = "a check fails by panicking, with the sentence it expected")]

mod front_door;
mod others;
mod peer;
mod socket;

use std::sync::Arc;

use kalends_app::{AnyCalendar, App};
use kalends_conformance::{Check, played, suites::calendar};
use libtest_mimic::{Arguments, Trial};

const PEERS: [&str; 2] = ["RADICALE", "CYRUS"];

fn main() {
    let arguments = Arguments::from_args();
    let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == "caldav");
    let part = app.and_then(App::calendar);
    let trials = PEERS.into_iter().flat_map(|name| match &part {
        Some(part) => trials(name, part),
        None => vec![ignored(name, "this build has no CalDAV")],
    });
    libtest_mimic::run(&arguments, trials.chain(apples()).collect()).exit();
}

fn trials(name: &str, part: &Arc<dyn AnyCalendar>) -> Vec<Trial> {
    if std::env::var(format!("KALENDS_PEER_{name}")).is_err() {
        return vec![ignored(name, &format!("KALENDS_PEER_{name} is not set"))];
    }
    let lists: [&'static [Check<dyn AnyCalendar>]; 2] = [calendar::CHECKS, others::CHECKS];
    lists.into_iter().flat_map(|checks| played(name, checks, part, peer::stage)).collect()
}

/// The suite over iCloud's app, whose servers nobody can be: its own way in, before the peer that has such an account.
fn apples() -> Vec<Trial> {
    let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == "icloud");
    match app.and_then(App::calendar) {
        _ if std::env::var("KALENDS_PEER_RADICALE").is_err() => {
            vec![ignored("ICLOUD", "KALENDS_PEER_RADICALE is not set")]
        }
        Some(part) => played("ICLOUD", calendar::CHECKS, &part, front_door::stage),
        None => vec![ignored("ICLOUD", "this build has no iCloud")],
    }
}

fn ignored(name: &str, reason: &str) -> Trial {
    Trial::test(format!("{name} - {reason}"), || Ok(())).with_ignored_flag(true)
}
