//! What can be booked: the list, and the editor.

mod edit;
mod page;
