//! A CalDAV server in memory: one account, strict about every request, with faults on demand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::fake::{Bench, Fake, Laid, Way, answer as reply};
use kalends_app::kind::calendar::Shown;
use kalends_app::{Request, Response};
use vendor_dav::fake::{Calendars, Owner, Speaks};

const ADDRESS: &str = "https://dav.example.test/dav/";
const DIGEST: &str = "digest.example.test";
const USER: &str = "host@example.com";
/// The same person where one signs in with a name that is no address.
const NAME: &str = "hanna";
const PASSWORD: &str = "correct horse battery staple";

/// How much the host of this name speaks.
fn speaks(request: &Request) -> Result<Speaks, String> {
    match (request.url.scheme(), request.url.host_str().unwrap_or_default()) {
        ("https", "dav.example.test" | DIGEST) => Ok(Speaks::Everything),
        ("https", "tags.example.test") => Ok(Speaks::Tags),
        ("https", "plain.example.test") => Ok(Speaks::Little),
        ("https", "nameless.example.test") => Ok(Speaks::Nameless),
        ("https", "busy.example.test") => Ok(Speaks::Busy),
        (scheme, host) => Err(format!("a request to {scheme}://{host}")),
    }
}

/// The server.
pub(crate) struct Server {
    bench: Bench,
    pub(crate) calendars: Calendars,
    locked: AtomicBool,
}

impl Default for Server {
    fn default() -> Self {
        let owner = Owner {
            principal: "/principals/host/".into(),
            home: "/calendars/host/".into(),
            address: USER.into(),
            name: "Hanna Host".into(),
        };
        Self { bench: Bench::default(), calendars: Calendars::new(owner), locked: AtomicBool::new(false) }
    }
}

impl Server {
    /// Another client writes into a calendar.
    #[cfg(test)]
    pub(crate) fn put_by_other(&self, calendar: &str, name: &str, body: &str) {
        assert!(self.calendars.put_by_other(calendar, name, body), "the fake has this calendar");
    }

    /// From now on no password is right.
    #[cfg(test)]
    pub(crate) fn refuse_everybody(&self) {
        self.locked.store(true, Ordering::Relaxed);
    }

    /// Another client takes an event away.
    #[cfg(test)]
    pub(crate) fn remove_by_other(&self, calendar: &str, name: &str) {
        assert!(self.calendars.remove_by_other(calendar, name), "the fake has this calendar");
    }

    /// What stands under a name.
    #[cfg(test)]
    pub(crate) fn body(&self, calendar: &str, name: &str) -> Option<String> {
        self.calendars.body(calendar, name)
    }
}

impl Fake for Server {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let speaks = speaks(request)?;
        if let Some(challenge) = challenge(request, self.locked.load(Ordering::Relaxed)) {
            return Ok(reply(request, 401, &[("www-authenticate", challenge)], ""));
        }
        match (request.method.as_str(), request.url.path()) {
            (_, "/.well-known/caldav") => Ok(reply(request, 301, &[("location", "/dav/")], "")),
            ("PROPFIND", "/") => Ok(reply(request, 405, &[], "")),
            _ => self.calendars.answer(request, speaks),
        }
    }

    fn lay(&self, laid: &Laid) -> bool {
        self.calendars.lay(laid)
    }

    fn shown(&self, uid: &str) -> Option<Shown> {
        self.calendars.shown(uid)
    }

    fn ways(&self) -> &'static [Way] {
        &[("no-address", &[("server", "https://nameless.example.test/dav/"), ("username", NAME)])]
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("server", ADDRESS), ("username", USER), ("password", PASSWORD)]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }
}

/// What an unknown caller is asked for; `None` for the host.
fn challenge(request: &Request, locked: bool) -> Option<&'static str> {
    let sent = request.headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if request.url.host_str() == Some(DIGEST) {
        let parts =
            [r#"Digest username="host@example.com""#, r#"nonce="n0nce""#, "qop=auth", r#"response=""#];
        let known = !locked && parts.iter().all(|part| sent.contains(part));
        return (!known)
            .then_some(r#"Digest realm="calendars", nonce="n0nce", qop="auth", algorithm=SHA-256"#);
    }
    let known = [USER, NAME].map(|user| BASE64_STANDARD.encode(format!("{user}:{PASSWORD}")));
    let known = known.iter().any(|pair| sent.strip_prefix("Basic ") == Some(pair));
    (locked || !known).then_some(r#"Basic realm="calendars""#)
}
