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

/// The root of the workspace, wherever the task was called from.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
