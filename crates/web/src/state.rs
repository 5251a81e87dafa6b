//! What every handler can reach.

use std::{net::IpAddr, sync::Arc};

use ipnet::IpNet;
use kalends_engine::Engine;
use url::Url;

/// The state of the router: cheap to clone, the same for every request.
#[derive(Clone)]
pub struct Web {
    /// Where this server is and whom it trusts.
    pub site: Arc<Site>,
    /// The verbs; it also knows the time and makes ids.
    pub engine: Engine,
}

/// Where this server is and whom it trusts, from the operator's configuration.
#[derive(Debug, Clone)]
pub struct Site {
    /// The address people use; links in pages and mails begin with it.
    pub base_url: Url,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that may show booking pages in a frame; `*` means anybody, empty nobody.
    pub embed_on: Vec<String>,
}

impl Site {
    /// A site at `base_url` that trusts no proxy and is embedded nowhere.
    pub fn new(base_url: Url) -> Self {
        Self { base_url, trusted_proxies: Vec::new(), embed_on: Vec::new() }
    }

    /// True when cookies may travel over TLS alone.
    pub fn secure(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// An absolute address of this server; `path` begins with a slash.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// The host people know this server by.
    pub fn host(&self) -> &str {
        self.base_url.host_str().unwrap_or("this server")
    }

    /// Who really asks: the last address in `forwarded` that is no trusted proxy, when `peer` is one.
    pub fn client(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let trusted = |ip: &IpAddr| self.trusted_proxies.iter().any(|net| net.contains(ip));
        if !trusted(&peer) {
            return peer;
        }
        let mut client = peer;
        for hop in forwarded.rsplit(',') {
            let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
            client = ip;
            if !trusted(&ip) {
                break;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let mut site = Site::new("https://book.example/".parse().unwrap());
        site.trusted_proxies.push("10.0.0.0/8".parse().unwrap());
        site
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(site().client(ip("203.0.113.9"), "198.51.100.1"), ip("203.0.113.9"));
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_only_the_last_stranger_counts() {
        assert_eq!(site().client(ip("10.1.1.1"), "1.2.3.4, 198.51.100.1, 10.2.2.2"), ip("198.51.100.1"));
        assert_eq!(site().client(ip("10.1.1.1"), "garbage"), ip("10.1.1.1"));
    }

    #[test]
    fn links_have_one_slash_between_host_and_path() {
        assert_eq!(site().link("/booking/x"), "https://book.example/booking/x");
    }
}
