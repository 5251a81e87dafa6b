//! The lists of bookings and the page of one, as the templates draw them.

use std::fmt::Write as _;

use askama::Template;
use kalends_domain::booking::{By, State, Status};
use kalends_engine::book::{BookingView, Listed};

use super::needs::Needs;
use crate::{
    pages::{
        Frame, Side,
        host::{calls::Entry, notice::Notice},
    },
    when::Face,
};

/// A list of bookings.
#[derive(Template)]
#[template(path = "host/bookings.html")]
pub struct List {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// What is true now, in a sentence.
    pub sentence: String,
    /// What the host's calendars ask of them; on the first list alone.
    pub needs: Needs,
    /// Which list.
    pub tab: Tab,
    /// Its bookings by day.
    pub days: Vec<Day>,
    /// What is searched for.
    pub search: String,
    /// Bookings that wait for an answer.
    pub unconfirmed: u64,
    /// The next page, if there is one.
    pub more: Option<u64>,
    /// The zone times are in.
    pub zone: String,
    /// The host's own page, in full.
    pub address: String,
}

/// The page of one booking.
#[derive(Template)]
#[template(path = "host/booking.html")]
pub struct One {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// The booking.
    pub row: Row,
    /// What the host's calendars ask about it.
    pub needs: Needs,
    /// Question and answer.
    pub answers: Vec<(String, String)>,
    /// Who comes: name, email, whether absent.
    pub attendees: Vec<(String, String, bool)>,
    /// What happened, the latest last.
    pub history: Vec<Line>,
    /// What stands outside and how, each with the calls made for it.
    pub outside: Vec<Step>,
    /// Calls made for none of these.
    pub others: Vec<Entry>,
    /// The reader's zone.
    pub zone: String,
    /// It is over.
    pub over: bool,
    /// The host did not come.
    pub host_absent: bool,
}

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Confirmed, not over.
    #[default]
    Upcoming,
    /// Waits for an answer.
    Unconfirmed,
    /// Over.
    Past,
    /// Called off or refused.
    Cancelled,
}

impl Tab {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Upcoming, Self::Unconfirmed, Self::Past, Self::Cancelled];

    /// Its part of the address.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Unconfirmed => "unconfirmed",
            Self::Past => "past",
            Self::Cancelled => "cancelled",
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upcoming => "Upcoming",
            Self::Unconfirmed => "Unconfirmed",
            Self::Past => "Past",
            Self::Cancelled => "Cancelled",
        }
    }

    /// What an empty list says: what is missing, and what would stand here.
    pub const fn nothing(self) -> (&'static str, &'static str) {
        match self {
            Self::Upcoming => {
                ("Nothing is booked", "Share the address of your page to get the first booking.")
            }
            Self::Unconfirmed => (
                "Nobody waits for your answer",
                "Requests for event types that you confirm yourself stand here.",
            ),
            Self::Past => ("Nothing has taken place yet", "Bookings move here when they are over."),
            Self::Cancelled => ("Nothing was cancelled", "Cancelled and declined bookings stand here."),
        }
    }

    /// The engine's name for it.
    pub const fn listed(self) -> Listed {
        match self {
            Self::Upcoming => Listed::Upcoming,
            Self::Unconfirmed => Listed::Unconfirmed,
            Self::Past => Listed::Past,
            Self::Cancelled => Listed::Cancelled,
        }
    }
}

/// One day of a list.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "weekday, day and month stand side by side")]
pub struct Day {
    /// `2027-03-09`.
    pub date: String,
    /// `Tuesday`.
    pub weekday: String,
    /// `9`.
    pub day: String,
    /// `March`, with the year when it is not this one.
    pub month: String,
    /// It is today.
    pub today: bool,
    /// Its bookings.
    pub rows: Vec<Row>,
}

/// One booking in a list.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its name in addresses.
    pub uid: String,
    /// `15:00`.
    pub from: String,
    /// `15:45`.
    pub to: String,
    /// `Tuesday 9 March 2027`.
    pub date: String,
    /// The event type.
    pub title: String,
    /// Who comes.
    pub who: String,
    /// What the booker wrote.
    pub notes: String,
    /// What became of it, where it is called off.
    pub end: String,
    /// `confirmed`, `awaiting_confirmation`, …
    pub status: &'static str,
    /// The room, once it is known.
    pub join: Option<String>,
    /// Where, in one line.
    pub place: String,
    /// Integrations, one by one.
    pub chips: Vec<Chip>,
}

/// What one integration did for a booking.
#[derive(Debug, Clone)]
pub struct Chip {
    /// `ok`, `off`, `wait` or `fail`.
    pub tone: &'static str,
    /// In words.
    pub words: String,
    /// Where the fix is.
    pub fix: Option<String>,
}

impl Chip {
    /// The icon of its tone.
    pub fn icon(&self) -> &'static str {
        icon(self.tone)
    }
}

fn icon(tone: &str) -> &'static str {
    match tone {
        "ok" => "check",
        "wait" => "wait",
        "fail" => "alert",
        _ => "ring",
    }
}

impl Step {
    /// The icon of its tone.
    pub fn icon(&self) -> &'static str {
        icon(self.tone)
    }

    /// What stands on its fold.
    pub fn sum(&self) -> String {
        match self.calls.len() {
            0 => "Details".to_owned(),
            1 => "1 call".to_owned(),
            many => format!("{many} calls"),
        }
    }
}

/// One line of what happened.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// When.
    pub at: String,
    /// What.
    pub words: String,
}

/// One thing outside, and what was called for it.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// What it is, and how it stands.
    pub words: String,
    /// `ok`, `off`, `wait` or `fail`.
    pub tone: &'static str,
    /// Tries so far, and the next one.
    pub tries: String,
    /// What went wrong last.
    pub detail: String,
    /// What was called for it, newest first.
    pub calls: Vec<Entry>,
    /// A button that does it again; the step's name, or empty for whatever is not as it should be.
    pub again: Option<String>,
}

