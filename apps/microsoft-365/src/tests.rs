//! Microsoft 365, beyond what the suites ask of every calendar.
