//! A publisher of calendars in memory: one feed behind a secret link, on hosts that each behave in their own way.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kalends_app::fake::{Bench, Fake, Laid, Says, answer as reply};
use kalends_app::{Request, Response};

const LINK: &str = "webcal://feeds.example.test/private-5cbd8a1c7d2e4f60/basic.ics?key=canary-5d1";
const PATH: &str = "/private-5cbd8a1c7d2e4f60/basic.ics";
const QUERY: Option<&str> = Some("key=canary-5d1");

/// The publisher.
pub(crate) struct Publisher {
    bench: Bench,
    state: Mutex<State>,
}

struct State {
    body: Vec<u8>,
    version: u64,
    /// What others have put into it, instead of what it began with.
    laid: String,
}

impl Default for Publisher {
    fn default() -> Self {
        let body = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\nX-WR-CALNAME:Shift plan\r\n\
            X-WR-TIMEZONE:Europe/Vienna\r\nX-PUBLISHED-TTL:PT30M\r\nBEGIN:VEVENT\r\nUID:shift-1\r\n\
            DTSTAMP:20270101T000000Z\r\nDTSTART:20270302T080000Z\r\nDTEND:20270302T160000Z\r\nSUMMARY:Early shift\r\n\
            END:VEVENT\r\nEND:VCALENDAR\r\n";
        Self {
            bench: Bench::default(),
            state: Mutex::new(State { body: body.into(), version: 1, laid: String::new() }),
        }
    }
}

impl Publisher {
    /// Another version of the file.
    #[cfg(test)]
    pub(crate) fn publish(&self, body: impl Into<Vec<u8>>) {
        let mut state = self.state();
        state.body = body.into();
        state.version += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, or that it is the version the caller has; `marks` tells which headers the publisher knows.
    fn file(&self, request: &Request, marks: Marks) -> Response {
        let state = self.state();
        let etag = format!("\"v{}\"", state.version);
        let modified = format!("Mon, 01 Mar 2027 07:{:02}:00 GMT", state.version % 60);
        let asked = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let same = match marks {
            Marks::Etag => asked("if-none-match") == Some(etag.as_str()),
            Marks::Date => asked("if-modified-since") == Some(modified.as_str()),
            Marks::Nothing => false,
        };
        if same {
            return reply(request, 304, &[], "");
        }
        let kind = ("content-type", "text/calendar; charset=utf-8");
        let headers: &[(&str, &str)] = match marks {
            Marks::Etag => &[kind, ("etag", &etag)],
            Marks::Date => &[kind, ("last-modified", &modified)],
            Marks::Nothing => &[("content-type", "application/octet-stream")],
        };
        reply(request, 200, headers, state.body.clone())
    }
}

/// How a publisher marks versions.
#[derive(Debug, Clone, Copy)]
enum Marks {
    Etag,
    Date,
    Nothing,
}

impl Fake for Publisher {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if request.method != "GET" || !request.body.is_empty() {
            return Err(format!("a feed is read, not {}", request.method));
        }
        let accepts = request.headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !accepts.contains("text/calendar") {
            return Err("a reader that does not ask for a calendar".into());
        }
        let host = request.url.host_str().unwrap_or_default();
        let signed = request.headers.contains_key("authorization");
        if signed && host != "locked.example.test" {
            return Err(format!("a sign-in that is none of {host}'s business"));
        }
        if request.url.path() != PATH || request.url.query() != QUERY {
            return Ok(reply(request, 404, &[], ""));
        }
        let to = |url: &str| reply(request, 302, &[("location", &format!("{url}{PATH}?key=canary-5d1"))], "");
        match (request.url.scheme(), host) {
            ("https", "feeds.example.test") => Ok(self.file(request, Marks::Etag)),
            ("https", "dated.example.test") => Ok(self.file(request, Marks::Date)),
            ("https", "plain.example.test") => Ok(self.file(request, Marks::Nothing)),
            ("https", "moved.example.test") => Ok(to("https://feeds.example.test")),
            ("https", "circle.example.test") => Ok(to("https://circle.example.test")),
            ("https", "unsafe.example.test") => Ok(to("http://feeds.example.test")),
            ("https", "elsewhere.example.test") => Ok(to("file://feeds.example.test")),
            ("https", "locked.example.test") if signed => Ok(to("https://feeds.example.test")),
            ("https", "locked.example.test") => {
                Ok(reply(request, 401, &[("www-authenticate", "Basic realm=\"plan\"")], ""))
            }
            (scheme, host) => Err(format!("a request to {scheme}://{host}")),
        }
    }

    fn lay(&self, laid: &Laid) -> bool {
        // A feed names no owner, so nobody's own answer stands in it.
        if matches!(laid.says, Says::Declined | Says::NotAnswered) {
            return false;
        }
        let Some(event) = laid.vevent("") else { return false };
        let mut state = self.state();
        state.laid.push_str(&event);
        state.body = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\nX-WR-TIMEZONE:Europe/Berlin\r\n{}END:VCALENDAR\r\n",
            state.laid
        )
        .into();
        state.version += 1;
        true
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("url".to_owned(), LINK.to_owned())])
    }
}
