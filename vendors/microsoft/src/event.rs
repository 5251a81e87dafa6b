//! Events as Graph has them, and what they mean to us.

use aws_lc_rs::digest;
use jiff::civil::{Date, Time};
use kalends_app::{
    Error, RemoteId,
    kind::calendar::{Busy, RemoteEvent},
};
use kalends_domain::{Span, Zone};
use serde::Deserialize;
use serde_json::Value;

use crate::Moment;

/// The extended property with the booking's uid: Graph gives events an iCalendar UID of its own.
pub const UID: &str = "String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} Name kalends-uid";
/// The extended property with the revision and a digest of what we wrote.
pub const SAID: &str = "String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} Name kalends-said";
/// What to expand to get both.
pub const PROPERTIES: &str = "singleValueExtendedProperties($filter=id eq 'String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} \
    Name kalends-uid' or id eq 'String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} Name kalends-said')";

/// Before the uid in a `transactionId`.
const OURS: &str = "kalends:";
/// Before the version of an event that somebody made a Teams meeting (MSG-12).
const TEAMS: &str = "teams ";

/// An event, as much of it as concerns us. What Graph leaves out or sends as null is `None`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Stays when the event moves (MSG-10).
    pub id: String,
    /// Its version.
    #[serde(rename = "@odata.etag")]
    pub etag: Option<String>,
    /// It is not in this view any more (MSG-18).
    #[serde(rename = "@removed")]
    pub removed: Option<Value>,
    /// Graph's own UID.
    #[serde(rename = "iCalUId")]
    pub ical_uid: Option<String>,
    /// The title; read to compare with ours, never kept (FB-08).
    pub subject: Option<String>,
    /// What stands in it.
    pub body: Option<Body>,
    /// From when.
    pub start: Option<Moment>,
    /// To when.
    pub end: Option<Moment>,
    /// Midnight to midnight in its own zone (MSG-08).
    pub is_all_day: Option<bool>,
    /// Stands there, but as cancelled.
    pub is_cancelled: Option<bool>,
    /// `free`, `tentative`, `busy`, `oof`, `workingElsewhere` or `unknown`.
    pub show_as: Option<String>,
    /// `normal`, `personal`, `private` or `confidential`.
    pub sensitivity: Option<String>,
    /// What the mailbox's owner answered.
    pub response_status: Option<Response>,
    /// `singleInstance`, `occurrence`, `exception` or `seriesMaster`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The series it belongs to.
    pub series_master_id: Option<String>,
    /// What its maker called the making of it.
    pub transaction_id: Option<String>,
    /// The zone it was made in.
    pub original_start_time_zone: Option<String>,
    /// Where.
    pub location: Option<Location>,
    /// It has a room, mostly at Teams.
    pub is_online_meeting: Option<bool>,
    /// Whose room: `teamsForBusiness`, `skypeForBusiness`, `skypeForConsumer` or `unknown`.
    pub online_meeting_provider: Option<String>,
    /// The room.
    pub online_meeting: Option<OnlineMeeting>,
    /// What we wrote beside it, when asked for.
    pub single_value_extended_properties: Option<Vec<Property>>,
}

/// `responseStatus`.
#[derive(Debug, Clone, Deserialize)]
pub struct Response {
    /// `none`, `organizer`, `tentativelyAccepted`, `accepted`, `declined` or `notResponded`.
    pub response: Option<String>,
}

/// `itemBody`.
#[derive(Debug, Clone, Deserialize)]
pub struct Body {
    /// Text or HTML, as preferred.
    pub content: Option<String>,
}

/// `location`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// As people read it.
    pub display_name: Option<String>,
}

/// `onlineMeetingInfo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnlineMeeting {
    /// The way in; not there at once, always (MSG-11).
    pub join_url: Option<String>,
}

/// `singleValueLegacyExtendedProperty`.
#[derive(Debug, Clone, Deserialize)]
pub struct Property {
    id: String,
    value: String,
}

impl Event {
    /// The extended property of this id.
    pub fn property(&self, id: &str) -> Option<&str> {
        let all = self.single_value_extended_properties.as_deref()?;
        all.iter().find(|one| one.id.eq_ignore_ascii_case(id)).map(|one| one.value.as_str())
    }

    /// True when it is a meeting at Teams, also while its way in is still being made.
    pub fn is_at_teams(&self) -> bool {
        let theirs = self.online_meeting_provider.as_deref().is_none_or(|one| one == "teamsForBusiness");
        self.is_online_meeting == Some(true) && theirs
    }

    /// The way into its room, as soon as there is one (MSG-11).
    pub fn room(&self) -> Option<&str> {
        let url = self.online_meeting.as_ref()?.join_url.as_deref()?;
        url.starts_with("https://").then_some(url)
    }

    /// True for an event of ours that was made with its room and says nothing yet.
    pub fn is_begun(&self) -> bool {
        self.property(UID).is_some() && self.property(SAID).is_none()
    }

    /// The uid of our booking, if it is one of ours.
    pub fn ours(&self) -> Option<&str> {
        self.property(UID).or_else(|| of_transaction(self.transaction_id.as_deref()?))
    }

    /// Our uid, or the one everybody else knows it by.
    pub fn uid(&self) -> Option<String> {
        self.ours().map(str::to_owned).or_else(|| self.ical_uid.clone())
    }

    /// True for the rule behind a series, which takes no time itself.
    pub fn is_rule(&self) -> bool {
        self.kind.as_deref() == Some("seriesMaster")
    }

