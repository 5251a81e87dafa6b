//! WebDAV, CalDAV and iCalendar: what CalDAV and iCloud share.
