//! Teams meetings that stand in no calendar (MSG-13).

use kalends_app::fake::parts;
use serde_json::{Value, json};

use super::{Ask, Said, State};

/// What may be said of a meeting.
const FIELDS: [&str; 4] = ["externalId", "subject", "startDateTime", "endDateTime"];

pub(super) fn answer(ask: &Ask<'_>, verb: &str, path: &str, state: &mut State) -> Said {
    ask.takes(&[])?;
    if let ("POST", "/me/onlineMeetings/createOrGet") = (verb, path) {
        return create_or_get(ask, state);
    }
    let of = parts(path, "/me/onlineMeetings/{}").ok_or_else(|| format!("there is no {verb} {path}"))?;
    let id = of[0].replace("%3D", "=");
    let Some(meeting) = state.meetings.get_mut(&id) else { return Ok(ask.refused(404, "NotFound")) };
    match verb {
        "GET" => Ok(ask.ok(meeting)),
        "PATCH" => {
            let fields = valid(ask)?;
            if fields.get("externalId").is_some() {
                return Err("externalId cannot be changed".into());
            }
            for (name, value) in fields.as_object().into_iter().flatten() {
                meeting[name] = value.clone();
            }
            Ok(ask.ok(meeting))
        }
        "DELETE" => {
            state.meetings.remove(&id);
            Ok(ask.nothing())
        }
        _ => Err(format!("{verb} on a meeting")),
    }
}

fn create_or_get(ask: &Ask<'_>, state: &mut State) -> Said {
    let fields = valid(ask)?;
    let name = fields["externalId"].as_str().filter(|id| !id.is_empty()).ok_or("without externalId")?;
    if let Some(there) = state.meetings.values().find(|meeting| meeting["externalId"] == name) {
        return Ok(ask.ok(there));
    }
    let id = state.fresh("MSpkYzE3Njc0Yy04MWQ5");
    let link = format!("https://teams.microsoft.com/l/meetup-join/19%3ameeting_{}", id.trim_end_matches('='));
    let mut meeting = json!({ "id": id, "joinWebUrl": link });
    for (name, value) in fields.as_object().into_iter().flatten() {
        meeting[name] = value.clone();
    }
    state.meetings.insert(id, meeting.clone());
    Ok(ask.with(201, &meeting))
}

fn valid(ask: &Ask<'_>) -> Result<Value, String> {
    let fields = ask.body()?;
    let all = fields.as_object().ok_or("a meeting that is no object")?;
    if let Some(stray) = all.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{stray} is not said of a meeting"));
    }
    for name in ["startDateTime", "endDateTime"] {
        let text =
            all.get(name).and_then(Value::as_str).ok_or_else(|| format!("a meeting without {name}"))?;
        text.parse::<jiff::Timestamp>().map_err(|_| format!("{name} is {text}"))?;
    }
    Ok(fields)
}
