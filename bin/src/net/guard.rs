//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use kalends_app::{Error, Kind};
use url::{Host, Url};

/// Lets through what is public or opened by the operator.
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// With these private networks opened.
    pub fn new(allow: &[IpNet]) -> Self {
        Self { allow: allow.to_vec() }
    }

    /// Refuses an address that cannot or must not be called. A name passes; its addresses are checked when it resolves.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::new(
                Kind::Invalid,
                format!("only http and https can be called, not {}", url.scheme()),
            ));
        }
        let ip = match url.host() {
            // The parser has already turned 2130706433, 0x7f.1 and 0 into what they mean.
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Error::new(Kind::Invalid, "the address has no host")),
        };
        if self.permits(ip) { Ok(()) } else { Err(Error::new(Kind::Invalid, blocked(&ip.to_string()))) }
    }

    /// True for a public address, or one in a network the operator opened.
    pub fn permits(&self, ip: IpAddr) -> bool {
        let plain = plain(ip);
        self.allow.iter().any(|net| net.contains(&plain) || net.contains(&ip)) || is_public(plain)
    }
}

/// What a person is told who named a private host.
pub fn blocked(host: &str) -> String {
    format!("{host} is in a private network; the operator can open it with net.allow")
}

/// The address that is really meant: IPv4 wrapped in IPv6 comes out (mapped, compatible, NAT64, 6to4).
fn plain(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let octets = v6.octets();
    let v4 =
        |at: usize| IpAddr::V4(Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, ..] if !v6.is_loopback() && !v6.is_unspecified() => v4(12),
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => v4(12),
        [0x2002, ..] => v4(2),
        _ => ip,
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// The IANA special-purpose registry, as far as it is not globally reachable.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || (a == 100 && (64..128).contains(&b)) // shared between carriers
        || (a, b, c) == (192, 0, 0) // protocol assignments
        || (a, b, c) == (192, 88, 99) // 6to4 relays
        || (a == 198 && (b == 18 || b == 19)) // benchmarks
        || a >= 240) // reserved and broadcast
}

/// Only global unicast, less what is set aside in it.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let global = a & 0xe000 == 0x2000;
    let teredo_and_kin = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    global && !teredo_and_kin && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, allow: &[&str]) -> Result<(), Error> {
        let allow: Vec<IpNet> = allow.iter().map(|net| net.parse().unwrap()).collect();
        Guard::new(&allow).check(&Url::parse(address).unwrap())
    }

    #[test]
    fn a_private_address_is_refused_however_it_is_written() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "2130706433",
            "017700000001",
            "0x7f.1",
            "0x7f000001",
            "%31%32%37.0.0.1",
            "①②⑦.0.0.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
        ] {
            let error = check(&format!("http://{host}/"), &[]).expect_err(host);
            assert_eq!(error.kind, Kind::Invalid, "{host}");
        }
    }

    #[test]
    fn a_public_address_passes() {
        for host in ["93.184.215.14", "100.63.0.1", "172.32.0.1", "[2606:4700::1111]", "[64:ff9b::8.8.8.8]"] {
            assert_eq!(check(&format!("https://{host}/"), &[]), Ok(()), "{host}");
        }
    }

    #[test]
    fn an_operator_opens_networks_and_only_those() {
        assert_eq!(check("http://10.0.0.5/", &["10.0.0.0/24"]), Ok(()));
        assert_eq!(check("http://[::ffff:10.0.0.5]/", &["10.0.0.0/24"]), Ok(()));
        assert_eq!(check("http://[::1]/", &["::1/128"]), Ok(()));
        assert!(check("http://10.0.1.5/", &["10.0.0.0/24"]).is_err());
    }

    #[test]
    fn only_http_and_https_are_called() {
        for address in ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "unix:/run/x"] {
            assert!(check(address, &["0.0.0.0/0"]).is_err(), "{address}");
        }
    }
}