impl Row {
    /// A booking, as this person reads it.
    pub fn of(view: &BookingView, face: &Face) -> Self {
        let booking = &view.booking;
        let mut who = match booking.attendees.as_slice() {
            [] => String::new(),
            [one] => one.name.clone(),
            [first, rest @ ..] => format!("{} and {} more", first.name, rest.len()),
        };
        if let Some(seats) = view.event_type.seats {
            who = format!("{} of {} seats taken", booking.attendees.len(), seats.count);
        }
        if view.hosts.len() > 1 {
            let hosts: Vec<&str> = view.hosts.iter().map(|host| host.name.as_str()).collect();
            let _ = write!(who, ", hosts {}", hosts.join(", "));
        }
        Self {
            uid: booking.uid.to_string(),
            from: face.time(booking.span.starts()),
            to: face.time(booking.span.ends()),
            date: face.dated(booking.span.starts()),
            title: view.event_type.title.clone(),
            who,
            notes: booking.notes.clone(),
            end: end(&booking.state),
            status: booking.status(face.now.timestamp()).as_str(),
            join: booking
                .location
                .url()
                .map(str::to_owned)
                .filter(|_| booking.status(face.now.timestamp()) == Status::Confirmed),
            place: booking.location.line().to_owned(),
            chips: Vec::new(),
        }
    }

    /// It waits for an answer.
    pub fn waits(&self) -> bool {
        self.status == Status::AwaitingConfirmation.as_str()
    }

    /// Something was said that is worth a heading.
    pub fn says(&self, answers: &[(String, String)]) -> bool {
        !(self.place.is_empty() && self.notes.is_empty() && answers.is_empty())
    }

    /// It can be moved or called off.
    pub fn stands(&self) -> bool {
        self.waits() || self.status == Status::Confirmed.as_str()
    }
}

/// What became of a booking that does not take place.
fn end(state: &State) -> String {
    let (who, reason) = match state {
        State::Cancelled { by, reason, .. } => (
            match by {
                By::Guest => "Cancelled by the guest",
                By::Host => "Cancelled by a host",
                By::Calendar => "Cancelled in the calendar",
                By::Timeout => "Ended: nobody answered in time",
            },
            reason,
        ),
        State::Rejected { reason, .. } => ("Declined", reason),
        _ => return String::new(),
    };
    if reason.is_empty() { format!("{who}.") } else { format!("{who}: “{reason}”") }
}

/// Bookings by day, in the order they came.
pub fn days(views: &[BookingView], rows: Vec<Row>, face: &Face) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for (view, row) in views.iter().zip(rows) {
        let date = face.date(view.booking.span.starts());
        let key = date.to_string();
        if days.last().is_none_or(|day| day.date != key) {
            let month = if date.year() == face.today().year() { "%B" } else { "%B %Y" };
            days.push(Day {
                date: key,
                weekday: date.strftime("%A").to_string(),
                day: date.day().to_string(),
                month: date.strftime(month).to_string(),
                today: date == face.today(),
                rows: Vec::new(),
            });
        }
        if let Some(day) = days.last_mut() {
            day.rows.push(row);
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            clock::Shift,
            needs::{Asked, Over},
        },
        *,
    };

    #[test]
    fn every_list_and_a_booking_are_drawn_and_escaped() {
        let row = Row {
            title: "<b>Intro</b>".into(),
            status: Status::AwaitingConfirmation.as_str(),
            chips: vec![Chip {
                tone: "fail",
                words: "Not written".into(),
                fix: Some("/apps/installed".into()),
            }],
            ..Row::default()
        };
        let asked = Asked { title: "<b>Intro</b>".into(), words: "<script>".into(), ..Asked::default() };
        let over = Over { title: "<b>Intro</b>".into(), may_ask: true, ..Over::default() };
        let shift = Shift { title: "<b>Intro</b>".into(), words: "<script>".into(), ..Shift::default() };
        let needs = Needs {
            changed: vec![asked],
            conflicts: vec![over],
            shifted: vec![shift],
            from: "one",
            behind: 0,
        };
        for tab in Tab::ALL {
            let page = List {
                frame: Frame::sample(),
                side: Side::default(),
                notice: Some(Notice::ok("Done.")),
                sentence: "Two today.".into(),
                needs: Needs { from: "list", ..needs.clone() },
                tab,
                days: vec![Day { rows: vec![row.clone()], ..Day::default() }],
                search: "\"><script>".into(),
                unconfirmed: 1,
                more: Some(2),
                zone: "UTC".into(),
                address: "https://meet.example.com/ines".into(),
            };
            let html = page.render().unwrap();
            assert!(!html.contains("<b>Intro") && !html.contains("<script>"), "{}", tab.slug());
        }
        let one = One {
            frame: Frame::sample(),
            side: Side::default(),
            notice: None,
            row,
            needs,
            answers: vec![("Stage".into(), "<plan>".into())],
            attendees: vec![("Gus".into(), "gus@example.com".into(), false)],
            history: vec![Line { words: "Booked".into(), ..Line::default() }],
            outside: vec![Step {
                words: "Not written".into(),
                tone: "fail",
                detail: "<script>".into(),
                calls: vec![Entry { host: "<script>".into(), ..Entry::default() }],
                again: Some(String::new()),
                ..Step::default()
            }],
            others: vec![Entry::default()],
            zone: "UTC".into(),
            over: true,
            host_absent: false,
        };
        let html = one.render().unwrap();
        assert!(html.contains("&#60;plan&#62;") && !html.contains("<script>"));
    }
}
