//! Parts that several guest pages are made of.

use jiff::Timestamp;
use kalends_domain::{
    Money,
    booking::Booking,
    event_type::{BookedLocation, Location},
};
use kalends_engine::connect::Apps;

use crate::when::{Face, Leaf};

/// An icon and a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Which icon.
    pub icon: &'static str,
    /// The fact.
    pub text: String,
    /// And a little more.
    pub fine: String,
}

impl Fact {
    /// A fact with nothing more to it.
    pub fn new(icon: &'static str, text: impl Into<String>) -> Self {
        Self { icon, text: text.into(), fine: String::new() }
    }
}

/// One message about a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `ok`, `wait` or `fail`.
    pub kind: &'static str,
    /// Which icon.
    pub icon: &'static str,
    /// What happened.
    pub title: String,
    /// What to do.
    pub text: String,
}

impl Notice {
    /// Something did not work. `said` is one or two sentences: the first becomes the title.
    pub fn fail(said: &str) -> Self {
        let (title, text) = sentences(said);
        Self { kind: "fail", icon: "alert", title, text }
    }

    /// Something is on its way, or not sure.
    pub fn wait(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind: "wait", icon: "wait", title: title.into(), text: text.into() }
    }

    /// A failure interrupts, the rest is said when there is quiet.
    pub fn role(&self) -> &'static str {
        if self.kind == "fail" { "alert" } else { "status" }
    }
}

/// The first sentence, and the rest.
fn sentences(said: &str) -> (String, String) {
    match said.split_once(". ") {
        Some((first, rest)) => (format!("{first}."), rest.to_owned()),
        None => (said.to_owned(), String::new()),
    }
}

/// A few answers of which one is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choose {
    /// What is asked.
    pub legend: &'static str,
    /// What the form calls it.
    pub name: &'static str,
    /// The answers.
    pub choices: Vec<Choice>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// As guests read it.
    pub label: String,
    /// And a little more.
    pub fine: String,
    /// It is the one.
    pub chosen: bool,
    /// `phone`, `place` or `link`: with this answer the guest has to say more.
    pub asks: &'static str,
}

/// What is booked, beside a form about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The day.
    pub leaf: Leaf,
    /// What.
    pub title: String,
    /// When, with whom, where, for how much.
    pub facts: Vec<Fact>,
    /// `Held for you until 15:20.`
    pub held: String,
    /// Where another time can be chosen.
    pub change: String,
}

/// The fact of a time: `10:30 to 11:15`, `Berlin time (09:30 in Lisbon)`.
pub fn when(face: &Face, host: &Face, start: Timestamp, minutes: u32) -> Fact {
    let end = start + jiff::SignedDuration::from_mins(i64::from(minutes));
    let there = if face.time(start) == host.time(start) && face.date(start) == host.date(start) {
        String::new()
    } else {
        format!(" ({} in {})", host.time(start), crate::when::city(host.zone.name()))
    };
    let span = kalends_domain::Span::between(start, end);
    Fact {
        icon: "clock",
        text: format!("{} to {}", face.time(start), face.end(span)),
        fine: format!("{}{there}", face.zone_name()),
    }
}

/// A place an event type offers, as a choice: icon, words, more words, what the guest must add.
pub fn place(location: &Location, host: &str, apps: &Apps) -> (&'static str, String, String, &'static str) {
    match location {
        Location::InPerson { address, public } => {
            let fine = if *public { address.clone() } else { "You get the address when you book".into() };
            ("pin", "In person".into(), fine, "")
        }
        Location::GuestPlace => ("pin", "At your place".into(), "You give the address".into(), "place"),
        Location::HostPhone { number, public } => {
            let fine = if *public { number.clone() } else { "You get the number when you book".into() };
            ("phone", format!("You call {host}"), fine, "")
        }
        Location::GuestPhone => ("phone", format!("{host} calls you"), "You give the number".into(), "phone"),
        Location::Link { url, public, app } => {
            let fine = if *public { url.clone() } else { "You get the link when you book".into() };
            match app {
                Some(app) => ("video", apps.name(app), fine, ""),
                None => ("link", "Online".into(), fine, ""),
            }
        }
        Location::GuestLink { app } => ("video", apps.name(app), "You give the link".into(), "link"),
        Location::App { app, .. } => ("video", apps.name(app), String::new(), ""),
    }
}

