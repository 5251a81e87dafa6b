//! A provider of everything, in memory: a calendar, rooms and a mail server behind one small JSON protocol.
//!
//! It stands in for real apps so that the engine's tests name none of them. Faults come from the fake's bench. Its calendar
//! is spoken to as the planner's is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use kalends_app::{
    App, Calendar, Conference, Cx, Declared, Error, Kind, Messenger, Part, RemoteId, Request, Response,
    fake::{Bench, Fake, answer, parts},
    kind::{
        Probe,
        calendar::{Draft, RemoteCalendar, Written},
        conference::{ConferenceCan, Link, Meeting, Room, Rooms},
        messenger::{Message, MessengerCan, Receipt},
    },
    no_opinion,
};
use kalends_testkit::planner::{Client, Known, Page};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::booths::Booths;

pub static TOY: App = App {
    slug: "toy",
    manifest: Declared::new(
        r#"
slug = "toy"
name = "Toy"
tagline = "Everything in memory."
description = "For tests."
kinds = ["calendar", "conference", "messenger"]
categories = ["calendar"]
publisher = "Kalends"
may = ["Do everything"]
auth = { scheme = "basic", user = "user", password = "password" }
quota = { per_second = 100000, burst = 100000, concurrent = 100 }

[endpoints]
api = "https://toy.example/"

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
            Part::Conference(Arc::new(Toy)),
            Part::Messenger(Arc::new(Toy)),
        ]
    },
    judge: no_opinion,
    fake: || Arc::new(Provider::default()),
};

struct Toy;

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    cx.endpoints.get("api")?.join(path).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
}

impl Conference for Toy {
    type Error = Error;
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Kept, pending: true, password: false, told: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        Calendar::probe(&Client, cx).await
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let url = url(cx, &format!("rooms/{}", meeting.uid))?;
        cx.http.send(Request::new("open", http::Method::PUT, url)).await?.json()
    }

    async fn update(&self, cx: &Cx, room: &Room, _: &Meeting) -> Result<Room, Error> {
        let url = url(cx, &format!("rooms/{}", room.id))?;
        cx.http.send(Request::new("update_room", http::Method::PUT, url)).await?.json()
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        match cx.http.send(Request::get("find_room", url(cx, &format!("rooms/{}", meeting.uid))?)).await {
            Ok(response) => response.json().map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        let url = url(cx, &format!("rooms/{}", room.id))?;
        cx.http.send(Request::new("close", http::Method::DELETE, url)).await.map(drop)
    }
}

impl Messenger for Toy {
    type Error = Error;
    const CAN: MessengerCan = MessengerCan { html: true, parts: true, told: false, once: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        Calendar::probe(&Client, cx).await
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let mail = Mail {
            id: message.message_id.clone(),
            to: message.to[0].email.clone(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            ics: message.invite.as_ref().map(|invite| invite.ics.clone()),
        };
        let request = Request::new("send", http::Method::POST, url(cx, "mail")?)
            .body("application/json", serde_json::to_vec(&mail).unwrap());
        let taken = cx.http.send(request).await?.status != http::StatusCode::RESET_CONTENT;
        let no = Error::new(Kind::Invalid, "550 5.1.1 No such mailbox");
        let refused = if taken { vec![] } else { vec![(message.to[0].clone(), no)] };
        Ok(Receipt { id: message.message_id.clone(), refused })
    }
}

/// A mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub ics: Option<String>,
}

/// The provider's own memory.
#[derive(Default)]
pub struct Provider {
    bench: Bench,
    kept: Mutex<Kept>,
    /// Two more, for rooms alone.
    pub red: Arc<Booths>,
    pub blue: Arc<Booths>,
}

#[derive(Default)]
pub struct Kept {
    /// By `calendar/uid`: version and content.
    pub events: BTreeMap<String, (u64, Draft)>,
    /// Open rooms.
    pub rooms: BTreeMap<String, u64>,
    /// How many asks a room's link takes to be ready.
    pub rooms_pend: u64,
    /// Every mail that arrived, in order.
    pub mails: Vec<Mail>,
    /// Mails to whoever's address begins so are not taken.
    pub refuses: Option<&'static str>,
    /// What `changes` answers, by cursor; `None` is a cursor too old.
    pub changes: BTreeMap<String, Option<Page>>,
    /// Names of the account's calendars.
    pub calendars: Vec<&'static str>,
    versions: u64,
}

