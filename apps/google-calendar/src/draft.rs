//! A booking's event as Google is told of it (GCAL-08 to GCAL-11, GCAL-26).

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_app::{
    Error, Kind,
    kind::calendar::{Attendance, Attendee, Draft, Shown},
};
use kalends_domain::{
    Zone,
    event_type::{Hue, Visibility},
};
use serde_json::{Value, json};
use vendor_google::{Event, When, name};

/// Google refuses longer texts.
const DESCRIPTION: usize = 8_000;
const LINE: usize = 1_000;
/// Guests of one event; Google refuses more.
const GUESTS: usize = 200;
/// Reminders of one event; Google refuses more.
pub(crate) const REMINDERS: usize = 5;

/// The event, new.
pub(crate) fn insert(draft: &Draft) -> Result<Value, Error> {
    let mut body = content(draft);
    let (start, end) = times(draft)?;
    body["id"] = name::event(&draft.uid).into();
    body["start"] = json!(start);
    body["end"] = json!(end);
    Ok(marked(body, draft))
}

/// The event, to be laid over one that stands there.
pub(crate) fn patch(draft: &Draft) -> Result<Value, Error> {
    let mut body = content(draft);
    let (start, end) = times(draft)?;
    body["start"] = json!(start);
    body["end"] = json!(end);
    Ok(marked(body, draft))
}

/// The same over an all-day event, whose days have to go.
pub(crate) fn patch_of_days(draft: &Draft) -> Result<Value, Error> {
    let mut body = patch(draft)?;
    for field in ["start", "end"] {
        body[field]["date"] = Value::Null;
    }
    Ok(body)
}

/// Whether what stands there is what this draft would write: its content by the print left with it, its time by itself.
pub(crate) fn says(event: &Event, draft: &Draft) -> bool {
    event.ours(name::PRINT) == Some(&print(&content(draft), draft))
        && event.span(&Zone::utc()) == Some(draft.span)
}

fn content(draft: &Draft) -> Value {
    let guests: Vec<Value> = draft.attendees.iter().filter_map(guest).take(GUESTS).collect();
    let shown = &draft.shown;
    let mut body = json!({
        "summary": cut(&draft.title, LINE),
        "description": cut(&draft.description, DESCRIPTION),
        "location": cut(draft.location.as_deref().unwrap_or_default(), LINE),
        "visibility": visibility(shown.visibility),
        "transparency": "opaque",
        "reminders": reminders(shown),
        "guestsCanInviteOthers": shown.guests_invite,
        "guestsCanModify": false,
        "guestsCanSeeOtherGuests": shown.guests_see,
        "attendees": guests,
    });
    // Without a wish of ours the colour that its owner gave it stays.
    if let Some(colour) = shown.colour {
        body["colorId"] = colour_id(colour).into();
    }
    if let Some(url) = draft.url.as_deref().filter(|url| url.starts_with("http")) {
        body["source"] = json!({ "title": "Kalends", "url": url });
    }
    body
}

const fn visibility(of: Visibility) -> &'static str {
    match of {
        Visibility::Usual => "default",
        Visibility::Private => "private",
        Visibility::Public => "public",
    }
}

fn reminders(shown: &Shown) -> Value {
    match shown.nearest(REMINDERS) {
        None => json!({ "useDefault": true }),
        Some(minutes) => {
            let overrides: Vec<Value> =
                minutes.iter().map(|minutes| json!({ "method": "popup", "minutes": minutes })).collect();
            json!({ "useDefault": false, "overrides": overrides })
        }
    }
}

/// The names that Google's own pages give them: Tomato, Tangerine, Banana, Basil, Peacock, Blueberry, Grape, Flamingo, Graphite.
const fn colour_id(of: Hue) -> &'static str {
    match of {
        Hue::Red => "11",
        Hue::Orange => "6",
        Hue::Yellow => "5",
        Hue::Green => "10",
        Hue::Teal => "7",
        Hue::Blue => "9",
        Hue::Purple => "3",
        Hue::Pink => "4",
        Hue::Grey => "8",
    }
}

fn times(draft: &Draft) -> Result<(When, When), Error> {
    let zone = Zone::parse(&draft.zone).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    Ok((When::at(draft.span.start, &zone), When::at(draft.span.end, &zone)))
}

fn marked(mut body: Value, draft: &Draft) -> Value {
    let content: Value = body
        .as_object()
        .map(|fields| fields.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "start" | "end")))
        .map(|fields| fields.map(|(name, value)| (name.clone(), value.clone())).collect())
        .unwrap_or_default();
    body["extendedProperties"] = json!({ "private": {
        name::UID: draft.uid,
        name::REVISION: draft.sequence.to_string(),
        name::PRINT: print(&content, draft),
    }});
    body
}

fn print(content: &Value, draft: &Draft) -> String {
    let text = format!("{content} {} {}", draft.sequence, draft.zone);
    BASE64_URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..12])
}

fn guest(of: &Attendee) -> Option<Value> {
    let mail = of.person.email.trim();
    let (name, host) = mail.split_once('@')?;
    if name.is_empty() || host.is_empty() {
        return None;
    }
    let answer = match of.status {
        Attendance::NeedsAction => "needsAction",
        Attendance::Accepted => "accepted",
        Attendance::Declined => "declined",
        Attendance::Tentative => "tentative",
    };
    let name = cut(&of.person.name, LINE);
    Some(json!({ "email": mail, "displayName": name, "optional": of.optional, "responseStatus": answer }))
}

fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}
