//! Two providers of rooms, in memory, that can be out of order for long: red and blue.

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier, Mutex, MutexGuard},
};

use kalends_app::{
    App, Conference, Cx, Declared, Error, Join, Part, RemoteId, Request, Response,
    fake::{Bench, Fake, answer, parts},
    kind::{
        Probe,
        calendar::Person,
        conference::{ConferenceCan, Link, Looked, Meeting, Room, Rooms, Side, Tagged, Visitor},
    },
    no_opinion,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

macro_rules! booth {
    ($name:ident, $slug:literal) => {
        pub static $name: App = App {
            slug: $slug,
            manifest: Declared::new(concat!(
                "slug = \"",
                $slug,
                "\"\nname = \"",
                $slug,
                "\"",
                r#"
tagline = "Rooms in memory."
description = "For tests."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]
quota = { per_second = 100000, burst = 100000, concurrent = 100, daily_writes = 3 }

[endpoints]
api = "https://"#,
                $slug,
                ".example/\"\n"
            )),
            icon: "<svg/>",
            parts: || {
                vec![Part::Conference(std::sync::Arc::new(Booth)), Part::Join(std::sync::Arc::new(Booth))]
            },
            judge: no_opinion,
            fake: || std::sync::Arc::new(Booths::default()),
        };
    };
}

booth!(RED, "red");
booth!(BLUE, "blue");

struct Booth;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub id: String,
    pub tag: String,
    pub link: String,
    pub start: i64,
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let base = cx.endpoints.get("api")?;
    Ok(base.join(path).unwrap())
}

fn room(kept: &Kept) -> Room {
    Room {
        id: RemoteId::new(&kept.id),
        link: Link::Ready(kept.link.clone()),
        password: Some(format!("pass-{}", kept.id)),
    }
}

impl Conference for Booth {
    type Error = Error;
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Kept, pending: false, password: true, told: true };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        cx.http.send(Request::get("probe", url(cx, "rooms")?)).await?;
        Ok(Probe::of("ines"))
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let body = json!({ "tag": meeting.tag(), "start": meeting.span.start }).to_string();
        let request = Request::new("open", http::Method::POST, url(cx, "rooms")?);
        let kept: Kept = cx.http.send(request.body("application/json", body)).await?.json()?;
        Ok(room(&kept))
    }

    async fn update(&self, cx: &Cx, known: &Room, meeting: &Meeting) -> Result<Room, Error> {
        let request =
            Request::new("update_room", http::Method::PUT, url(cx, &format!("rooms/{}", known.id))?);
        let body = json!({ "start": meeting.span.start }).to_string();
        let kept: Kept = cx.http.send(request.body("application/json", body)).await?.json()?;
        Ok(room(&kept))
    }

    async fn look(&self, cx: &Cx, known: &Room, meeting: &Meeting) -> Result<Looked, Error> {
        let request = Request::get("look", url(cx, &format!("rooms/{}", known.id))?);
        let kept: Kept = cx.http.send(request).await?.json()?;
        Ok(Looked { room: room(&kept), fits: kept.start == meeting.span.start })
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        let url = url(cx, &format!("rooms/{}", room.id))?;
        cx.http.send(Request::new("close", http::Method::DELETE, url)).await.map(drop)
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        let all = self.tagged(cx, &[]).await?;
        Ok(all.into_iter().find(|one| one.tag == meeting.tag()).map(|one| one.room))
    }

    async fn tagged(&self, cx: &Cx, _: &[Person]) -> Result<Vec<Tagged>, Error> {
        let all: Vec<Kept> = cx.http.send(Request::get("list", url(cx, "rooms")?)).await?.json()?;
        Ok(all.iter().map(|kept| Tagged { tag: kept.tag.clone(), room: room(kept) }).collect())
    }
}

impl Join for Booth {
    type Error = Error;

    async fn join(&self, cx: &Cx, room: &Room, _: &Meeting, visitor: &Visitor) -> Result<String, Error> {
        assert_eq!(visitor.part, Side::Host, "guests have their link already");
        cx.http.send(Request::get("host_link", url(cx, "rooms")?)).await?;
        Ok(format!("https://rooms.example/{}?zak=canary-host", room.id))
    }
}

/// One provider's own memory.
#[derive(Default)]
pub struct Booths {
    bench: Bench,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub rooms: Vec<Kept>,
    /// Every call but a probe is answered with this status, as long as it stands.
    pub trouble: Option<u16>,
    /// Whatever is asked for, rooms stand at this time.
    pub insists: Option<i64>,
    /// Whoever looks at a room is met here twice: when they ask, and before they are answered.
    pub gate: Option<Arc<Barrier>>,
    made: u32,
}

impl Booths {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Fake for Booths {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let gate = self.state().gate.clone().filter(|_| request.op.name == "look");
        let mut state = self.state();
        if let Some(gate) = &gate {
            let answered = state.rooms.first().map(|kept| json_answer(request, kept));
            drop(state);
            gate.wait();
            gate.wait();
            return answered.ok_or("there is no room to look at".to_owned());
        }
        if let Some(status) = state.trouble {
            return Ok(answer(request, status, &[], ""));
        }
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let path = request.url.path().to_owned();
        match (request.method.as_str(), path.as_str()) {
            ("GET", "/rooms") => Ok(json_answer(request, &state.rooms)),
            ("POST", "/rooms") => {
                let asked: serde_json::Value =
                    serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
                state.made += 1;
                let (id, tag) = (format!("{}", state.made), asked["tag"].as_str().unwrap_or_default());
                let start = asked["start"].as_i64().unwrap_or_default();
                let kept = Kept { link: format!("https://{host}/{id}"), tag: tag.to_owned(), id, start };
                state.rooms.push(kept.clone());
                Ok(json_answer(request, &kept))
            }
            (method, path) => {
                let id = parts(path, "/rooms/{}").ok_or("no such path")?[0];
                let Some(at) = state.rooms.iter().position(|kept| kept.id == id) else {
                    return Ok(answer(request, 404, &[], ""));
                };
                match method {
                    "PUT" => {
                        let asked: serde_json::Value =
                            serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
                        let start = asked["start"].as_i64().ok_or("a room has a start")?;
                        state.rooms[at].start = state.insists.unwrap_or(start);
                        Ok(json_answer(request, &state.rooms[at]))
                    }
                    "GET" => Ok(json_answer(request, &state.rooms[at])),
                    "DELETE" => {
                        state.rooms.remove(at);
                        Ok(answer(request, 204, &[], ""))
                    }
                    _ => Err(format!("{method} on a room")),
                }
            }
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

fn json_answer<T: Serialize>(request: &Request, body: &T) -> Response {
    answer(request, 200, &[("content-type", "application/json")], serde_json::to_vec(body).unwrap())
}
