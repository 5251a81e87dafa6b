//! What an app's page says beside its form: for whom, what it needs, what it asks for, what it loads.

use kalends_app::{App, manifest::Consent};
use kalends_engine::connect::{AppCard, Scope};

use crate::{Problem, Web, pages::host::desk::Desk};

/// What is said about an app beside its form.
#[derive(Debug, Clone, Default)]
pub struct Ware {
    /// For whom it can be set up: value, words.
    pub whose: Vec<(String, String)>,
    /// Apps it works through: slug, name, is it there.
    pub needs: Vec<(&'static str, String, bool)>,
    /// What is asked for at the provider: what for, as the provider calls it, must it be.
    pub scopes: Vec<(String, String, bool)>,
    /// Where a tag loads from and sends to: words, origins.
    pub hosts: Vec<(&'static str, Vec<String>)>,
    /// When a tag is loaded.
    pub consent: &'static str,
    /// Which links a place takes, by example.
    pub example: String,
    /// What to do for a link, step by step.
    pub steps: Vec<String>,
    /// Where a link leads: address, words.
    pub opens: Option<(String, String)>,
    /// A manifest is all there is of it.
    pub data: bool,
    /// Set up for this user or by them.
    pub installed: bool,
}

impl Ware {
    /// Reads it off the manifest, and what the asker has.
    pub async fn of(web: &Web, desk: &Desk, card: &AppCard) -> Result<Self, Problem> {
        let manifest = card.app.manifest();
        let needs = web.engine.app_needs(&desk.member(), card.app).await?;
        let needs = needs.iter().map(|need| (need.app.slug, need.app.manifest().name.clone(), need.there));
        Ok(Self {
            whose: card.may_install.iter().map(|one| (value(one.scope), one.name.clone())).collect(),
            needs: needs.collect(),
            scopes: scopes(card.app),
            hosts: hosts(card.app),
            consent: match manifest.tag.as_ref().map(|tag| tag.consent) {
                Some(Consent::Ask) => "After the guest agreed, never before",
                Some(Consent::NotNeeded) => "At once; it keeps nothing in the browser",
                None => "",
            },
            example: manifest.place.as_ref().map(|place| place.placeholder.clone()).unwrap_or_default(),
            steps: manifest.shortcut.as_ref().map(|one| one.steps.clone()).unwrap_or_default(),
            opens: manifest.shortcut.as_ref().map(|one| (one.opens.to_string(), one.action.clone())),
            data: manifest.is_data(),
            installed: card.installed,
        })
    }
}

/// As a form says it.
fn value(scope: Scope) -> String {
    match scope {
        Scope::User(_) => "you".to_owned(),
        Scope::Team(team) => format!("team-{team}"),
        Scope::Organization => "everybody".to_owned(),
    }
}

/// The choice a form names; the first one where it names none of them.
pub fn chosen(card: &AppCard, named: &str) -> Option<Scope> {
    let choices = &card.may_install;
    choices.iter().find(|one| value(one.scope) == named).or_else(|| choices.first()).map(|one| one.scope)
}

fn scopes(app: &App) -> Vec<(String, String, bool)> {
    let Some(oauth) = app.manifest().auth.oauth() else { return Vec::new() };
    let what = |uses: &[String]| {
        let words = uses.join(", ");
        let mut letters = words.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.as_str().chars()).collect()
    };
    oauth.scopes.iter().map(|one| (what(&one.uses), one.scope.clone(), one.required)).collect()
}

/// A setting's place in an address reads as words.
fn hosts(app: &App) -> Vec<(&'static str, Vec<String>)> {
    let Some(tag) = &app.manifest().tag else { return Vec::new() };
    let plain = |list: &[String]| {
        list.iter()
            .map(|one| {
                if one.contains("{{server}}") {
                    "the server you name".to_owned()
                } else {
                    one.replace("https://", "")
                }
            })
            .map(|one| one.replace("{{", "").replace("}}", ""))
            .collect::<Vec<_>>()
    };
    let all = [("Scripts from", &tag.scripts), ("Sends to", &tag.connect), ("Pictures from", &tag.images)];
    all.into_iter().filter(|(_, list)| !list.is_empty()).map(|(words, list)| (words, plain(list))).collect()
}
