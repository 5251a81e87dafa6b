//! The tasks of this workspace, run as `cargo xtask <task>`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{lint, load, new_app, openapi, test, tidy};

/// The tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Tasks {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Sets up PostgreSQL, the peers and the browser, then runs every test.
    Test(test::Args),
    /// Checks formatting, clippy and the rules of the house.
    Lint,
    /// Checks the rules of the house: arrows, file lengths, complete app folders.
    Tidy,
    /// Makes a new app's folder from the template.
    NewApp(new_app::Args),
    /// Writes the API's description to docs/openapi.json.
    Openapi,
    /// Drives the server under load and prints what it did.
    Load(load::Args),
}

fn main() -> ExitCode {
    let done = match Tasks::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Lint => lint::run(),
        Task::Tidy => tidy::run(),
        Task::NewApp(args) => new_app::run(&args),
        Task::Openapi => openapi::run(),
        Task::Load(args) => load::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
