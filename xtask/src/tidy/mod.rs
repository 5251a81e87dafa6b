//! `tidy`: what a reviewer would say twice, said by the machine.

mod arrows;
mod data_apps;
mod folders;
mod manifests;
mod text;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

pub use arrows::{Crate, Role, arrows};
pub use data_apps::data_apps;
pub use folders::app_folders;
pub use manifests::manifests;
pub use text::text;
pub use tree::{File, Tree};

use crate::root;

/// Prints every finding; fails when there is one.
pub fn run() -> Result<ExitCode> {
    let found = findings(&root())?;
    for finding in &found {
        eprintln!("{finding}");
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tidy: {} to mend", found.len());
    Ok(ExitCode::FAILURE)
}

/// Everything in the workspace at `root` that breaks a rule of the house, as `place: what, and what to do`.
pub fn findings(root: &Path) -> Result<Vec<String>> {
    let tree = Tree::read(root)?;
    let mut found = text(&tree);
    found.extend(app_folders(&tree));
    found.extend(data_apps(&tree));
    found.extend(manifests(&tree)?);
    found.extend(arrows(&arrows::crates(root)?));
    found.sort();
    Ok(found)
}
