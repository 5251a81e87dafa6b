//! The whole system: the real binary, a real browser, real peers.
//!
//! `cargo xtask test` provides the browser (`KALENDS_BROWSER`) and the peers (`KALENDS_PEER_…`). A trial whose needs
//! are not there is reported as ignored, with what it lacks in its name's brackets.

mod browser;
mod host;
mod http;
mod lossy;
mod mailbox;
mod odd;
mod provider;
mod secrets;
mod server;
mod trials;
mod visitor;

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial cannot do without.
#[derive(Clone, Copy)]
pub enum Need {
    /// Chromium and what drives it.
    Browser,
    /// A peer, by the end of its variable.
    Peer(&'static str),
    /// A `PostgreSQL` server for tests.
    Postgres,
}

impl Need {
    fn variable(self) -> String {
        match self {
            Self::Browser => "KALENDS_BROWSER".to_owned(),
            Self::Postgres => "KALENDS_TEST_POSTGRES".to_owned(),
            Self::Peer(name) => format!("KALENDS_PEER_{name}"),
        }
    }

    /// It is there.
    pub fn is_met(self) -> bool {
        env::var_os(self.variable()).is_some()
    }
}

/// A trial with its needs; its name is a sentence.
pub fn trial(name: &str, needs: &[Need], run: fn() -> anyhow::Result<()>) -> Trial {
    let lacking: Vec<_> = needs.iter().filter(|need| !need.is_met()).map(|need| need.variable()).collect();
    let trial = Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))));
    if lacking.is_empty() { trial } else { trial.with_kind(lacking.join(" ")).with_ignored_flag(true) }
}

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials::all()).exit_code()
}
