//! Rooms of conferencing apps on pages: chosen with their fallbacks, shown while they are made, entered by guests and hosts.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Conference, Cx, Declared, Error, Join, Kind, Part, RemoteId,
    fake::Nobody,
    kind::{
        Probe,
        conference::{ConferenceCan, Link, Meeting, Room, Rooms, Side, Visitor},
    },
    no_opinion,
};
use kalends_domain::event_type::{Location, Settings};
use kalends_engine::job;

use crate::{guest::book, house::Server};

const TEN: &str = "2026-11-25T10:00:00+00:00";
/// Signs its reader in as the host.
const HOSTS: &str = "https://slow.example/start?zak=canary-host";

macro_rules! app {
    ($name:ident, $slug:literal, $part:expr) => {
        static $name: App = App {
            slug: $slug,
            manifest: Declared::new(concat!(
                "slug = \"",
                $slug,
                "\"\nname = \"",
                $slug,
                r#" rooms"
tagline = "Rooms."
description = "For tests."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]
"#
            )),
            icon: "<svg/>",
            parts: || vec![Part::Conference(Arc::new($part)), Part::Join(Arc::new($part))],
            judge: no_opinion,
            fake: || Arc::<Nobody>::default(),
        };
    };
}

app!(NEVER, "never", Never);
app!(SLOW, "slow", Slow);

/// Makes no room for anybody.
struct Never;

impl Conference for Never {
    type Error = Error;
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Links, pending: false, password: false, told: false };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of("nobody"))
    }

    async fn open(&self, _: &Cx, _: &Meeting) -> Result<Room, Error> {
        Err(Error::new(Kind::PolicyDenied, "rooms are forbidden here"))
    }

    async fn update(&self, _: &Cx, room: &Room, _: &Meeting) -> Result<Room, Error> {
        Ok(room.clone())
    }

    async fn close(&self, _: &Cx, _: &Room) -> Result<(), Error> {
        Ok(())
    }
}

impl Join for Never {
    type Error = Error;

    async fn join(&self, _: &Cx, _: &Room, _: &Meeting, _: &Visitor) -> Result<String, Error> {
        Err(Error::new(Kind::NotFound, "there is no room"))
    }
}

/// Makes a room whose link comes with the second question.
struct Slow;

impl Conference for Slow {
    type Error = Error;
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Links, pending: true, password: true, told: false };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of("ines"))
    }

    async fn open(&self, _: &Cx, _: &Meeting) -> Result<Room, Error> {
        Ok(Room { id: RemoteId::new("room"), link: Link::Pending, password: None })
    }

    async fn update(&self, _: &Cx, room: &Room, _: &Meeting) -> Result<Room, Error> {
        let link = Link::Ready("https://slow.example/room?pwd=x".into());
        Ok(Room { link, password: Some("481516".into()), ..room.clone() })
    }

    async fn close(&self, _: &Cx, _: &Room) -> Result<(), Error> {
        Ok(())
    }
}

impl Join for Slow {
    type Error = Error;

    async fn join(&self, _: &Cx, _: &Room, _: &Meeting, visitor: &Visitor) -> Result<String, Error> {
        assert_eq!(visitor.part, Side::Host, "guests have their link");
        Ok(HOSTS.to_owned())
    }
}

/// Inês with both apps connected.
async fn server() -> Server {
    let server = Server::start_with_apps(&[&NEVER, &SLOW]).await;
    for app in ["never", "slow"] {
        server.house.engine.connect(&server.member(), app, &[].into()).await.unwrap();
    }
    server
}

fn chain() -> Location {
    Location::App { app: "never".into(), fallbacks: vec!["slow".into()] }
}

