//! From what somebody typed to where their calendars are (RFC 6764, DAV-01, DAV-02).

use kalends_app::{Cx, Error, Kind};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::body;
use crate::house::House;
use crate::multistatus::{Item, Multistatus};
use crate::session::{Depth, Session, host};
use crate::xml::{CALDAV, DAV};

/// Redirects that are followed in a row.
const REDIRECTS: usize = 5;

/// What discovery found; kept with the installation's settings, so that the next call need not look again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The account itself.
    pub principal: Url,
    /// The collections its calendars are in.
    pub homes: Vec<Url>,
    /// Where invitations arrive; names the default calendar.
    pub inbox: Option<Url>,
    /// Where questions to others go; few servers have it.
    #[serde(default)]
    pub outbox: Option<Url>,
    /// The addresses the server knows the owner by, in lower case and without `mailto:`.
    pub addresses: Vec<String>,
    /// The owner's name, if the server says.
    pub name: Option<String>,
}

impl Place {
    /// Where the password may go, by what was found.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = &Url> {
        std::iter::once(&self.principal).chain(&self.homes).chain(&self.inbox).chain(&self.outbox)
    }
}

/// Looks at the address as given, then at `/.well-known/caldav`, then at the domain's SRV records.
pub(crate) async fn discover(session: &Session<'_>, typed: &str) -> Result<Place, Error> {
    let typed = typed.trim();
    let mail_domain = typed.rsplit_once('@').filter(|_| !typed.contains("://")).map(|(_, domain)| domain);
    let given = address(mail_domain.unwrap_or(typed))?;
    let mut first_failure = None;
    if mail_domain.is_none() {
        session.trust(&given);
        match at(session, &given).await {
            Ok(place) => return Ok(place),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => first_failure = Some(error),
        }
    }
    let well_known = join(&given, "/.well-known/caldav")?;
    session.trust(&well_known);
    match at(session, &well_known).await {
        Ok(place) => return Ok(place),
        Err(error) if is_final(&error) => return Err(error),
        Err(error) => first_failure = Some(telling(first_failure, error)),
    }
    if let Some(named) = by_name(session.cx, &given).await? {
        // Names come unprotected: they may not send the password to a stranger.
        if !is_kin(&given, &named) {
            return Err(ask_first(&given, &named));
        }
        session.trust(&named);
        return at(session, &named).await;
    }
    Err(first_failure.unwrap_or_else(|| no_calendars(&given)))
}

/// Looks at a provider's own address, then at `/.well-known/caldav` there; its servers may send us on within the house.
pub(crate) async fn in_house(session: &Session<'_>, house: &House) -> Result<Place, Error> {
    session.trust(house.start());
    let first = match at(session, house.start()).await {
        Err(error) if !is_final(&error) => error,
        settled => return settled,
    };
    at(session, &join(house.start(), "/.well-known/caldav")?)
        .await
        .map_err(|second| telling(Some(first), second))
}

