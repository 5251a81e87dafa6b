//! One calendar on the fake server.

use std::collections::BTreeMap;

use kalends_ical::Feed;

use super::{Speaks, answer};

/// An event as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) body: String,
    pub(crate) etag: String,
}

/// What a write asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Write {
    New,
    Existing,
    Version(String),
    /// Whatever stands there: another client's.
    Any,
}

/// A calendar with its history.
pub(crate) struct Collection {
    name: &'static str,
    colour: &'static str,
    pub(crate) writable: bool,
    objects: BTreeMap<String, Object>,
    /// Who changed when; a name that is not among the objects was removed then.
    changed: BTreeMap<String, u64>,
    revision: u64,
}

impl Collection {
    pub(crate) const fn new(name: &'static str, colour: &'static str, writable: bool) -> Self {
        Self { name, colour, writable, objects: BTreeMap::new(), changed: BTreeMap::new(), revision: 0 }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Object> {
        self.objects.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Object)> {
        self.objects.iter()
    }

    /// Stores an event and says its etag; `None` when the condition does not hold.
    pub(crate) fn put(&mut self, name: &str, body: String, write: Write) -> Option<String> {
        let now = self.objects.get(name);
        let allowed = match write {
            Write::New => now.is_none(),
            Write::Existing => now.is_some(),
            Write::Version(etag) => now.is_some_and(|object| object.etag == etag),
            Write::Any => true,
        };
        if !allowed {
            return None;
        }
        self.revision += 1;
        let etag = format!("\"{}\"", self.revision);
        self.changed.insert(name.to_owned(), self.revision);
        self.objects.insert(name.to_owned(), Object { body, etag: etag.clone() });
        Some(etag)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if self.objects.remove(name).is_some() {
            self.revision += 1;
            self.changed.insert(name.to_owned(), self.revision);
        }
    }

    /// Whether the event in this body is stored under another name.
    pub(crate) fn holds_elsewhere(&self, body: &str, name: &str) -> bool {
        let uids = |body: &str| -> Vec<String> {
            Feed::read(body.as_bytes())
                .map(|feed| feed.uids().map(ToOwned::to_owned).collect())
                .unwrap_or_default()
        };
        let own = uids(body);
        self.objects.iter().any(|(other, object)| other != name && uids(&object.body) == own)
    }

    /// Where its history stands.
    pub(crate) fn token(&self) -> String {
        format!("https://dav.example.test/sync/{}", self.revision)
    }

    /// What changed since a token, in order; `None` when the server does not know the token.
    pub(crate) fn since(&self, token: &str) -> Option<Vec<(&String, u64)>> {
        let from: u64 = token.strip_prefix("https://dav.example.test/sync/")?.parse().ok()?;
        if from > self.revision {
            return None;
        }
        let mut changed: Vec<_> =
            self.changed.iter().map(|(name, at)| (name, *at)).filter(|(_, at)| *at > from).collect();
        changed.sort_by_key(|(_, at)| *at);
        Some(changed)
    }

    /// The token of an earlier revision.
    pub(crate) fn token_at(revision: u64) -> String {
        format!("https://dav.example.test/sync/{revision}")
    }

    /// How it stands in a listing.
    pub(crate) fn listed(&self, path: &str, speaks: Speaks) -> (String, Vec<String>) {
        let tag = format!("<s:getctag>{}</s:getctag>", self.revision);
        let token = format!("<d:sync-token>{}</d:sync-token>", self.token());
        let mut properties = answer::calendar(self.name, self.colour, self.writable);
        if speaks != Speaks::Little {
            properties.push(tag);
        }
        if speaks.syncs() {
            properties.push(token);
        }
        (path.to_owned(), properties)
    }
}
