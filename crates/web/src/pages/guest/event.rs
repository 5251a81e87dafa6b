//! The page of one event type: a month, its days, their times.

use askama::Template;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Weekday},
};
use kalends_domain::{
    Zone,
    event_type::{Assignment, BookingWindow, EventType, Frequency, Location},
    people::Hours,
};
use kalends_engine::{EventTypePage, PageOwner, slots::Slots};

use super::{
    month::{Around, Month, Part, parts},
    parts::{Choice, Choose, Fact, Notice, first_name, names, paragraphs, place, price},
    visit::Visit,
};
use crate::{
    pages::Frame,
    ui,
    when::{Face, Leaf, city, minutes},
    zones::{self, ZoneGroup},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/event.html")]
pub struct EventView {
    pub(super) frame: Frame,
    pub(super) listed: bool,
    pub(super) owner: OwnerLine,
    pub(super) title: String,
    pub(super) description: Vec<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) choices: Vec<Choose>,
    pub(super) series: Option<SeriesAsk>,
    pub(super) action: String,
    pub(super) book: String,
    /// Typed answers wait: everything goes by `POST`, so that none stands in an address.
    pub(super) kept: bool,
    pub(super) hidden: Vec<(String, String)>,
    pub(super) notice: Option<Notice>,
    pub(super) month: Month,
    pub(super) zones: Vec<ZoneGroup>,
    pub(super) twelve: bool,
    pub(super) find: String,
    pub(super) notes: Vec<String>,
    pub(super) nothing: Option<Nothing>,
    pub(super) day: String,
    pub(super) parts: Vec<Part>,
}

/// Whose event type it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerLine {
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) href: String,
}

/// How a series repeats, and how long it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesAsk {
    pub(super) every: String,
    pub(super) most: u32,
    pub(super) times: u32,
}

/// A month without times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nothing {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) next: Option<Leaf>,
}

/// Which month and day are looked at, and what they have.
#[derive(Debug, Clone)]
pub struct Look {
    /// First day of the month.
    pub first: Date,
    /// The day whose times are shown.
    pub chosen: Option<Date>,
    /// The month's slots.
    pub slots: Slots,
    /// The first day with times after the month, asked for when it has none.
    pub next: Option<Date>,
    /// The last day that can be booked, where there is one.
    pub last: Option<Date>,
}

impl Look {
    /// The month a visit looks at.
    pub fn first_of(visit: &Visit, face: &Face) -> Date {
        let asked = visit.date.or(visit.month).unwrap_or_else(|| face.today());
        asked.max(face.today()).first_of_month()
    }

    /// The day whose times are shown: the asked one, or the first that has any.
    pub fn choose(visit: &Visit, slots: &Slots) -> Option<Date> {
        visit.date.or_else(|| slots.days.keys().next().copied())
    }
}

/// From the first second of a date to the first of another, in the visitor's zone.
pub fn window(face: &Face, from: Date, until: Date) -> (Timestamp, Timestamp) {
    let at = |date| kalends_domain::span::instant(face.zone.midnight(date));
    (at(from), at(until))
}

/// The last day guests may book, where the event type has one.
pub fn last_day(event_type: &EventType, face: &Face) -> Option<Date> {
    let days = |count: u32| face.today().checked_add(SignedDuration::from_hours(24 * i64::from(count))).ok();
    match event_type.settings.window {
        BookingWindow::Unlimited => None,
        BookingWindow::Days { days: count } => days(count),
        // Five of seven days count; a page too far is only a page without times.
        BookingWindow::BusinessDays { days: count } => days(count * 7 / 5 + 3),
        BookingWindow::Range { to, .. } => Some(to),
    }
}

/// Days of a week as the host's profile counts them: 0 is Sunday.
pub fn week_start(number: u8) -> Weekday {
    i8::try_from(number)
        .ok()
        .and_then(|day| Weekday::from_sunday_zero_offset(day).ok())
        .unwrap_or(Weekday::Monday)
}

/// The host's reading of times: pages show it until the guest says otherwise.
pub fn host_face(page: &EventTypePage, now: Timestamp) -> Face {
    let hours = match &page.owner {
        PageOwner::User { profile, .. } => profile.hours,
        PageOwner::Team { .. } => Hours::default(),
    };
    Face::new(Zone::parse(&page.zone).unwrap_or_else(|_| Zone::utc()), hours, now)
}

