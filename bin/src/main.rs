//! Kalends: the scheduling server.

fn main() {}
