//! Log lines: events with fields on standard error.

use std::io::{IsTerminal, stderr};

use anyhow::Result;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogFormat;

/// Starts logging for the whole process.
pub fn start(filter: &str, format: LogFormat) -> Result<()> {
    let lines = fmt()
        .with_env_filter(EnvFilter::builder().parse(filter)?)
        .with_writer(stderr)
        .with_target(false)
        .with_ansi(stderr().is_terminal());
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}
