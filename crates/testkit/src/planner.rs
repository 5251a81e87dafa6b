//! A calendar app for tests: small, strict and stateful, with channels and notices.
//!
//! It stands in for real apps so that tests of the engine and the pages name none of them. [`Planner`] is its provider:
//! tests edit events there behind our back, take the notices it would send, and deliver them late, twice or never.

mod hook;
mod provider;

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Calendar, Cx, Declared, Error, Kind, Part, RemoteId, Request, Watch,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, RemoteCalendar, RemoteEvent, Written},
        watch::{Channel, Wish},
    },
    no_opinion,
};
use kalends_domain::Span;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::provider::{Edit, Planner};

/// No channel of this provider lives longer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The app.
pub static PLANNER: App = App {
    slug: "planner",
    manifest: Declared::new(
        r#"
slug = "planner"
name = "Planner"
tagline = "A calendar in memory."
description = "For tests."
kinds = ["calendar"]
categories = ["calendar"]
publisher = "Kalends"
may = ["Read and write events"]
auth = { scheme = "basic", user = "user", password = "password" }
quota = { per_second = 100000, burst = 100000, concurrent = 100 }

[endpoints]
api = "https://planner.example/"

[[setup]]
name = "user"
label = "User name"
type = "text"
required = true

[[setup]]
name = "password"
label = "Password"
type = "password"
required = true
"#,
    ),
    icon: "<svg/>",
    parts: || {
        vec![
            Part::Calendar(Arc::new(Client)),
            Part::Watch(Arc::new(Client)),
            Part::Hook(Arc::new(hook::Notices)),
        ]
    },
    judge: no_opinion,
    fake: || Arc::new(Planner::default()),
};

struct Client;

/// One page of changes, as the provider answers.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    upserts: Vec<RemoteEvent>,
    removed: Vec<RemoteId>,
    cursor: Option<String>,
    next: Option<String>,
}

/// A channel as it is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    id: String,
    calendar: String,
    address: String,
    secret: String,
    until: jiff::Timestamp,
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    cx.endpoints.get("api")?.join(path).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
}

async fn put(
    cx: &Cx,
    op: &'static str,
    path: &str,
    header: (&'static str, &str),
    draft: &Draft,
) -> Result<Written, Error> {
    let request = Request::new(op, http::Method::PUT, url(cx, path)?).once().header(header.0, header.1)?;
    cx.http.send(request.body("application/json", body(draft)?)).await?.json()
}

fn body<T: Serialize>(of: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(of).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
}

impl Calendar for Client {
    type Error = Error;
    const CAN: CalendarCan =
        CalendarCan { incremental: true, guarded: true, names_busy: true, writes: true, invites: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        cx.http.send(Request::get("probe", url(cx, "probe")?)).await?;
        Ok(Probe::of("ines at planner"))
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        cx.http.send(Request::get("calendars", url(cx, "calendars")?)).await?.json()
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let mut all = Vec::new();
        for calendar in of {
            for event in Calendar::changes(self, cx, calendar, None, within).await?.upserts {
                let uid = Some(event.uid).filter(|uid| !uid.is_empty());
                let spans = event.busy.into_iter().filter(|span| span.overlaps(within));
                all.extend(spans.map(|span| Busy { span, uid: uid.clone(), tentative: event.tentative }));
            }
        }
        Ok(all)
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        put(cx, "create", &format!("events/{into}/{}", event.uid), ("if-none-match", "*"), event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        let etag = written.etag.clone().unwrap_or_default();
        put(cx, "update", &format!("events/{}", written.id), ("if-match", &etag), event).await
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        let url = url(cx, &format!("events/{}", written.id))?;
        cx.http.send(Request::new("delete", http::Method::DELETE, url).once()).await.map(drop)
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        match cx.http.send(Request::get("find", url(cx, &format!("events/{into}/{uid}"))?)).await {
            Ok(response) => response.json().map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let mut all = Changes { full: since.is_none(), ..Changes::default() };
        let mut page = String::new();
        loop {
            let mut url = url(cx, &format!("changes/{of}"))?;
            url.query_pairs_mut()
                .append_pair("since", since.unwrap_or_default())
                .append_pair("from", &within.start.to_string())
                .append_pair("page", &page);
            let answer: Page = match cx.http.send(Request::get("changes", url)).await {
                Err(error) if error.kind == Kind::Gone => {
                    return Err(Error::new(Kind::CursorExpired, "the cursor is too old"));
                }
                answer => answer?.json()?,
            };
            all.upserts.extend(answer.upserts);
            all.removed.extend(answer.removed);
            all.cursor = answer.cursor;
            match answer.next {
                Some(next) if next != page => page = next,
                _ => return Ok(all),
            }
        }
    }
}

impl Watch for Client {
    type Error = Error;
    const LONGEST: SignedDuration = LONGEST;

    async fn watch(&self, cx: &Cx, of: &RemoteId, wish: &Wish) -> Result<Channel, Error> {
        let asked = Asked {
            id: wish.id.clone(),
            calendar: of.to_string(),
            address: wish.address.to_string(),
            secret: wish.secret.expose().to_owned(),
            until: wish.until,
        };
        let request = Request::new("watch", http::Method::POST, url(cx, "channels")?);
        cx.http.send(request.body("application/json", body(&asked)?)).await?.json()
    }

    async fn renew(&self, cx: &Cx, channel: &Channel, wish: &Wish) -> Result<Channel, Error> {
        let calendar = channel.resource.clone().unwrap_or_default();
        // A channel cannot be made longer: another takes its place.
        let fresh = Watch::watch(self, cx, &RemoteId::new(calendar), wish).await?;
        match Watch::unwatch(self, cx, channel).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(fresh),
        }
    }

    async fn unwatch(&self, cx: &Cx, channel: &Channel) -> Result<(), Error> {
        let url = url(cx, &format!("channels/{}", channel.id))?;
        cx.http.send(Request::new("unwatch", http::Method::DELETE, url)).await.map(drop)
    }
}
