//! A tag on public booking pages: what a page loads, from where, and what it says there.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{Field, Input, Manifest, ManifestError, parse::demand};

/// What is put on a page. `{{name}}` stands for a setting; what else it may name is decided when the manifest is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// When it is loaded.
    pub consent: Consent,
    /// Where scripts come from.
    pub scripts: Vec<String>,
    /// Where they send to.
    #[serde(default)]
    pub connect: Vec<String>,
    /// Where they fetch pictures, which is how some of them send.
    #[serde(default)]
    pub images: Vec<String>,
    /// What runs first, in the page itself. A setting becomes a literal.
    #[serde(default)]
    pub start: String,
    /// The files loaded after it.
    pub load: Vec<Load>,
}

/// When a tag is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// After the guest agreed, never before.
    Ask,
    /// At once: it keeps nothing on the guest's machine and tells nobody apart.
    NotNeeded,
}

/// One file of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Its address.
    pub src: String,
    /// What its element says besides.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A tag with its settings filled in, safe to be put on a page under a policy that allows `sources` and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Where scripts come from: origins.
    pub scripts: Vec<String>,
    /// Where they may send to.
    pub connect: Vec<String>,
    /// Where they may fetch pictures.
    pub images: Vec<String>,
    /// What runs first; empty when nothing does. It cannot end its element.
    pub start: String,
    /// Files to load, each with the attributes of its element.
    pub load: Vec<(Url, Vec<(String, String)>)>,
}

/// How a setting is written where it goes.
#[derive(Clone, Copy)]
enum Into {
    Script,
    Address,
    Attribute,
}

impl Tag {
    /// The tag with these settings; none when they do not fit any more, and then nothing is loaded.
    pub fn placed(&self, settings: &Map<String, Value>) -> Option<Placed> {
        let origins = |list: &[String]| list.iter().map(|one| origin(&fill(one, settings, Into::Address)?)).collect();
        let scripts: Vec<String> = origins(&self.scripts)?;
        let load: Option<Vec<_>> = self
            .load
            .iter()
            .map(|one| {
                let src = Url::parse(&fill(&one.src, settings, Into::Address)?).ok()?;
                let allowed = scripts.contains(&src.origin().ascii_serialization());
                let said: Option<Vec<_>> = one
                    .attributes
                    .iter()
                    .map(|(name, text)| Some((name.clone(), fill(text, settings, Into::Attribute)?)))
                    .collect();
                allowed.then_some((src, said?))
            })
            .collect();
        Some(Placed {
            connect: origins(&self.connect)?,
            images: origins(&self.images)?,
            start: fill(&self.start, settings, Into::Script)?,
            load: load?,
            scripts,
        })
    }

    /// Refuses what could become anything but this tag.
    pub(super) fn holds_together(&self, manifest: &Manifest) -> Result<(), ManifestError> {
        demand(!self.load.is_empty(), "tag.load", "name at least one file to load")?;
        let lists = [("tag.scripts", &self.scripts), ("tag.connect", &self.connect), ("tag.images", &self.images)];
        for (place, list) in lists {
            for one in list {
                let fits = one.starts_with("{{") || one.starts_with("https://");
                demand(fits, place, "name origins such as https://cdn.example.com, or {{setting}}")?;
                names_settings(one, manifest, place)?;
            }
        }
        names_settings(&self.start, manifest, "tag.start")?;
        let lower = self.start.to_lowercase();
        let ends = lower.contains("</script") || lower.contains("<!--");
        demand(!ends, "tag.start", "must not end its own element: leave out </script and <!--")?;
        for load in &self.load {
            names_settings(&load.src, manifest, "tag.load.src")?;
            for (name, text) in &load.attributes {
                let place = format!("tag.load.attributes.{name}");
                demand(is_attribute(name), &place, "only data-…, async, defer, id, type and crossorigin are taken")?;
                names_settings(text, manifest, &place)?;
            }
        }
        let samples = samples(&manifest.setup);
        let sound = self.placed(&samples).is_some();
        demand(sound, "tag.load.src", "must be an https address of one of tag.scripts")
    }
}

fn is_attribute(name: &str) -> bool {
    let data = name.strip_prefix("data-").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    data || matches!(name, "async" | "defer" | "id" | "type" | "crossorigin")
}

/// Each `{{name}}` must be a setting whose values cannot be anything: an address, a choice, a number, or text with a pattern.
fn names_settings(text: &str, manifest: &Manifest, place: &str) -> Result<(), ManifestError> {
    for name in names(text) {
        let field = manifest.setup.iter().find(|field| field.name == name);
        let tame = field.is_some_and(|field| {
            let bounded = match field.input {
                Input::Url | Input::Select | Input::Number | Input::Checkbox => true,
                Input::Text => field.pattern.is_some(),
                Input::Lines | Input::Password | Input::Email => false,
            };
            bounded && !field.is_secret() && (field.required || field.default.is_some())
        });
        let problem = format!(
            "{{{{{name}}}}} must be a setup field that is required or has a default: text with a pattern, an address, a choice, a number"
        );
        demand(tame, place, &problem)?;
    }
    Ok(())
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).map(|rest| rest.split_once("}}").map_or(rest, |(name, _)| name))
}

/// A value of each field that its own check would take.
fn samples(fields: &[Field]) -> Map<String, Value> {
    let sample = |field: &Field| match field.input {
        Input::Number => field.default.clone().unwrap_or_else(|| field.min.unwrap_or(1).into()),
        Input::Checkbox => field.default.clone().unwrap_or(Value::Bool(false)),
        Input::Select => field.options.first().map_or(Value::Null, |choice| choice.value.clone().into()),
        _ => field.default.clone().unwrap_or_else(|| field.placeholder.clone().into()),
    };
    fields.iter().map(|field| (field.name.clone(), sample(field))).collect()
}

fn fill(text: &str, settings: &Map<String, Value>, how: Into) -> Option<String> {
    let mut parts = text.split("{{");
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}")?;
        filled.push_str(&written(settings.get(name)?, how)?);
        filled.push_str(rest);
    }
    Some(filled)
}

fn written(value: &Value, how: Into) -> Option<String> {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    Some(match how {
        Into::Script => literal(value),
        Into::Attribute => plain,
        // An address stands at the beginning of another; anything else is one part of one.
        Into::Address if plain.starts_with("https://") => plain.trim_end_matches('/').to_owned(),
        Into::Address => escaped(&plain),
    })
}

/// A literal that ends neither itself nor the element around it.
fn literal(value: &Value) -> String {
    let mut safe = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(letter));
            }
            letter => safe.push(letter),
        }
    }
    safe
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => safe.push(byte.into()),
            byte => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    safe
}

/// `https://host`, as a policy names it; `https://*.host` is taken as it stands.
fn origin(text: &str) -> Option<String> {
    if let Some(domain) = text.strip_prefix("https://*.") {
        let named = domain.contains('.')
            && domain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
        return named.then(|| text.to_owned());
    }
    let url = Url::parse(text).ok()?;
    let bare = url.scheme() == "https" && matches!(url.host(), Some(url::Host::Domain(_)));
    bare.then(|| url.origin().ascii_serialization())
}
