//! Dependency lines become the static list of apps.
