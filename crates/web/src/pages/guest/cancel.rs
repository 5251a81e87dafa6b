//! The page on which a guest calls a booking off.

use askama::Template;

use super::{
    booking::Seen,
    parts::{Choice, Notice, Summary, first_name},
};
use crate::{extract::Typed, pages::Frame, when::Face};

/// The page.
#[derive(Template)]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides one part of the page")]
#[template(path = "guest/cancel.html")]
pub struct CancelView {
    pub(super) frame: Frame,
    pub(super) summary: Summary,
    pub(super) when: String,
    pub(super) action: String,
    pub(super) hidden: Vec<(String, String)>,
    pub(super) lede: String,
    pub(super) notice: Option<Notice>,
    pub(super) series: bool,
    pub(super) remaining: bool,
    pub(super) reason_required: bool,
    pub(super) reason_error: String,
    pub(super) reasons: Vec<Choice>,
    pub(super) with: String,
    pub(super) note: String,
    pub(super) back: String,
    pub(super) may_move: bool,
    pub(super) moves: String,
}

const REASONS: [(&str, &str); 3] =
    [("time", "The time no longer works"), ("need", "I no longer need it"), ("other", "Something else")];

impl CancelView {
    /// Draws the page over what was typed.
    pub fn of(frame: Frame, seen: &Seen, face: &Face, host: &Face, typed: &Typed) -> Self {
        let booking = &seen.view.booking;
        let path = seen.path();
        let extra = booking.attendees.iter().filter(|attendee| attendee.extra).count();
        let who = match (seen.seat, extra) {
            (Some(_), _) => {
                format!("{} is told at once, and your seat is free again.", first_name(seen.host()))
            }
            (None, 0) => format!("{} is told at once, and the time is free again.", first_name(seen.host())),
            (None, 1) => format!("{} and your guest are told at once.", first_name(seen.host())),
            (None, count) => format!("{} and your {count} guests are told at once.", first_name(seen.host())),
        };
        let choice = |(value, label): (&str, &str)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: typed.is("why", value),
            ..Choice::default()
        };
        Self {
            frame,
            summary: seen.summary(face, host),
            when: face.day(face.date(booking.span.starts())),
            action: format!("{path}/cancel"),
            hidden: Vec::new(),
            lede: who,
            notice: None,
            series: booking.series.is_some(),
            remaining: typed.is("what", "remaining"),
            reason_required: seen.view.may.reason_required,
            reason_error: String::new(),
            reasons: REASONS.into_iter().map(choice).collect(),
            with: first_name(seen.host()).to_owned(),
            note: typed.get("note").to_owned(),
            back: path.clone(),
            may_move: seen.view.may.reschedule,
            moves: format!("{path}/reschedule"),
        }
    }
}

/// The reason as it is kept and told: the words of the choice, and what was written.
pub fn reason(typed: &Typed) -> String {
    let why = REASONS
        .iter()
        .find(|(value, _)| typed.is("why", value) && *value != "other")
        .map(|(_, label)| *label);
    let note = typed.text("note");
    match (why, note) {
        (Some(why), Some(note)) => format!("{why}. {note}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if typed.is("why", "other") => "Something else".into(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_the_choice_and_the_words() {
        let of = |query: &str| reason(&Typed::parse(query.as_bytes()));
        assert_eq!(of("why=time&note=Sorry"), "The time no longer works. Sorry");
        assert_eq!(of("why=need"), "I no longer need it");
        assert_eq!(of("why=other&note=Rain"), "Rain");
        assert_eq!(of("why=other"), "Something else");
        assert_eq!(of("why=<b>"), "");
    }
}
