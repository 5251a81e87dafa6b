//! CalDAV, beyond what the suite asks of every calendar.
