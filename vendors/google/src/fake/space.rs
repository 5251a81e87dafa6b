//! Meet spaces (GCAL-25).

use std::collections::BTreeMap;

use kalends_app::{Request, Response, fake};
use serde_json::{Value, json};

use super::refusal;

/// Every space of the account.
#[derive(Default)]
pub(super) struct Spaces {
    made: BTreeMap<String, Value>,
    /// Spaces whose meeting was ended.
    pub(super) ended: Vec<String>,
}

impl Spaces {
    pub(super) fn len(&self) -> usize {
        self.made.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.made.get(name)
    }

    /// A space is gone, as after a year without a meeting.
    pub(super) fn forget(&mut self, name: &str) {
        self.made.remove(name);
    }

    pub(super) fn answer(&mut self, request: &Request) -> Result<Response, String> {
        let path = request.url.path();
        let json = |value: &Value| {
            fake::answer(request, 200, &[("content-type", "application/json")], value.to_string())
        };
        match request.method.as_str() {
            "POST" if path == "/v2/spaces" => {
                let config = config(&body(request)?)?;
                let n = self.made.len() + 1;
                let name = format!("spaces/jQCFfuBOdN{n}z");
                let letter = |of: usize| char::from(b'a' + u8::try_from(of % 26).unwrap_or(0));
                let code = format!("abc-mnop-x{}{}", letter(n / 26), letter(n));
                let space = json!({
                    "name": name,
                    "meetingUri": format!("https://meet.google.com/{code}"),
                    "meetingCode": code,
                    "config": config,
                });
                self.made.insert(name, space.clone());
                Ok(json(&space))
            }
            "POST" if path.ends_with(":endActiveConference") => {
                let name = path.trim_start_matches("/v2/").trim_end_matches(":endActiveConference");
                if !self.made.contains_key(name) {
                    return Ok(missing(request));
                }
                self.ended.push(name.to_owned());
                Ok(json(&json!({})))
            }
            "GET" => {
                let found = self.made.get(path.trim_start_matches("/v2/"));
                Ok(found.map_or_else(|| missing(request), json))
            }
            "PATCH" => {
                let mask = request.url.query_pairs().find(|(name, _)| name == "updateMask");
                if mask.as_ref().is_none_or(|(_, mask)| mask != "config.accessType") {
                    return Err("updateMask=config.accessType is what is ever changed".into());
                }
                let config = config(&body(request)?)?;
                match self.made.get_mut(path.trim_start_matches("/v2/")) {
                    Some(space) => {
                        space["config"]["accessType"] = config["accessType"].clone();
                        Ok(json(space))
                    }
                    None => Ok(missing(request)),
                }
            }
            method => Err(format!("Meet has no {method} {path}")),
        }
    }
}

fn body(request: &Request) -> Result<Value, String> {
    serde_json::from_slice(&request.body).map_err(|error| format!("the body is no JSON: {error}"))
}

fn config(sent: &Value) -> Result<Value, String> {
    let stray = sent.as_object().ok_or("a space is an object")?.keys().find(|name| *name != "config");
    if let Some(stray) = stray {
        return Err(format!("{stray:?} of a space cannot be written"));
    }
    let mut config = json!({ "accessType": "TRUSTED", "entryPointAccess": "ALL" });
    for (name, value) in sent["config"].as_object().into_iter().flatten() {
        let words: &[&str] = match name.as_str() {
            "accessType" => &["OPEN", "TRUSTED", "RESTRICTED"],
            "entryPointAccess" => &["ALL", "CREATOR_APP_ONLY"],
            _ => return Err(format!("config: {name:?}")),
        };
        if !words.iter().any(|word| value == word) {
            return Err(format!("config.{name} is one of {words:?}"));
        }
        config[name] = value.clone();
    }
    Ok(config)
}

fn missing(request: &Request) -> Response {
    refusal::new_form(request, 404, "NOT_FOUND", "Resource space was not found.")
}
