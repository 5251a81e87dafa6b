use jiff::Timestamp;
use kalends_app::kind::messenger::Method;
use kalends_domain::{
    Id, Span, Uid,
    booking::{Attendee, By, State},
    event_type::BookedLocation,
    people::{Hours, Profile, Role, Slug, User},
};

use super::*;
use crate::notify::Reading;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn id<T>(number: u128) -> Id<T> {
    Id::new(uuid::Uuid::from_u128(number))
}

fn guest(name: &str, email: &str, extra: bool) -> Attendee {
    Attendee {
        seat: None,
        name: name.into(),
        email: email.into(),
        zone: "Europe/Berlin".into(),
        locale: "de".into(),
        phone: None,
        extra,
        absent: false,
    }
}

fn host(name: &str, email: &str) -> User {
    User {
        id: id(1),
        number: 1,
        organization: id(2),
        email: email.into(),
        email_verified_at: None,
        name: name.into(),
        username: Slug::parse("ines").unwrap(),
        role: Role::Owner,
        profile: Profile { zone: "Europe/Lisbon".into(), ..Profile::default() },
        default_schedule: None,
        disabled_at: None,
        created_at: at("2027-01-01T00:00:00Z"),
    }
}

fn told() -> Told {
    let start = at("2027-03-11T09:30:00Z").as_second();
    Told {
        organization: id(2),
        booking: id(3),
        uid: uid("0aBcDeFgHiJkLmNoPqRsTu"),
        revision: 0,
        event_type: id(4),
        title: "Project consultation between Inês Carvalho and Marta Hollweg".into(),
        span: Span::new(start, start + 45 * 60),
        previous: None,
        zone: "Europe/Lisbon".into(),
        state: State::Confirmed { since: at("2027-03-01T10:00:00Z"), paid: false },
        hosts: vec![id(1)],
        attendees: vec![
            guest("Marta Hollweg", "marta@example.com", false),
            guest("", "joke@example.com", true),
        ],
        location: BookedLocation::app("room"),
        answers: [].into(),
        notes: "<b>Second floor</b>".into(),
        by: None,
        reason: String::new(),
        stamp: at("2027-03-01T10:00:00Z"),
    }
}

fn about(link: Option<&str>) -> About {
    About {
        event: "Project consultation".into(),
        hosts: vec![host("Inês Carvalho", "ines@example.com")],
        questions: vec![],
        app: Some("Acme Rooms".into()),
        link: link.map(str::to_owned),
        password: None,
        turn: 1,
        guests_see_guests: true,
    }
}

fn reader(side: Side) -> Reader {
    let (name, email, zone) = match side {
        Side::Host => ("Inês Carvalho", "ines@example.com", "Europe/Lisbon"),
        Side::Extra { .. } => ("", "joke@example.com", "Europe/Berlin"),
        _ => ("Marta Hollweg", "marta@example.com", "Europe/Berlin"),
    };
    let reading = Reading::new(zone, Hours::TwentyFour);
    Reader { name: name.into(), email: email.into(), reading, side }
}

fn made(topic: Topic, told: &Told, about: &About, side: Side) -> Message {
    let links = Links::new(&"https://book.example/".parse().unwrap());
    booking_mail(topic, told, about, &reader(side), &links, told.stamp).unwrap()
}

