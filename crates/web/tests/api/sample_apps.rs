//! Apps for the API's tests: a calendar with a form (the test kit's), one behind a sign-in, one at a link, and rooms.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{
    App, Calendar, Conference, Cx, Declared, Error, Kind, Part, RemoteId,
    fake::Nobody,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
        conference::{ConferenceCan, Link, Meeting, Room, Rooms},
    },
    no_opinion,
    oauth::Client,
};
use kalends_domain::Span;
use kalends_engine::{
    Engine,
    connect::{Configured, Outside},
};
use kalends_testkit::{
    House, TestDb,
    planner::{PLANNER, Planner},
};

macro_rules! app {
    ($name:ident, $slug:literal, $kind:literal, $rest:literal, $part:expr) => {
        pub(crate) static $name: App = App {
            slug: $slug,
            manifest: Declared::new(concat!(
                "slug = \"",
                $slug,
                "\"\nname = \"The ",
                $slug,
                "\"\nkinds = [\"",
                $kind,
                r#""]
tagline = "For tests."
description = "For tests."
categories = ["tests"]
publisher = "Kalends"
may = ["Do what tests do"]
"#,
                $rest
            )),
            icon: "<svg/>",
            parts: || vec![$part],
            judge: no_opinion,
            fake: || Arc::<Nobody>::default(),
        };
    };
}

app!(
    CLUB,
    "club",
    "calendar",
    r#"
[api]
name = "clubhouse"
[auth]
scheme = "oauth2"
scopes = [{ scope = "calendars", for = ["see your calendars"], required = true }]
[endpoints]
authorize = "https://club.example/authorize"
token = "https://club.example/token"
"#,
    Part::Calendar(Arc::new(Page))
);
app!(
    UNKNOWN,
    "unknown",
    "calendar",
    r#"
[auth]
scheme = "oauth2"
scopes = [{ scope = "calendars", for = ["see your calendars"], required = true }]
[endpoints]
authorize = "https://unknown.example/authorize"
token = "https://unknown.example/token"
"#,
    Part::Calendar(Arc::new(Page))
);
app!(
    PAGE,
    "ics-feed",
    "calendar",
    r#"
[[setup]]
name = "address"
label = "Link"
type = "url"
secret = true
required = true
"#,
    Part::Calendar(Arc::new(Page))
);
app!(
    ROOMS,
    "rooms",
    "conference",
    r#"
[api]
stem = "acme"
[[setup]]
name = "floor"
label = "Floor"
type = "number"
min = 0
max = 9
"#,
    Part::Conference(Arc::new(Booths))
);

/// A calendar that is read at a link.
struct Page;

impl Calendar for Page {
    type Error = Error;
    const CAN: CalendarCan = CalendarCan {
        writes: false,
        incremental: false,
        guarded: false,
        names_busy: false,
        invites: false,
        keeps: Keeps::NOTHING,
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let link = cx.secret("address")?.expose().to_owned();
        if link.contains("gone") {
            return Err(Error::new(Kind::NotFound, "there is no calendar at this link"));
        }
        Ok(Probe::of(link))
    }

    async fn calendars(&self, _: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        let (id, name) = (RemoteId::new("page"), "Page".to_owned());
        Ok(vec![RemoteCalendar { id, name, colour: None, zone: None, writable: false, primary: true }])
    }

    async fn busy(&self, _: &Cx, _: &[RemoteId], _: Span) -> Result<Vec<Busy>, Error> {
        Ok(vec![])
    }

    async fn create(&self, _: &Cx, _: &RemoteId, _: &Draft) -> Result<Written, Error> {
        Err(Error::new(Kind::Invalid, "it is read only"))
    }

    async fn update(&self, _: &Cx, _: &RemoteId, _: &Written, _: &Draft) -> Result<Written, Error> {
        Err(Error::new(Kind::Invalid, "it is read only"))
    }

    async fn delete(&self, _: &Cx, _: &RemoteId, _: &Written) -> Result<(), Error> {
        Ok(())
    }

    async fn find(&self, _: &Cx, _: &RemoteId, _: &str) -> Result<Option<Written>, Error> {
        Ok(None)
    }

    async fn changes(&self, _: &Cx, _: &RemoteId, _: Option<&str>, _: Span) -> Result<Changes, Error> {
        Ok(Changes::nameless(&[]))
    }
}

/// Rooms for whoever asks.
struct Booths;

impl Conference for Booths {
    type Error = Error;
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Links, pending: false, password: false, told: false };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of("rooms"))
    }

    async fn open(&self, _: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let link = Link::Ready(format!("https://rooms.example/{}", meeting.uid));
        Ok(Room { id: RemoteId::new("room"), link, password: None })
    }

    async fn update(&self, _: &Cx, room: &Room, _: &Meeting) -> Result<Room, Error> {
        Ok(room.clone())
    }

    async fn close(&self, _: &Cx, _: &Room) -> Result<(), Error> {
        Ok(())
    }
}

/// A server with these apps; the planner's provider is played and has the calendars `work` and `family`.
pub(crate) fn house(test: TestDb) -> (House, Arc<Planner>) {
    let planner = Arc::new(Planner::new(&test.clock, &["work", "family"]));
    let played = planner.played();
    let apps: [&'static App; 5] = [&PLANNER, &CLUB, &UNKNOWN, &PAGE, &ROOMS];
    let outside: Outside = House::outside(&test, &apps, |gateway| gateway.playing(&PLANNER, played));
    let client = Client::with_secret("kalends", "canary-client");
    let known = BTreeMap::from([(
        "club".to_owned(),
        Configured { client, webhook_secret: None, webhook_secret_before: None },
    )]);
    let outside = outside.with_registrations(known).expect("an app that signs in");
    (House { engine: Engine::new(test.db.clone(), outside), test }, planner)
}
