//! Apps that are set up here though their providers do not know this server: nobody's sign-in there can be renewed.

use std::collections::BTreeSet;

use kalends_app::{App, oauth::Grant};
use kalends_store::Result as StoreResult;

use crate::Engine;

/// An app that is set up here, though its provider does not know this server, or not wholly.
#[derive(Debug, Clone)]
pub struct Unregistered {
    /// The app.
    pub app: &'static App,
    /// What is missing: `client_id`, `client_secret` or `client_key`.
    pub lacks: Vec<&'static str>,
    /// The redirect address to register there, exactly.
    pub redirect: String,
    /// The page where an administrator enters what the provider gives.
    pub page: String,
}

impl Engine {
    /// Every app that people sign in with and that is installed in some organization without a whole registration.
    pub async fn unregistered(&self) -> StoreResult<Vec<Unregistered>> {
        let asking = self.outside.apps().iter().copied().filter(|app| app.manifest().auth.oauth().is_some());
        let asking: Vec<&'static App> = asking.collect();
        let slugs: Vec<&str> = asking.iter().map(|app| app.slug).collect();
        let installed = self.db.read().await?.installations().of_apps(&slugs).await?;
        let mut found = Vec::new();
        for app in asking {
            let Some(oauth) = app.manifest().auth.oauth() else { continue };
            let theirs = installed.iter().filter(|one| one.app == app.slug);
            // An account with a client of its own needs none of ours.
            let ours = theirs.filter(|one| oauth.grant(&one.settings) == Grant::AuthorizationCode);
            let mut lacks = BTreeSet::new();
            for organization in ours.map(|one| one.organization).collect::<BTreeSet<_>>() {
                let proof = if oauth.takes_secrets() { "client_secret" } else { "client_key" };
                match self.registration(organization, app).await? {
                    None => lacks.extend(["client_id", proof]),
                    Some(known) if known.client.proof.is_none() => drop(lacks.insert(proof)),
                    Some(_) => {}
                }
            }
            if !lacks.is_empty() {
                let links = self.outside.links();
                found.push(Unregistered {
                    app,
                    lacks: lacks.into_iter().collect(),
                    redirect: links.sign_in_answer(app.slug),
                    page: links.registration(app.slug),
                });
            }
        }
        Ok(found)
    }
}
