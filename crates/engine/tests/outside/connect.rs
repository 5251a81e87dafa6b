//! Accounts.
checks![];
