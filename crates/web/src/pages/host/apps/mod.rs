//! The app store, and what is connected.

mod page;
