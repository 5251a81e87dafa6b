//! What the mailbox holds.

use std::collections::{BTreeMap, BTreeSet};

use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use kalends_app::hook::Raw;
use kalends_domain::{Span, Zone};
use serde_json::{Map, Value, json};

use super::OWNER;
use crate::Moment;

/// Everything in the mailbox.
#[derive(Debug)]
pub(super) struct State {
    pub(super) calendars: Vec<Calendar>,
    items: BTreeMap<String, Item>,
    /// Counts every change; a cursor is such a count.
    pub(super) changes: u64,
    /// Cursors below this are forgotten.
    pub(super) known_since: u64,
    pub(super) page: usize,
    pub(super) hidden: Vec<String>,
    pub(super) looks: u32,
    pub(super) teams: Teams,
    /// Parts of a batch that are turned away once: id, status, `Retry-After`.
    pub(super) throttled: Vec<(String, u16, String)>,
    pub(super) subscription_minutes: i64,
    pub(super) subscriptions: BTreeMap<String, Value>,
    pub(super) meetings: BTreeMap<String, Value>,
    /// What is told to those who subscribed.
    pub(super) outbox: Vec<Raw>,
    /// Names of makings, remembered when what they made is gone.
    pub(super) transactions: BTreeSet<String>,
    made: u64,
}

#[derive(Debug)]
pub(super) struct Calendar {
    pub(super) id: String,
    name: &'static str,
    colour: &'static str,
    pub(super) writable: bool,
    main: bool,
}

/// Whether the mailbox makes Teams meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Teams {
    /// It does.
    Made,
    /// The organization does not allow it: the wish is ignored, or another provider's is made.
    Not { instead: Option<&'static str> },
}

impl Calendar {
    pub(super) fn json(&self, teams: Teams) -> Value {
        let allowed = match teams {
            Teams::Made => vec!["teamsForBusiness"],
            Teams::Not { instead } => instead.into_iter().collect(),
        };
        json!({
            "id": self.id,
            "name": self.name,
            "hexColor": self.colour,
            "canEdit": self.writable,
            "isDefaultCalendar": self.main,
            "allowedOnlineMeetingProviders": allowed,
            "owner": { "name": "Hanna Host", "address": OWNER },
        })
    }
}

/// An event, there or gone.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) calendar: String,
    pub(super) fields: Value,
    /// When, worked out once.
    pub(super) span: Span,
    /// The change that made it what it is.
    pub(super) version: u64,
    pub(super) gone: bool,
    /// Looks until its Teams link is there.
    pub(super) looks: u32,
}

impl Item {
    pub(super) fn etag(&self) -> String {
        format!("W/\"{}==\"", self.version)
    }

    pub(super) fn is_rule(&self) -> bool {
        self.fields["type"] == "seriesMaster"
    }

    pub(super) fn series(&self) -> Option<&str> {
        self.fields["seriesMasterId"].as_str()
    }
}

impl Default for State {
    fn default() -> Self {
        let calendar = |id: &str, name, colour, writable, main| Calendar {
            id: format!("AAMkAGI2-{id}="),
            name,
            colour,
            writable,
            main,
        };
        Self {
            calendars: vec![
                calendar("main", "Calendar", "", true, true),
                calendar("team", "Team", "#0078d4", true, false),
                calendar("holidays", "Holidays", "#Ab12ef", false, false),
            ],
            items: BTreeMap::new(),
            changes: 10,
            known_since: 0,
            page: 250,
            hidden: Vec::new(),
            looks: 0,
            teams: Teams::Made,
            throttled: Vec::new(),
            subscription_minutes: 10_080,
            subscriptions: BTreeMap::new(),
            meetings: BTreeMap::new(),
            outbox: Vec::new(),
            transactions: BTreeSet::new(),
            made: 0,
        }
    }
}

impl State {
    pub(super) fn calendar(&self, id: &str) -> Option<&Calendar> {
        let id = id.replace("%3D", "=");
        self.calendars.iter().find(|calendar| calendar.id == id)
    }

    /// The id of the calendar with this name; the main one where there is none.
    pub(super) fn named(&self, name: &str) -> String {
        let found = self.calendars.iter().find(|calendar| calendar.name == name);
        found.map_or_else(|| self.main(), |calendar| calendar.id.clone())
    }

    pub(super) fn main(&self) -> String {
        self.calendars
            .iter()
            .find(|calendar| calendar.main)
            .map(|calendar| calendar.id.clone())
            .unwrap_or_default()
    }

    /// The events that are there.
    pub(super) fn events(&self) -> impl Iterator<Item = &Item> {
        self.items.values().filter(|item| !item.gone)
    }

    /// All of a calendar, those that are gone too, in the order of their last change.
    pub(super) fn log(&self, calendar: &str) -> Vec<&Item> {
        let calendar = calendar.replace("%3D", "=");
        let mut all: Vec<&Item> = self.items.values().filter(|item| item.calendar == calendar).collect();
        all.sort_by_key(|item| item.version);
        all
    }

