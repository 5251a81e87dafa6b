//! The tasks of this workspace: each module is one task, `setup` is what they need installed.

pub mod lint;
pub mod load;
pub mod new_app;
pub mod openapi;
pub mod setup;
pub mod sh;
pub mod test;
pub mod tidy;

use std::path::{Path, PathBuf};

/// The root of the workspace, wherever the task was called from: Cargo says whose it runs.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
