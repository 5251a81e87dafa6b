//! Sample values: every page is drawn from them in tests.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use kalends_domain::{
    Currency, Id, Money, Uid, Zone,
    booking::{Attendee, Booking, By, Marks, State},
    event_type::{
        Assignment, BookedLocation, Choice, Confirmation, EventType, Frequency, Lengths, Location, Owner,
        Question, QuestionKind, Recurrence, Seats, Settings,
    },
    people::{Hours, Profile, Slug},
    span::Span,
};
use kalends_engine::{
    EventTypePage, PageOwner, ProfilePage,
    book::{BookingView, EventTypeBrief, GuestMay, Person},
    connect::Apps,
    slots::{Offer, SeatsLeft, Slots, Withheld},
};

use super::event::Look;
use crate::{pages::Frame, when::Face};

/// What a guest could type to break a page.
pub const NASTY: &str = "<script>alert(1)</script>\" onmouseover=\"x' & </textarea>";

pub fn id<T>(number: u128) -> Id<T> {
    Id::new(uuid::Uuid::from_u128(number))
}

pub fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2027-03-09T14:05:00Z")
}

pub fn face(zone: &str) -> Face {
    Face::new(Zone::parse(zone).unwrap(), Hours::TwentyFour, now())
}

pub fn frame() -> Frame {
    Frame {
        tags: crate::pages::guest::Tags::default(),
        lang: "en".into(),
        dir: "ltr",
        org: "Carvalho & Brandt".into(),
        home: "/".into(),
        csrf: "token".into(),
    }
}

pub fn ines() -> Person {
    Person {
        id: id(1),
        number: 1,
        name: "Inês Carvalho".into(),
        email: "ines@carvalhobrandt.example".into(),
        username: slug("ines"),
        zone: "Europe/Lisbon".into(),
    }
}

pub fn owner() -> PageOwner {
    PageOwner::User {
        id: id(1),
        slug: slug("ines"),
        name: "Inês Carvalho".into(),
        profile: Profile {
            zone: "Europe/Lisbon".into(),
            bio: "Structural engineer in Lisbon. I work on old buildings: timber floors, masonry walls, and roofs that have moved.".into(),
            ..Profile::default()
        },
    }
}

pub fn questions() -> Vec<Question> {
    let choices = ["Still an idea", "Drawings exist", "Work has started"];
    let choices: Vec<Choice> = choices
        .iter()
        .map(|label| Choice { value: Slug::from_title(label, "x").to_string(), label: (*label).to_owned() })
        .collect();
    let question = |kind: QuestionKind| Question {
        slug: if kind == QuestionKind::Email { "second".into() } else { kind.as_str().to_owned() },
        kind,
        label: format!("A question of the kind {}", kind.as_str()),
        hint: if kind == QuestionKind::Phone {
            "Only used if the video call fails.".into()
        } else {
            String::new()
        },
        required: kind != QuestionKind::Phone,
        hidden: false,
        choices: if kind.chooses() { choices.clone() } else { Vec::new() },
        min: None,
        max: None,
    };
    QuestionKind::ALL.into_iter().map(question).collect()
}

pub fn event_type(settings: Settings) -> EventType {
    EventType {
        id: id(2),
        number: 2,
        organization: id(9),
        owner: Owner::User(id(1)),
        slug: slug("consultation"),
        title: "Project consultation".into(),
        description: "Bring drawings or photos. We go through the structure, the risks and the likely cost, and you leave with a written next step.".into(),
        hidden: false,
        position: 0,
        schedule: None,
        assignment: Assignment::Single,
        hosts: Vec::new(),
        settings,
    }
}

/// Everything an event type can ask at once.
pub fn full() -> Settings {
    Settings {
        lengths: Lengths { usual: 45, choices: vec![30, 45, 60] },
        locations: vec![
            Location::app("jitsi"),
            Location::GuestPhone,
            Location::InPerson { address: "Rua da Boavista 84, Lisbon".into(), public: true },
            Location::GuestPlace,
        ],
        questions: questions(),
        price: Some(Money { minor: 9000, currency: Currency::parse("EUR").unwrap() }),
        ..Settings::default()
    }
}

pub fn page(settings: Settings) -> EventTypePage {
    EventTypePage {
        apps: Apps::default(),
        event_type: event_type(settings),
        organization: id(9),
        owner: owner(),
        hosts: vec![ines()],
        zone: "Europe/Lisbon".into(),
        link: None,
    }
}

/// Event types of every sort.
pub fn pages() -> Vec<(&'static str, EventTypePage)> {
    let seats = Settings {
        seats: Some(Seats { count: 6, show_left: true, show_guests: false }),
        ..Settings::default()
    };
    let series = Settings {
        recurrence: Some(Recurrence { every: Frequency::Weekly, interval: 2, most: 6 }),
        confirmation: Confirmation::Always,
        locations: vec![Location::app("jitsi")],
        ..Settings::default()
    };
    let mut team = page(Settings::default());
    team.owner = PageOwner::Team {
        id: id(3),
        slug: slug("office"),
        name: "Carvalho & Brandt".into(),
        members: vec![ines()],
    };
    team.hosts.push(Person { name: "Jonas Brandt".into(), ..ines() });
    team.event_type.assignment = Assignment::Collective;
    let mut private = page(full());
    private.link = Some(uid("4F7K2M"));
    vec![
        ("full", page(full())),
        ("plain", page(Settings::default())),
        ("seats", page(seats)),
        ("series", page(series)),
        ("team", team),
        ("private", private),
    ]
}

