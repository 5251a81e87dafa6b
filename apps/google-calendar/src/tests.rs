//! Google Calendar, beyond what the suites ask of every calendar.
