//! Google, played: the calendars are the vendor's, the sign-in is this manifest's.

use vendor_google::fake::Google;

/// An account with its calendars.
pub(crate) fn google() -> Google {
    Google::of(super::APP.manifest(), ("google/calendar-v3-openapi.json", "api"))
}
