//! Checks what somebody typed into a setup form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use super::{Field, Input, Manifest};
use crate::{Secret, Secrets, redact};

const USER: &str = "leave name and password out of the address: they have fields of their own";

/// A setup form that can be kept: settings for the installation, secrets for the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// What may be shown again.
    pub settings: Map<String, Value>,
    /// What may not. A secret left blank stays what it was.
    pub secrets: Secrets,
}

/// One field that cannot be kept as typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label}: {problem}")]
pub struct WrongField {
    /// The field's name.
    pub field: String,
    /// The field's label.
    pub label: String,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl Manifest {
    /// Checks a filled-in form. `kept` are the secrets already sealed, which a blank field keeps.
    ///
    /// Every wrong field is reported at once; a field the form does not have is refused (ALL-01).
    pub fn check(&self, typed: &BTreeMap<String, String>, kept: &Secrets) -> Result<Filled, Vec<WrongField>> {
        let mut filled = Filled { settings: Map::new(), secrets: Secrets::none() };
        let mut wrong = Vec::new();
        for stray in typed.keys().filter(|name| self.setup.iter().all(|field| field.name != **name)) {
            let problem = "this form has no such field".to_owned();
            wrong.push(WrongField { field: stray.clone(), label: stray.clone(), problem });
        }
        for field in self.setup.iter().filter(|field| asked(field, typed, &self.setup)) {
            let text = typed.get(&field.name).map(String::as_str).unwrap_or_default();
            if let Err(problem) = take(field, text, kept, &mut filled) {
                wrong.push(WrongField { field: field.name.clone(), label: field.label.clone(), problem });
            }
        }
        if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
    }
}

impl Manifest {
    /// The fields that count beside these settings: the others depend on something else being chosen.
    pub fn asked(&self, settings: &Value) -> impl Iterator<Item = &Field> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let kept = settings.as_object().into_iter().flatten();
        let kept: BTreeMap<String, String> = kept.map(|(name, value)| (name.clone(), text(value))).collect();
        self.setup.iter().filter(move |field| asked(field, &kept, &self.setup))
    }
}

/// True unless the field depends on another that says otherwise.
fn asked(field: &Field, typed: &BTreeMap<String, String>, all: &[Field]) -> bool {
    let Some(when) = &field.when else { return true };
    let Some(other) = all.iter().find(|other| other.name == when.field) else { return false };
    let value = match (other.input, typed.get(&other.name).map(|text| text.trim())) {
        (Input::Checkbox, text) => {
            if is_ticked(text.unwrap_or_default()) { "true" } else { "false" }.to_owned()
        }
        (_, Some(text)) if !text.is_empty() => text.to_owned(),
        _ => other.default.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    when.is.contains(&value) && asked(other, typed, all)
}

fn take(field: &Field, text: &str, kept: &Secrets, filled: &mut Filled) -> Result<(), String> {
    let text = if field.input == Input::Password { text } else { text.trim() };
    if field.is_secret() {
        return take_secret(field, text, kept, filled);
    }
    let value = if field.input == Input::Checkbox {
        Value::Bool(is_ticked(text))
    } else if text.is_empty() {
        match (&field.default, field.required) {
            (Some(default), _) => default.clone(),
            (None, true) => return Err("fill this in".to_owned()),
            (None, false) => return Ok(()),
        }
    } else {
        value(field, text)?
    };
    filled.settings.insert(field.name.clone(), value);
    Ok(())
}

fn take_secret(field: &Field, text: &str, kept: &Secrets, filled: &mut Filled) -> Result<(), String> {
    if text.is_empty() {
        match kept.get(&field.name) {
            Some(secret) => filled.secrets.insert(&field.name, secret.clone()),
            None if field.required => return Err("fill this in".to_owned()),
            None => {}
        }
        return Ok(());
    }
    fits_length(field, text)?;
    if field.input != Input::Lines && text.contains(['\r', '\n', '\0']) {
        return Err("this must be one line".to_owned());
    }
    let secret = match field.input {
        // An address that lets in whoever knows it: checked like any other.
        Input::Url => address(field, text)?,
        _ => text.to_owned(),
    };
    filled.secrets.insert(&field.name, Secret::new(secret));
    Ok(())
}

fn value(field: &Field, text: &str) -> Result<Value, String> {
    fits_length(field, text)?;
    if field.input != Input::Lines && text.chars().any(char::is_control) {
        return Err("this must be one line of plain text".to_owned());
    }
    if field.pattern.as_ref().is_some_and(|pattern| !pattern.takes(text)) {
        return Err(format!("write it like {}", field.placeholder));
    }
    match field.input {
        Input::Number => number(field, text),
        Input::Url => address(field, text).map(Value::String),
        Input::Email if !looks_like_mail(text) => {
            Err("this must be an email such as name@example.com".to_owned())
        }
        // What is no secret is shown again, and kept as it is.
        Input::Text if redact::without_user(text) != text => Err(USER.to_owned()),
        Input::Select if field.options.iter().all(|choice| choice.value != text) => {
            Err("choose one of the list".to_owned())
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn fits_length(field: &Field, text: &str) -> Result<(), String> {
    let most = field.max_length.unwrap_or(if field.input == Input::Lines { 20_000 } else { 1_000 });
    if text.chars().count() > most {
        Err(format!("this is too long: at most {most} characters"))
    } else {
        Ok(())
    }
}

fn number(field: &Field, text: &str) -> Result<Value, String> {
    let number: i64 = text.parse().map_err(|_| "this must be a whole number".to_owned())?;
    match (field.min, field.max) {
        (Some(min), _) if number < min => Err(format!("this must be at least {min}")),
        (_, Some(max)) if number > max => Err(format!("this must be at most {max}")),
        _ => Ok(number.into()),
    }
}

fn address(field: &Field, text: &str) -> Result<String, String> {
    let schemes: &[String] = &field.schemes;
    let allowed = |scheme: &str| {
        if schemes.is_empty() { scheme == "https" } else { schemes.iter().any(|s| s == scheme) }
    };
    // People paste a bare host; the first scheme is the safe one.
    let first = schemes.first().map_or("https", String::as_str);
    let whole = if text.contains("://") { text.to_owned() } else { format!("{first}://{text}") };
    let url =
        Url::parse(&whole).map_err(|_| "this must be an address such as https://example.com".to_owned())?;
    if !allowed(url.scheme()) {
        return Err(format!("the address must begin with {first}://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the address has no host name".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(USER.to_owned());
    }
    Ok(url.into())
}

/// One `@` with something before and a host after it; the mail server knows better than any pattern.
fn looks_like_mail(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !host.is_empty()
        && !text.contains(char::is_whitespace)
        && !host.starts_with('.')
        && !host.ends_with('.')
}

fn is_ticked(text: &str) -> bool {
    matches!(text, "on" | "true" | "1" | "yes")
}