/// Reads a server or mail domain as an address; `https` where no scheme was typed.
fn address(typed: &str) -> Result<Url, Error> {
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    let url = url.ok_or_else(|| {
        Error::new(Kind::Invalid, "server: type an address such as https://dav.example.com, or an email")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::new(Kind::Invalid, "server: the address must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(Kind::Invalid, "server: leave name and password out of the address"));
    }
    Ok(url)
}

/// An answer that settles the matter: looking elsewhere would only hide it.
fn is_final(error: &Error) -> bool {
    matches!(error.kind, Kind::AuthRevoked | Kind::RateLimited { .. })
        || (error.kind == Kind::Invalid && error.http_status().is_none())
}

/// Of two failures the one that says more: an outage or a strange answer says more than "not found".
fn telling(first: Option<Error>, second: Error) -> Error {
    match first {
        Some(first) if first.kind == Kind::Down || !matches!(second.kind, Kind::Down | Kind::Malformed) => {
            first
        }
        _ => second,
    }
}

/// Follows this address to the principal, and the principal to its calendars.
async fn at(session: &Session<'_>, url: &Url) -> Result<Place, Error> {
    let (base, found) = properties(session, url).await?;
    let item = found.items.first().ok_or_else(|| no_calendars(&base))?;
    if let Some(place) = place(session, &base, item)? {
        return Ok(place);
    }
    let principal = item.link(DAV, "current-user-principal").ok_or_else(|| no_calendars(&base))?;
    let principal = session.follow(&base, principal)?;
    let (base, found) = properties(session, &principal).await?;
    let item = found.items.first().ok_or_else(|| no_calendars(&base))?;
    place(session, &base, item)?.ok_or_else(|| no_calendars(&base))
}

async fn properties(session: &Session<'_>, url: &Url) -> Result<(Url, Multistatus), Error> {
    let mut url = url.clone();
    for _ in 0..=REDIRECTS {
        let body = body::propfind(&[
            "d:current-user-principal",
            "d:displayname",
            "d:principal-URL",
            "c:calendar-home-set",
            "c:calendar-user-address-set",
            "c:schedule-inbox-URL",
            "c:schedule-outbox-URL",
        ]);
        let response = session.ask("discover", "PROPFIND", &url, Depth::Zero, body).await?;
        let Some(next) = response.location() else {
            return Ok((url, Multistatus::read(&response)?));
        };
        if next.scheme() != url.scheme() && next.scheme() != "https" {
            return Err(Error::new(
                Kind::Malformed,
                format!("{} sends us on without https: ask its operator to repair that", host(&url)),
            ));
        }
        if let Some(house) = session.house() {
            if !house.holds(&next) {
                return Err(house.refuses(&next));
            }
        } else if !is_kin(&url, &next) {
            return Err(ask_first(&url, &next));
        }
        session.trust(&next);
        url = next;
    }
    Err(Error::new(Kind::Malformed, format!("{} sends us around in circles", host(&url))))
}

/// The place a principal describes; `None` when this is no principal.
fn place(session: &Session<'_>, base: &Url, item: &Item) -> Result<Option<Place>, Error> {
    let Some(set) = item.property(CALDAV, "calendar-home-set") else { return Ok(None) };
    let homes = set.all(DAV, "href").filter_map(|href| href.words());
    let homes = homes.map(|href| session.follow(base, href)).collect::<Result<Vec<_>, _>>()?;
    if homes.is_empty() {
        return Ok(None);
    }
    let principal = item.link(DAV, "principal-URL").or_else(|| item.link(DAV, "current-user-principal"));
    let principal = principal.map_or_else(|| Ok(base.clone()), |href| session.follow(base, href))?;
    let inbox = item.link(CALDAV, "schedule-inbox-URL").map(|href| session.follow(base, href)).transpose()?;
    let outbox =
        item.link(CALDAV, "schedule-outbox-URL").map(|href| session.follow(base, href)).transpose()?;
    let addresses = item.property(CALDAV, "calendar-user-address-set").map(|set| {
        set.all(DAV, "href")
            .filter_map(|href| href.words())
            .map(str::to_lowercase)
            .map(|href| href.strip_prefix("mailto:").map_or_else(|| href.clone(), ToOwned::to_owned))
            .collect()
    });
    let name = item.words(DAV, "displayname").map(ToOwned::to_owned);
    Ok(Some(Place { principal, homes, inbox, outbox, addresses: addresses.unwrap_or_default(), name }))
}

/// Where the domain's SRV and TXT records point (RFC 6764 section 6): https only.
async fn by_name(cx: &Cx, given: &Url) -> Result<Option<Url>, Error> {
    let Some(domain) = given.domain() else { return Ok(None) };
    let name = format!("_caldavs._tcp.{domain}");
    let Some(record) = cx.names.srv(&name).await?.into_iter().next().filter(|r| !r.target.is_empty()) else {
        return Ok(None);
    };
    let texts = cx.names.txt(&name).await.unwrap_or_default();
    let path = texts.iter().find_map(|text| text.strip_prefix("path=")).unwrap_or("/.well-known/caldav");
    let url = Url::parse(&format!("https://{}:{}", record.target.trim_end_matches('.'), record.port));
    url.ok().map(|url| join(&url, path)).transpose()
}

fn join(base: &Url, path: &str) -> Result<Url, Error> {
    base.join(path).map_err(|_| Error::new(Kind::Invalid, "server: the address leads nowhere"))
}

/// The same server, or one that is plainly of the same house: `example.com` and `dav.example.com`.
fn is_kin(one: &Url, other: &Url) -> bool {
    if one.origin() == other.origin() {
        return true;
    }
    let (Some(a), Some(b)) = (one.host_str(), other.host_str()) else { return false };
    a == b
        || a.ends_with(&format!(".{b}")) && b.contains('.')
        || b.ends_with(&format!(".{a}")) && a.contains('.')
}

/// The second confirmation before a password goes to another house: its owner types the address (DAV-02).
fn ask_first(from: &Url, to: &Url) -> Error {
    Error::new(
        Kind::Invalid,
        format!(
            "{} sends us on to another server, {}. If you trust it with your password, type this as the server: {}",
            host(from),
            host(to),
            to.origin().ascii_serialization(),
        ),
    )
}

fn no_calendars(at: &Url) -> Error {
    Error::new(
        Kind::NotFound,
        format!(
            "{} answered, but names no calendars: check the address with the server's operator",
            host(at)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn dav_02_only_servers_of_the_same_house_are_kin() {
        let kin = |a: &str, b: &str| is_kin(&url(a), &url(b));
        assert!(kin("https://example.com/", "https://dav.example.com/x"));
        assert!(kin("https://dav.example.com/", "https://example.com/"));
        assert!(!kin("https://example.com/", "https://badexample.com/"));
        assert!(!kin("https://a.example.com/", "https://b.example.com/"));
        assert!(!kin("https://example.com/", "https://com/"));
    }

    #[test]
    fn what_was_typed_becomes_an_https_address() {
        assert_eq!(address("dav.example.com/x").unwrap().as_str(), "https://dav.example.com/x");
        assert!(address("ftp://example.com").is_err() && address("").is_err());
        assert!(address("https://me:secret@example.com").unwrap_err().message().contains("password"));
    }
}
