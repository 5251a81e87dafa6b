//! What every conference must get right.

use kalends_app::{
    AnyConference, Kind,
    fake::Fault,
    kind::{
        calendar::Person,
        conference::{Link, Meeting, Room, Rooms, Side, Visitor},
    },
};
use kalends_domain::Span;

use crate::{Check, Stage, stage};

type On = Check<dyn AnyConference>;

/// The suite. What it says of faults stands in [`super::conference_faults`].
pub const CHECKS: &[On] = &[
    On::new("a_probe_changes_nothing_and_names_the_account", |stage, part| {
        // ALL-13
        Box::pin(async move {
            let probe = part.probe(&stage.cx).await.expect("the fake's own form connects");
            assert!(!probe.identity.trim().is_empty());
            assert!(stage.bench().seen().iter().all(kalends_app::Request::is_reading));
        })
    }),
    On::new("an_open_room_has_a_way_in", |stage, part| {
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            assert!(leads_in(&stage, &room).await.starts_with("https://"), "{room:?}");
        })
    }),
    On::new("two_bookings_never_share_a_room", |stage, part| {
        Box::pin(async move {
            let first = part.open(&stage.cx, &meeting("first", 0)).await.expect("opens");
            let second = part.open(&stage.cx, &meeting("second", 0)).await.expect("opens");
            assert_ne!(first.id, second.id);
        })
    }),
    On::new("a_room_cannot_be_guessed_from_its_booking", |stage, part| {
        // JIT-01: the name must hold more than what a guest already knows.
        Box::pin(async move {
            let first = part.open(&stage.cx, &meeting("same", 0)).await.expect("opens");
            let again = part.open(&stage.cx, &meeting("same", 0)).await.expect("opens");
            assert_ne!(first.id, again.id);
        })
    }),
    On::new("a_reschedule_keeps_the_room_and_its_link", |stage, part| {
        // JIT-05
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            let moved = part.update(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("updates");
            assert_eq!((&moved.id, &moved.link), (&room.id, &room.link));
        })
    }),
    On::new("a_room_closes_once", |stage, part| {
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            part.close(&stage.cx, &room).await.expect("closes");
        })
    }),
    On::new("closing_a_missing_room_says_so", |stage, part| {
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            part.close(&stage.cx, &room).await.expect("closes");
            let error = part.close(&stage.cx, &room).await.expect_err("it is gone");
            assert!(error.is_missing(), "{error:?}");
        })
    })
    .only(kept),
    On::new("closing_survives_an_outage", |stage, part| {
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            stage.bench().next([Fault::Refuse]);
            part.close(&stage.cx, &room).await.expect("the second try closes");
        })
    })
    .only(made),
    On::new("opening_is_never_sent_twice", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let before = stage.bench().seen().len();
            stage.bench().next([Fault::Drop]);
            let error = part.open(&stage.cx, &meeting("booking", 0)).await.expect_err("its answer was lost");
            assert_eq!(error.kind, Kind::UnknownOutcome);
            assert_eq!(stage.bench().seen().len(), before + 1);
        })
    })
    .only(made),
    On::new("a_room_lost_with_its_answer_is_found_by_its_booking", |stage, part| {
        // ALL-07: looked for before anything is made again.
        Box::pin(async move {
            let meeting = meeting("booking", 0);
            assert_eq!(part.find(&stage.cx, &meeting).await.expect("looks"), None);
            stage.bench().next([Fault::Drop]);
            part.open(&stage.cx, &meeting).await.expect_err("its answer was lost");
            let found = part.find(&stage.cx, &meeting).await.expect("looks").expect("it was made");
            let other = Meeting { uid: "another".into(), ..meeting.clone() };
            assert_eq!(part.find(&stage.cx, &other).await.expect("looks"), None);
            part.close(&stage.cx, &found).await.expect("what was found can be closed");
            assert_eq!(part.find(&stage.cx, &meeting).await.expect("looks"), None);
        })
    })
    .only(kept),
    On::new("every_room_of_ours_can_be_listed_for_the_sweep", |stage, part| {
        Box::pin(async move {
            let first = part.open(&stage.cx, &meeting("first", 0)).await.expect("opens");
            let second = part.open(&stage.cx, &meeting("second", 3_600)).await.expect("opens");
            let listed = part.tagged(&stage.cx, &[meeting("first", 0).host]).await.expect("lists");
            for (uid, room) in [("first", &first), ("second", &second)] {
                let one = listed.iter().find(|one| one.tag == meeting(uid, 0).tag());
                assert_eq!(one.map(|one| &one.room.id), Some(&room.id), "{uid}");
            }
            assert!(listed.iter().all(|one| !one.tag.contains("first")), "a tag does not tell the booking");
        })
    })
    .only(kept),
    On::new("a_look_tells_a_room_that_fits_from_one_that_does_not", |stage, part| {
        // Its notices tell of our own changes too: only a look tells them from others'.
        Box::pin(async move {
            let room = settled(&stage, part.as_ref()).await;
            let before = stage.bench().seen().len();
            let looked = part.look(&stage.cx, &room, &meeting("booking", 0)).await.expect("looks");
            assert!(looked.fits && looked.room == room, "{looked:?}");
            let other = part.look(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("looks");
            assert!(!other.fits, "it does not stand at that time");
            assert!(stage.bench().seen()[before..].iter().all(kalends_app::Request::is_reading));
            part.update(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("updates");
            let moved = part.look(&stage.cx, &room, &meeting("booking", 86_400)).await.expect("looks");
            assert!(moved.fits, "what was just written fits");
            part.close(&stage.cx, &room).await.expect("closes");
            let gone = part.look(&stage.cx, &room, &meeting("booking", 0)).await.expect_err("it is gone");
            assert!(gone.is_missing(), "{gone:?}");
        })
    })
    .only(told),
    On::new("host_and_guest_get_different_links_at_the_door", |stage, part| {
        // JIT-04
        Box::pin(async move {
            let Some(door) = stage.app.join() else { return };
            let room = settled(&stage, part.as_ref()).await;
            let meeting = meeting("booking", 0);
            let host =
                door.join(&stage.cx, &room, &meeting, &visitor(Side::Host)).await.expect("lets the host in");
            let guest = door
                .join(&stage.cx, &room, &meeting, &visitor(Side::Guest))
                .await
                .expect("lets the guest in");
            assert!(host.starts_with("https://") && guest.starts_with("https://"));
            assert!(room.link != Link::AtDoor || host != guest);
        })
    }),
];

/// Only for apps whose provider makes rooms, and so can fail to.
pub fn made(part: &dyn AnyConference) -> Result<(), &'static str> {
    if part.can().rooms == Rooms::Links { Err("its rooms are links and exist nowhere") } else { Ok(()) }
}

