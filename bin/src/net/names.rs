//! Names to addresses by the system's resolver, and the SRV and TXT records of discovery.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::future::BoxFuture;
use hickory_resolver::{Resolver, TokioResolver, net::NetError, proto::rr::RData};
use kalends_app::{Error, Kind, Names, Srv};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{net::lookup_host, time::timeout};
use url::Host;

use super::guard::{self, Guard};

/// A name that takes longer does not resolve.
const PATIENCE: Duration = Duration::from_secs(5);

/// The system's names, without what the guard forbids.
pub struct Dns {
    guard: Arc<Guard>,
    records: OnceLock<Option<TokioResolver>>,
}

/// All addresses of a name are forbidden.
#[derive(Debug)]
pub struct Blocked(String);

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&guard::blocked(&self.0))
    }
}

impl std::error::Error for Blocked {}

/// A name has no address.
#[derive(Debug)]
pub struct NoAddress(String);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address is known for {}", self.0)
    }
}

impl std::error::Error for NoAddress {}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

impl Dns {
    /// Names behind this guard.
    pub fn new(guard: Arc<Guard>) -> Self {
        Self { guard, records: OnceLock::new() }
    }

    /// The connection goes to one of these and nowhere else, so a name cannot change its mind after the check.
    async fn lookup(guard: &Guard, host: &str, port: u16) -> Result<Vec<SocketAddr>, AnyError> {
        let found = timeout(PATIENCE, lookup_host((host, port))).await;
        let all: Vec<SocketAddr> = found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
        if all.is_empty() {
            return Err(NoAddress(host.to_owned()).into());
        }
        let open: Vec<SocketAddr> = all.into_iter().filter(|address| guard.permits(address.ip())).collect();
        if open.is_empty() { Err(Blocked(host.to_owned()).into()) } else { Ok(open) }
    }

    fn records(&self) -> Result<&TokioResolver, Error> {
        let resolver = self.records.get_or_init(|| Resolver::builder_tokio().ok()?.build().ok());
        resolver.as_ref().ok_or_else(|| Error::new(Kind::Down, "this machine's DNS settings cannot be read"))
    }
}

impl Names for Dns {
    fn addresses<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async move {
            let literal = match Host::parse(host) {
                Ok(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
                Ok(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
                Ok(Host::Domain(_)) | Err(_) => host.parse().ok(),
            };
            if let Some(ip) = literal {
                let message = || guard::blocked(host);
                return if self.guard.permits(ip) {
                    Ok(vec![SocketAddr::new(ip, port)])
                } else {
                    Err(Error::new(Kind::Invalid, message()))
                };
            }
            Self::lookup(&self.guard, host, port).await.map_err(|error| {
                let kind = if error.is::<Blocked>() { Kind::Invalid } else { Kind::Down };
                Error::new(kind, error.to_string())
            })
        })
    }

    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        Box::pin(async move {
            let found = timeout(PATIENCE, self.records()?.srv_lookup(rooted(name))).await;
            let mut records: Vec<Srv> = answers(name, found.ok())?
                .iter()
                .filter_map(|data| match data {
                    RData::SRV(srv) => Some(Srv {
                        target: srv.target.to_utf8().trim_end_matches('.').to_owned(),
                        port: srv.port,
                        priority: srv.priority,
                        weight: srv.weight,
                    }),
                    _ => None,
                })
                // A target of "." says that there is no such service (RFC 2782).
                .filter(|srv| !srv.target.is_empty())
                .collect();
            records.sort_by_key(|srv| (srv.priority, std::cmp::Reverse(srv.weight)));
            Ok(records)
        })
    }

    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let found = timeout(PATIENCE, self.records()?.txt_lookup(rooted(name))).await;
            let joined = |data: &RData| match data {
                RData::TXT(txt) => {
                    let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
                    Some(String::from_utf8_lossy(&bytes).into_owned())
                }
                _ => None,
            };
            Ok(answers(name, found.ok())?.iter().filter_map(joined).collect())
        })
    }
}

/// Fully qualified, so that no search domain is tried.
fn rooted(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

/// The records of a lookup. A name without any is an empty list, a resolver that fails an error.
fn answers(
    name: &str,
    found: Option<Result<hickory_resolver::lookup::Lookup, NetError>>,
) -> Result<Vec<RData>, Error> {
    match found {
        Some(Ok(lookup)) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
        Some(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Ok(vec![]),
        Some(Err(_)) | None => Err(Error::new(Kind::Down, format!("the DNS did not answer about {name:?}"))),
    }
}

impl Resolve for Dns {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let found = Self::lookup(&guard, name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
