//! What goes to the desk and what comes back.
