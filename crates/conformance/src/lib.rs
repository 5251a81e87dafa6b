//! One suite per app kind, crossed with every app of that kind.
