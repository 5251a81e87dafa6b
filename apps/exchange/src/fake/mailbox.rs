//! What lies in the fake's mailbox.

use std::collections::BTreeMap;

use kalends_app::fake::{Laid, LaidWhen, Says};
use kalends_domain::{Span, Zone};

/// One calendar.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) name: &'static str,
    pub(crate) parent: &'static str,
    pub(crate) writable: bool,
    pub(crate) events: BTreeMap<String, Event>,
    /// Who changed when; an id that is not among the events went away then.
    changed: BTreeMap<String, u64>,
    revision: u64,
}

/// One event as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) uid: String,
    pub(crate) span: Span,
    pub(crate) status: String,
    pub(crate) response: String,
    pub(crate) zone: String,
    pub(crate) all_day: bool,
    pub(crate) cancelled: bool,
    /// The occurrences of a series.
    pub(crate) series: Vec<Span>,
    /// Marks that clients left, by name.
    pub(crate) marks: BTreeMap<String, String>,
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) version: u64,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            uid: String::new(),
            span: Span::new(0, 0),
            status: "Busy".into(),
            response: String::new(),
            zone: String::new(),
            all_day: false,
            cancelled: false,
            series: vec![],
            marks: BTreeMap::new(),
            texts: BTreeMap::new(),
            version: 0,
        }
    }
}

impl Event {
    /// What another client lays there, as Exchange has it.
    pub(crate) fn laid(laid: &Laid) -> Self {
        let name = if matches!(laid.when, LaidWhen::Days(..)) { "Europe/Berlin" } else { "UTC" };
        let zone = Zone::parse(name).unwrap_or_else(|_| Zone::utc());
        let span = match laid.when {
            LaidWhen::At(span) => span,
            LaidWhen::Days(first, until) => Span::new(zone.midnight(first), zone.midnight(until)),
        };
        let status = match laid.says {
            Says::Free => "Free",
            Says::Tentative => "Tentative",
            Says::OutOfOffice => "OOF",
            Says::WorkingElsewhere => "WorkingElsewhere",
            _ => "Busy",
        };
        let response = match laid.says {
            Says::Declined => "Decline",
            Says::NotAnswered => "NoResponseReceived",
            _ => "",
        };
        Self {
            uid: laid.name.to_owned(),
            span,
            status: status.to_owned(),
            response: response.to_owned(),
            zone: zone.to_windows().unwrap_or("UTC").to_owned(),
            all_day: matches!(laid.when, LaidWhen::Days(..)),
            cancelled: laid.says == Says::Cancelled,
            ..Self::default()
        }
    }

    /// Its version as clients see it; case matters.
    pub(crate) fn change_key(&self) -> String {
        format!("DwAAABYAAAb{}=", self.version)
    }
}

/// One mailbox.
pub(crate) struct Mailbox {
    pub(crate) folders: BTreeMap<String, Folder>,
    next: u64,
    old: bool,
}

/// The main calendar and the bin.
pub(crate) const CALENDAR: &str = "AAMkADcAlEndAr+/aAA=";
pub(crate) const BIN: &str = "AAMkADbInBiN+/bAA=";
const ROOT: &str = "AAMkADrOoT=";

impl Default for Mailbox {
    fn default() -> Self {
        let folder = |name, parent, writable| Folder {
            name,
            parent,
            writable,
            events: BTreeMap::new(),
            changed: BTreeMap::new(),
            revision: 0,
        };
        let folders = [
            (CALENDAR, folder("Calendar", ROOT, true)),
            ("AAMkADtEaM==", folder("Team", CALENDAR, true)),
            ("AAMkADhOlIdAyS=", folder("Holidays", CALENDAR, false)),
            ("AAMkADwAsTe==", folder("Thrown away", BIN, true)),
        ];
        let folders = folders.into_iter().map(|(id, folder)| (id.to_owned(), folder)).collect();
        Self { folders, next: 0, old: false }
    }
}

impl Mailbox {
    /// The next id; Exchange tells them apart by case (EWS-07).
    pub(crate) fn id(&mut self) -> String {
        self.next += 1;
        let letter = if self.next.is_multiple_of(2) { 'a' } else { 'A' };
        format!("AAMkADiTeM+/{letter}{}==", self.next.div_ceil(2))
    }

    /// The calendar an event is in.
    pub(crate) fn holding(&mut self, id: &str) -> Option<&mut Folder> {
        self.folders.values_mut().find(|folder| folder.events.contains_key(id))
    }

    /// An older server than the interface we prefer.
    pub(crate) const fn is_old(&self) -> bool {
        self.old
    }

    /// It becomes one.
    #[cfg(test)]
    pub(crate) const fn grow_old(&mut self) {
        self.old = true;
    }

    /// Another client writes an event into the main calendar.
    pub(crate) fn put_by_other(&mut self, event: Event) -> String {
        let id = self.id();
        if let Some(calendar) = self.folders.get_mut(CALENDAR) {
            calendar.put(&id, event);
        }
        id
    }

    /// Another client changes one.
    #[cfg(test)]
    pub(crate) fn change_by_other(&mut self, id: &str, change: impl FnOnce(&mut Event)) {
        let folder = self.holding(id).expect("it is there");
        let mut event = folder.events[id].clone();
        change(&mut event);
        folder.put(id, event);
    }

    /// Another client takes one away.
    #[cfg(test)]
    pub(crate) fn remove_by_other(&mut self, id: &str) {
        self.holding(id).expect("it is there").remove(id);
    }
}

impl Folder {
    /// Stores an event in a new version.
    pub(crate) fn put(&mut self, id: &str, mut event: Event) {
        self.revision += 1;
        event.version = self.revision;
        self.changed.insert(id.to_owned(), self.revision);
        self.events.insert(id.to_owned(), event);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        if self.events.remove(id).is_some() {
            self.revision += 1;
            self.changed.insert(id.to_owned(), self.revision);
        }
    }

    /// What a client has to say to go on from a revision.
    pub(crate) fn state(revision: u64) -> String {
        format!("H4sIAAAAAAAEAO29B2AcSZYl/{revision}==")
    }

    /// The next changes after a state; `None` for one this server never told. Without a state, only what is there.
    pub(crate) fn since(&self, state: Option<&str>, most: usize) -> Option<Page<'_>> {
        let from = match state {
            None => 0,
            Some(text) => {
                let revision =
                    text.strip_prefix("H4sIAAAAAAAEAO29B2AcSZYl/")?.strip_suffix("==")?.parse().ok()?;
                if revision > self.revision {
                    return None;
                }
                revision
            }
        };
        let mut all: Vec<(&String, u64)> =
            self.changed.iter().map(|(id, at)| (id, *at)).filter(|(_, at)| *at > from).collect();
        all.sort_by_key(|(_, at)| *at);
        let last = all.len() <= most;
        all.truncate(most);
        let to = if last { self.revision } else { all.last().map_or(from, |(_, at)| *at) };
        Some(Page { changes: all.into_iter().map(|(id, _)| id).collect(), to, last })
    }
}

/// Some changes in order.
pub(crate) struct Page<'a> {
    /// Ids of what changed.
    pub(crate) changes: Vec<&'a String>,
    /// The revision behind them.
    pub(crate) to: u64,
    /// Whether there are no more.
    pub(crate) last: bool,
}
