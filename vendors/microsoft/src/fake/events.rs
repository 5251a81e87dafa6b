//! Events: made once per transaction, changed under their etag, found by what was written beside them.

use kalends_app::{Response, kind::calendar::Shown};
use kalends_domain::{Span, Zone, event_type::Visibility};
use serde_json::{Value, json};

use super::{Ask, Item, Said, State, Teams};
use crate::{Moment, UID, draft};

/// What may be written into an event.
const FIELDS: [&str; 16] = [
    "categories",
    "reminderMinutesBeforeStart",
    "subject",
    "body",
    "start",
    "end",
    "location",
    "showAs",
    "sensitivity",
    "transactionId",
    "isReminderOn",
    "allowNewTimeProposals",
    "responseRequested",
    "singleValueExtendedProperties",
    "isOnlineMeeting",
    "onlineMeetingProvider",
];

/// What marks the part of a text that Teams put there.
const BUTTON: &str = "me-email-text";

pub(super) fn collection(ask: &Ask<'_>, verb: &str, state: &mut State, calendar: &str) -> Said {
    let Some(found) = state.calendar(calendar) else { return Ok(ask.missing()) };
    let (id, writable) = (found.id.clone(), found.writable);
    match verb {
        "GET" => search(ask, state, &id),
        "POST" if !writable => Ok(ask.refused(403, "ErrorAccessDenied")),
        "POST" => create(ask, state, &id),
        _ => Err(format!("{verb} on a calendar's events")),
    }
}

pub(super) fn one(ask: &Ask<'_>, verb: &str, state: &mut State, id: &str) -> Said {
    match verb {
        "GET" => {
            ask.takes(&["$select", "$expand"])?;
            let expand = expands(ask)?;
            let Some(item) = state.find_mut(id) else { return Ok(ask.missing()) };
            looked_at(item);
            Ok(ask.ok(&shown(item, expand)))
        }
        "PATCH" => change(ask, state, id),
        "DELETE" => {
            ask.takes(&[])?;
            if state.find(id).is_none() {
                return Ok(ask.missing());
            }
            state.remove(id);
            Ok(ask.nothing())
        }
        _ => Err(format!("{verb} on an event")),
    }
}

fn create(ask: &Ask<'_>, state: &mut State, calendar: &str) -> Said {
    ask.takes(&[])?;
    let mut fields = valid(ask, &["subject", "start", "end"])?;
    meets(&mut fields, state)?;
    // MSG-09: the same again is the same event; another under that name is refused.
    if let Some(transaction) = fields["transactionId"].as_str() {
        let earlier = state.events().find(|item| item.fields["transactionId"] == transaction);
        if let Some(earlier) = earlier.cloned() {
            let same = ["subject", "start", "end", "location", "body"]
                .iter()
                .all(|name| earlier.fields[*name] == fields[*name]);
            if same && earlier.calendar == calendar {
                return Ok(ask.with(201, &shown(&earlier, false)));
            }
            return Ok(ask.refused(409, "ErrorDuplicateTransactionId"));
        }
        if state.transactions.contains(transaction) {
            return Ok(ask.refused(409, "ErrorDuplicateTransactionId"));
        }
    }
    let id = state.put(calendar, &fields);
    if let Some(item) = state.find_mut(&id).filter(|item| item.looks == 0) {
        looked_at(item);
    }
    made(ask, state, &id, 201)
}

/// What becomes of the wish for a meeting: where Teams is not allowed the provider is ignored.
fn meets(fields: &mut Value, state: &State) -> Result<(), String> {
    if fields["isOnlineMeeting"].is_null() {
        return Ok(());
    }
    if fields["isOnlineMeeting"] != true || fields["onlineMeetingProvider"] != "teamsForBusiness" {
        return Err("an online meeting without teamsForBusiness (MSG-11)".into());
    }
    if let Teams::Not { instead } = state.teams {
        fields["isOnlineMeeting"] = instead.is_some().into();
        fields["onlineMeetingProvider"] = instead.unwrap_or("unknown").into();
    }
    Ok(())
}

/// A look brings the link nearer; with it comes the way in that Teams puts into the text (MSG-12).
fn looked_at(item: &mut Item) {
    item.looks = item.looks.saturating_sub(1);
    if item.looks > 0 || item.fields["isOnlineMeeting"] != true {
        return;
    }
    let text = item.fields["body"]["content"].as_str().unwrap_or_default();
    if !text.contains(BUTTON) {
        let link = link(item);
        let html = format!(
            "<html><body>{text}<div><span>________________</span></div><div class=\"{BUTTON}\"><a href=\"{link}\">Join</a></div></body></html>"
        );
        item.fields["body"] = json!({ "contentType": "html", "content": html });
    }
}

