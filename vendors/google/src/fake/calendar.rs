//! One calendar at Google: its events, and the order in which they changed.

use std::collections::BTreeMap;

use kalends_domain::Zone;
use serde_json::{Map, Value, json};

use super::body;

/// A calendar with its history.
pub(super) struct Calendar {
    pub(super) name: String,
    pub(super) zone: Zone,
    pub(super) role: &'static str,
    pub(super) primary: bool,
    events: BTreeMap<String, Stored>,
    revision: u64,
    /// Cursors from before this are forgotten.
    forgotten: u64,
}

/// An event, and when it last changed.
pub(super) struct Stored {
    pub(super) value: Value,
    pub(super) at: u64,
    /// Looks until the room stands.
    pub(super) pending: u32,
}

impl Calendar {
    pub(super) fn new(name: &str, zone: &str, role: &'static str, primary: bool) -> Self {
        let zone = Zone::parse(zone).unwrap_or_else(|_| Zone::utc());
        let events = BTreeMap::new();
        Self { name: name.to_owned(), zone, role, primary, events, revision: 1, forgotten: 0 }
    }

    pub(super) fn writable(&self) -> bool {
        matches!(self.role, "owner" | "writer")
    }

    /// Where its history stands.
    pub(super) const fn revision(&self) -> u64 {
        self.revision
    }

    /// True for a place in its history that it still knows.
    pub(super) const fn remembers(&self, at: u64) -> bool {
        self.forgotten <= at && at <= self.revision
    }

    /// Every cursor given out so far is too old from now on.
    pub(super) fn forget(&mut self) {
        self.revision += 1;
        self.forgotten = self.revision;
    }

    pub(super) fn get(&self, id: &str) -> Option<&Stored> {
        self.events.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Stored> {
        self.events.get_mut(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.events.iter()
    }

    /// Stores an event under its id, in a new version.
    pub(super) fn put(&mut self, id: &str, mut value: Value, pending: u32) -> Value {
        self.revision += 1;
        value["id"] = id.into();
        value["etag"] = format!("\"{}000\"", self.revision).into();
        value["updated"] = "2027-03-01T08:00:00.000Z".into();
        let stored = Stored { value: value.clone(), at: self.revision, pending };
        self.events.insert(id.to_owned(), stored);
        value
    }

    /// Deletes an event: its id stays taken, with few fields (GCAL-13).
    pub(super) fn cancel(&mut self, id: &str) {
        let Some(stored) = self.events.get(id) else { return };
        let mut left = Map::new();
        for field in ["recurringEventId", "originalStartTime"] {
            if let Some(value) = stored.value.get(field) {
                left.insert(field.to_owned(), value.clone());
            }
        }
        left.insert("kind".into(), "calendar#event".into());
        left.insert("status".into(), "cancelled".into());
        self.put(id, Value::Object(left), 0);
        let exceptions: Vec<String> = self
            .events
            .iter()
            .filter(|(_, one)| one.value["recurringEventId"] == id && !body::is_cancelled(&one.value))
            .map(|(name, _)| name.clone())
            .collect();
        for name in exceptions {
            self.cancel(&name);
        }
    }

    /// How it stands in the list of calendars.
    pub(super) fn listed(&self, id: &str) -> Value {
        let mut entry = json!({
            "kind": "calendar#calendarListEntry",
            "id": id,
            "etag": "\"1\"",
            "summary": self.name,
            "timeZone": self.zone.name(),
            "accessRole": self.role,
            "backgroundColor": "#9FE1E7",
            "foregroundColor": "#000000",
            "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
        });
        if self.primary {
            entry["primary"] = true.into();
        }
        entry
    }
}
