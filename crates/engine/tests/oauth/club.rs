//! An app whose accounts are granted at its provider: one calendar, one mailbox, and a sign-in that is strict.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use kalends_app::{
    App, Calendar, Cx, Declared, Error, Kind, Part, RemoteId, Request, Response,
    fake::{Bench, Fake, OAuth, answer},
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;
use serde_json::json;

pub static CLUB: App = App {
    slug: "club",
    manifest: Declared::new(
        r#"
slug = "club"
name = "Club"
tagline = "Calendars of a club."
description = "For tests."
kinds = ["calendar"]
categories = ["calendar"]
publisher = "Kalends"
may = ["See your calendars"]
quota = { per_second = 100000, burst = 100000, concurrent = 100 }

[auth]
scheme = "oauth2"
revoke = "revoke"
approve = "approve"
issuer = "issuer"
params = { access_type = "offline" }
grants = ["authorization_code", "account_credentials"]
key = { algorithms = ["ES256"] }
[[auth.scopes]]
scope = "calendars"
for = ["see your calendars"]
required = true
[[auth.scopes]]
scope = "names"
for = ["show your name"]

[endpoints]
api = "https://api.club.example/"
issuer = "https://club.example"
authorize = "https://club.example/authorize"
token = "https://club.example/token"
revoke = "https://club.example/revoke"
approve = "https://club.example/approve"

[[setup]]
name = "grant"
label = "Way in"
type = "select"
default = "authorization_code"
options = [{ value = "authorization_code", label = "Sign in" }, { value = "account_credentials", label = "A client" }]
[[setup]]
name = "account_id"
label = "Account"
type = "text"
required = true
when = { field = "grant", is = ["account_credentials"] }
[[setup]]
name = "client_id"
label = "Client"
type = "text"
required = true
when = { field = "grant", is = ["account_credentials"] }
[[setup]]
name = "client_secret"
label = "Secret"
type = "password"
required = true
when = { field = "grant", is = ["account_credentials"] }
"#,
    ),
    icon: "<svg/>",
    parts: || vec![Part::Calendar(Arc::new(Club))],
    judge: |response| {
        let first = response.text().contains("REASON-90094");
        first.then(|| Error::new(Kind::PolicyDenied, "an administrator there has to allow it"))
    },
    fake: || Arc::new(Provider::new()),
};

struct Club;

fn get(cx: &Cx, op: &'static str, path: &str) -> Result<Request, Error> {
    let url = cx.endpoints.get("api")?.join(path);
    Ok(Request::get(op, url.map_err(|error| Error::new(Kind::Invalid, error.to_string()))?))
}

impl Calendar for Club {
    type Error = Error;
    const CAN: CalendarCan = CalendarCan {
        writes: true,
        incremental: true,
        guarded: false,
        names_busy: false,
        invites: false,
        keeps: Keeps::NOTHING,
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let me: serde_json::Value = cx.http.send(get(cx, "me", "me")?).await?.json()?;
        let text = |name: &str| me[name].as_str().unwrap_or_default().to_owned();
        Ok(Probe { subject: Some(text("id")), ..Probe::of(text("name")) })
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        cx.http.send(get(cx, "calendars", "calendars")?).await?.json()
    }

    async fn busy(&self, _: &Cx, _: &[RemoteId], _: Span) -> Result<Vec<Busy>, Error> {
        Ok(vec![])
    }

    async fn create(&self, _: &Cx, _: &RemoteId, _: &Draft) -> Result<Written, Error> {
        Err(Error::new(Kind::Invalid, "no test writes"))
    }

    async fn update(&self, _: &Cx, _: &RemoteId, _: &Written, _: &Draft) -> Result<Written, Error> {
        Err(Error::new(Kind::Invalid, "no test writes"))
    }

    async fn delete(&self, _: &Cx, _: &RemoteId, _: &Written) -> Result<(), Error> {
        Ok(())
    }

    async fn find(&self, _: &Cx, _: &RemoteId, _: &str) -> Result<Option<Written>, Error> {
        Ok(None)
    }

    async fn changes(&self, cx: &Cx, _: &RemoteId, since: Option<&str>, _: Span) -> Result<Changes, Error> {
        cx.http.send(get(cx, "changes", "me")?).await?;
        Ok(Changes { cursor: Some("c1".into()), full: since.is_none(), ..Changes::default() })
    }
}

/// The club's provider.
pub struct Provider {
    bench: Bench,
    pub sign_in: OAuth,
    /// To whom, subject, text.
    pub mails: Mutex<Vec<[String; 3]>>,
}

impl Provider {
    pub fn new() -> Self {
        Self::with(OAuth::of(CLUB.manifest()).rotating())
    }

    pub fn with(sign_in: OAuth) -> Self {
        Self { bench: Bench::default(), sign_in, mails: Mutex::default() }
    }

    pub fn count(&self, op: &str) -> usize {
        self.bench.count(op)
    }
}

impl Fake for Provider {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.sign_in.answer(request) {
            return answer;
        }
        if request.url.path() == "/mail" {
            let mail: serde_json::Value =
                serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
            let text = |at: usize| mail[at].as_str().unwrap_or_default().to_owned();
            self.mails.lock().unwrap().push([1, 2, 3].map(text));
            return Ok(answer(request, 202, &[], ""));
        }
        let Some(granted) = self.sign_in.bearer(request) else { return Ok(answer(request, 401, &[], "")) };
        let body = match request.url.path() {
            "/me" => json!({ "id": format!("id-of-{}", granted.subject), "name": granted.subject }),
            "/calendars" => json!([
                { "id": "work", "name": "work", "colour": null, "zone": null, "writable": true, "primary": true },
            ]),
            path => return Err(format!("there is no {path}")),
        };
        Ok(answer(request, 200, &[("content-type", "application/json")], body.to_string()))
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.sign_in)
    }
}
