//! The editor: one tab, one form, one pair of functions between the form and the event type.

mod advanced;
mod availability;
mod basics;
mod hosts;
mod limits;
mod locations;
mod questions;

use kalends_engine::event_types::EventTypeDraft;

use crate::{extract::Typed, pages::host::form::Form};

/// A tab of the editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Name, address, lengths, hosts.
    Basics,
    /// Hours and how far ahead.
    Availability,
    /// Gaps, notice, how much.
    Limits,
    /// Where.
    Locations,
    /// What guests are asked.
    Questions,
    /// Everything else.
    Advanced,
}

impl Tab {
    /// All, in order.
    pub const ALL: [Self; 6] =
        [Self::Basics, Self::Availability, Self::Limits, Self::Locations, Self::Questions, Self::Advanced];

    /// Its part of the address.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Basics => "basics",
            Self::Availability => "availability",
            Self::Limits => "limits",
            Self::Locations => "locations",
            Self::Questions => "questions",
            Self::Advanced => "advanced",
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Basics => "Basics",
            Self::Availability => "Availability",
            Self::Limits => "Limits",
            Self::Locations => "Locations and apps",
            Self::Questions => "Questions",
            Self::Advanced => "Advanced",
        }
    }

    /// The tab of this address.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.slug() == slug)
    }

    /// The tab's form as the event type is.
    pub fn show(self, draft: &EventTypeDraft) -> Form {
        let mut typed = Typed::default();
        match self {
            Self::Basics => {
                basics::show(draft, &mut typed);
                hosts::show(draft, &mut typed);
            }
            Self::Availability => availability::show(draft, &mut typed),
            Self::Limits => limits::show(&draft.settings, &mut typed),
            Self::Locations => locations::show(&draft.settings, &mut typed),
            Self::Questions => questions::show(&draft.settings, &mut typed),
            Self::Advanced => advanced::show(draft, &mut typed),
        }
        Form::showing(typed)
    }

    /// Writes what was typed into the event type; what will not do is noted in the form.
    pub fn read(self, form: &mut Form, draft: &mut EventTypeDraft) {
        match self {
            Self::Basics => {
                basics::read(form, draft);
                hosts::read(form, draft);
            }
            Self::Availability => availability::read(form, draft),
            Self::Limits => limits::read(form, &mut draft.settings),
            Self::Locations => locations::read(form, &mut draft.settings),
            Self::Questions => questions::read(form, &mut draft.settings),
            Self::Advanced => advanced::read(form, draft),
        }
    }
}

pub use locations::{FALLBACKS, check_rooms};
pub use questions::MOST_QUESTIONS;

#[cfg(test)]
mod tests {
    use kalends_domain::{
        Id,
        event_type::{
            BookingWindow, Buffers, Choice, Confirmation, Frequency, Limit, Location, Owner, Period, Policy,
            Question, QuestionKind, Recurrence, Seats, Settings, Visibility,
        },
    };

    use super::*;

    fn draft(settings: Settings) -> EventTypeDraft {
        let user = "00000000-0000-7000-8000-000000000000".parse::<Id<_>>().unwrap();
        let mut draft = EventTypeDraft::new(Owner::User(user), "Intro call");
        draft.slug = "intro-call".into();
        draft.settings = settings;
        draft
    }

    fn full() -> Settings {
        let mut settings = Settings {
            interval: Some(15),
            offset: 5,
            buffers: Buffers { before: 5, after: 10 },
            notice: 90,
            window: BookingWindow::BusinessDays { days: 10 },
            first_slot_only: true,
            seats: Some(Seats { count: 6, show_left: true, show_guests: false }),
            confirmation: Confirmation::ShortNotice { minutes: 120 },
            extra_guests: false,
            policy: Policy { cancel: true, reschedule: false, until: 24 * 60, reason_required: true },
            redirect: Some("https://example.com/thanks".into()),
            title: "{event}: {guest}".into(),
            colour: Some("#aa3311".into()),
            visibility: Visibility::Private,
            reminders: Some(vec![60, 10]),
            hold: 10,
            ..Settings::default()
        };
        settings.lengths.choices = vec![15, 30, 60];
        settings.limits.bookings =
            vec![Limit { per: Period::Day, most: 3 }, Limit { per: Period::Month, most: 20 }];
        settings.limits.minutes = vec![Limit { per: Period::Week, most: 600 }];
        settings.locations = vec![
            Location::App { app: "zoom".into(), fallbacks: vec!["teams".into(), "jitsi".into()] },
            Location::app("jitsi"),
            Location::InPerson { address: "Main Street 1".into(), public: true },
            Location::GuestPhone,
            Location::Link { url: "https://meet.example/a".into(), public: true, app: None },
            Location::Link {
                url: "https://rooms.example/a".into(),
                public: false,
                app: Some("rooms".into()),
            },
        ];
        settings.questions = vec![
            Question {
                slug: "stage".into(),
                kind: QuestionKind::Select,
                label: "Stage".into(),
                hint: "Of the project".into(),
                required: true,
                hidden: false,
                choices: ["plan", "built"]
                    .map(|word| Choice { value: word.into(), label: word.into() })
                    .into(),
                min: None,
                max: None,
            },
            Question {
                slug: "budget".into(),
                kind: QuestionKind::Number,
                label: "Budget".into(),
                hint: String::new(),
                required: false,
                hidden: true,
                choices: Vec::new(),
                min: Some(1),
                max: Some(9),
            },
        ];
        settings
    }

    #[test]
    fn saving_a_form_as_it_is_shown_changes_nothing() {
        let series = Settings {
            seats: None,
            recurrence: Some(Recurrence { every: Frequency::Weekly, interval: 2, most: 5 }),
            ..full()
        };
        for settings in [Settings::default(), full(), series] {
            let before = draft(settings);
            for tab in Tab::ALL {
                let (mut form, mut after) = (tab.show(&before), before.clone());
                tab.read(&mut form, &mut after);
                assert_eq!(form.problems, [], "{}", tab.slug());
                assert_eq!(after, before, "{}", tab.slug());
            }
        }
    }

    #[test]
    fn an_empty_form_of_any_tab_never_panics() {
        for tab in Tab::ALL {
            let (mut form, mut after) = (Form::default(), draft(full()));
            tab.read(&mut form, &mut after);
        }
    }
}
