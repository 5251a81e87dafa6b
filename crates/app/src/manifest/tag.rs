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
enum Goes {
    Script,
    Address,
    Attribute,
}

impl Tag {
    /// The tag with these settings; none when they do not fit any more, and then nothing is loaded.
    pub fn placed(&self, settings: &Map<String, Value>) -> Option<Placed> {
        let origins = |list: &[String]| -> Option<Vec<String>> {
            list.iter().map(|one| origin(&fill(one, settings, Goes::Address)?)).collect()
        };
        let scripts = origins(&self.scripts)?;
        let load: Option<Vec<_>> = self
            .load
            .iter()
            .map(|one| {
                let src = Url::parse(&fill(&one.src, settings, Goes::Address)?).ok()?;
                let allowed = scripts.contains(&src.origin().ascii_serialization());
                let said: Option<Vec<_>> = one
                    .attributes
                    .iter()
                    .map(|(name, text)| Some((name.clone(), fill(text, settings, Goes::Attribute)?)))
                    .collect();
                allowed.then_some((src, said?))
            })
            .collect();
        Some(Placed {
            connect: origins(&self.connect)?,
            images: origins(&self.images)?,
            start: fill(&self.start, settings, Goes::Script)?,
            load: load?,
            scripts,
        })
    }

    /// Refuses what could become anything but this tag.
    pub(super) fn holds_together(&self, manifest: &Manifest) -> Result<(), ManifestError> {
        demand(!self.load.is_empty(), "tag.load", "name at least one file to load")?;
        let lists =
            [("tag.scripts", &self.scripts), ("tag.connect", &self.connect), ("tag.images", &self.images)];
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
                demand(
                    is_attribute(name),
                    &place,
                    "only data-…, async, defer, id, type and crossorigin are taken",
                )?;
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

fn fill(text: &str, settings: &Map<String, Value>, how: Goes) -> Option<String> {
    let mut parts = text.split("{{");
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}")?;
        filled.push_str(&written(settings.get(name)?, how)?);
        filled.push_str(rest);
    }
    Some(filled)
}

fn written(value: &Value, how: Goes) -> Option<String> {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    Some(match how {
        Goes::Script => literal(value),
        Goes::Attribute => plain,
        // An address stands at the beginning of another; anything else is one part of one.
        Goes::Address if plain.starts_with("https://") => plain.trim_end_matches('/').to_owned(),
        Goes::Address => escaped(&plain),
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
    let bare = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let named = bare && matches!(url.host(), Some(url::Host::Domain(_)));
    named.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const ACME: &str = r#"
slug = "acme"
name = "Acme"
tagline = "Counts."
description = "Counts."
kinds = ["tag"]
categories = ["statistics"]
publisher = "Kalends"
may = ["Count"]

[tag]
consent = "ask"
scripts = ["{{server}}"]
connect = ["{{server}}", "https://*.acme.example"]
start = "window.acme = [[\"id\", {{id}}]];"

[[tag.load]]
src = "{{server}}/tag.js?id={{id}}"
attributes = { async = "", data-site = "{{id}}" }

[[setup]]
name = "id"
label = "Id"
type = "text"
required = true
placeholder = "A-12"
pattern = "A-[0-9]+"

[[setup]]
name = "server"
label = "Server"
type = "url"
default = "https://cdn.acme.example"
"#;

    fn settings(id: &str, server: &str) -> Map<String, Value> {
        Map::from_iter([("id".to_owned(), json!(id)), ("server".to_owned(), json!(server))])
    }

    fn acme() -> Tag {
        Manifest::parse(ACME).unwrap().tag.unwrap()
    }

    #[test]
    fn a_tag_names_exactly_its_origins_and_its_settings() {
        let placed = acme().placed(&settings("A-7", "https://stats.own.example/")).unwrap();
        assert_eq!(placed.scripts, ["https://stats.own.example"]);
        assert_eq!(placed.connect, ["https://stats.own.example", "https://*.acme.example"]);
        assert_eq!(placed.images, Vec::<String>::new());
        assert_eq!(placed.start, r#"window.acme = [["id", "A-7"]];"#);
        assert_eq!(placed.load[0].0.as_str(), "https://stats.own.example/tag.js?id=A-7");
        let said = [("async".to_owned(), String::new()), ("data-site".to_owned(), "A-7".to_owned())];
        assert_eq!(placed.load[0].1, said);
    }

    #[rstest]
    #[case("</script><script>alert(1)</script>")]
    #[case("\"];alert(1);//")]
    #[case("<!--\u{2028}&")]
    fn nothing_typed_ends_the_script_it_stands_in(#[case] id: &str) {
        let placed = acme().placed(&settings(id, "https://cdn.acme.example")).unwrap();
        assert!(!placed.start.contains(['<', '>', '&', '\u{2028}']), "{}", placed.start);
        let literal =
            placed.start.strip_prefix(r#"window.acme = [["id", "#).unwrap().strip_suffix("]];").unwrap();
        assert_eq!(serde_json::from_str::<String>(literal).unwrap(), id);
        assert_eq!(placed.load[0].0.query_pairs().next().unwrap().1, id);
    }

    #[rstest]
    #[case("http://cdn.acme.example")]
    #[case("https://cdn.acme.example@evil.example")]
    #[case("https://127.0.0.1")]
    #[case("javascript:alert(1)")]
    #[case("")]
    fn a_server_that_is_no_https_name_loads_nothing(#[case] server: &str) {
        assert_eq!(acme().placed(&settings("A-7", server)), None);
    }

    #[rstest]
    #[case("pattern = \"A-[0-9]+\"\n", "", "setup field")]
    #[case("type = \"text\"\nrequired = true", "type = \"email\"\nrequired = true", "pattern")]
    #[case("required = true\n", "", "setup field")]
    #[case("\"https://*.acme.example\"", "\"http://acme.example\"", "tag.connect")]
    #[case("\"https://*.acme.example\"", "\"*\"", "tag.connect")]
    #[case("data-site", "onload", "tag.load.attributes.onload")]
    #[case("data-site", "nonce", "tag.load.attributes.nonce")]
    #[case("window.acme =", "</script>", "tag.start")]
    #[case("src = \"{{server}}", "src = \"https://evil.example", "tag.load.src")]
    #[case("scripts = [\"{{server}}\"]", "scripts = [\"{{sever}}\"]", "setup field")]
    #[case("placeholder = \"A-12\"", "placeholder = \"12\"", "setup.id.pattern")]
    #[case("pattern = \"A-[0-9]+\"", "pattern = \"A-[0-9\"", "no pattern")]
    fn a_tag_that_could_be_anything_is_refused(#[case] from: &str, #[case] to: &str, #[case] says: &str) {
        let refused = Manifest::parse(&ACME.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
    }
}
