//! iCloud in memory: a front door and numbered servers, of which one has the account.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::fake::{Bench, Fake, Laid, answer as reply};
use kalends_app::kind::calendar::Shown;
use kalends_app::{Request, Response};
use vendor_dav::fake::{Calendars, Owner, Speaks};

const FRONT: &str = "caldav.icloud.com";
const USER: &str = "host@example.com";
const PASSWORD: &str = "abcd-efgh-ijkl-mnop";
const HOME: &str = "/8000042/calendars/";

/// What a server says that no longer has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests move accounts"))]
pub(crate) enum Old {
    /// 301 to where it is.
    Redirects,
    /// 404.
    Forgets,
    /// 421.
    Misdirected,
    /// 401, as for a wrong password.
    Refuses,
}

/// All of it.
pub(crate) struct Cloud {
    bench: Bench,
    pub(crate) calendars: Calendars,
    state: Mutex<State>,
}

struct State {
    partition: u32,
    old: Old,
    password: &'static str,
}

impl Default for Cloud {
    fn default() -> Self {
        let calendars = Calendars::new(Owner {
            principal: "/8000042/principal/".into(),
            home: HOME.into(),
            address: USER.into(),
            name: "Hanna Host".into(),
        });
        calendars.moved_to(&server(42));
        let state = State { partition: 42, old: Old::Redirects, password: PASSWORD };
        Self { bench: Bench::default(), calendars, state: Mutex::new(state) }
    }
}

/// As it is named, with the port it has anyway (ICL-03).
fn server(partition: u32) -> String {
    format!("https://p{partition}-caldav.icloud.com:443")
}

impl Cloud {
    /// The account moves to another server.
    #[cfg(test)]
    pub(crate) fn move_to(&self, partition: u32, old: Old) {
        self.calendars.moved_to(&server(partition));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.partition, state.old) = (partition, old);
    }

    /// The front door names a server that is none of Apple's.
    #[cfg(test)]
    pub(crate) fn lure_to(&self, server: &str) {
        self.calendars.moved_to(server);
    }

    /// Its owner changed the account's password, which withdraws all app-specific ones.
    #[cfg(test)]
    pub(crate) fn change_password(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).password = "zzzz-zzzz-zzzz-zzzz";
    }
}

impl Fake for Cloud {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let host = request.url.host_str().unwrap_or_default();
        let partition: Option<u32> = host
            .strip_suffix("-caldav.icloud.com")
            .and_then(|name| name.strip_prefix('p'))
            .and_then(|number| number.parse().ok());
        if request.url.scheme() != "https" || (host != FRONT && partition.is_none()) {
            return Err(format!("a request to {}://{host}, which is none of Apple's", request.url.scheme()));
        }
        let sent = request.headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{}", state.password)));
        let refuse = || reply(request, 401, &[("www-authenticate", "Basic realm=\"MMCalDav\"")], "");
        if sent != expected {
            return Ok(refuse());
        }
        let path = request.url.path();
        match partition {
            // ICL-01: the front door has no pages.
            None if request.method == "GET" => Ok(reply(request, 400, &[], "")),
            None if path.starts_with(HOME) => Ok(reply(request, 404, &[], "")),
            None if path == "/.well-known/caldav" => Ok(reply(request, 301, &[("location", "/")], "")),
            None => self.calendars.answer(request, Speaks::Everything),
            Some(number) if number == state.partition => self.calendars.answer(request, Speaks::Everything),
            Some(_) => Ok(match state.old {
                Old::Redirects => {
                    let to = format!("{}{path}", server(state.partition));
                    reply(request, 301, &[("location", &to)], "")
                }
                Old::Forgets => reply(request, 404, &[], ""),
                Old::Misdirected => reply(request, 421, &[], ""),
                Old::Refuses => refuse(),
            }),
        }
    }

    fn lay(&self, laid: &Laid) -> bool {
        self.calendars.lay(laid)
    }

    fn shown(&self, uid: &str) -> Option<Shown> {
        self.calendars.shown(uid)
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("username", USER), ("password", PASSWORD)]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }
}
