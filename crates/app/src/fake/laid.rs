//! What another client puts into a calendar, in no provider's words: each fake says it in its own.

use jiff::civil::Date;
use kalends_domain::Span;

/// An event of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// Its title and its name.
    pub name: &'static str,
    /// When it takes place.
    pub when: LaidWhen,
    /// How it counts.
    pub says: Says,
}

/// When an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaidWhen {
    /// From one instant to another.
    At(Span),
    /// Whole days of the calendar's owner; the second is not among them.
    Days(Date, Date),
}

/// How an event counts, as its provider has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Nothing in particular: its time is taken.
    Busy,
    /// Its time can be had.
    Free,
    /// It stands there as cancelled.
    Cancelled,
    /// The calendar's owner said no.
    Declined,
    /// Somebody else said no.
    DeclinedByAnother,
    /// Perhaps.
    Tentative,
    /// The calendar's owner has not answered yet.
    NotAnswered,
    /// The owner is away.
    OutOfOffice,
    /// It only says where the owner works.
    WorkingElsewhere,
    /// Others may see the time and nothing more.
    Private,
}

impl Laid {
    /// As a `VEVENT`; none for what iCalendar has no word for. `owner` is the email of the calendar's owner.
    pub fn vevent(&self, owner: &str) -> Option<String> {
        let [start, end] = match self.when {
            LaidWhen::At(span) => [("DTSTART", span.starts()), ("DTEND", span.ends())]
                .map(|(name, at)| format!("{name}:{}", at.strftime("%Y%m%dT%H%M%SZ"))),
            LaidWhen::Days(first, until) => [("DTSTART", first), ("DTEND", until)]
                .map(|(name, day)| format!("{name};VALUE=DATE:{}", day.strftime("%Y%m%d"))),
        };
        let answer = |who: &str, said: &str| format!("ATTENDEE;PARTSTAT={said}:mailto:{who}");
        let says = match self.says {
            Says::Busy => "TRANSP:OPAQUE".to_owned(),
            Says::Free => "TRANSP:TRANSPARENT".to_owned(),
            Says::Cancelled => "STATUS:CANCELLED".to_owned(),
            Says::Declined => answer(owner, "DECLINED"),
            Says::DeclinedByAnother => answer("guest@example.com", "DECLINED"),
            Says::Tentative => "STATUS:TENTATIVE".to_owned(),
            Says::NotAnswered => answer(owner, "NEEDS-ACTION"),
            Says::OutOfOffice => "CATEGORIES:Away".to_owned(),
            Says::WorkingElsewhere => return None,
            Says::Private => "CLASS:PRIVATE".to_owned(),
        };
        let name = self.name;
        let lines = [
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{name}@others.example.com"),
            "DTSTAMP:20270101T000000Z".to_owned(),
            format!("SUMMARY:{name}"),
            "ORGANIZER:mailto:boss@example.com".to_owned(),
            start,
            end,
            says,
            "END:VEVENT".to_owned(),
        ];
        Some(lines.map(|line| line + "\r\n").concat())
    }
}
