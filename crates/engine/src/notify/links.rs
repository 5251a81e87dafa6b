//! The addresses mails lead to: every path of ours that a mail names is written here once.

use kalends_domain::Uid;
use url::Url;

/// Makes absolute addresses of this server's pages.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    host: String,
}

impl Links {
    /// Below this address.
    pub fn new(base: &Url) -> Self {
        Self {
            base: base.as_str().trim_end_matches('/').to_owned(),
            host: base.host_str().unwrap_or("localhost").to_owned(),
        }
    }

    /// The host people know this server by.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The guest's page of a booking, or of one seat.
    pub fn booking(&self, uid: &Uid) -> String {
        format!("{}/booking/{uid}", self.base)
    }

    /// Where a guest moves it.
    pub fn reschedule(&self, uid: &Uid) -> String {
        format!("{}/booking/{uid}/reschedule", self.base)
    }

    /// Where a guest calls it off.
    pub fn cancel(&self, uid: &Uid) -> String {
        format!("{}/booking/{uid}/cancel", self.base)
    }

    /// The door of a room whose links are made when somebody walks in (JIT-04).
    pub fn join(&self, uid: &Uid) -> String {
        format!("{}/join/{uid}", self.base)
    }

    /// The host's page of a booking.
    pub fn host_booking(&self, uid: &Uid) -> String {
        format!("{}/bookings/{uid}", self.base)
    }

    /// Where a host says yes: a page with a button, for mail programs open links by themselves.
    pub fn confirm(&self, uid: &Uid) -> String {
        format!("{}/bookings/{uid}/confirm", self.base)
    }

    /// Where a host says no.
    pub fn decline(&self, uid: &Uid) -> String {
        format!("{}/bookings/{uid}/decline", self.base)
    }

    /// Where a provider sends people back to, one for each (OAU-03): as registered there, exactly.
    pub fn sign_in_answer(&self, app: &str) -> String {
        format!("{}/apps/{app}/callback", self.base)
    }

    /// Where people see their connections.
    pub fn connections(&self) -> String {
        format!("{}/apps/installed", self.base)
    }

    /// Where an administrator enters our registration at a provider.
    pub fn registration(&self, app: &str) -> String {
        format!("{}/apps/{app}/registration", self.base)
    }

    /// Where a new password is set.
    pub fn new_password(&self, token: &str) -> String {
        format!("{}/login/reset/{token}", self.base)
    }

    /// Where an address is proven.
    pub fn verify_email(&self, token: &str) -> String {
        format!("{}/login/verify/{token}", self.base)
    }
}
