//! The menu beside every page of the signed-in side.

use crate::ui;

/// Who is signed in, where they are, and what waits for them.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// As they are called.
    pub name: String,
    /// Their page's address.
    pub username: String,
    /// Where they are: `bookings`, `event-types`, `availability`, `team`, `apps`, `installed`, `settings`.
    pub here: &'static str,
    /// Bookings that wait for their word.
    pub to_confirm: u64,
    /// Connections that need them.
    pub need_attention: u64,
}

/// One line of the menu.
pub struct Entry {
    /// Where it leads.
    pub href: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Its word.
    pub word: &'static str,
    /// True where they are.
    pub here: bool,
    /// How many wait there; 0 shows nothing.
    pub count: u64,
    /// What the number counts, for those who do not see it.
    pub counts: &'static str,
}

impl Side {
    /// Up to two letters that stand for them.
    pub fn initials(&self) -> String {
        ui::initials(&self.name)
    }

    fn entry(&self, name: &str, href: &'static str, icon: &'static str, word: &'static str) -> Entry {
        let (count, counts) = match name {
            "bookings" => (self.to_confirm, "to confirm"),
            "installed" => (self.need_attention, "need attention"),
            _ => (0, ""),
        };
        Entry { href, icon, word, here: self.here == name, count, counts }
    }

    /// The daily work.
    pub fn work(&self) -> [Entry; 4] {
        [
            self.entry("bookings", "/bookings", "calendar", "Bookings"),
            self.entry("event-types", "/event-types", "note", "Event types"),
            self.entry("availability", "/availability", "clock", "Availability"),
            self.entry("team", "/teams", "users", "Team"),
        ]
    }

    /// What is connected.
    pub fn integrations(&self) -> [Entry; 2] {
        [
            self.entry("apps", "/apps", "store", "App store"),
            self.entry("installed", "/apps/installed", "plug", "Installed"),
        ]
    }

    /// About themselves.
    pub fn foot(&self) -> [Entry; 1] {
        [self.entry("settings", "/settings", "sliders", "Settings")]
    }
}