/// Where a page and what is under it live.
pub fn path(page: &EventTypePage) -> String {
    match (&page.link, &page.owner) {
        (Some(uid), _) => format!("/d/{uid}"),
        (None, PageOwner::User { slug, .. }) => format!("/{slug}/{}", page.event_type.slug),
        (None, PageOwner::Team { slug, .. }) => format!("/team/{slug}/{}", page.event_type.slug),
    }
}

/// Where the owner's page is.
pub fn owner_path(owner: &PageOwner) -> String {
    match owner {
        PageOwner::User { slug, .. } => format!("/{slug}"),
        PageOwner::Team { slug, .. } => format!("/team/{slug}"),
    }
}

impl EventView {
    /// Draws the page.
    pub fn of(
        frame: Frame,
        page: &EventTypePage,
        visit: &Visit,
        face: &Face,
        host: &Face,
        look: &Look,
    ) -> Self {
        let event_type = &page.event_type;
        let path = path(page);
        let around = Around {
            first: look.first,
            face,
            week_start: match &page.owner {
                PageOwner::User { profile, .. } => week_start(profile.week_start),
                PageOwner::Team { .. } => Weekday::Monday,
            },
            chosen: look.chosen,
            was: None,
            last: look.last,
        };
        let month = Month::of(&around, &look.slots.days);
        let offers = look.chosen.and_then(|date| look.slots.days.get(&date)).map_or(&[][..], Vec::as_slice);
        let shared = event_type.settings.seats.is_some_and(|seats| seats.show_left);
        let hidden = look.chosen.map(|date| ("shown".to_owned(), date.to_string()));
        let held = visit.hold.as_ref().map(|hold| ("hold".to_owned(), hold.to_string()));
        Self {
            frame,
            listed: !event_type.hidden && page.link.is_none(),
            owner: OwnerLine {
                name: page.owner.name().to_owned(),
                initials: ui::initials(page.owner.name()),
                href: owner_path(&page.owner),
            },
            title: event_type.title.clone(),
            description: paragraphs(&event_type.description),
            facts: facts(page, visit),
            choices: choices(page, visit),
            series: series(event_type, visit),
            book: format!("{path}/book"),
            action: path,
            kept: false,
            hidden: hidden.into_iter().chain(held).collect(),
            notice: withheld(&look.slots),
            nothing: look.slots.days.is_empty().then(|| nothing(&month, look)),
            month,
            zones: zones::choices(face, Some(&host.zone)),
            twelve: face.hours == Hours::Twelve,
            find: String::new(),
            notes: notes(page, face, host),
            day: look.chosen.map_or(String::new(), |date| face.heading(date)),
            parts: parts(offers, face, shared, None),
        }
    }
}

fn nothing(month: &Month, look: &Look) -> Nothing {
    Nothing {
        title: format!("No times left in {}", month.name),
        text: "No later day can be booked at the moment. Try again in a few days.".into(),
        next: look.next.map(Leaf::of),
    }
}

/// A host whose calendar cannot be read offers nothing; guests are told, not fooled.
fn withheld(slots: &Slots) -> Option<Notice> {
    let hosts: Vec<&str> = slots.withheld.iter().map(|host| first_name(&host.name)).collect();
    (!hosts.is_empty()).then(|| {
        Notice::wait(
            format!("We cannot see the calendar of {} right now", names(&hosts)),
            "Some times may be missing. Try again in a few minutes.",
        )
    })
}

