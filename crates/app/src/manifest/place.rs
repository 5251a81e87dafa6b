//! A place that is a link its owner has already: a room with a fixed address.

use serde::{Deserialize, Deserializer};
use url::Url;

use super::scope::words;

/// The longest link we keep.
const LONGEST: usize = 2_000;

/// What somebody types, and which links are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Who types it: one word or several.
    #[serde(default = "usual", deserialize_with = "one_or_more")]
    pub asks: Vec<Asks>,
    /// What stands beside the field.
    pub label: String,
    /// A link as it may look, shown while the field is empty.
    pub placeholder: String,
    /// Where the link is found.
    #[serde(default)]
    pub hint: String,
    /// The links it takes.
    pub links: Vec<LinkPattern>,
}

/// Who gives the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// The host, once, with the event type.
    Host,
    /// Every guest, as they book.
    Guest,
}

fn usual() -> Vec<Asks> {
    vec![Asks::Host]
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Asks>, D::Error> {
    words(from, "location.asks is host or guest, or a list of them")
}

impl Place {
    /// True when a host gives the link.
    pub fn asks_host(&self) -> bool {
        self.asks.contains(&Asks::Host)
    }

    /// True when a guest gives the link.
    pub fn asks_guest(&self) -> bool {
        self.asks.contains(&Asks::Guest)
    }

    /// The link somebody typed, as it is kept; or what is wrong with it and how to mend it.
    ///
    /// People leave `https://` out when they copy from a browser, so it is put before what has no scheme.
    pub fn link(&self, typed: &str) -> Result<Url, String> {
        let typed = typed.trim();
        let example = || format!("Paste a link such as {}.", self.placeholder);
        if typed.is_empty() || typed.len() > LONGEST || typed.chars().any(char::is_control) {
            return Err(example());
        }
        let url = match Url::parse(typed) {
            Err(url::ParseError::RelativeUrlWithoutBase) => Url::parse(&format!("https://{typed}")),
            parsed => parsed,
        };
        let url = url.map_err(|_| example())?;
        if url.scheme() != "https" {
            return Err(format!("The link must begin with https://. {}", example()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Leave name and password out of the link.".to_owned());
        }
        if self.links.iter().any(|pattern| pattern.fits(&url)) {
            return Ok(url);
        }
        if self.links.iter().any(|pattern| pattern.fits_host(&url)) {
            return Err(format!("This is no link to a room there. {}", example()));
        }
        let host = url.host_str().unwrap_or_default();
        Err(format!("{host} is another place. {}", example()))
    }
}

/// Links by example: `https://*.acme.example/{room}`.
///
/// The host is itself, or `*.` and what it ends with, or `*` for any. `{name}` stands for one part of the path, `{number}`
/// for one of digits, `{rest...}` at the end for one or more parts. What stands after `#` must be there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LinkPattern {
    host: Host,
    path: Vec<Part>,
    fragment: Option<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Any,
    Below(String),
    Exactly(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// Something after this prefix.
    Name(String),
    Number,
    Rest,
}

impl LinkPattern {
    fn fits(&self, url: &Url) -> bool {
        let fragment = match (&self.fragment, url.fragment()) {
            (None, _) => true,
            (Some(parts), Some(text)) => fits(parts, text.trim_start_matches('/')),
            (Some(_), None) => false,
        };
        self.fits_host(url) && fragment && fits(&self.path, url.path().trim_start_matches('/'))
    }

    fn fits_host(&self, url: &Url) -> bool {
        let Some(url::Host::Domain(host)) = url.host() else { return false };
        match &self.host {
            // Somebody's own server may listen anywhere; a provider's does not.
            Host::Any => host.contains('.'),
            Host::Below(domain) => {
                let below = host.strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'));
                url.port().is_none() && below.is_some_and(|rest| !rest.is_empty())
            }
            Host::Exactly(domain) => url.port().is_none() && host == domain,
        }
    }
}

fn fits(pattern: &[Part], path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    if pattern.is_empty() {
        return path.is_empty();
    }
    let mut parts = path.split('/');
    for wanted in pattern {
        let Some(part) = parts.next().filter(|part| !part.is_empty()) else { return false };
        let fits = match wanted {
            Part::Literal(text) => part == text,
            Part::Name(prefix) => part.strip_prefix(prefix.as_str()).is_some_and(|name| !name.is_empty()),
            Part::Number => part.bytes().all(|byte| byte.is_ascii_digit()),
            Part::Rest => return parts.all(|part| !part.is_empty()),
        };
        if !fits {
            return false;
        }
    }
    parts.next().is_none()
}

impl TryFrom<String> for LinkPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("{text:?} is no pattern of links such as https://acme.example/{{room}}: {why}")
        };
        let rest = text.strip_prefix("https://").ok_or_else(|| wrong("it must begin with https://"))?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        let (host, path) = rest.split_once('/').ok_or_else(|| wrong("it needs a path"))?;
        let is_domain = |text: &str| {
            text.contains('.')
                && !text.starts_with('.')
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => Host::Any,
            Some(domain) if is_domain(domain) => Host::Below(domain.to_owned()),
            None if is_domain(host) => Host::Exactly(host.to_owned()),
            _ => return Err(wrong("its host is a name in small letters, or *. and a name, or *")),
        };
        let path = parts(path).map_err(|why| wrong(&why))?;
        let fragment = fragment.map(|text| parts(text).map_err(|why| wrong(&why))).transpose()?;
        let names_something =
            path.iter().chain(fragment.iter().flatten()).any(|part| !matches!(part, Part::Literal(_)));
        if !names_something {
            return Err(wrong("it needs a placeholder, or every host would have the same room"));
        }
        Ok(Self { host, path, fragment })
    }
}

