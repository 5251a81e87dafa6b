//! The tasks of this workspace: test, tidy, new-app, openapi, load.

fn main() {}