    /// The series it belongs to, for one that is told by its times alone.
    pub fn bare_of(&self) -> Option<&str> {
        let bare = self.show_as.is_none() && self.response_status.is_none();
        self.series_master_id.as_deref().filter(|_| bare)
    }

    /// The same occurrence with what its rule says of all of them.
    #[must_use]
    pub fn filled_from(mut self, rule: &Self) -> Self {
        self.show_as.clone_from(&rule.show_as);
        self.response_status.clone_from(&rule.response_status);
        self.is_cancelled = self.is_cancelled.or(rule.is_cancelled);
        self.is_all_day = self.is_all_day.or(rule.is_all_day);
        self.original_start_time_zone =
            self.original_start_time_zone.or_else(|| rule.original_start_time_zone.clone());
        self.ical_uid = self.ical_uid.or_else(|| rule.ical_uid.clone());
        self
    }

    /// When it takes place. Whole days are days of the owner's zone (FB-05).
    pub fn span(&self, owner: &Zone) -> Result<Option<Span>, Error> {
        let (Some(start), Some(end)) = (&self.start, &self.end) else { return Ok(None) };
        if self.is_all_day == Some(true) {
            let (from, to) = (self.day(start, owner)?, self.day(end, owner)?);
            return Ok(Some(Span::new(owner.midnight(from), owner.midnight(to))));
        }
        Ok(Some(Span::new(start.at(owner)?, end.at(owner)?)))
    }

    /// The date meant by one end of a whole day: midnight as it stands there, else midnight where it was made (MSG-08).
    fn day(&self, moment: &Moment, owner: &Zone) -> Result<Date, Error> {
        let wall = moment.wall()?;
        if wall.time() == Time::midnight() {
            return Ok(wall.date());
        }
        let made = self.original_start_time_zone.as_deref().and_then(|name| Zone::parse(name).ok());
        Ok(made.as_ref().unwrap_or(owner).date(moment.at(owner)?))
    }

    /// True when its time is not to be had (FB-01 to FB-03, MSG-05, MSG-22).
    pub fn blocks(&self, elsewhere: bool) -> bool {
        let free = match self.show_as.as_deref() {
            Some("free") => true,
            Some("workingElsewhere") => !elsewhere,
            _ => false,
        };
        !free && self.is_cancelled != Some(true) && self.answer() != Some("declined") && !self.is_rule()
    }

    /// Not firmly accepted yet (FB-04).
    pub fn is_tentative(&self) -> bool {
        self.show_as.as_deref() == Some("tentative")
            || matches!(self.answer(), Some("notResponded" | "tentativelyAccepted"))
    }

    /// What stands in it.
    pub fn html(&self) -> Option<&str> {
        self.body.as_ref()?.content.as_deref()
    }

    fn answer(&self) -> Option<&str> {
        self.response_status.as_ref()?.response.as_deref()
    }

    /// The time it takes within the window, if any (FB-06).
    pub fn busy(&self, owner: &Zone, within: Span, elsewhere: bool) -> Result<Option<Busy>, Error> {
        let Some(span) = self.span(owner)?.filter(|_| self.blocks(elsewhere)) else { return Ok(None) };
        let inside = !span.is_empty() && span.overlaps(within);
        Ok(inside.then(|| Busy { span, uid: self.uid(), tentative: self.is_tentative() }))
    }

    /// The event as the mirror keeps it.
    pub fn mirrored(&self, owner: &Zone, within: Span, elsewhere: bool) -> Result<RemoteEvent, Error> {
        let busy = self.busy(owner, within, elsewhere)?;
        let once = self.series_master_id.is_none() && !self.is_rule();
        let sequence = self.property(SAID).and_then(|said| said.split(' ').next()?.parse().ok());
        Ok(RemoteEvent {
            id: RemoteId::new(&self.id),
            uid: self.uid().unwrap_or_else(|| self.id.clone()),
            etag: version(self),
            sequence: sequence.unwrap_or(0),
            tentative: self.is_tentative(),
            busy: busy.into_iter().map(|busy| busy.span).collect(),
            span: self.span(owner)?.filter(|_| once),
            cancelled: self.is_cancelled == Some(true),
            declined: self.answer() == Some("declined"),
            unexpanded: false,
        })
    }
}

/// The version of an event as we keep it: one that somebody made a Teams meeting is marked, because its text holds more than
/// ours from then on (MSG-12).
pub fn version(event: &Event) -> Option<String> {
    let etag = event.etag.clone()?;
    Some(if event.is_online_meeting == Some(true) { format!("{TEAMS}{etag}") } else { etag })
}

/// The etag in a version, and whether it is a Teams meeting's.
pub fn etag(version: &str) -> (&str, bool) {
    version.strip_prefix(TEAMS).map_or((version, false), |etag| (etag, true))
}

/// What we call the making of a booking's event in this calendar: the same every time (MSG-09).
pub fn transaction(uid: &str, calendar: &RemoteId) -> String {
    format!("{OURS}{uid}:{}", &hex(calendar.as_str().as_bytes())[..8])
}

/// The booking's uid in a `transactionId` of ours.
pub fn of_transaction(id: &str) -> Option<&str> {
    let (uid, _) = id.strip_prefix(OURS)?.rsplit_once(':')?;
    Some(uid)
}

/// SHA-256 in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest::digest(&digest::SHA256, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}

#[cfg(test)]
mod tests;
