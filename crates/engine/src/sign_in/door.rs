//! Limits on signing in: how often it may be tried, and by whom.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::{Throttle, TooMany};

/// Who wants to sign in, for limits, lists of sessions and the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Where they come from, behind proxies the operator trusts.
    pub ip: IpAddr,
    /// What their browser calls itself.
    pub user_agent: String,
}

impl Client {
    /// The browser's name, short enough to keep.
    pub(super) fn agent(&self) -> String {
        self.user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

/// Limits on sign-ins and on mails that anybody can ask for.
#[derive(Debug)]
pub struct Door {
    address: Throttle,
    ip: Throttle,
    mail_address: Throttle,
    mail_ip: Throttle,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            address: Throttle::new(8, SignedDuration::from_secs(120)),
            ip: Throttle::new(40, SignedDuration::from_secs(15)),
            mail_address: Throttle::new(3, SignedDuration::from_mins(20)),
            mail_ip: Throttle::new(10, SignedDuration::from_mins(5)),
        }
    }
}

impl Door {
    /// One try with this address from there.
    pub(super) fn knock(&self, email: &str, client: &Client, now: Timestamp) -> Result<(), TooMany> {
        self.ip.take(&network(client.ip), now)?;
        self.address.take(email, now)
    }

    /// They were let in: their address has its tries back.
    pub(super) fn opened(&self, email: &str) {
        self.address.forgive(email);
    }

    /// One mail to this address, asked for from there.
    pub(super) fn mail(&self, email: &str, client: &Client, now: Timestamp) -> Result<(), TooMany> {
        self.mail_ip.take(&network(client.ip), now)?;
        self.mail_address.take(email, now)
    }
}

/// One home has a whole /64 of IPv6 addresses; it is one client here.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ip: &str) -> Client {
        Client { ip: ip.parse().unwrap(), user_agent: String::new() }
    }

    #[test]
    fn guessing_one_address_from_many_places_is_stopped() {
        let (door, now) = (Door::default(), Timestamp::UNIX_EPOCH);
        let refused =
            (0..20).find(|n| door.knock("a@example.com", &client(&format!("10.0.0.{n}")), now).is_err());
        assert_eq!(refused, Some(8));
    }

    #[test]
    fn guessing_many_addresses_from_one_place_is_stopped_within_a_whole_ipv6_network() {
        let (door, now) = (Door::default(), Timestamp::UNIX_EPOCH);
        let refused = (0..99).find(|n| {
            door.knock(&format!("{n}@example.com"), &client(&format!("2001:db8::{n}")), now).is_err()
        });
        assert_eq!(refused, Some(40));
    }
}