fn link(item: &Item) -> String {
    format!("https://teams.microsoft.com/l/meetup-join/{}", item.id.trim_end_matches('='))
}

fn change(ask: &Ask<'_>, state: &mut State, id: &str) -> Said {
    ask.takes(&[])?;
    let mut fields = valid(ask, &[])?;
    if !fields["transactionId"].is_null() {
        return Err("transactionId cannot be changed".into());
    }
    let Some(item) = state.find(id) else { return Ok(ask.missing()) };
    if item.fields["isOnlineMeeting"] == true && !fields["onlineMeetingProvider"].is_null() {
        return Err("onlineMeetingProvider cannot be changed (MSG-11)".into());
    }
    meets(&mut fields, state)?;
    let guard = ask.header("if-match");
    if guard.is_some_and(|etag| etag != "*" && etag != item.etag()) {
        return Ok(ask.refused(412, "ErrorIrresolvableConflict"));
    }
    let says = |of: &Value| of["body"]["content"].as_str().map(|text| text.contains(BUTTON));
    if says(&item.fields) == Some(true) && says(&fields) == Some(false) {
        return Err("the text of a Teams meeting without its join button (MSG-12)".into());
    }
    let id = item.id.clone();
    state.change(&id, &fields);
    if let Some(item) = state.find_mut(&id) {
        looked_at(item);
    }
    made(ask, state, &id, 200)
}

fn made(ask: &Ask<'_>, state: &State, id: &str, status: u16) -> Said {
    let item = state.find(id).ok_or("an event that was just written")?;
    Ok(ask.with(status, &shown(item, false)))
}

/// The fields, with times as the mailbox keeps them.
fn valid(ask: &Ask<'_>, needed: &[&str]) -> Result<Value, String> {
    let mut fields = ask.body()?;
    let all = fields.as_object().ok_or("an event that is no object")?;
    if let Some(stray) = all.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{stray} cannot be written"));
    }
    if let Some(lacks) = needed.iter().find(|name| !all.contains_key(**name)) {
        return Err(format!("an event without {lacks}"));
    }
    for (name, most) in [("subject", 255), ("transactionId", 255)] {
        let text = all.get(name).and_then(Value::as_str).unwrap_or_default();
        if text.chars().count() > most || text.contains(['\r', '\n']) {
            return Err(format!("{name} is too long or has line breaks"));
        }
    }
    for (name, known) in [
        ("showAs", &["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"][..]),
        ("sensitivity", &["normal", "personal", "private", "confidential"][..]),
    ] {
        if all.get(name).is_some_and(|value| !known.iter().any(|known| value == known)) {
            return Err(format!("{name} is {}", fields[name]));
        }
    }
    let categories = all.get("categories").map(Value::as_array);
    if categories.is_some_and(|all| all.is_none_or(|all| !all.iter().all(Value::is_string))) {
        return Err("categories are texts".into());
    }
    if all.get("reminderMinutesBeforeStart").is_some_and(|minutes| minutes.as_u64().is_none()) {
        return Err("reminderMinutesBeforeStart is a number".into());
    }
    for name in ["start", "end"] {
        if let Some(value) = fields.get(name) {
            let moment: Moment = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
            let known = moment.zone().ok_or_else(|| format!("{name} in no zone"))?;
            let wall = moment.wall().map_err(|error| error.to_string())?;
            fields[name] = kept(known.instants(wall).first());
        }
    }
    Ok(fields)
}

/// Our event of this uid.
pub(super) fn of_uid<'s>(state: &'s State, uid: &str) -> Option<&'s Item> {
    state.events().find(|item| {
        let properties = item.fields["singleValueExtendedProperties"].as_array();
        properties.is_some_and(|all| all.iter().any(|one| one["id"] == UID && one["value"] == uid))
    })
}

/// How an event stands there, in our words.
pub(super) fn in_words(item: &Item) -> Shown {
    let fields = &item.fields;
    let minutes =
        fields["reminderMinutesBeforeStart"].as_u64().and_then(|minutes| u32::try_from(minutes).ok());
    Shown {
        colour: fields["categories"][0].as_str().and_then(draft::colour),
        visibility: match fields["sensitivity"].as_str() {
            Some("private" | "confidential") => Visibility::Private,
            _ => Visibility::Usual,
        },
        reminders: match (fields["isReminderOn"] == true, minutes) {
            (false, _) => Some(vec![]),
            (true, minutes) => minutes.map(|minutes| vec![minutes]),
        },
        ..Shown::default()
    }
}

