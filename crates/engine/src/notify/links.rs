//! The addresses mails lead to: every path of ours that a mail names is written here once.

use kalends_domain::Uid;
use url::{Host, Url};

/// Names that lead nowhere but to this machine, or to this house.
const AT_HOME: [&str; 5] = ["localhost", "local", "internal", "lan", "home.arpa"];

fn is_public(base: &Url) -> bool {
    match base.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let at_home = |end: &&str| name == *end || name.ends_with(&format!(".{end}"));
            name.contains('.') && !AT_HOME.iter().any(at_home)
        }
        Some(Host::Ipv4(ip)) => {
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified())
        }
        Some(Host::Ipv6(ip)) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        None => false,
    }
}

/// Makes absolute addresses of this server's pages.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    host: String,
    public: bool,
}

impl Links {
    /// Below this address.
    pub fn new(base: &Url) -> Self {
        Self {
            base: base.as_str().trim_end_matches('/').to_owned(),
            host: base.host_str().unwrap_or("localhost").to_owned(),
            public: base.scheme() == "https" && is_public(base),
        }
    }

    /// True when providers can reach this server: https, and a name or an address of the public network.
    pub const fn are_public(&self) -> bool {
        self.public
    }

    /// Where a provider tells us of what happened there; the key is known to it alone (INB-01).
    pub fn hook(&self, app: &str, key: &str) -> String {
        format!("{}/hooks/{app}/{key}", self.base)
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

    /// Where one joins a room whose links are made when somebody joins (JIT-04).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_on_the_public_network_can_be_reached_from_outside() {
        let public = |base: &str| Links::new(&base.parse().unwrap()).are_public();
        for base in ["https://book.example/", "https://203.0.113.7/", "https://[2001:db8::1]/"] {
            assert!(public(base), "{base}");
        }
        for base in [
            "http://book.example/",
            "https://localhost:8443/",
            "https://127.0.0.1/",
            "https://192.168.1.4/",
            "https://[::1]/",
            "https://printer.local/",
            "https://kalends/",
        ] {
            assert!(!public(base), "{base}");
        }
    }
}