#[tokio::test]
async fn a_chain_of_apps_is_chosen_shown_and_taken_apart_again() {
    let server = server().await;
    let made = server.offer("call", Settings::default()).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/locations", made.number);
    let page = host.get(&path).await;
    assert_eq!(page.texts("[data-when='app-never'] legend"), ["When never rooms makes no room"]);
    assert_eq!(page.values("[name='then-never-1'] option", "value"), ["", "slow"], "not itself");
    let stored =
        async || server.house.engine.event_type(&server.member(), made.id).await.unwrap().settings.locations;
    host.submit_to(&page, &path, &[("app-never", "1"), ("then-never-1", "slow")]).await.to();
    assert_eq!(stored().await, [chain()]);
    let page = host.get(&path).await;
    assert_eq!(page.values("[name='then-never-1'] option[selected]", "value"), ["slow"]);
    host.submit_to(&page, &path, &[("app-never", "1"), ("then-never-1", "")]).await.to();
    assert_eq!(stored().await, [Location::app("never")]);
}

#[tokio::test]
async fn an_app_that_is_not_connected_says_so_where_it_is_chosen() {
    let server = Server::start_with_apps(&[&NEVER, &SLOW]).await;
    server.house.engine.connect(&server.member(), "slow", &[].into()).await.unwrap();
    let made = server.offer("call", Settings::default()).await;
    let page = server.host().get(&format!("/event-types/{}/locations", made.number)).await;
    assert_eq!(page.values("p[data-when^='app-'] a", "href"), ["/apps/never"], "a way to mend it");
    assert!(page.texts("label").iter().any(|label| label.contains("not connected")));
}

#[tokio::test]
async fn a_link_that_is_still_made_shows_as_pending_and_arrives_by_itself() {
    let server = server().await;
    server.offer("call", Settings { locations: vec![chain()], ..Settings::default() }).await;
    let mut guest = server.guest();
    let booking = book(&mut guest, "/ines/call", TEN).await;
    let page = guest.get(&booking).await;
    assert_eq!(page.texts("[data-pending] strong"), ["never rooms is making your link"]);

    job::drain(&server.house.engine).await.unwrap();
    let page = guest.get(&booking).await;
    assert_eq!(
        page.texts("[data-pending] strong"),
        ["slow rooms is making your link"],
        "the next one's turn"
    );
    let uid = booking.rsplit('/').next().unwrap();
    let door = guest.get(&format!("/join/{uid}")).await;
    assert_eq!(door.to(), booking, "the page says how it stands");

    server.house.test.clock.advance(SignedDuration::from_mins(1));
    job::drain(&server.house.engine).await.unwrap();
    let part = guest.get(&format!("{booking}/link")).await;
    assert_eq!(part.texts(".join strong"), ["Your slow rooms link is ready"]);
    assert!(part.text.contains("481516"), "{}", part.text);
    assert_eq!(guest.get(&format!("/join/{uid}")).await.to(), "https://slow.example/room?pwd=x");
}

#[tokio::test]
async fn a_hosts_link_is_for_the_host_at_the_door_and_on_no_page() {
    let server = server().await;
    server.offer("call", Settings { locations: vec![chain()], ..Settings::default() }).await;
    let (mut guest, mut host) = (server.guest(), server.host());
    let booking = book(&mut guest, "/ines/call", TEN).await;
    job::drain(&server.house.engine).await.unwrap();
    server.house.test.clock.advance(SignedDuration::from_mins(1));
    job::drain(&server.house.engine).await.unwrap();
    let uid = booking.rsplit('/').next().unwrap();
    assert_eq!(host.get(&format!("/join/{uid}")).await.to(), HOSTS);
    for path in [
        booking.clone(),
        format!("{booking}/link"),
        format!("{booking}/calendar.ics"),
        format!("/join/{uid}"),
    ] {
        let seen = guest.get(&path).await;
        let whole = format!("{:?} {}", seen.headers, seen.text);
        assert!(!whole.contains("canary-host"), "{path}: {whole}");
    }
    for path in [format!("/bookings/{uid}"), "/bookings".to_owned(), format!("/v2/bookings/{uid}")] {
        let seen = host.get(&path).await;
        assert!(!seen.text.contains("canary-host"), "{path}: pages are printed and shown around");
    }
    assert!(!guest.get(&format!("/v2/bookings/{uid}")).await.text.contains("canary-host"));
}
