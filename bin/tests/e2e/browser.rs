//! Scenarios in a real browser: programs in `e2e/browser/scenarios`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::server::shots;

/// Runs one scenario against the server at `base` and returns what it found out.
pub fn play(scenario: &str, base: &str, with: &Value) -> Result<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/browser/scenarios").join(scenario);
    let script = script.with_extension("mjs");
    let mut given = json!({ "name": scenario, "base": base, "shots": shots() });
    if let (Some(given), Some(with)) = (given.as_object_mut(), with.as_object()) {
        given.extend(with.clone());
    }
    let played =
        Command::new("node").arg(&script).arg(given.to_string()).output().context("cannot start node")?;
    let said = String::from_utf8_lossy(&played.stdout);
    if !played.status.success() {
        bail!("{scenario} failed:\n{}{said}", String::from_utf8_lossy(&played.stderr));
    }
    serde_json::from_str(said.trim()).with_context(|| format!("{scenario} printed no JSON: {said}"))
}
