//! A provider with many servers under one name: the password never leaves it (DAV-02, ICL-03).

use kalends_app::{Error, Kind};
use url::{Host, Url};

use crate::session::host;

/// All servers under one domain.
#[derive(Debug, Clone)]
pub struct House {
    start: Url,
    domain: String,
}

impl House {
    /// Around the server where a search begins: `caldav.example.com` stands for `example.com` and all below it. A server
    /// without a name of its own stands for itself.
    pub fn around(start: &Url) -> Self {
        let named = match start.host() {
            Some(Host::Domain(name)) => {
                name.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'))
            }
            _ => None,
        };
        let domain = named.or(start.host_str()).unwrap_or_default().to_owned();
        Self { start: start.clone(), domain }
    }

    /// Where a search begins.
    pub(crate) const fn start(&self) -> &Url {
        &self.start
    }

    /// Whether the password may go there: protected, and within the house.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        if url.origin() == self.start.origin() {
            return true;
        }
        let named = url.host_str().is_some_and(|host| {
            host == self.domain || host.strip_suffix(&self.domain).is_some_and(|rest| rest.ends_with('.'))
        });
        url.scheme() == "https" && named
    }

    pub(crate) fn refuses(&self, url: &Url) -> Error {
        let message = format!("the server sends us on to {}, which is not of {}", host(url), self.domain);
        Error::new(Kind::Malformed, message)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/", true)]
    #[case("https://caldav.icloud.com/", "https://icloud.com/", true)]
    #[case("https://caldav.icloud.com/", "http://p42-caldav.icloud.com/", false)]
    #[case("https://caldav.icloud.com/", "https://evilicloud.com/", false)]
    #[case("https://caldav.icloud.com/", "https://icloud.com.evil.example/", false)]
    #[case("https://caldav.icloud.com/", "https://caldav.icloud.com@evil.example/", false)]
    #[case("https://caldav.icloud.com/", "https://com/", false)]
    #[case("https://icloud.com/", "https://other.com/", false)]
    #[case("http://127.0.0.1:8/", "http://127.0.0.1:8/x", true)]
    #[case("http://127.0.0.1:8/", "http://127.0.0.1:9/", false)]
    #[case("http://127.0.0.1:8/", "https://6.0.0.1/", false)]
    fn dav_02_a_house_ends_where_its_name_ends(
        #[case] start: &str,
        #[case] other: &str,
        #[case] holds: bool,
    ) {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(House::around(&url(start)).holds(&url(other)), holds);
    }
}