/// A time as the mailbox shows it: in UTC, to the tenth of a microsecond.
fn kept(at: i64) -> Value {
    let wall = Zone::utc().wall(at).strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string();
    json!({ "dateTime": wall, "timeZone": "UTC" })
}

/// An event as it is shown.
pub(super) fn shown(item: &Item, expand: bool) -> Value {
    let mut event = item.fields.clone();
    event["@odata.etag"] = item.etag().into();
    if item.fields["isOnlineMeeting"] == true {
        event["onlineMeeting"] = if item.looks == 0 { json!({ "joinUrl": link(item) }) } else { Value::Null };
    }
    if let Some(fields) = event.as_object_mut()
        && !expand
    {
        fields.remove("singleValueExtendedProperties");
    }
    event
}

/// Whether extended properties are asked for, each by its id.
fn expands(ask: &Ask<'_>) -> Result<bool, String> {
    let Some(expand) = ask.option("$expand") else { return Ok(false) };
    let ids =
        expand.strip_prefix("singleValueExtendedProperties($filter=").and_then(|rest| rest.strip_suffix(')'));
    let each = |id: &str| id.starts_with("id eq 'String {") && id.ends_with('\'');
    match ids {
        Some(ids) if ids.split(" or ").all(each) => Ok(true),
        _ => Err(format!("$expand={expand}")),
    }
}

/// Finds events by what was written beside them.
fn search(ask: &Ask<'_>, state: &State, calendar: &str) -> Said {
    ask.takes(&["$filter", "$expand", "$select", "$top", "$skip"])?;
    let expand = expands(ask)?;
    let filter = ask.option("$filter").ok_or("all events without a filter")?;
    let (after, any) = match filter.split_once(" and singleValueExtendedProperties/Any(") {
        Some((after, any)) => (Some(after), any),
        None => (
            None,
            filter.strip_prefix("singleValueExtendedProperties/Any(").ok_or("a filter by no property")?,
        ),
    };
    let after = match after {
        Some(text) => {
            let time = text.strip_prefix("end/dateTime ge '").and_then(|rest| rest.strip_suffix('\''));
            let time: jiff::civil::DateTime =
                time.and_then(|time| time.parse().ok()).ok_or("a filter by no time")?;
            Some(Zone::utc().instants(time).first())
        }
        None => None,
    };
    let test = any
        .strip_prefix("ep: ep/id eq '")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.split_once("' and ep/value "))
        .ok_or("a filter Graph cannot read")?;
    let fits = |item: &&Item| {
        let properties = item.fields["singleValueExtendedProperties"].as_array();
        let value = properties.and_then(|all| all.iter().find(|one| one["id"] == test.0));
        let value = value.and_then(|one| one["value"].as_str());
        let named = match test.1.strip_prefix("eq '").and_then(|rest| rest.strip_suffix('\'')) {
            Some(wanted) => value == Some(wanted),
            None => test.1 == "ne null" && value.is_some(),
        };
        let late = after.is_none_or(|after| item.span.end >= after);
        named && late && item.calendar == calendar
    };
    let found: Vec<Value> = state.events().filter(fits).map(|item| shown(item, expand)).collect();
    Ok(paged(ask, state, &found))
}

/// One page of a list, with the address of the next.
pub(super) fn paged(ask: &Ask<'_>, state: &State, all: &[Value]) -> Response {
    let skip: usize = ask.option("$skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
    let top: usize = ask.option("$top").and_then(|top| top.parse().ok()).unwrap_or(10);
    let size = top.min(state.page).max(1);
    let some: Vec<&Value> = all.iter().skip(skip).take(size).collect();
    let mut page = json!({ "value": some });
    if skip + size < all.len() {
        let mut next = ask.request.url.clone();
        let rest: Vec<(String, String)> = next
            .query_pairs()
            .filter(|(name, _)| name != "$skip")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        next.query_pairs_mut().clear().extend_pairs(rest).append_pair("$skip", &(skip + size).to_string());
        page["@odata.nextLink"] = next.as_str().into();
    }
    ask.ok(&page)
}

/// True when an item takes a part of this time.
pub(super) fn touches(item: &Item, within: Span) -> bool {
    item.span.overlaps(within) || (item.span.is_empty() && within.holds(item.span.start))
}