#[test]
fn a_confirmation_says_everything_in_the_guests_own_time_eml_05() {
    let mail = made(Topic::Confirmed, &told(), &about(Some("https://meet.example/x")), Side::Booker);
    assert_eq!(mail.subject, "Booked: Project consultation, Thursday 11 March, 10:30");
    insta::assert_snapshot!(mail.text, @r"
    You’re booked, Marta Hollweg

    What: Project consultation
    When: Thursday 11 March 2027, 10:30 to 11:15, Berlin time (UTC+1)
    Where: Acme Rooms
    Join: https://meet.example/x
    With: Inês Carvalho, joke@example.com
    Notes: <b>Second floor</b>

    See your booking:
    https://book.example/booking/0aBcDeFgHiJkLmNoPqRsTu

    Move it to another time:
    https://book.example/booking/0aBcDeFgHiJkLmNoPqRsTu/reschedule

    Cancel it:
    https://book.example/booking/0aBcDeFgHiJkLmNoPqRsTu/cancel

    -- 
    You get this mail because you booked at book.example.
    ");
    let html = mail.html.unwrap();
    assert!(html.contains("&#60;b&#62;Second floor"), "EML-02: guest text is escaped: {html}");
}

#[test]
fn guests_are_invited_and_hosts_get_a_copy_without_buttons_itip_01() {
    let (told, about) = (told(), about(None));
    let guest = made(Topic::Confirmed, &told, &about, Side::Booker).invite.unwrap();
    assert_eq!(guest.method, Method::Request);
    for line in [
        "METHOD:REQUEST",
        "SEQUENCE:0",
        "UID:0aBcDeFgHiJkLmNoPqRsTu",
        "DTSTART;TZID=Europe/Lisbon:20270311T093000",
    ] {
        assert!(guest.ics.contains(line), "{line} is missing from {}", guest.ics);
    }
    let host = made(Topic::Confirmed, &told, &about, Side::Host).invite.unwrap();
    assert_eq!(host.method, Method::Publish);
    assert!(!host.ics.contains("ATTENDEE"));
}

#[test]
fn a_cancellation_takes_the_same_event_back_with_a_higher_sequence_itip_02() {
    let mut told = told();
    told.revision = 2;
    told.by = Some(By::Host);
    told.reason = "Site emergency.".into();
    told.state = State::Cancelled { at: told.stamp, by: By::Host, reason: told.reason.clone() };
    let mail = made(Topic::Cancelled, &told, &about(None), Side::Booker);
    let invite = mail.invite.unwrap();
    assert_eq!(invite.method, Method::Cancel);
    assert!(
        invite.ics.contains("SEQUENCE:2\r\n") && invite.ics.contains("STATUS:CANCELLED"),
        "{}",
        invite.ics
    );
    assert!(
        mail.text.contains("Inês Carvalho cancelled it.") && mail.text.contains("Reason: Site emergency.")
    );
    assert!(!mail.text.contains("/cancel"), "there is nothing left to cancel");
}

#[test]
fn a_request_carries_no_invitation_until_it_is_confirmed() {
    let (told, about) = (told(), about(None));
    assert!(made(Topic::Requested, &told, &about, Side::Booker).invite.is_none());
    let host = made(Topic::Requested, &told, &about, Side::Host);
    assert!(host.invite.is_none());
    assert!(host.text.contains("/bookings/0aBcDeFgHiJkLmNoPqRsTu/confirm"), "{}", host.text);
    assert!(host.text.contains("/bookings/0aBcDeFgHiJkLmNoPqRsTu/decline"), "{}", host.text);
}

#[test]
fn a_link_that_is_still_being_made_is_promised() {
    let mail = made(Topic::Confirmed, &told(), &about(None), Side::Booker);
    assert!(mail.text.contains("follows in another mail"), "{}", mail.text);
}

#[test]
fn who_was_brought_along_gets_no_link_that_changes_the_booking() {
    let mail = made(Topic::Confirmed, &told(), &about(None), Side::Extra { party: None });
    assert!(!mail.text.contains("/booking/"), "{}", mail.text);
    assert!(mail.text.contains("because Marta Hollweg named you"), "{}", mail.text);
}

#[test]
fn a_seat_has_an_event_of_its_own_and_sees_nobody_else() {
    let mut about = about(None);
    about.guests_see_guests = false;
    let mail = made(Topic::Confirmed, &told(), &about, Side::Seat(uid("seat1")));
    let ics = mail.invite.unwrap().ics;
    assert!(ics.contains("UID:seat1"), "{ics}");
    assert!(!ics.contains("joke@example.com") && !mail.text.contains("joke@example.com"));
    assert!(!ics.contains("0aBcDeFgHiJkLmNoPqRsTu"), "the booking's own uid opens everybody's seat: {ics}");
    let brought = made(Topic::Confirmed, &told(), &about, Side::Extra { party: Some(uid("seat1")) });
    let ics = brought.invite.unwrap().ics;
    assert!(ics.contains("UID:seat1") && !ics.contains("marta@example.com"), "{ics}");
}

#[test]
fn a_message_id_is_stable_and_differs_by_recipient_topic_and_revision_eml_03() {
    let (told, about) = (told(), about(None));
    let first = made(Topic::Confirmed, &told, &about, Side::Booker).message_id;
    assert_eq!(first, made(Topic::Confirmed, &told, &about, Side::Booker).message_id);
    assert_ne!(first, made(Topic::Confirmed, &told, &about, Side::Extra { party: None }).message_id);
    assert_ne!(first, made(Topic::Moved, &told, &about, Side::Booker).message_id);
    let moved = Told { revision: 1, ..told };
    assert_ne!(first, made(Topic::Confirmed, &moved, &about, Side::Booker).message_id);
    assert!(!first.contains("marta"), "an id is shown to others");
}

#[test]
fn answers_go_to_the_other_side() {
    let (told, about) = (told(), about(None));
    assert_eq!(
        made(Topic::Confirmed, &told, &about, Side::Booker).reply_to.unwrap().email,
        "ines@example.com"
    );
    assert_eq!(
        made(Topic::Confirmed, &told, &about, Side::Host).reply_to.unwrap().email,
        "marta@example.com"
    );
}

#[test]
fn a_name_with_a_line_break_cannot_add_a_header_eml_02() {
    let mut told = told();
    told.attendees[0].name = "Eve\r\nBcc: all@example.com".into();
    let mail = made(Topic::Confirmed, &told, &about(None), Side::Host);
    assert!(!mail.subject.contains(['\r', '\n']));
    assert!(!mail.reply_to.unwrap().name.contains(['\r', '\n']));
}
