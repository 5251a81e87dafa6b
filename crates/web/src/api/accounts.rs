//! What the parts about accounts share: an app by its name, an account by its number.

use std::collections::BTreeMap;

use kalends_app::{
    App,
    manifest::{AppKind, Auth, Input},
    oauth::Grant,
};
use kalends_engine::connect::{ConnectError, ConnectionView, Unfinished};
use serde_json::{Value, json};

use super::shape::Wrong;
use crate::{Problem, Web, extract::ApiKey};

/// The app clients know by this name.
pub(super) fn app(web: &Web, name: &str, kind: AppKind) -> Result<&'static App, Problem> {
    web.engine.app_known_as(name, kind).ok_or_else(|| ConnectError::NoSuchApp.into())
}

/// The accounts of this kind that the key's user has, or uses.
pub(super) async fn all(web: &Web, key: &ApiKey, kind: AppKind) -> Result<Vec<ConnectionView>, Problem> {
    let mut all = web.engine.connections(&key.member()).await?;
    all.retain(|one| one.app.manifest().kinds.contains(&kind));
    // By age: pages put those first that need somebody.
    all.sort_by_key(|one| one.number);
    Ok(all)
}

/// The accounts of one app that the key's user may change; at least one.
pub(super) async fn own(web: &Web, key: &ApiKey, app: &App) -> Result<Vec<ConnectionView>, Problem> {
    let mut all = web.engine.connections(&key.member()).await?;
    all.retain(|one| one.app.slug == app.slug && one.may_change);
    all.sort_by_key(|one| one.number);
    if all.is_empty() { Err(ConnectError::NotFound.into()) } else { Ok(all) }
}

/// The one account that is meant: the one of this number, or the only one.
pub(super) fn one(all: Vec<ConnectionView>, number: Option<i64>) -> Result<ConnectionView, Problem> {
    if number.is_none() && all.len() > 1 {
        let title = "Several accounts of this app are connected.";
        return Err(
            Problem::conflict("several_accounts", title).say("Say which one is meant: `credentialId`.")
        );
    }
    let found = all.into_iter().find(|one| number.is_none_or(|number| one.number == number));
    found.ok_or_else(|| ConnectError::NotFound.into())
}

/// The page on which a person signs in at an app's provider. What they bring back is bound to their browser (RFC 9700), so
/// it begins there and not here.
pub(super) async fn sign_in_page(web: &Web, key: &ApiKey, app: &'static App) -> Result<String, Problem> {
    if !signs_in(app) {
        let title = format!("{} is not connected by a sign-in there.", app.manifest().name);
        return Err(Problem::conflict("no_sign_in", title)
            .say("Send what its setup form asks instead, or connect it under Apps."));
    }
    if web.engine.may_install_for(&key.member(), app).await?.is_empty() {
        return Err(ConnectError::Forbidden.into());
    }
    if !web.engine.is_registered(&key.member(), app).await? {
        return Err(ConnectError::Unfinished(Unfinished::Unregistered).into());
    }
    Ok(web.site.link(&format!("/apps/{}", app.slug)))
}

/// Refuses to connect with a form what its owner must allow at the provider.
pub(super) fn refuse_sign_in(web: &Web, app: &App, typed: &BTreeMap<String, String>) -> Result<(), Problem> {
    let oauth = app.manifest().auth.oauth();
    if oauth.is_none_or(|oauth| oauth.grant(&json!(typed)) != Grant::AuthorizationCode) {
        return Ok(());
    }
    let page = web.site.link(&format!("/apps/{}", app.slug));
    let title = format!("{} is connected by signing in there.", app.manifest().name);
    Err(Problem::conflict("sign_in_needed", title).say(format!("Open {page} in a browser.")))
}

fn signs_in(app: &App) -> bool {
    let oauth = app.manifest().auth.oauth();
    oauth.is_some_and(|oauth| oauth.grants.contains(&Grant::AuthorizationCode))
}

/// What fills an app's setup form: values by the names of its fields. `username` and `password` stand for whatever the
/// form calls what one signs in with.
pub(super) fn typed(
    app: &App,
    values: impl IntoIterator<Item = (String, Value)>,
) -> Result<BTreeMap<String, String>, Vec<Wrong>> {
    let mut typed = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, value) in values {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                wrong.push(Wrong::new(name, "send a text, a number or a flag"));
                continue;
            }
        };
        typed.insert(field(app, name), text);
    }
    if wrong.is_empty() { Ok(typed) } else { Err(wrong) }
}

fn field(app: &App, name: String) -> String {
    let has = app.manifest().setup.iter().any(|field| field.name == name);
    match (&app.manifest().auth, name.as_str()) {
        (Auth::Basic { user, .. }, "username") if !has => user.clone(),
        (Auth::Basic { password, .. }, "password") if !has => password.clone(),
        _ => name,
    }
}

/// The one field that must be filled in, where that takes a link: such an app reads a calendar there.
pub(super) fn link_field(app: &'static App) -> Option<&'static str> {
    let mut needed = app.manifest().setup.iter().filter(|field| field.required);
    match (needed.next(), needed.next()) {
        (Some(field), None) if field.input == Input::Url => Some(&field.name),
        _ => None,
    }
}

/// What this server does not do: said plainly, inside the envelope.
pub(super) fn not_offered(instead: &str) -> Problem {
    let title = "This server does not offer that.";
    Problem::new(http::StatusCode::NOT_IMPLEMENTED, "not_offered", title).say(instead)
}
