//! The suites can fail: an app that gets things wrong is caught, by the checks that should catch it.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{
    App, Conference, Cx, Declared, Error, Part, RemoteId, Request, Response,
    fake::{Bench, Fake},
    kind::{
        Probe,
        conference::{ConferenceCan, Link, Meeting, Room, Rooms},
    },
    no_opinion,
};
use kalends_conformance::{Pass, cross, suites::conference::CHECKS};
use libtest_mimic::Arguments;

const MANIFEST: &str = r#"
slug = "careless"
name = "Careless"
tagline = "Always the same room."
description = "Always the same room."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]
endpoints = { api = "https://api.careless.example/" }
"#;

static CARELESS: App = App {
    slug: "careless",
    manifest: Declared::new(MANIFEST),
    icon: "",
    parts: || vec![Part::Conference(Arc::new(Careless))],
    judge: no_opinion,
    fake: || Arc::new(Server::default()),
};

/// Gives everybody the same room, names no account, and calls what does not exist.
struct Careless;

impl Conference for Careless {
    type Error = Error;

    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Links, pending: false, password: false, told: false };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of(" "))
    }

    async fn open(&self, _: &Cx, _: &Meeting) -> Result<Room, Error> {
        let link = Link::Ready("https://careless.example/room".into());
        Ok(Room { id: RemoteId::new("room"), link, password: None })
    }

    async fn update(&self, _: &Cx, room: &Room, meeting: &Meeting) -> Result<Room, Error> {
        Ok(Room { link: Link::Ready(format!("https://careless.example/{}", meeting.uid)), ..room.clone() })
    }

    async fn close(&self, cx: &Cx, _: &Room) -> Result<(), Error> {
        // Its error is swallowed, and still it shows.
        let _ = cx.http.send(Request::get("close", cx.endpoints.get("api")?.clone())).await;
        Ok(())
    }
}

#[derive(Default)]
struct Server(Bench);

impl Fake for Server {
    fn answer(&self, _: &Request) -> Result<Response, String> {
        Err("there is no such path".into())
    }

    fn bench(&self) -> &Bench {
        &self.0
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// The outcome of one check on the careless app.
fn passes(check: &str) -> bool {
    let trials = cross("conference", Pass::AtOnce, CHECKS, &[&CARELESS], App::conference);
    let name = format!("conference::careless::{check}");
    let arguments = Arguments { filter: Some(name), exact: true, quiet: true, ..Arguments::default() };
    let conclusion = libtest_mimic::run(&arguments, trials);
    assert_eq!(conclusion.num_passed + conclusion.num_failed, 1, "there is a check {check:?}");
    conclusion.num_passed == 1
}

#[test]
fn what_is_wrong_fails_its_check() {
    for check in [
        "a_probe_changes_nothing_and_names_the_account",
        "two_bookings_never_share_a_room",
        "a_room_cannot_be_guessed_from_its_booking",
        "a_reschedule_keeps_the_room_and_its_link",
        "a_room_closes_once",
    ] {
        assert!(!passes(check), "{check} lets a careless app through");
    }
}

#[test]
fn what_is_right_passes() {
    assert!(passes("an_open_room_has_a_way_in"));
}

#[test]
fn a_power_the_app_lacks_is_ignored_with_the_reason() {
    let trials = cross("conference", Pass::AtOnce, CHECKS, &[&CARELESS], App::conference);
    let ignored: Vec<&str> =
        trials.iter().filter(|trial| trial.has_ignored_flag()).map(libtest_mimic::Trial::name).collect();
    assert!(!ignored.is_empty());
    let reasons = [" - its rooms are links", " - nothing tells of changes there"];
    assert!(ignored.iter().all(|name| reasons.iter().any(|why| name.contains(why))), "{ignored:?}");
}
