//! Subscriptions: who is told when something changes, and until when (MSG-14).

use kalends_app::fake::parts;
use serde_json::Value;

use super::{Ask, BEGIN, Said, State, state::notice_to};

/// What a subscription may say.
const FIELDS: [&str; 6] = [
    "changeType",
    "notificationUrl",
    "lifecycleNotificationUrl",
    "resource",
    "expirationDateTime",
    "clientState",
];

pub(super) fn answer(ask: &Ask<'_>, verb: &str, path: &str, state: &mut State) -> Said {
    ask.takes(&[])?;
    if let ("POST", "/subscriptions") = (verb, path) {
        return create(ask, state);
    }
    let of = parts(path, "/subscriptions/{}").ok_or_else(|| format!("there is no {verb} {path}"))?;
    let id = of[0].replace("%3D", "=");
    if !state.subscriptions.contains_key(&id) {
        return Ok(ask.refused(404, "ResourceNotFound"));
    }
    match verb {
        "PATCH" => renew(ask, state, &id),
        "DELETE" => {
            state.subscriptions.remove(&id);
            Ok(ask.nothing())
        }
        _ => Err(format!("{verb} on a subscription")),
    }
}

fn create(ask: &Ask<'_>, state: &mut State) -> Said {
    let mut wish = ask.body()?;
    let all = wish.as_object().ok_or("a subscription that is no object")?;
    if let Some(stray) = all.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{stray} is not said of a subscription"));
    }
    let text = |name: &str| {
        let found = wish[name].as_str().filter(|text| !text.is_empty());
        found.map(str::to_owned).ok_or_else(|| format!("a subscription without {name}"))
    };
    for address in ["notificationUrl", "lifecycleNotificationUrl"] {
        if !text(address)?.starts_with("https://") {
            return Err(format!("{address} is not https"));
        }
    }
    if text("clientState")?.len() > 128 {
        return Err("clientState is longer than 128".into());
    }
    if text("changeType")? != "created,updated,deleted" {
        return Err("changes are missed by this changeType".into());
    }
    let resource = text("resource")?;
    let calendar = resource.strip_prefix("me/calendars/").and_then(|rest| rest.strip_suffix("/events"));
    if state.calendar(calendar.ok_or("a subscription to something else")?).is_none() {
        return Ok(ask.refused(404, "ResourceNotFound"));
    }
    if !lives(&wish, state)? {
        return Ok(ask.refused(400, "InvalidRequest"));
    }
    let id = state.fresh("7f105c7d-2dc5-4530-97cd-4e7ae6534c07");
    // The address is asked first whether it is there (MSG-15).
    let question = format!(
        "{}?validationToken=Validation%3A+Testing+client%3A+{}",
        text("notificationUrl")?,
        state.changes
    );
    state.outbox.extend(notice_to(&question, ""));
    wish["id"] = id.clone().into();
    state.subscriptions.insert(id, wish.clone());
    Ok(ask.with(201, &wish))
}

fn renew(ask: &Ask<'_>, state: &mut State, id: &str) -> Said {
    let wish = ask.body()?;
    if wish.as_object().is_none_or(|all| all.keys().any(|name| name != "expirationDateTime")) {
        return Err("only the end of a subscription can be changed (MSG-17)".into());
    }
    if !lives(&wish, state)? {
        return Ok(ask.refused(400, "InvalidRequest"));
    }
    let Some(kept) = state.subscriptions.get_mut(id) else { return Ok(ask.missing()) };
    kept["expirationDateTime"] = wish["expirationDateTime"].clone();
    Ok(ask.ok(kept))
}

/// True when it ends no later than Graph allows.
fn lives(wish: &Value, state: &State) -> Result<bool, String> {
    let until: jiff::Timestamp = wish["expirationDateTime"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or("a subscription without an end")?;
    let begin: jiff::Timestamp = BEGIN.parse().map_err(|_| "the beginning of the world")?;
    Ok(until.as_second() - begin.as_second() <= state.subscription_minutes * 60)
}
