//! Kalends: the scheduling server. Each command is a module; this page only lists them.

mod api_key;
mod app;
mod backup;
mod base;
mod config;
mod demo;
mod doctor;
mod key;
mod keyfile;
mod log;
mod migrate;
mod net;
mod out;
mod serve;
mod shelf;
mod slots;
mod system;
mod user;
mod wire;
mod zones;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use config::Config;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The scheduling server.
#[derive(Parser)]
#[command(name = "kalends", version, arg_required_else_help = true)]
struct Kalends {
    /// The settings file [default: kalends.toml, where it exists]
    #[arg(long, global = true, value_name = "FILE", env = "KALENDS_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves pages and API on your own data.
    Serve,
    /// Serves example people, with every provider played: to try Kalends.
    Demo(demo::Args),
    /// Makes or completes the tables of the database.
    Migrate,
    /// Makes and lists accounts, and gives new passwords.
    #[command(subcommand)]
    User(user::Ask),
    /// Makes, lists and ends keys for the API.
    #[command(subcommand)]
    ApiKey(api_key::Ask),
    /// Lists and changes the keys that seal stored secrets.
    #[command(subcommand)]
    Key(key::Ask),
    /// Copies the SQLite database to a new file, while the server runs.
    Backup {
        /// The file to write.
        to: PathBuf,
    },
    /// Puts a copy of the SQLite database back, while no server runs.
    Restore {
        /// The file to read.
        from: PathBuf,
    },
    /// Checks a set-up and says what to fix.
    Doctor,
    /// Lists every setting with its default.
    Settings,
    /// Prints the description of the REST API.
    Openapi,
    /// Lists, shows and checks the apps of this build.
    #[command(subcommand)]
    App(app::Ask),
    /// Solves a schedule problem from a file, or says why a time is or is not offered.
    Slots(slots::Args),
}

fn main() -> ExitCode {
    let kalends = Kalends::parse();
    match run(&kalends) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kalends: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(kalends: &Kalends) -> Result<ExitCode> {
    match &kalends.command {
        Command::Serve => block_on(serve::run(&settings(kalends)?)),
        Command::Demo(args) => block_on(demo::run(kalends.config.as_deref(), args)),
        Command::Migrate => block_on(migrate::run(&settings(kalends)?)),
        Command::User(ask) => block_on(user::run(&settings(kalends)?, ask)),
        Command::ApiKey(ask) => block_on(api_key::run(&settings(kalends)?, ask)),
        Command::Key(ask) => block_on(key::run(&settings(kalends)?, ask)),
        Command::Backup { to } => block_on(backup::backup(&settings(kalends)?, to)),
        Command::Restore { from } => block_on(backup::restore(&settings(kalends)?, from)),
        Command::Doctor => block_on(async { Ok(doctor::run(&settings(kalends)?).await) }),
        Command::Settings => {
            out::print(&config::manual())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            out::print(&format!("{}\n", kalends_web::api::document().to_pretty_json()?))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::App(ask) => app::run(&Config::load(kalends.config.as_deref())?, ask),
        Command::Slots(args) => slots::run(args),
    }
}

fn block_on(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// The settings, with logging started as they say.
fn settings(kalends: &Kalends) -> Result<Config> {
    let config = Config::load(kalends.config.as_deref())?;
    log::start(&config.log, config.log_format)?;
    Ok(config)
}
