//! What Google takes for an event, and what it makes of it.

use kalends_app::kind::calendar::Shown;
use kalends_domain::{
    Zone,
    event_type::{Hue, Visibility},
};
use serde_json::{Value, json};

use crate::when::When;

/// Fields a client may write.
const WRITABLE: [&str; 21] = [
    "attendees",
    "colorId",
    "conferenceData",
    "description",
    "end",
    "extendedProperties",
    "eventType",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "id",
    "location",
    "recurrence",
    "reminders",
    "sequence",
    "source",
    "start",
    "status",
    "summary",
    "transparency",
    "visibility",
];

/// Why a body is not taken.
pub(super) enum Refused {
    /// Google answers 400 with this reason and message.
    No(&'static str, String),
    /// Google's description does not know it.
    Stray(String),
}

type Checked<T = ()> = Result<T, Refused>;

fn no<T>(reason: &'static str, message: &str) -> Checked<T> {
    Err(Refused::No(reason, message.to_owned()))
}

pub(super) fn is_cancelled(event: &Value) -> bool {
    event["status"] == "cancelled"
}

/// Checks what was sent for an event.
pub(super) fn check(sent: &Value) -> Checked {
    let Some(fields) = sent.as_object() else { return Err(Refused::Stray("an event is an object".into())) };
    if let Some(stray) = fields.keys().find(|name| !WRITABLE.contains(&name.as_str())) {
        return Err(Refused::Stray(format!("{stray:?} is no field that can be written")));
    }
    if let Some(id) = sent.get("id") {
        let fits = id.as_str().is_some_and(|id| {
            (5..=1024).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v'))
        });
        if !fits {
            return no("invalid", "Invalid resource id value.");
        }
    }
    longest(sent, "description", 8192)?;
    longest(sent, "location", 1024)?;
    longest(sent, "summary", 1024)?;
    one_of(sent, "visibility", &["default", "public", "private", "confidential"])?;
    one_of(sent, "transparency", &["opaque", "transparent"])?;
    one_of(sent, "status", &["confirmed", "tentative", "cancelled"])?;
    if let Some(url) = sent["source"]["url"].as_str()
        && !url.starts_with("http")
    {
        return no("invalid", "Invalid source url.");
    }
    let known = |id: &str| id.parse::<u8>().is_ok_and(|id| (1..=11).contains(&id));
    if sent.get("colorId").is_some_and(|id| !id.as_str().is_some_and(known)) {
        return no("invalid", "Invalid event color id.");
    }
    reminders(&sent["reminders"])?;
    attendees(&sent["attendees"])?;
    properties(&sent["extendedProperties"])
}

fn reminders(sent: &Value) -> Checked {
    let own = sent["overrides"].as_array().map(Vec::as_slice).unwrap_or_default();
    if sent["useDefault"] == true && !own.is_empty() {
        return no("cannotUseDefaultRemindersAndSpecifyOverride", "Cannot specify both.");
    }
    if own.len() > 5 {
        return no("invalid", "Too many reminders.");
    }
    for one in own {
        one_of(one, "method", &["email", "popup"])?;
        if one["minutes"].as_u64().is_none_or(|minutes| minutes > 40_320) {
            return no("invalid", "Invalid reminder minutes.");
        }
    }
    Ok(())
}

/// How an event stands there, in our words.
pub(super) fn shown(event: &Value) -> Shown {
    let colour = event["colorId"].as_str().and_then(|id| {
        Some(match id {
            "11" => Hue::Red,
            "6" => Hue::Orange,
            "5" => Hue::Yellow,
            "2" | "10" => Hue::Green,
            "7" => Hue::Teal,
            "1" | "9" => Hue::Blue,
            "3" => Hue::Purple,
            "4" => Hue::Pink,
            "8" => Hue::Grey,
            _ => return None,
        })
    });
    let visibility = match event["visibility"].as_str() {
        Some("private" | "confidential") => Visibility::Private,
        Some("public") => Visibility::Public,
        _ => Visibility::Usual,
    };
    let minutes = |one: &Value| one["minutes"].as_u64().and_then(|minutes| u32::try_from(minutes).ok());
    let own = event["reminders"]["overrides"].as_array().map(Vec::as_slice).unwrap_or_default();
    Shown {
        colour,
        visibility,
        guests_see: event["guestsCanSeeOtherGuests"] != false,
        guests_invite: event["guestsCanInviteOthers"] != false,
        reminders: (event["reminders"]["useDefault"] == false)
            .then(|| own.iter().filter_map(minutes).collect()),
    }
}

fn longest(sent: &Value, field: &str, most: usize) -> Checked {
    match sent.get(field) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if text.chars().count() <= most => Ok(()),
        Some(Value::String(_)) => no("invalid", "Too long."),
        Some(_) => Err(Refused::Stray(format!("{field:?} is a text"))),
    }
}

