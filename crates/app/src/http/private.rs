//! Where secrets may go.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether a password or a secret address may go there: over TLS, or within the house.
pub fn keeps_secrets(url: &Url) -> bool {
    if url.scheme() == "https" {
        return true;
    }
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => {
            let ip = IpAddr::V6(ip).to_canonical();
            match ip {
                IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
                IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
            }
        }
        Some(Host::Domain(name)) => {
            !name.contains('.')
                || [".localhost", ".local", ".lan", ".internal", ".home.arpa"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_in_the_clear_only_within_the_house() {
        let private = |url: &str| keeps_secrets(&Url::parse(url).unwrap());
        assert!(
            private("https://dav.example.org/")
                && private("http://127.0.0.1:1/")
                && private("http://radicale:5232/")
        );
        assert!(!private("http://dav.example.org/") && !private("http://203.0.113.7/"));
    }
}
