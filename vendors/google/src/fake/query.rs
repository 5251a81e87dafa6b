//! A request's parameters, none of them unknown.

use std::collections::BTreeMap;

use kalends_app::Request;
use serde_json::Value;

/// Parameters every call takes.
const ALWAYS: [&str; 4] = ["fields", "prettyPrint", "quotaUser", "alt"];

/// What was asked.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// The parameters of a request that may have these.
    pub(super) fn of(request: &Request, known: &[&str]) -> Result<Self, String> {
        let mut asked = BTreeMap::new();
        for (name, value) in request.url.query_pairs() {
            if !known.contains(&name.as_ref()) && !ALWAYS.contains(&name.as_ref()) {
                return Err(format!("{name:?} is no parameter of this call"));
            }
            if asked.insert(name.to_string(), value.to_string()).is_some() {
                return Err(format!("{name:?} stands there twice"));
            }
        }
        if let Some(word) = asked.get("sendUpdates")
            && !["all", "externalOnly", "none"].contains(&word.as_str())
        {
            return Err(format!("sendUpdates={word}"));
        }
        Ok(Self(asked))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A yes or no; no where it is not said.
    pub(super) fn flag(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(format!("{name}={other}")),
        }
    }

    /// An item with the fields that were asked for (`fields=items(a,b(c))`): their names at the top alone are looked at.
    /// Of more attendees than were asked for only the owner is told.
    pub(super) fn masked(&self, mut item: Value) -> Value {
        let most: usize = self.get("maxAttendees").and_then(|most| most.parse().ok()).unwrap_or(usize::MAX);
        if let Some(all) = item.get_mut("attendees").and_then(Value::as_array_mut)
            && all.len() > most
        {
            all.retain(|one| one["self"] == true);
        }
        let Some((_, mask)) = self.get("fields").and_then(|fields| fields.split_once("items(")) else {
            return item;
        };
        let (mut depth, mut name, mut names) = (0, String::new(), Vec::new());
        for letter in mask.chars() {
            match letter {
                '(' => depth += 1,
                ')' if depth == 0 => break,
                ')' => depth -= 1,
                ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                _ if depth == 0 => name.push(letter),
                _ => {}
            }
        }
        names.push(name);
        let wanted = |field: &str| names.iter().any(|name| name.split('/').next() == Some(field));
        match item {
            Value::Object(fields) => {
                Value::Object(fields.into_iter().filter(|(field, _)| wanted(field)).collect())
            }
            other => other,
        }
    }
}