fn parts(path: &str) -> Result<Vec<Part>, String> {
    let mut found = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if found.last() == Some(&Part::Rest) {
            return Err("{rest...} comes last".to_owned());
        }
        found.push(match part.split_once('{') {
            None if part.contains('}') => return Err(format!("{part:?} has no opening brace")),
            None => Part::Literal(part.to_owned()),
            Some((prefix, name)) => match name.strip_suffix('}') {
                Some(name) if name.ends_with("...") && prefix.is_empty() => Part::Rest,
                Some("number") if prefix.is_empty() => Part::Number,
                Some(name) if !name.is_empty() && !name.contains(['{', '}', '.']) => {
                    Part::Name(prefix.to_owned())
                }
                _ => return Err(format!("{part:?} is neither text nor one placeholder")),
            },
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn place(links: &[&str]) -> Place {
        Place {
            asks: usual(),
            label: "Your room".into(),
            placeholder: "https://acme.example/your-room".into(),
            hint: String::new(),
            links: links.iter().map(|text| LinkPattern::try_from((*text).to_owned()).unwrap()).collect(),
        }
    }

    #[rstest]
    #[case("https://acme.example/{room}", "https://acme.example/ines")]
    #[case("https://acme.example/{room}", " acme.example/ines/ ")]
    #[case("https://acme.example/{room}", "https://acme.example/ines?pwd=1#chat")]
    #[case("https://*.acme.example/{room}", "https://team.eu.acme.example/ines")]
    #[case("https://acme.example/{number}", "https://acme.example/43123")]
    #[case("https://acme.example/+{code}", "https://acme.example/+abc")]
    #[case("https://acme.example/go/{rest...}", "https://acme.example/go/a/b/c")]
    #[case("https://acme.example/#p/{key}", "https://acme.example/#p/abc")]
    #[case("https://*/{room}", "https://meet.own.example:8443/ines")]
    fn a_link_that_fits_is_taken(#[case] pattern: &str, #[case] typed: &str) {
        assert!(place(&[pattern]).link(typed).is_ok());
    }

    #[rstest]
    #[case("https://acme.example/{room}", "http://acme.example/ines")]
    #[case("https://acme.example/{room}", "javascript:alert(1)//acme.example/x")]
    #[case("https://acme.example/{room}", "data:text/html,x")]
    #[case("https://acme.example/{room}", "https://evil.example/ines")]
    #[case("https://acme.example/{room}", "https://acme.example.evil.example/ines")]
    #[case("https://acme.example/{room}", "https://acme.example@evil.example/ines")]
    #[case("https://acme.example/{room}", "https://ines:pw@acme.example/ines")]
    #[case("https://acme.example/{room}", "https://acme.example:8443/ines")]
    #[case("https://acme.example/{room}", "https://acme.example/")]
    #[case("https://acme.example/{room}", "https://acme.example/a/b")]
    #[case("https://acme.example/{room}", "https://acme.example//")]
    #[case("https://acme.example/{room}", "")]
    #[case("https://*.acme.example/{room}", "https://acme.example/ines")]
    #[case("https://*.acme.example/{room}", "https://evilacme.example/ines")]
    #[case("https://acme.example/{number}", "https://acme.example/ines")]
    #[case("https://acme.example/#p/{key}", "https://acme.example/")]
    #[case("https://*/{room}", "https://127.0.0.1/ines")]
    #[case("https://*/{room}", "https://localhost/ines")]
    fn a_link_that_does_not_fit_is_refused_with_an_example(#[case] pattern: &str, #[case] typed: &str) {
        let refused = place(&[pattern]).link(typed).unwrap_err();
        assert!(
            refused.contains("https://acme.example/your-room") || refused.contains("password"),
            "{refused}"
        );
    }

    #[rstest]
    #[case("http://acme.example/{room}")]
    #[case("https://acme.example/room")]
    #[case("https://acme.example")]
    #[case("https://*acme.example/{room}")]
    #[case("https://ACME.example/{room}")]
    #[case("https://acme.example/{room")]
    #[case("https://acme.example/room}")]
    #[case("https://acme.example/{rest...}/more")]
    fn a_pattern_that_means_nothing_is_refused(#[case] pattern: &str) {
        assert!(LinkPattern::try_from(pattern.to_owned()).unwrap_err().contains("pattern"));
    }
}