/// Where a booking takes place, as a fact; none while nothing is said.
pub fn booked_place(location: &BookedLocation, host: &str, apps: &Apps) -> Option<Fact> {
    Some(match location {
        BookedLocation::Unspecified => return None,
        BookedLocation::Address { address } => Fact::new("pin", address),
        BookedLocation::Phone { number, host_calls: true } => {
            Fact { fine: number.clone(), ..Fact::new("phone", format!("{host} calls you")) }
        }
        BookedLocation::Phone { number, .. } => {
            Fact { fine: number.clone(), ..Fact::new("phone", format!("You call {host}")) }
        }
        BookedLocation::Link { url, app: None } => Fact::new("link", url),
        BookedLocation::Link { url, app: Some(app) } => {
            Fact { fine: url.clone(), ..Fact::new("video", apps.name(app)) }
        }
        BookedLocation::App { app, instead, .. } => {
            Fact::new("video", apps.name(instead.as_deref().unwrap_or(app)))
        }
    })
}

/// A price as people write it, in lists without cents where there are none.
pub fn price(money: Option<Money>) -> String {
    let Some(money) = money.filter(|money| money.minor != 0) else { return "Free".into() };
    let sign = match money.currency.code() {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        _ => return money.to_string(),
    };
    let text = money.to_string();
    let amount = text.split(' ').next().unwrap_or_default();
    format!("{sign}{amount}")
}

/// Paragraphs of a text somebody wrote: empty lines part them.
pub fn paragraphs(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Names in a row: `Ann`, `Ann and Ben`, `Ann, Ben and Cem`.
pub fn names(all: &[&str]) -> String {
    match all {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// What people call each other by.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// Minutes a booking lasts.
pub fn length(booking: &Booking) -> u32 {
    u32::try_from(booking.span.len() / 60).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use kalends_domain::{Currency, Zone, people::Hours};

    use super::*;

    #[test]
    fn prices_are_written_as_people_do() {
        let of = |minor, code| price(Some(Money { minor, currency: Currency::parse(code).unwrap() }));
        assert_eq!(
            [of(9000, "EUR"), of(0, "EUR"), of(500, "JPY"), of(1250, "CHF")].join(" "),
            "€90.00 Free ¥500 12.50 CHF"
        );
        assert_eq!(price(None), "Free");
    }

    #[test]
    fn a_time_is_told_in_both_zones_when_they_differ() {
        let face = |zone| {
            Face::new(Zone::parse(zone).unwrap(), Hours::TwentyFour, "2027-03-01T00:00:00Z".parse().unwrap())
        };
        let start = "2027-03-11T09:30:00Z".parse().unwrap();
        let told = when(&face("Europe/Berlin"), &face("Europe/Lisbon"), start, 45);
        assert_eq!(
            (told.text.as_str(), told.fine.as_str()),
            ("10:30 to 11:15", "Berlin time (09:30 in Lisbon)")
        );
        assert_eq!(when(&face("Europe/Berlin"), &face("Europe/Paris"), start, 45).fine, "Berlin time");
    }

    #[test]
    fn a_failures_first_sentence_is_its_title() {
        let notice = Notice::fail("That time was just taken. Choose another one; what you typed is kept.");
        assert_eq!(notice.title, "That time was just taken.");
        assert_eq!(notice.text, "Choose another one; what you typed is kept.");
    }

    #[test]
    fn lists_of_names_read_as_prose() {
        assert_eq!(names(&["Ann", "Ben", "Cem"]), "Ann, Ben and Cem");
        assert_eq!(names(&["Ann"]), "Ann");
    }
}
