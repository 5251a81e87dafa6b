//! The shop window, an app's page, and what is connected, as the templates draw them.

use std::fmt;

use askama::Template;
use kalends_app::manifest::{AppKind, Field, Input, Manifest};

use super::{sign_in::SignIn, ware::Ware};
use crate::pages::{
    Frame, Side,
    host::{form::Form, notice::Notice},
};

/// The shop window.
#[derive(Template)]
#[template(path = "host/store.html")]
pub struct Store {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What is searched for.
    pub search: String,
    /// Which apps are shown: a word of the form, empty for all.
    pub show: &'static str,
    /// How many there are, in a sentence.
    pub sentence: String,
    /// Shelf by shelf.
    pub shelves: Vec<Shelf>,
}

/// One kind of app.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Its part of the address.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub aside: &'static str,
    /// What stands on it.
    pub apps: Vec<Tile>,
}

/// One app in the window.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Its part of the address.
    pub slug: &'static str,
    /// Its name.
    pub name: String,
    /// One line.
    pub tagline: String,
    /// Its picture.
    pub picture: Picture,
    /// Set up by this user or for them.
    pub installed: bool,
    /// A connection of it is broken.
    pub broken: bool,
    /// All there is of it is switched off.
    pub off: bool,
}

/// An app's own picture, written into the page.
#[derive(Debug, Clone, Copy)]
pub struct Picture(pub &'static str);

impl askama::filters::HtmlSafe for Picture {}

impl fmt::Display for Picture {
    /// The bundled `icon.svg`, hidden from screen readers: the name stands beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = self.0.find("<svg").map_or("", |at| &self.0[at..]);
        f.write_str(&drawing.replacen("<svg", "<svg class=\"tile\" aria-hidden=\"true\"", 1))
    }
}

/// The shelf an app stands on.
pub fn shelf(kind: AppKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        AppKind::Calendar => ("calendars", "Calendars", "Busy times in, bookings out"),
        AppKind::Conference => ("video", "Video calls", "A link for every online booking"),
        AppKind::Messenger => ("messages", "Messages", "Confirmations, changes, cancellations"),
        AppKind::Location => ("rooms", "Rooms of your own", "A link you have already, offered as a place"),
        AppKind::Tag => ("tags", "Page statistics", "On public booking pages, as guests allow"),
        AppKind::Link => ("automation", "Automation", "Tell other systems what happened"),
    }
}

/// An app's page with its setup form.
#[derive(Template)]
#[template(path = "host/app.html")]
pub struct Detail {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// The app's manifest.
    pub app: &'static Manifest,
    /// Its picture.
    pub picture: Picture,
    /// Its shelf.
    pub shelf: (&'static str, &'static str, &'static str),
    /// The setup form.
    pub form: Form,
    /// What may be changed about an existing connection, by its id.
    pub connection: Option<String>,
    /// Why this user cannot set it up; empty when they can.
    pub barred: &'static str,
    /// How one signs in at its provider, where that is how it is connected.
    pub sign_in: Option<SignIn>,
    /// For whom, what it needs, what it asks for, what it loads.
    pub ware: Ware,
    /// The address to give to an administrator at the provider, for whoever needs one.
    pub approval: Option<String>,
}

impl Detail {
    /// The field's kind of input, in HTML's words; empty for those drawn in another way.
    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    pub fn input(&self, field: &Field) -> &'static str {
        match field.input {
            Input::Password => "password",
            Input::Url => "url",
            Input::Email => "email",
            Input::Number => "number",
            Input::Text => "text",
            Input::Lines | Input::Select | Input::Checkbox => "",
        }
    }

    /// Nobody can sign in before an administrator has registered this server.
    pub fn unregistered(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|one| !one.registered)
    }

    /// There is a way in that can be tried now.
    pub fn shows_form(&self) -> bool {
        !(self.unregistered() && self.signs_in())
    }

    /// The button leads to the provider.
    pub fn signs_in(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|one| !one.other_ways)
    }

    /// This user may see and change the registration.
    pub fn shows_registration(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|one| one.manages)
    }

    /// A select.
    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    pub fn chooses(&self, field: &Field) -> bool {
        field.input == Input::Select
    }

    /// Something it works through is missing.
    pub fn lacks(&self) -> bool {
        self.connection.is_none() && self.ware.needs.iter().any(|(_, _, there)| !there)
    }

    /// Several lines.
    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    pub fn lines(&self, field: &Field) -> bool {
        field.input == Input::Lines
    }

    /// The condition under which a field is asked, in words.
    pub fn when(&self, field: &Field) -> String {
        let Some(when) = &field.when else { return String::new() };
        let Some(other) = self.app.setup.iter().find(|other| other.name == when.field) else {
            return String::new();
        };
        let labels = other.options.iter().filter(|choice| when.is.contains(&choice.value));
        let labels: Vec<&str> = labels.map(|choice| choice.label.as_str()).collect();
        format!("Only for: {}", labels.join(", "))
    }
}

