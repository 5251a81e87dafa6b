//! Teams, played: the server is the vendor's, the sign-in this manifest's.

use vendor_microsoft::fake::Server;

/// A mailbox whose links come at the second look.
pub(crate) fn server() -> Server {
    let server = Server::of(super::APP.manifest(), &[("form", "event")]);
    server.mailbox.links_come_after(2);
    server
}