impl Provider {
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

impl Fake for Provider {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if request.headers.get("authorization").is_none() {
            return Ok(answer(request, 401, &[], ""));
        }
        let mut kept = self.kept();
        let path = request.url.path().to_owned();
        let method = request.method.as_str();
        if let Some(key) = path.strip_prefix("/events/") {
            return kept.event(request, method, key);
        }
        if let Some(room) = parts(&path, "/rooms/{}") {
            return kept.room(request, method, room[0]);
        }
        match (method, path.as_str()) {
            ("GET", "/probe") => {
                let found = serde_json::Map::from_iter([("home".to_owned(), "found".into())]);
                Ok(json(request, &Known { account: "ines at toy".into(), found }))
            }
            ("GET", "/calendars") => {
                let all: Vec<RemoteCalendar> = kept.calendars.iter().map(|name| calendar(name)).collect();
                Ok(json(request, &all))
            }
            ("POST", "/mail") => {
                let mail: Mail = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
                if kept.refuses.is_some_and(|begins| mail.to.starts_with(begins)) {
                    return Ok(answer(request, 205, &[], ""));
                }
                kept.mails.push(mail);
                Ok(answer(request, 202, &[], ""))
            }
            ("GET", path) if path.starts_with("/changes/") => {
                let cursor = request.url.query_pairs().find(|(name, _)| name == "since");
                let cursor = cursor.map(|(_, value)| value.into_owned()).unwrap_or_default();
                match kept.changes.get(&cursor) {
                    Some(Some(page)) => Ok(json(request, page)),
                    Some(None) => Ok(answer(request, 410, &[], "")),
                    None => Ok(json(request, &Page { cursor: Some(cursor), ..Page::default() })),
                }
            }
            _ => Err("no such thing".into()),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("user", "ines"), ("password", "canary-secret")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }
}

impl Kept {
    fn event(&mut self, request: &Request, method: &str, key: &str) -> Result<Response, String> {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let there = self.events.get(key).map(|(version, _)| *version);
        let written = |version: u64| Written { id: RemoteId::new(key), etag: Some(version.to_string()) };
        match (method, there) {
            ("GET", Some(version)) => Ok(json(request, &written(version))),
            ("GET" | "DELETE", None) => Ok(answer(request, 404, &[], "")),
            ("DELETE", Some(_)) => {
                self.events.remove(key);
                Ok(answer(request, 204, &[], ""))
            }
            ("PUT", there) => {
                let create = header("if-none-match") == Some("*");
                match there {
                    Some(_) if create => return Ok(answer(request, 412, &[], "")),
                    None if !create => return Ok(answer(request, 404, &[], "")),
                    Some(version) if header("if-match") != Some(&version.to_string()) && !create => {
                        return Ok(answer(request, 412, &[], ""));
                    }
                    _ => {}
                }
                let draft = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
                self.versions += 1;
                self.events.insert(key.to_owned(), (self.versions, draft));
                Ok(json(request, &written(self.versions)))
            }
            _ => Err(format!("{method} on an event")),
        }
    }

    fn room(&mut self, request: &Request, method: &str, name: &str) -> Result<Response, String> {
        match method {
            "GET" if !self.rooms.contains_key(name) => Ok(answer(request, 404, &[], "")),
            "PUT" | "GET" => {
                let asked = self.rooms.entry(name.to_owned()).or_default();
                *asked += 1;
                let ready = *asked > self.rooms_pend;
                let link =
                    if ready { Link::Ready(format!("https://toy.example/r/{name}")) } else { Link::Pending };
                Ok(json(request, &Room { id: RemoteId::new(name), link, password: None }))
            }
            "DELETE" if self.rooms.remove(name).is_some() => Ok(answer(request, 204, &[], "")),
            "DELETE" => Ok(answer(request, 404, &[], "")),
            _ => Err(format!("{method} on a room")),
        }
    }
}

fn calendar(name: &str) -> RemoteCalendar {
    RemoteCalendar {
        id: RemoteId::new(name),
        name: name.to_owned(),
        colour: None,
        zone: None,
        writable: name != "holidays",
        primary: name == "work",
    }
}

fn json<T: Serialize>(request: &Request, body: &T) -> Response {
    answer(request, 200, &[("content-type", "application/json")], serde_json::to_vec(body).unwrap())
}
