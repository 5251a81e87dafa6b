//! An event as Google tells it; what is unknown is kept out, what is missing tolerated (ALL-10).

use std::collections::BTreeMap;

use kalends_app::{RemoteId, kind::calendar::Written};
use kalends_domain::{Span, Zone};
use serde::Deserialize;

use crate::{
    name,
    room::ConferenceData,
    when::{self, When},
};

/// One event, one exception of a series, or a whole series. Titles are never asked for (FB-08).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Google's name for it.
    pub id: String,
    /// Its version.
    pub etag: Option<String>,
    /// `confirmed`, `tentative`, `cancelled`; perhaps others one day.
    pub status: Option<String>,
    /// Its iCalendar UID.
    #[serde(rename = "iCalUID")]
    pub ical_uid: Option<String>,
    /// When it starts.
    pub start: When,
    /// When it ends.
    pub end: When,
    /// `transparent` blocks nothing.
    pub transparency: Option<String>,
    /// `default`, `outOfOffice`, `focusTime`, `workingLocation`, `birthday`, `fromGmail`, or something new (GCAL-07).
    pub event_type: Option<String>,
    /// Its SEQUENCE.
    pub sequence: i64,
    /// The rules of a series, RFC 5545 lines.
    pub recurrence: Vec<String>,
    /// The series it is an exception of.
    pub recurring_event_id: Option<String>,
    /// When it would have been by the rule.
    pub original_start_time: Option<When>,
    /// Who comes.
    pub attendees: Vec<Attendee>,
    /// Whose event it is.
    pub organizer: Option<Organizer>,
    /// What we left with it.
    pub extended_properties: Option<Properties>,
    /// Its room.
    pub conference_data: Option<ConferenceData>,
}

/// Somebody who is to come.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attendee {
    /// It is this calendar's owner.
    #[serde(rename = "self")]
    pub own: bool,
    /// `needsAction`, `declined`, `tentative`, `accepted`.
    pub response_status: Option<String>,
}

/// Whose event it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Organizer {
    /// It is this calendar's.
    #[serde(rename = "self")]
    pub own: bool,
}

/// Properties others left with an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// On this calendar's copy alone.
    pub private: BTreeMap<String, String>,
}

/// The fields of an event that are asked for: no titles, no names (FB-08).
pub const FIELDS: &str = "id,etag,status,iCalUID,start,end,transparency,eventType,sequence,recurrence,recurringEventId,originalStartTime,attendees(self,responseStatus),organizer(self),extendedProperties/private";

impl Event {
    /// It is deleted, or an occurrence that does not take place.
    pub fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }

    /// It repeats.
    pub fn is_series(&self) -> bool {
        !self.recurrence.is_empty()
    }

    /// A property of ours.
    pub fn ours(&self, property: &str) -> Option<&str> {
        self.extended_properties.as_ref()?.private.get(property).map(String::as_str)
    }

    /// The booking's uid for an event of ours, else its iCalendar UID.
    pub fn uid(&self) -> &str {
        self.ours(name::UID).or(self.ical_uid.as_deref()).unwrap_or(&self.id)
    }

    /// The revision of ours that stands there, else its SEQUENCE.
    pub fn revision(&self) -> i64 {
        self.ours(name::REVISION).and_then(|text| text.parse().ok()).unwrap_or(self.sequence)
    }

    /// The calendar owner's own answer.
    pub fn own_answer(&self) -> Option<&str> {
        self.attendees.iter().find(|one| one.own)?.response_status.as_deref()
    }

    /// The copy Google put into an attendee's calendar: it follows its organizer's event by itself.
    pub fn is_copy(&self) -> bool {
        self.organizer.as_ref().is_some_and(|organizer| !organizer.own) && self.ours(name::UID).is_none()
    }

    /// From when to when; `None` when that cannot be read.
    pub fn span(&self, home: &Zone) -> Option<Span> {
        when::span(&self.start, &self.end, home)
    }

    /// As what we wrote.
    pub fn written(&self) -> Written {
        Written { id: RemoteId::new(&self.id), etag: self.etag.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn all_10_no_answer_breaks_the_reading(text in ".{0,200}") {
            drop(serde_json::from_str::<Event>(&text));
        }
    }

    #[test]
    fn all_10_unknown_fields_and_words_are_let_be() {
        let text = r#"{"id":"x","kind":"calendar#event","eventType":"holodeck","status":"maybe","new":[1]}"#;
        let event: Event = serde_json::from_str(text).unwrap();
        assert_eq!((event.uid(), event.is_cancelled()), ("x", false));
    }
}
