//! To come.
checks!();