fn one_of(sent: &Value, field: &str, words: &[&str]) -> Checked {
    match sent.get(field) {
        None => Ok(()),
        Some(Value::String(word)) if words.contains(&word.as_str()) => Ok(()),
        Some(other) => Err(Refused::Stray(format!("{field:?} is one of {words:?}, not {other}"))),
    }
}

fn attendees(sent: &Value) -> Checked {
    for one in sent.as_array().into_iter().flatten() {
        let known = ["email", "displayName", "optional", "responseStatus"];
        let fields = one.as_object().ok_or_else(|| Refused::Stray("an attendee is an object".into()))?;
        if let Some(stray) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Refused::Stray(format!("attendees: {stray:?} cannot be written")));
        }
        one_of(one, "responseStatus", &["needsAction", "declined", "tentative", "accepted"])?;
        let mail = one["email"].as_str().unwrap_or_default();
        if mail.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
            return no("invalid", "Invalid attendee email.");
        }
    }
    Ok(())
}

fn properties(sent: &Value) -> Checked {
    for side in ["private", "shared"] {
        for (key, value) in sent[side].as_object().into_iter().flatten() {
            let Some(text) = value.as_str() else {
                return Err(Refused::Stray(format!("extendedProperties: {key:?} is no text")));
            };
            if key.len() > 44 || text.len() > 1024 {
                return no("invalid", "Extended property too long.");
            }
        }
    }
    Ok(())
}

/// Checks the times, and tells them as Google does: in the calendar's own offset, the zone beside it.
pub(super) fn times(event: &mut Value, home: &Zone) -> Checked {
    let (mut instants, mut days) = (vec![], vec![]);
    for field in ["start", "end"] {
        let sent: When = serde_json::from_value(event[field].clone())
            .map_err(|error| Refused::Stray(error.to_string()))?;
        match (&sent.date, &sent.date_time) {
            (Some(_), None) | (None, Some(_)) => {}
            _ => return no("required", "Missing or double start or end time."),
        }
        if sent.time_zone.is_some() && sent.zone().is_none() {
            return no("invalid", "Invalid time zone definition.");
        }
        let Some(at) = sent.instant(home) else { return no("invalid", "Bad time.") };
        days.push(sent.is_day());
        instants.push(at);
        if !sent.is_day() {
            let told = When::at(at, home);
            let zone = sent.zone().as_ref().unwrap_or(home).name().to_owned();
            event[field] = json!({ "dateTime": told.date_time, "timeZone": zone });
        }
    }
    if days[0] != days[1] {
        return no("invalid", "Start and end times must either both be date or both be dateTime.");
    }
    if instants[1] < instants[0] {
        return no("timeRangeEmpty", "The specified time range is empty.");
    }
    Ok(())
}

/// Lays what was sent over what is there: a null takes a field away, an object is laid over, a list replaced.
pub(super) fn patch(there: &mut Value, sent: &Value) {
    let (Some(fields), Some(changes)) = (there.as_object_mut(), sent.as_object()) else {
        *there = sent.clone();
        return;
    };
    for (name, value) in changes {
        if value.is_null() {
            fields.remove(name);
        } else if value.is_object() {
            patch(fields.entry(name.clone()).or_insert_with(|| json!({})), value);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
}

/// Marks the owner among the attendees, as answers do.
pub(super) fn mark_own(event: &mut Value, owner: &str) {
    for one in event.get_mut("attendees").and_then(Value::as_array_mut).into_iter().flatten() {
        if one["email"].as_str().is_some_and(|mail| mail.eq_ignore_ascii_case(owner)) {
            one["self"] = true.into();
        }
    }
}
