//! The rules of scheduling, pure: no async, no I/O, no clock.
