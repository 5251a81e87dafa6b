//! What is a user's own: profile, password, sessions, keys; and the audit log.

mod page;
