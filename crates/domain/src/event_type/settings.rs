//! The rules of an event type, kept as one JSON value.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Hue, Location, Question, Visibility};
use crate::Money;

/// Of one event; some calendars keep no more.
const MOST_REMINDERS: usize = 5;

/// Every rule of an event type. Missing parts of a stored value take their defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How long a booking lasts.
    pub lengths: Lengths,
    /// Minutes between slot starts; none means the length.
    pub interval: Option<u32>,
    /// Minutes added to each first start and each step.
    pub offset: u32,
    /// Time kept free around a booking.
    pub buffers: Buffers,
    /// Minutes between now and the first slot.
    pub notice: u32,
    /// How far ahead guests can book.
    pub window: BookingWindow,
    /// How much can be booked.
    pub limits: Limits,
    /// Offer only the first free slot of each day.
    pub first_slot_only: bool,
    /// Several guests in one slot.
    pub seats: Option<Seats>,
    /// Guests book a series.
    pub recurrence: Option<Recurrence>,
    /// Whether a host must say yes.
    pub confirmation: Confirmation,
    /// Where it can take place; the guest chooses when there are several.
    pub locations: Vec<Location>,
    /// What guests are asked, in order, besides name and email.
    pub questions: Vec<Question>,
    /// May guests bring others?
    pub extra_guests: bool,
    /// What it costs; none is free of charge.
    pub price: Option<Money>,
    /// What guests may change later.
    pub policy: Policy,
    /// Where guests go after booking; none is our own page.
    pub redirect: Option<String>,
    /// Calendar title, with `{event}`, `{host}`, `{guest}`, `{location}`; empty means `{event} between {host} and {guest}`.
    pub title: String,
    /// `#rrggbb` of the event in lists; calendars show the nearest they have.
    pub colour: Option<String>,
    /// Who may read its events in a calendar that others can see.
    pub visibility: Visibility,
    /// Minutes before the start at which hosts' calendars remind them; none leaves it to the calendar.
    pub reminders: Option<Vec<u32>>,
    /// Minutes for which an open form keeps its slot; 0 keeps none.
    pub hold: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lengths: Lengths::default(),
            interval: None,
            offset: 0,
            buffers: Buffers::default(),
            notice: 120,
            window: BookingWindow::default(),
            limits: Limits::default(),
            first_slot_only: false,
            seats: None,
            recurrence: None,
            confirmation: Confirmation::None,
            locations: Vec::new(),
            questions: Vec::new(),
            extra_guests: true,
            price: None,
            policy: Policy::default(),
            redirect: None,
            title: String::new(),
            colour: None,
            visibility: Visibility::default(),
            reminders: None,
            hold: 5,
        }
    }
}

/// One usual length, and others a guest may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// Minutes, unless the guest chooses.
    pub usual: u32,
    /// Further choices in minutes, ascending, the usual one among them; empty means no choice.
    #[serde(default)]
    pub choices: Vec<u32>,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { usual: 30, choices: Vec::new() }
    }
}

impl Lengths {
    /// The length asked for, if it is offered; the usual one when none is asked for.
    pub fn pick(&self, asked: Option<u32>) -> Option<u32> {
        match asked {
            None => Some(self.usual),
            Some(minutes) => (minutes == self.usual || self.choices.contains(&minutes)).then_some(minutes),
        }
    }
}

/// Minutes kept free around a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buffers {
    /// Before it starts.
    pub before: u32,
    /// After it ends.
    pub after: u32,
}

/// How far ahead guests can book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BookingWindow {
    /// No end.
    Unlimited,
    /// This many calendar days from today.
    Days {
        /// How many.
        days: u32,
    },
    /// This many days from today, counting Monday to Friday.
    BusinessDays {
        /// How many.
        days: u32,
    },
    /// Both dates inclusive, in the schedule's zone.
    Range {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
}

impl Default for BookingWindow {
    fn default() -> Self {
        Self::Days { days: 60 }
    }
}

/// A span of the calendar in which bookings are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Midnight to midnight.
    Day,
    /// Seven days from the schedule's first day of the week.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

/// At most so much in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Counted over this.
    pub per: Period,
    /// Bookings, or minutes booked.
    pub most: u32,
}

/// How much of an event type can be booked; empty lists limit nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Numbers of bookings.
    pub bookings: Vec<Limit>,
    /// Minutes booked.
    pub minutes: Vec<Limit>,
}

/// Several guests in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// How many fit.
    pub count: u32,
    /// Guests see how many are left.
    #[serde(default)]
    pub show_left: bool,
    /// Guests see who else comes.
    #[serde(default)]
    pub show_guests: bool,
}

/// How often a series repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequency {
    /// Every so many days.
    Daily,
    /// Every so many weeks.
    Weekly,
    /// Every so many months, on the same day; months without it are left out.
    Monthly,
    /// Every so many years.
    Yearly,
}

