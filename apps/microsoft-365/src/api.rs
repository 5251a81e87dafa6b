//! Addresses, and answers that are not events.

use jiff::Timestamp;
use kalends_app::{
    Cx, Error, RemoteId,
    kind::{Probe, calendar::RemoteCalendar},
};
use kalends_domain::{Span, Zone};
use serde::Deserialize;
use url::Url;
use vendor_microsoft::{Graph, PROPERTIES, UID};

/// What of an event is read.
const FIELDS: &str = "id,iCalUId,subject,start,end,isAllDay,isCancelled,showAs,responseStatus,type,seriesMasterId,\
    transactionId,originalStartTimeZone,isOnlineMeeting";
/// Rows of one page.
const PAGE: &str = "250";

/// The zone in which the owner's days begin.
pub fn zone(cx: &Cx) -> Zone {
    Zone::parse(&cx.zone).unwrap_or_else(|_| Zone::utc())
}

/// True when working elsewhere blocks (MSG-05).
pub fn elsewhere(cx: &Cx) -> bool {
    cx.setting("elsewhere") == Some("blocks")
}

/// Whose account it is.
pub fn me(graph: &Graph<'_>) -> Result<Url, Error> {
    asking(graph.url(&["me"])?, &[("$select", "id,displayName,mail,userPrincipalName")])
}

/// Every calendar of the account.
pub async fn calendars(graph: &Graph<'_>) -> Result<Vec<Listed>, Error> {
    let url = asking(graph.url(&["me", "calendars"])?, &[("$top", "100")])?;
    graph.all("list_calendars", url).await
}

/// One calendar.
pub fn calendar(graph: &Graph<'_>, id: &RemoteId) -> Result<Url, Error> {
    graph.url(&["me", "calendars", id.as_str()])
}

/// What takes place in a calendar: rules expanded, times in UTC.
pub fn view(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Url, Error> {
    occurring(graph.url(&["me", "calendars", of.as_str(), "calendarView"])?, within)
}

/// The first round of what changes in a calendar. It takes no selection (MSG-18).
pub fn delta(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Url, Error> {
    let url = graph.url(&["me", "calendars", of.as_str(), "calendarView", "delta()"])?;
    asking(url, &[("startDateTime", &instant(within.start)), ("endDateTime", &instant(within.end))])
}

/// The events of a calendar, to put one in.
pub fn events(graph: &Graph<'_>, of: &RemoteId) -> Result<Url, Error> {
    graph.url(&["me", "calendars", of.as_str(), "events"])
}

/// Our events in a calendar, by their booking.
pub fn with_uid(graph: &Graph<'_>, of: &RemoteId, uid: &str) -> Result<Url, Error> {
    let uid = uid.replace('\'', "''");
    let filter = format!("singleValueExtendedProperties/Any(ep: ep/id eq '{UID}' and ep/value eq '{uid}')");
    ours(events(graph, of)?, &filter)
}

/// All our events in a calendar, past ones too.
pub fn all_ours(graph: &Graph<'_>, of: &RemoteId) -> Result<Url, Error> {
    ours(
        events(graph, of)?,
        &format!("singleValueExtendedProperties/Any(ep: ep/id eq '{UID}' and ep/value ne null)"),
    )
}

/// All our events in a calendar that are not over by then.
pub fn ours_from(graph: &Graph<'_>, of: &RemoteId, from: i64) -> Result<Url, Error> {
    let from = Zone::utc().wall(from);
    let filter = format!(
        "end/dateTime ge '{from}' and singleValueExtendedProperties/Any(ep: ep/id eq '{UID}' and ep/value ne null)"
    );
    ours(events(graph, of)?, &filter)
}

fn ours(url: Url, filter: &str) -> Result<Url, Error> {
    asking(url, &[("$filter", filter), ("$select", FIELDS), ("$expand", PROPERTIES), ("$top", PAGE)])
}

/// An event, to change it or take it away.
pub fn event(graph: &Graph<'_>, id: &str) -> Result<Url, Error> {
    graph.url(&["me", "events", id])
}

/// An event with what we wrote beside it.
pub fn whole_event(graph: &Graph<'_>, id: &str) -> Result<Url, Error> {
    asking(event(graph, id)?, &[("$select", FIELDS), ("$expand", PROPERTIES)])
}

/// The occurrences of a rule.
pub fn instances(graph: &Graph<'_>, rule: &str, within: Span) -> Result<Url, Error> {
    occurring(graph.url(&["me", "events", rule, "instances"])?, within)
}

fn occurring(url: Url, within: Span) -> Result<Url, Error> {
    asking(
        url,
        &[
            ("startDateTime", &instant(within.start)),
            ("endDateTime", &instant(within.end)),
            ("$select", FIELDS),
            ("$top", PAGE),
        ],
    )
}

#[expect(clippy::unnecessary_wraps, reason = "reads as one of a chain in which addresses can fail")]
fn asking(mut url: Url, options: &[(&str, &str)]) -> Result<Url, Error> {
    url.query_pairs_mut().extend_pairs(options);
    Ok(url)
}

/// An instant as Graph takes it in addresses.
pub fn instant(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The account's owner.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    id: Option<String>,
    display_name: Option<String>,
    mail: Option<String>,
    #[serde(rename = "userPrincipalName")]
    principal_name: String,
}

impl User {
    /// Whose account it is; the id stays when name and address change (OAU-15).
    pub fn probe(self) -> Probe {
        let name = [self.mail, Some(self.principal_name), self.display_name];
        let name = name.into_iter().flatten().find(|name| !name.trim().is_empty());
        let identity = name.unwrap_or_else(|| "Microsoft account".to_owned());
        Probe { subject: self.id, ..Probe::of(identity) }
    }
}

/// A calendar as the list has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    id: String,
    name: Option<String>,
    hex_color: Option<String>,
    can_edit: Option<bool>,
    is_default_calendar: Option<bool>,
    is_removable: Option<bool>,
    owner: Option<Owner>,
}

/// `emailAddress`.
#[derive(Debug, Deserialize)]
struct Owner {
    address: Option<String>,
}

impl Listed {
    /// The address of the mailbox it lives in.
    pub fn mailbox(self) -> Option<String> {
        self.owner?.address.filter(|address| !address.is_empty())
    }

    /// The calendar as we list it.
    pub fn calendar(self) -> RemoteCalendar {
        let colour = self.hex_color.filter(|colour| {
            colour
                .strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        RemoteCalendar {
            name: self.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Calendar".to_owned()),
            id: RemoteId::new(self.id),
            colour: colour.map(|colour| colour.to_ascii_lowercase()),
            zone: None,
            writable: self.can_edit == Some(true),
            // Older answers do not say; the main calendar is the one that cannot be taken away.
            primary: self.is_default_calendar.unwrap_or(self.is_removable == Some(false)),
        }
    }
}
