//! Microsoft 365, played: the server is the vendor's, the sign-in this manifest's.

use vendor_microsoft::fake::Server;

/// A mailbox with calendars.
pub(crate) fn server() -> Server {
    Server::of(super::APP.manifest(), &[])
}