    pub(super) fn find(&self, id: &str) -> Option<&Item> {
        self.items.get(&id.replace("%3D", "=")).filter(|item| !item.gone)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.get_mut(&id.replace("%3D", "=")).filter(|item| !item.gone)
    }

    pub(super) fn fresh(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{}=", self.made)
    }

    /// A new event, or the one of the given `id` with other fields.
    pub(super) fn put(&mut self, calendar: &str, fields: &Value) -> String {
        let id = match fields["id"].as_str() {
            Some(id) => id.to_owned(),
            None => self.fresh("AAMkAGI2-event"),
        };
        self.changes += 1;
        let mut all = json!({
            "iCalUId": format!("040000008200E0{}", self.changes),
            "type": "singleInstance",
            "showAs": "busy",
            "sensitivity": "normal",
            "isAllDay": false,
            "isCancelled": false,
            "isOnlineMeeting": false,
            "onlineMeeting": null,
            "seriesMasterId": null,
            "originalStartTimeZone": fields["start"]["timeZone"],
            "responseStatus": { "response": "organizer" },
        });
        merge(&mut all, fields);
        all["id"] = id.clone().into();
        let looks = self.looks;
        if let Some(transaction) = all["transactionId"].as_str() {
            self.transactions.insert(transaction.to_owned());
        }
        let item = Item {
            span: span(&all),
            id: id.clone(),
            calendar: calendar.replace("%3D", "="),
            fields: all,
            version: self.changes,
            gone: false,
            looks,
        };
        let change = if self.items.insert(id.clone(), item).is_some() { "updated" } else { "created" };
        self.tell(&id, change);
        id
    }

    pub(super) fn change(&mut self, id: &str, fields: &Value) {
        self.changes += 1;
        let version = self.changes;
        let looks = self.looks;
        if let Some(item) = self.find_mut(id) {
            if item.fields["isOnlineMeeting"] != true && fields["isOnlineMeeting"] == true {
                item.looks = looks;
            }
            merge(&mut item.fields, fields);
            item.span = span(&item.fields);
            item.version = version;
            self.tell(id, "updated");
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        let id = id.replace("%3D", "=");
        self.changes += 1;
        let version = self.changes;
        for item in self.items.values_mut().filter(|item| item.id == id || item.series() == Some(id.as_str()))
        {
            item.gone = true;
            item.version = version;
        }
        self.tell(&id, "deleted");
    }

    /// Tells whoever subscribed to the calendar of this event.
    fn tell(&mut self, id: &str, change: &str) {
        let Some(item) = self.items.get(&id.replace("%3D", "=")) else { return };
        let resource = format!("me/calendars/{}/events", item.calendar);
        let of_calendar = self.subscriptions.values().filter(|one| one["resource"] == resource.as_str());
        let notices: Vec<Raw> = of_calendar
            .filter_map(|one| {
                let notice = json!({
                    "subscriptionId": one["id"],
                    "subscriptionExpirationDateTime": one["expirationDateTime"],
                    "changeType": change,
                    "clientState": one["clientState"],
                    "resource": format!("Users/1/Events/{}", item.id),
                    "resourceData": { "@odata.type": "#Microsoft.Graph.Event", "@odata.etag": item.etag(), "id": item.id },
                    "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
                });
                notice_to(one["notificationUrl"].as_str()?, &json!({ "value": [notice] }).to_string())
            })
            .collect();
        self.outbox.extend(notices);
    }

    /// How this part of a batch is turned away, if it is.
    pub(super) fn throttle(&mut self, part: &str) -> Option<(u16, String)> {
        let at = self.throttled.iter().position(|(id, ..)| id == part)?;
        let (_, status, wait) = self.throttled.remove(at);
        Some((status, wait))
    }

    pub(super) fn forget_cursors(&mut self) {
        self.changes += 1;
        self.known_since = self.changes;
    }
}

/// A call to whoever subscribed.
pub(super) fn notice_to(address: &str, body: &str) -> Option<Raw> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    Some(Raw { method: Method::POST, url: address.parse().ok()?, headers, body: body.to_owned().into() })
}

/// When an event takes place. One whose times cannot be read takes none.
fn span(fields: &Value) -> Span {
    let end = |name: &str| {
        let moment: Moment = serde_json::from_value(fields[name].clone()).ok()?;
        moment.at(&Zone::utc()).ok()
    };
    Span::new(end("start").unwrap_or(0), end("end").unwrap_or(0))
}

/// Puts fields over others; extended properties are kept by id.
fn merge(into: &mut Value, from: &Value) {
    let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) else { return };
    for (name, value) in from {
        if name == "singleValueExtendedProperties" {
            let mut all: Map<String, Value> = Map::new();
            let old = into.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            for one in old.iter().chain(value.as_array().into_iter().flatten()) {
                all.insert(one["id"].as_str().unwrap_or_default().to_owned(), one.clone());
            }
            into.insert(name.clone(), all.into_iter().map(|(_, one)| one).collect());
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}