fn facts(page: &EventTypePage, visit: &Visit) -> Vec<Fact> {
    let settings = &page.event_type.settings;
    let length = settings.lengths.pick(visit.minutes).unwrap_or(settings.lengths.usual);
    let mut facts = vec![Fact::new("clock", minutes(length))];
    let hosts: Vec<&str> = page.hosts.iter().map(|host| host.name.as_str()).collect();
    match page.event_type.assignment {
        Assignment::Collective if hosts.len() > 1 => {
            facts.push(Fact::new("users", format!("With {}", names(&hosts))));
        }
        Assignment::RoundRobin if hosts.len() > 1 => {
            facts.push(Fact { fine: names(&hosts), ..Fact::new("users", "With one of the team") });
        }
        _ => {}
    }
    if let Some(money) = settings.price.filter(|money| money.minor != 0) {
        facts.push(Fact::new("card", price(Some(money))));
    }
    if let [location] = settings.locations.as_slice() {
        let (icon, text, fine, _) = place(location, first_name(page.owner.name()), &page.apps);
        facts.push(Fact { icon, text, fine });
    }
    if let Some(seats) = settings.seats {
        facts.push(Fact::new("users", format!("A group of up to {}", seats.count)));
    }
    match settings.confirmation {
        kalends_domain::event_type::Confirmation::Always => {
            facts.push(Fact::new("calendar-check", "Each request is confirmed by hand"));
        }
        kalends_domain::event_type::Confirmation::ShortNotice { .. } => {
            facts.push(Fact::new("calendar-check", "Requests at short notice are confirmed by hand"));
        }
        kalends_domain::event_type::Confirmation::None => {}
    }
    facts
}

fn choices(page: &EventTypePage, visit: &Visit) -> Vec<Choose> {
    let settings = &page.event_type.settings;
    let mut asked = Vec::new();
    if settings.lengths.choices.len() > 1 {
        let chosen = settings.lengths.pick(visit.minutes).unwrap_or(settings.lengths.usual);
        let choice = |length: &u32| Choice {
            value: length.to_string(),
            label: minutes(*length),
            chosen: *length == chosen,
            ..Choice::default()
        };
        let choices = settings.lengths.choices.iter().map(choice).collect();
        asked.push(Choose { legend: "How long", name: "duration", choices });
    }
    if settings.locations.len() > 1 {
        let choice = |(index, location): (usize, &Location)| {
            let (_, label, fine, asks) = place(location, first_name(page.owner.name()), &page.apps);
            let chosen = visit.place.unwrap_or(0) == index;
            Choice { value: index.to_string(), label, fine, chosen, asks }
        };
        let choices = settings.locations.iter().enumerate().map(choice).collect();
        asked.push(Choose { legend: "Where", name: "where", choices });
    }
    asked
}

fn series(event_type: &EventType, visit: &Visit) -> Option<SeriesAsk> {
    let series = event_type.settings.recurrence?;
    let times = visit.times.unwrap_or(series.most).clamp(1, series.most);
    Some(SeriesAsk { every: every(series.every, series.interval), most: series.most, times })
}

/// `Every week`, `Every 2 months`.
pub fn every(step: Frequency, interval: u32) -> String {
    let unit = match step {
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    if interval == 1 { format!("Every {unit}") } else { format!("Every {interval} {unit}s") }
}

/// Where the host is when that is elsewhere, and the next change of the visitor's clocks.
fn notes(page: &EventTypePage, face: &Face, host: &Face) -> Vec<String> {
    let now = face.now.timestamp();
    let apart = host.zone.offset(now.as_second()) - face.zone.offset(now.as_second());
    let mut notes = Vec::new();
    if apart != 0 && page.hosts.len() == 1 {
        let span = hours_apart(apart.unsigned_abs());
        let side = if apart < 0 { "behind" } else { "ahead of" };
        let name = first_name(page.owner.name());
        notes.push(format!("{name} is in {}, {span} {side} you.", city(host.zone.name())));
    }
    let within = now + SignedDuration::from_hours(24 * 62);
    let change = face.zone.rules().following(now).next().filter(|change| change.timestamp() < within);
    if let Some(change) = change {
        let later = i64::from(change.offset().seconds());
        let way = if later > face.zone.offset(now.as_second()) { "forward" } else { "back" };
        let day = face.day(face.date(change.timestamp()));
        let place = city(face.zone.name());
        notes.push(format!("Clocks in {place} go {way} on {day}; later times already allow for it."));
    }
    notes
}

fn hours_apart(seconds: u64) -> String {
    let (hours, rest) = (seconds / 3600, seconds % 3600 / 60);
    match (hours, rest) {
        (1, 0) => "one hour".into(),
        (0, rest) => format!("{rest} minutes"),
        (hours, 0) => format!("{hours} hours"),
        (hours, rest) => format!("{hours} hours {rest} minutes"),
    }
}