/// Guests book a series: all of it or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// In these steps.
    pub every: Frequency,
    /// So many at a time: 2 with weekly is every other week.
    pub interval: u32,
    /// At most so many bookings.
    pub most: u32,
}

/// Whether a host must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Confirmation {
    /// Booked is booked.
    None,
    /// A host confirms each.
    Always,
    /// A host confirms when it starts in less than these minutes.
    ShortNotice {
        /// The bound.
        minutes: u32,
    },
}

impl Confirmation {
    /// Whether a booking made now, starting in so many minutes, waits for a host.
    pub const fn needed(self, minutes_ahead: i64) -> bool {
        match self {
            Self::None => false,
            Self::Always => true,
            Self::ShortNotice { minutes } => minutes_ahead < minutes as i64,
        }
    }
}

/// What guests may change later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Guests may cancel.
    pub cancel: bool,
    /// Guests may move.
    pub reschedule: bool,
    /// Until so many minutes before the start.
    pub until: u32,
    /// A reason must be given.
    pub reason_required: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { cancel: true, reschedule: true, until: 0, reason_required: false }
    }
}

/// A rule that cannot be: which field, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct SettingsProblem {
    /// The field, as the API and the form call it.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub fix: String,
}

impl Settings {
    /// The colour of its events in calendars.
    pub fn hue(&self) -> Option<Hue> {
        Hue::nearest(self.colour.as_deref()?)
    }

    /// Whether guests of one booking see one another: those who share a slot only when they may.
    pub fn guests_see_guests(&self) -> bool {
        self.seats.is_none_or(|seats| seats.show_guests)
    }

    /// Everything that cannot be, all at once; empty when the rules hold together.
    pub fn problems(&self) -> Vec<SettingsProblem> {
        let mut found = Vec::new();
        let mut say = |field, fix: &str| found.push(SettingsProblem { field, fix: fix.to_owned() });
        let day = 24 * 60;
        let length = |minutes: &u32| (1..=day).contains(minutes);
        if !length(&self.lengths.usual) || !self.lengths.choices.iter().all(length) {
            say("lengths", "a length is between 1 and 1440 minutes");
        }
        if !self.lengths.choices.is_empty() && !self.lengths.choices.contains(&self.lengths.usual) {
            say("lengths", "the usual length must be one of the choices");
        }
        if self.interval.is_some_and(|minutes| !length(&minutes)) {
            say("interval", "the interval is between 1 and 1440 minutes, or empty");
        }
        if self.offset >= day {
            say("offset", "the offset is below 1440 minutes");
        }
        if self.buffers.before > day || self.buffers.after > day {
            say("buffers", "a buffer is at most 1440 minutes");
        }
        if self.notice > 366 * day {
            say("notice", "the notice is at most a year");
        }
        match &self.window {
            BookingWindow::Days { days } | BookingWindow::BusinessDays { days }
                if !(1..=3660).contains(days) =>
            {
                say("window", "the number of days is between 1 and 3660");
            }
            BookingWindow::Range { from, to } if to < from => {
                say("window", "the last day lies before the first");
            }
            _ => {}
        }
        for limit in self.limits.bookings.iter().chain(&self.limits.minutes) {
            if limit.most == 0 {
                say("limits", "a limit is at least 1; hide the event type to stop bookings");
            }
        }
        if self.seats.is_some_and(|seats| !(1..=1000).contains(&seats.count)) {
            say("seats", "seats are between 1 and 1000");
        }
        if self.seats.is_some() && self.recurrence.is_some() {
            say("recurrence", "a series cannot have seats; choose one of them");
        }
        if let Some(series) = self.recurrence
            && (!(1..=100).contains(&series.interval) || !(1..=100).contains(&series.most))
        {
            say("recurrence", "a series has 1 to 100 bookings, 1 to 100 steps apart");
        }
        if self.price.is_some_and(|price| price.minor < 0) {
            say("price", "a price is not negative");
        }
        let reminders = self.reminders.as_deref().unwrap_or_default();
        if reminders.len() > MOST_REMINDERS || reminders.iter().any(|minutes| *minutes > 28 * day) {
            say("reminders", "at most five reminders, each at most four weeks (40320 minutes) before");
        }
        if self.hold > 60 {
            say("hold", "a slot is held for at most 60 minutes");
        }
        for (index, question) in self.questions.iter().enumerate() {
            if let Some(fix) = question.problem() {
                say("questions", &format!("question {}: {fix}", index + 1));
            }
            if self.questions[..index].iter().any(|earlier| earlier.slug == question.slug) {
                say(
                    "questions",
                    &format!(
                        "question {}: `{}` is asked twice; give it another name",
                        index + 1,
                        question.slug
                    ),
                );
            }
        }
        found
    }
}
