//! Where values come from: the file first, the environment on top.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use toml::{Table, Value};

use super::keys::{self, KEYS};

/// Variables with our prefix that are not settings of the server.
const NOT_SETTINGS: [&str; 1] = ["KALENDS_CONFIG"];

/// What `[apps.SLUG]` may say of our registration at its provider.
const REGISTRATION: [&str; 9] = [
    "client_id",
    "client_secret",
    "client_secret_file",
    "client_key",
    "client_key_file",
    "webhook_secret",
    "webhook_secret_file",
    "webhook_secret_before",
    "webhook_secret_before_file",
];

/// All values given, as text, with the place they were given at.
#[derive(Default)]
pub struct Source {
    given: BTreeMap<&'static str, Given>,
    endpoints: BTreeMap<String, BTreeMap<String, String>>,
    registrations: BTreeMap<String, BTreeMap<String, String>>,
    paces: BTreeMap<String, Table>,
    /// What is wrong, a sentence each.
    pub wrong: Vec<String>,
}

struct Given {
    place: String,
    text: String,
}

impl Source {
    /// Takes a file's values over; `name` is how messages call it.
    pub fn file(&mut self, name: &Path, text: &str) {
        let name = name.display().to_string();
        match text.parse::<Table>() {
            Ok(table) => self.table(&name, "", &table),
            // The line itself may hold a password.
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                self.wrong.push(format!("{name} is not TOML: line {line}: {}", error.message().trim_end()));
            }
        }
    }

    /// Takes variables over; those without our prefix are left alone.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (variable, text) in variables {
            if !variable.starts_with("KALENDS_") || NOT_SETTINGS.contains(&variable.as_str()) {
                continue;
            }
            match KEYS.iter().find(|key| key.variable() == variable) {
                Some(key) => drop(self.given.insert(key.name, Given { place: variable, text })),
                None => self
                    .wrong
                    .push(format!("{variable}: there is no such setting. {}", known(keys::Key::variable))),
            }
        }
    }

    /// Gives a key this value, over any other.
    pub fn put(&mut self, name: &'static str, text: String) {
        self.given.insert(name, Given { place: name.to_owned(), text });
    }

    /// True when the key was given, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The value of a key through `parse`, whose error says what to write instead.
    pub fn get<T, E: Display>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let given = self.given.get(name)?;
        match parse(given.text.trim()) {
            Ok(value) => Some(value),
            Err(hint) => {
                let hidden = keys::find(name).is_none_or(|key| key.secret);
                let text = if hidden { "…".to_owned() } else { format!("{:?}", without_user(&given.text)) };
                self.wrong.push(format!("{} = {text}: {hint}", given.place));
                None
            }
        }
    }

    /// The overridden addresses, `apps.SLUG.endpoints.NAME`, by slug and name.
    pub fn endpoints(&mut self) -> BTreeMap<String, BTreeMap<String, String>> {
        std::mem::take(&mut self.endpoints)
    }

    /// Our registrations at providers, `apps.SLUG.client_id` and its like, by slug and name.
    pub fn registrations(&mut self) -> BTreeMap<String, BTreeMap<String, String>> {
        std::mem::take(&mut self.registrations)
    }

    /// The operator's paces, `apps.SLUG.quota`, by slug.
    pub fn paces(&mut self) -> BTreeMap<String, Table> {
        std::mem::take(&mut self.paces)
    }

    fn table(&mut self, file: &str, prefix: &str, table: &Table) {
        for (name, value) in table {
            let name = format!("{prefix}{name}");
            if name == "apps" {
                self.apps(file, value);
            } else if let Value::Table(inner) = value {
                self.table(file, &format!("{name}."), inner);
            } else if let Some(key) = keys::find(&name) {
                match plain(value) {
                    Some(text) => {
                        drop(self.given.insert(key.name, Given { place: format!("{file}: {name}"), text }));
                    }
                    None => {
                        self.wrong
                            .push(format!("{file}: {name} must be a text, a number or a list of texts"));
                    }
                }
            } else {
                self.wrong
                    .push(format!("{file}: there is no setting {name}. {}", known(|k| k.name.to_owned())));
            }
        }
    }

    fn apps(&mut self, file: &str, value: &Value) {
        let shape = || {
            format!(
                "{file}: write [apps.SLUG.endpoints] and below it NAME = \"https://…\", [apps.SLUG.quota] and below it \
                 per_second, burst or concurrent, or [apps.SLUG] and below it {}",
                REGISTRATION.join(", ")
            )
        };
        let Some(apps) = value.as_table() else { return self.wrong.push(shape()) };
        for (slug, app) in apps {
            let Some(app) = app.as_table() else { return self.wrong.push(shape()) };
            for (name, value) in app {
                match (name.as_str(), value) {
                    ("endpoints", Value::Table(addresses)) => {
                        for (name, address) in addresses {
                            let Some(address) = address.as_str() else { return self.wrong.push(shape()) };
                            let of = self.endpoints.entry(slug.clone()).or_default();
                            of.insert(name.clone(), address.to_owned());
                        }
                    }
                    ("quota", Value::Table(figures)) => {
                        drop(self.paces.insert(slug.clone(), figures.clone()));
                    }
                    (name, Value::String(text)) if REGISTRATION.contains(&name) => {
                        let of = self.registrations.entry(slug.clone()).or_default();
                        of.insert(name.to_owned(), text.clone());
                    }
                    _ => return self.wrong.push(shape()),
                }
            }
        }
    }
}

/// A value as messages repeat it: what stands before an `@` may be a name and a password.
pub fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

fn known(name: impl Fn(&keys::Key) -> String) -> String {
    let names: Vec<_> = KEYS.iter().map(name).collect();
    format!("The settings are {}", names.join(", "))
}

/// A value as the environment would spell it; lists are joined by commas.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(yes) => Some(yes.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}
