//! What the apps of this build say about themselves, for whoever only shows or checks it.

use std::sync::Arc;

use kalends_app::{App, manifest::Place};
use kalends_domain::event_type::BookedLocation;

/// The apps of this build, by slug. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Apps(Arc<[&'static App]>);

impl PartialEq for Apps {
    fn eq(&self, other: &Self) -> bool {
        let slugs = |apps: &Self| apps.0.iter().map(|app| app.slug).collect::<Vec<_>>();
        slugs(self) == slugs(other)
    }
}

impl Default for Apps {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl From<Vec<&'static App>> for Apps {
    fn from(apps: Vec<&'static App>) -> Self {
        Self(apps.into())
    }
}

impl Apps {
    /// Every app, in the catalog's order.
    pub fn all(&self) -> &[&'static App] {
        &self.0
    }

    /// The app of this slug.
    pub fn get(&self, slug: &str) -> Option<&'static App> {
        self.0.iter().copied().find(|app| app.slug == slug)
    }

    /// What an app is called: `acme-meet` is `Acme Meet` only where it is in this build no more.
    pub fn name(&self, slug: &str) -> String {
        self.get(slug).map_or_else(|| in_words(slug), |app| app.manifest().name.clone())
    }

    /// The links an app without code takes as places.
    pub fn place(&self, slug: &str) -> Option<&'static Place> {
        self.get(slug).and_then(|app| app.manifest().place.as_ref())
    }

    /// The name of the app whose room a booking has; none where no app has to do with its place.
    pub fn of_booking(&self, location: &BookedLocation) -> Option<String> {
        let slug = match location {
            BookedLocation::Link { app, .. } => app.as_deref(),
            other => other.made_by(),
        };
        slug.map(|slug| self.name(slug))
    }
}

fn in_words(slug: &str) -> String {
    let words = slug.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_is_here_no_more_goes_by_its_slug() {
        assert_eq!(Apps::default().name("acme-meet"), "Acme Meet");
    }
}
