//! Secrets that were put somewhere on purpose, and looking for them everywhere in whatever way they may be written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use anyhow::{Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use url::form_urlencoded::byte_serialize;

/// Every secret, by what it is.
#[derive(Default)]
pub struct Secrets(Vec<Secret>);

struct Secret {
    name: String,
    value: String,
    /// Where it may stand all the same.
    but: &'static [Place],
}

/// Where something was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A page or an answer.
    Page,
    /// The database, and copies of it.
    Database,
    /// A log, or what a command prints.
    Log,
}

/// A text in which no secret may stand.
pub struct Text {
    /// What it is, for whoever reads the finding.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Secrets {
    /// A fresh one that looks like a word, as people's passwords do: nothing about it gives it away.
    pub fn word(&mut self, name: &str) -> String {
        let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut pick = |from: &[u8]| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap_or_default() % from.len();
            char::from(from[at])
        };
        let mut word = String::new();
        for _ in 0..12 {
            word.extend([pick(b"bcdfghjklmnprstvwz"), pick(b"aeiou")]);
        }
        self.put(name, &word);
        word
    }

    /// One that somebody else made up.
    pub fn put(&mut self, name: &str, value: &str) {
        self.add(name, value, &[]);
    }

    /// A private key in PEM form: each of its lines is one. A certificate beside it is none.
    pub fn put_key(&mut self, name: &str, pem: &str) {
        let private = pem
            .split("-----BEGIN ")
            .find(|block| block.split("-----").next().is_some_and(|l| l.ends_with("PRIVATE KEY")));
        for line in
            private.into_iter().flat_map(str::lines).filter(|line| line.len() == 64 && !line.contains("--"))
        {
            self.put(name, line);
        }
    }

    /// One that its owner's pages show.
    pub fn put_shown(&mut self, name: &str, value: &str) {
        self.add(name, value, &[Place::Page]);
    }

    /// One that a page shows again whenever its owner looks, so that it is kept as it is.
    pub fn put_listed(&mut self, name: &str, value: &str) {
        self.add(name, value, &[Place::Page, Place::Database]);
    }

    fn add(&mut self, name: &str, value: &str, but: &'static [Place]) {
        assert!(value.len() >= 16, "{name} is too short to be found by: {value:?}");
        if self.0.iter().all(|secret| secret.value != value) {
            self.0.push(Secret { name: name.to_owned(), value: value.to_owned(), but });
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Every text in which one stands, and what stands around it.
    pub fn found_in(&self, texts: &[Text]) -> Result<Vec<String>> {
        let search = Search::of(self)?;
        search.shows_each(self)?;
        let mut found = BTreeMap::new();
        for text in texts {
            for (at, how, begin) in search.hits(&text.bytes) {
                let secret = &self.0[at];
                if secret.but.contains(&text.place) || found.contains_key(&(&text.name, &secret.name)) {
                    continue;
                }
                let around = text.bytes[begin.saturating_sub(160)..].iter().take(400).copied();
                let around = String::from_utf8_lossy(&around.collect::<Vec<_>>()).into_owned();
                let finding = format!("{}: {} ({how}) stands in …{around:?}…", text.name, secret.name);
                found.insert((&text.name, &secret.name), finding);
            }
        }
        Ok(found.into_values().collect())
    }
}

/// Looks for all of them at once.
struct Search {
    all: AhoCorasick,
    written: Vec<(usize, &'static str)>,
}

impl Search {
    fn of(secrets: &Secrets) -> Result<Self> {
        let (mut written, mut texts) = (Vec::new(), Vec::new());
        for (at, secret) in secrets.0.iter().enumerate() {
            for (how, text) in ways(&secret.value) {
                written.push((at, how));
                texts.push(text);
            }
        }
        Ok(Self { all: AhoCorasick::new(&texts)?, written })
    }

    /// Which secret, how it is written, and where it begins.
    fn hits(&self, bytes: &[u8]) -> impl Iterator<Item = (usize, &'static str, usize)> {
        self.all.find_overlapping_iter(bytes).map(|hit| {
            let (at, how) = self.written[hit.pattern().as_usize()];
            (at, how, hit.start())
        })
    }

    /// It finds each in each way it may be written: else finding nothing would mean nothing.
    fn shows_each(&self, secrets: &Secrets) -> Result<()> {
        for (at, secret) in secrets.0.iter().enumerate() {
            let value = &secret.value;
            let hex = hex(value.as_bytes());
            let url = byte_serialize(value.as_bytes()).collect();
            let mut texts = vec![value.clone(), serde_json::to_string(value)?, url, hex.to_uppercase(), hex];
            texts.extend(["", "u:", "me:"].map(|user| BASE64_STANDARD.encode(format!("{user}{value}"))));
            for text in texts {
                let text = format!("before {text} after");
                ensure!(
                    self.hits(text.as_bytes()).any(|(of, ..)| of == at),
                    "{} is not found in {text}",
                    secret.name
                );
            }
        }
        Ok(())
    }
}

/// How it may be written: as it is, in parts, for a URL, for JSON, in base64 at each of the three places it may begin,
/// in hexadecimal.
fn ways(value: &str) -> Vec<(&'static str, String)> {
    let half = value.len() / 2;
    let mut ways = vec![("as it is", value.to_owned())];
    // A text that was cut short gives away the half of it.
    for (from, to) in [(0, half), (half, value.len())] {
        ways.extend(
            value.get(from..to).filter(|part| part.len() >= 12).map(|part| ("half of it", part.to_owned())),
        );
    }
    ways.push(("for a URL", byte_serialize(value.as_bytes()).collect()));
    ways.push(("for JSON", serde_json::Value::from(value).to_string().trim_matches('"').to_owned()));
    for before in 0..3 {
        let encoded = BASE64_STANDARD.encode(format!("{}{value}", "x".repeat(before)));
        // What neighbours have a part in is left out at both ends.
        let (begin, end) = ([0, 2, 3][before], encoded.trim_end_matches('=').len() - 1);
        let inside = encoded[begin..end].to_owned();
        ways.push(("in base64", inside.replace('+', "-").replace('/', "_")));
        ways.push(("in base64", inside));
    }
    ways.push(("in hexadecimal", hex(value.as_bytes())));
    ways.push(("in hexadecimal", hex(value.as_bytes()).to_uppercase()));
    ways
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