/// Only for apps whose rooms can be asked for.
fn kept(part: &dyn AnyConference) -> Result<(), &'static str> {
    made(part)?;
    if part.can().rooms == Rooms::Kept {
        Ok(())
    } else {
        Err("nobody can be asked for a booking's room there")
    }
}

fn told(part: &dyn AnyConference) -> Result<(), &'static str> {
    if part.can().told { Ok(()) } else { Err("nothing tells of changes there") }
}

/// An open room whose link has arrived.
pub async fn settled(stage: &Stage, part: &dyn AnyConference) -> Room {
    let meeting = meeting("booking", 0);
    let mut room = part.open(&stage.cx, &meeting).await.expect("opens");
    for _ in 0..10 {
        if room.link != Link::Pending {
            return room;
        }
        room = part.update(&stage.cx, &room, &meeting).await.expect("asks again");
    }
    panic!("the link never came");
}

async fn leads_in(stage: &Stage, room: &Room) -> String {
    match (&room.link, stage.app.join()) {
        (Link::Ready(url), _) => url.clone(),
        (Link::AtDoor, Some(door)) => door
            .join(&stage.cx, room, &meeting("booking", 0), &visitor(Side::Guest))
            .await
            .expect("lets the guest in"),
        (link, _) => panic!("{link:?} leads nowhere"),
    }
}

/// Half an hour, so many seconds after the doors open.
pub fn meeting(uid: &str, later: i64) -> Meeting {
    let start = begin() + later;
    Meeting {
        uid: uid.into(),
        title: "Introduction".into(),
        description: String::new(),
        span: Span::new(start, start + 1_800),
        zone: "Europe/Berlin".into(),
        host: person("Hanna Host", "host@example.com"),
        calendar: None,
    }
}

/// Five minutes after the stage's beginning: the doors are open.
fn begin() -> i64 {
    stage::BEGIN.parse::<jiff::Timestamp>().expect("a constant").as_second() + 300
}

fn visitor(part: Side) -> Visitor {
    let person = match part {
        Side::Host => person("Hanna Host", "host@example.com"),
        Side::Guest => person("Gus Guest", "guest@example.com"),
    };
    Visitor { id: person.email.clone(), person, part }
}

fn person(name: &str, email: &str) -> Person {
    Person { name: name.into(), email: email.into() }
}