pub fn profile() -> ProfilePage {
    ProfilePage { owner: owner(), event_types: vec![event_type(full()), event_type(Settings::default())] }
}

pub fn slots() -> Slots {
    let day = |text: &str, count: usize| {
        let date: Date = text.parse().unwrap();
        let offer = |index: usize| Offer {
            start: at(&format!("{text}T08:00:00Z"))
                + jiff::SignedDuration::from_mins(75 * i64::try_from(index).unwrap()),
            seats: Some(SeatsLeft { left: 2, count: 6 }),
        };
        (date, (0..count).map(offer).collect())
    };
    let days = [
        ("2027-03-09", 2),
        ("2027-03-10", 5),
        ("2027-03-11", 8),
        ("2027-03-12", 3),
        ("2027-03-15", 9),
        ("2027-03-16", 5),
        ("2027-03-30", 9),
    ];
    Slots {
        event_type: id(2),
        minutes: 45,
        days: days.into_iter().map(|(date, count)| day(date, count)).collect(),
        withheld: Vec::new(),
    }
}

pub fn look() -> Look {
    Look {
        first: Date::constant(2027, 3, 1),
        chosen: Some(Date::constant(2027, 3, 11)),
        slots: slots(),
        next: None,
        last: Some(Date::constant(2027, 5, 8)),
    }
}

/// A month without times, because a calendar cannot be read.
pub fn empty() -> Look {
    let withheld =
        vec![Withheld {
            host: id(1), name: "Inês Carvalho".into(), calendar: "Work".into(), fresh_at: None
        }];
    let slots = Slots { days: BTreeMap::new(), withheld, ..slots() };
    Look { chosen: None, slots, next: Some(Date::constant(2027, 4, 1)), ..look() }
}

pub fn attendee(name: &str, extra: bool) -> Attendee {
    Attendee {
        seat: None,
        name: name.into(),
        email: "marta@hollweg.example".into(),
        zone: "Europe/Berlin".into(),
        locale: "en".into(),
        phone: None,
        extra,
        absent: false,
    }
}

pub fn booking(state: State) -> BookingView {
    let start = at("2027-03-11T09:30:00Z").as_second();
    BookingView {
        seat: None,
        booking: Booking {
            id: id(4),
            number: 4,
            uid: uid("2Vx9pQeRk8sT0aBcDeFgHi"),
            organization: id(9),
            event_type: id(2),
            title: "Project consultation between Inês Carvalho and Marta Hollweg".into(),
            span: Span::new(start, start + 45 * 60),
            zone: "Europe/Lisbon".into(),
            wall: jiff::civil::date(2027, 3, 11).at(9, 30, 0, 0),
            state,
            revision: 0,
            host: id(1),
            hosts: vec![id(1)],
            attendees: vec![attendee("Marta Hollweg", false), attendee("Joke Adeyemi", true)],
            location: BookedLocation::app("jitsi"),
            answers: BTreeMap::new(),
            notes: "Cracks above two windows.".into(),
            metadata: BTreeMap::new(),
            series: None,
            marks: Marks::default(),
            created_at: now(),
            updated_at: now(),
        },
        event_type: EventTypeBrief {
            id: id(2),
            number: 2,
            slug: slug("consultation"),
            owner: slug("ines"),
            title: "Project consultation".into(),
            seats: None,
        },
        hosts: vec![ines()],
        may: GuestMay {
            cancel: true,
            reschedule: true,
            until: at("2027-03-10T09:30:00Z"),
            reason_required: false,
        },
    }
}

/// Bookings in every state.
pub fn bookings() -> Vec<(&'static str, BookingView)> {
    let confirmed = State::Confirmed { since: now(), paid: false };
    let mut ready = booking(confirmed.clone());
    ready.booking.location = BookedLocation::App {
        app: "jitsi".into(),
        url: Some("https://meet.example/room?jwt=secret".into()),
        password: Some("481516".into()),
        fallbacks: vec![],
        instead: None,
    };
    let mut past = booking(confirmed.clone());
    past.booking.span = Span::new(1_700_000_000, 1_700_001_800);
    let cancelled = State::Cancelled { at: now(), by: By::Guest, reason: NASTY.into() };
    vec![
        ("pending", booking(confirmed)),
        ("ready", ready),
        ("past", past),
        ("requested", booking(State::AwaitingConfirmation { since: now(), paid: false })),
        ("unpaid", booking(State::AwaitingPayment { until: now() })),
        ("cancelled", booking(cancelled)),
        ("declined", booking(State::Rejected { at: now(), reason: "Away that week.".into() })),
    ]
}
