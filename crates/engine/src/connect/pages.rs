//! What apps without code add: rooms to choose from, and tags on public pages.

use kalends_app::manifest::{Consent, Placed};
use kalends_domain::event_type::Owner;
use kalends_store::repo::Installation;

use super::ConnectError;
use crate::{Engine, Member, PageOwner, Trouble};

/// A tag for a public page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageTag {
    /// The app.
    pub slug: &'static str,
    /// The app's name, as guests are told.
    pub name: String,
    /// When it may be loaded.
    pub consent: Consent,
    /// What is loaded.
    pub placed: Placed,
}

impl Engine {
    /// Slugs of apps whose rooms the owner of an event type can offer by a link they have.
    pub async fn rooms_of(&self, asker: &Member, owner: Owner) -> Result<Vec<&'static str>, ConnectError> {
        let (user, team) = match owner {
            Owner::User(user) => (Some(user), None),
            Owner::Team(team) => (None, Some(team)),
        };
        let slugs = self.outside.placing();
        let found =
            self.db.read().await?.installations().on_pages(asker.organization, user, team, &slugs).await?;
        let there = |slug: &&'static str| found.iter().any(|one| one.app == **slug);
        Ok(slugs.into_iter().filter(there).collect())
    }

    /// What public pages of this owner load. Settings that do not fit their app any more load nothing.
    pub async fn page_tags(
        &self,
        organization: kalends_domain::Id<kalends_domain::people::Organization>,
        owner: &PageOwner,
    ) -> Result<Vec<PageTag>, Trouble> {
        let (user, team) = match owner {
            PageOwner::User { id, .. } => (Some(*id), None),
            PageOwner::Team { id, .. } => (None, Some(*id)),
        };
        let slugs = self.outside.tagging();
        let found = self.db.read().await?.installations().on_pages(organization, user, team, &slugs).await?;
        let mut tags: Vec<PageTag> = found.iter().filter_map(|one| self.page_tag(one)).collect();
        // The same tag for the page and for everybody is loaded once.
        let mut seen = Vec::new();
        tags.retain(|tag| {
            let fresh = !seen.contains(&tag.placed);
            seen.push(tag.placed.clone());
            fresh
        });
        Ok(tags)
    }

    fn page_tag(&self, of: &Installation) -> Option<PageTag> {
        let app = self.outside.app(&of.app)?;
        let manifest = app.manifest();
        let tag = manifest.tag.as_ref()?;
        let placed = tag.placed(of.settings.as_object()?);
        if placed.is_none() {
            tracing::warn!(app = of.app, "a tag's settings do not fit its manifest: nothing is loaded");
        }
        Some(PageTag { slug: app.slug, name: manifest.name.clone(), consent: tag.consent, placed: placed? })
    }
}
