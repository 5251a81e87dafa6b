//! What we write, byte for byte, and that we read it back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use jiff::Timestamp;
use kalends_domain::{
    Span, Zone,
    event_type::{Hue, Visibility},
};
use kalends_ical::{Answer, Attendee, Feed, Meeting, Method, Owner, Person, Role, ShowsAs, Status};
use proptest::prelude::*;

fn meeting() -> Meeting {
    Meeting {
        uid: "4fzJ9Qm2LxT7bWc0RkVd1s".into(),
        sequence: 1,
        stamp: at("2026-11-23T09:00:00Z"),
        start: at("2026-11-30T13:00:00Z"),
        end: at("2026-11-30T13:30:00Z"),
        zone: Zone::parse("Europe/Berlin").unwrap(),
        title: "Intro call, 30 min; first".into(),
        description: "Notes:\nbring \\ water".into(),
        location: "https://meet.example.com/kalends-4fzJ9Qm2LxT7bWc0RkVd1s-a-rather-long-room-name".into(),
        url: Some("https://kalends.example.com/booking/4fzJ9Qm2LxT7bWc0RkVd1s".into()),
        organizer: Some(person("Hanna \"H\" Host", "host@example.com")),
        attendees: vec![Attendee {
            person: person("Gus Güest", "guest@example.com"),
            role: Role::Required,
            answer: Answer::Accepted,
            rsvp: true,
        }],
        status: Status::Confirmed,
        shows_as: ShowsAs::Busy,
        visibility: Visibility::Usual,
        colour: None,
        reminders: vec![],
    }
}

fn person(name: &str, email: &str) -> Person {
    Person { name: name.into(), email: email.into() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shown(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[test]
fn the_object_on_a_calendar_server() {
    insta::assert_snapshot!(shown(&meeting().object()));
}

#[test]
fn itip_01_an_invitation() {
    insta::assert_snapshot!(shown(&meeting().message(Method::Request)));
}

#[test]
fn itip_02_a_cancellation() {
    insta::assert_snapshot!(shown(&Meeting { sequence: 2, ..meeting() }.message(Method::Cancel)));
}

#[test]
fn a_host_copy_carries_no_attendees() {
    assert!(!meeting().message(Method::Publish).contains("ATTENDEE"));
}

#[test]
fn dav_09_a_server_is_told_that_we_send_the_mails_and_a_mail_is_not() {
    let unfolded = |text: String| text.replace("\r\n ", "");
    assert!(unfolded(meeting().object()).contains(";SCHEDULE-AGENT=CLIENT"));
    assert!(!unfolded(meeting().message(Method::Request)).contains("SCHEDULE-AGENT"));
}

#[test]
fn itip_03_zones_are_described_around_the_event() {
    let zones =
        ["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Europe/Dublin"];
    for name in zones {
        let text = Meeting { zone: Zone::parse(name).unwrap(), ..meeting() }.object();
        let from = text.find("BEGIN:VTIMEZONE").unwrap();
        let to = text.find("BEGIN:VEVENT").unwrap();
        insta::assert_snapshot!(name.replace('/', "-"), shown(&text[from..to]));
    }
}

#[test]
fn utc_needs_no_zone() {
    let text = Meeting { zone: Zone::utc(), ..meeting() }.object();
    assert!(text.contains("DTSTART:20261130T130000Z") && !text.contains("VTIMEZONE"), "{text}");
}

proptest! {
    #[test]
    fn itip_03_the_zone_we_wrote_means_the_same_to_a_reader_without_data(
        start in 946_684_800i64..2_208_988_800,
        minutes in 1i64..3000,
        zone in prop::sample::select(vec![
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran",
            "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu", "Antarctica/Troll", "America/St_Johns",
        ]),
    ) {
        // Half hours apart from a second reading of a doubled hour, which one wall time cannot tell apart.
        let zone = Zone::parse(zone).unwrap();
        let wall = zone.wall(start);
        let start = zone.instants(wall).first();
        let end = zone.instants(zone.wall(start + minutes * 60)).first();
        prop_assume!(end > start);
        let made = Meeting { start: ts(start), end: ts(end), zone, ..meeting() };
        // Under a name nobody knows, only the definition in the file can help.
        let text = made.object().replace("TZID:", "TZID:x-").replace("TZID=", "TZID=x-");
        let feed = Feed::read(text.as_bytes()).unwrap();
        let found = feed.find(&made.uid, &Zone::parse("Asia/Tokyo").unwrap()).unwrap();
        prop_assert_eq!(found.span, Span::new(start, end), "{}", text);
    }

    #[test]
    fn whatever_people_type_we_read_back_one_event_at_its_time(
        title in any::<String>(), description in any::<String>(), location in any::<String>(),
        name in any::<String>(), email in any::<String>(), url in any::<String>(), uid in "[0-9A-Za-z]{22}",
    ) {
        let made = Meeting {
            uid: uid.clone(), title, description, location: location.clone(), url: Some(url),
            organizer: Some(person(&name, &email)),
            attendees: vec![Attendee {
                person: person(&location, &email), role: Role::Required, answer: Answer::Awaited, rsvp: false,
            }],
            ..meeting()
        };
        for text in [made.object(), made.message(Method::Request), made.message(Method::Cancel)] {
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 75), "DAV-12: {}", text);
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare line break: {}", text);
            prop_assert_eq!(text.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
        }
        let feed = Feed::read(made.object().as_bytes()).unwrap();
        let owner = Owner::new(["host@example.com"], Zone::utc());
        let span = Span::between(made.start, made.end);
        prop_assert_eq!(feed.busy(&owner, span).merged(), vec![span]);
        prop_assert_eq!(feed.uids().collect::<Vec<_>>(), vec![uid.as_str()]);
    }
}

fn ts(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn what_an_event_type_wishes_of_its_events_stands_in_them() {
    // GCAL-26, RFC 5545 and RFC 7986
    let wished = Meeting {
        visibility: Visibility::Public,
        colour: Some(Hue::Yellow),
        reminders: vec![60, 10],
        title: "Intro, call".into(),
        ..meeting()
    };
    let text = wished.object();
    for lines in [
        "CLASS:PUBLIC\r\n",
        "COLOR:gold\r\n",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Intro\\, call\r\nTRIGGER:-PT60M\r\nEND:VALARM\r\nBEGIN:VALARM",
    ] {
        assert!(text.contains(lines), "{lines}: {text}");
    }
    assert!(Feed::read(text.as_bytes()).is_ok(), "we read it back");
}
