//! Google, played: calendars and spaces are the vendor's, the sign-in is this manifest's.

use vendor_google::fake::Google;

/// An account with calendars and rooms.
pub(crate) fn google() -> Google {
    Google::of(super::APP.manifest(), ("google/meet-v2-openapi.json", "meet"))
}
