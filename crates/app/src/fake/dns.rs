//! The DNS, played.

use std::net::SocketAddr;

use futures::future::BoxFuture;

use crate::{Error, Names, Srv};

/// Every host is at one address, if any, and every domain has one SRV record for one service, if any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dns {
    address: Option<SocketAddr>,
    srv: Option<(&'static str, &'static str)>,
}

impl Dns {
    /// Every host is at this address.
    pub const fn leading_to(address: SocketAddr) -> Self {
        Self { address: Some(address), srv: None }
    }

    /// Every domain has this service (`_caldavs._tcp`) at this host, on port 443; at no host, none has it.
    pub fn with_srv(service: &'static str, host: &'static str) -> Self {
        Self { address: None, srv: Some((service, host)).filter(|(_, host)| !host.is_empty()) }
    }
}

impl Names for Dns {
    fn addresses<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async { Ok(self.address.into_iter().collect()) })
    }

    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        let found = self.srv.filter(|(service, _)| name.starts_with(&format!("{service}.")));
        let record =
            found.map(|(_, host)| Srv { target: host.to_owned(), port: 443, priority: 0, weight: 0 });
        Box::pin(async move { Ok(record.into_iter().collect()) })
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }
}