/// What is connected.
#[derive(Template)]
#[template(path = "host/installed.html")]
pub struct Installed {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// How many there are, in a sentence.
    pub sentence: String,
    /// Those that need somebody first, then shelf by shelf.
    pub groups: Vec<Group>,
    /// What was taken away and can come back.
    pub removed: Vec<Gone>,
}

/// Accounts under one heading.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its part of the address.
    pub slug: &'static str,
    /// The heading.
    pub name: &'static str,
    /// What is under it.
    pub rows: Vec<Account>,
}

/// An app that was taken away.
#[derive(Debug, Clone)]
pub struct Gone {
    /// The installation.
    pub id: String,
    /// The app's name.
    pub name: String,
    /// Its picture.
    pub picture: Picture,
    /// Which account, and until when it can come back.
    pub words: String,
}

/// One connected account.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "an account has the name its owner knows it by")]
#[expect(clippy::struct_excessive_bools, reason = "the template asks each by its own name")]
pub struct Account {
    /// The installation.
    pub id: String,
    /// The app's slug.
    pub slug: &'static str,
    /// The app's name.
    pub name: String,
    /// Its picture.
    pub picture: Picture,
    /// Which account: an address or a server.
    pub account: String,
    /// For whom it is, where that is not its reader alone.
    pub whose: String,
    /// How it stands: tone, words.
    pub health: (&'static str, String),
    /// It is switched off.
    pub off: bool,
    /// The reader may change it.
    pub may_change: bool,
    /// Where it leads, and the words for it.
    pub opens: Option<(String, String)>,
    /// It is settings alone: nothing is called for it.
    pub data: bool,
    /// What is wrong and what to do; empty when nothing is.
    pub trouble: String,
    /// Until when its provider asked us to wait, where it did.
    pub waits: Option<String>,
    /// What does not work because it was not allowed at the provider.
    pub missing: Vec<String>,
    /// It can be asked which calendars it has.
    pub looks: bool,
    /// Its calendars.
    pub calendars: Vec<CalendarRow>,
    /// Its provider could tell of changes, but cannot reach this server.
    pub polled: bool,
    /// Its provider tells of changes, signed with a secret of the account.
    pub told: bool,
    /// The secret before is believed too.
    pub old_secret: bool,
    /// Where its provider sends its notices, where the account has an address of its own.
    pub notices: Option<String>,
}

impl Account {
    /// Which account, and for whom.
    pub fn line(&self) -> String {
        let parts = [self.account.as_str(), self.whose.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// Whether bookings can be written to any of its calendars.
    pub fn receives(&self) -> bool {
        self.calendars.iter().any(|calendar| calendar.writable)
    }
}

/// One calendar of an account.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a box or a word of its own")]
pub struct CalendarRow {
    /// The mirror's id.
    pub id: String,
    /// As its owner calls it.
    pub name: String,
    /// Bookings can be written to it.
    pub writable: bool,
    /// Its events block times.
    pub blocks: bool,
    /// Bookings are written to it.
    pub receives: bool,
    /// Unanswered events block too.
    pub tentative: bool,
    /// Hours the last known times are believed when it cannot be read.
    pub trust_hours: u32,
    /// After that it is ignored instead of blocking everything.
    pub ignore: bool,
    /// What becomes of a booking whose event is changed there; empty for what the profile says.
    pub on_change: &'static str,
    /// What it is for, and when it was last read.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_becomes_a_picture_without_its_prologue() {
        let picture = Picture("<?xml version=\"1.0\"?><!-- c --><svg viewBox=\"0 0 1 1\"></svg>").to_string();
        assert_eq!(picture, "<svg class=\"tile\" aria-hidden=\"true\" viewBox=\"0 0 1 1\"></svg>");
    }
}
