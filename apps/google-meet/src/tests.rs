//! Google Meet, beyond what the suite asks of every conference.
