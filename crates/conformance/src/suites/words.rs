//! What every app must have said of itself, and what those without code must get right: all of it is in the manifest.

use std::collections::BTreeMap;

use kalends_app::{
    App, Manifest, Secrets,
    manifest::{Field, Place, Shortcut, Tag},
};
use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value};
use url::Url;

/// How what a template leaves open begins.
const OPEN: &str = "Missing: ";

type Outcome = Result<(), String>;

/// Every check of every manifest.
pub fn all(apps: &[&'static App]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for app in apps.iter().copied() {
        let mut check = |kind: &str, name: &str, run: fn(&Manifest) -> Outcome| {
            let run =
                move || run(app.manifest()).map_err(|problem| Failed::from(format!("app.toml: {problem}")));
            trials.push(Trial::test(format!("{kind}::{}::{name}", app.slug), run));
        };
        check("manifest", "nothing_the_template_left_open_is_missing", words);
        check("manifest", "no_address_is_an_example", addresses);
        check("manifest", "every_key_that_is_typed_in_says_where_it_is_taken_back", keys);
        let manifest = app.manifest();
        if manifest.place.is_some() {
            check("location", "a_link_without_a_room_or_protection_is_refused", |all| {
                place(all, all.place.as_ref())
            });
        }
        if manifest.tag.is_some() {
            check("tag", "a_form_filled_in_as_it_hints_puts_it_on_pages", |all| tag(all, all.tag.as_ref()));
        }
        if manifest.shortcut.is_some() {
            check("link", "its_button_is_short_and_its_steps_are_sentences", |all| {
                link(all.shortcut.as_ref())
            });
        }
    }
    trials
}

/// All of them at once: whoever fills in a manifest wants the whole list.
fn words(manifest: &Manifest) -> Outcome {
    let mut texts =
        vec![("tagline".to_owned(), &manifest.tagline), ("description".to_owned(), &manifest.description)];
    texts.extend(manifest.may.iter().map(|text| ("may".to_owned(), text)));
    for field in &manifest.setup {
        let parts = [("label", &field.label), ("hint", &field.hint), ("placeholder", &field.placeholder)];
        texts.extend(parts.map(|(part, text)| (format!("setup.{}.{part}", field.name), text)));
        let back = field.take_back.iter();
        texts.extend(back.map(|back| (format!("setup.{}.take_back", field.name), &back.text)));
    }
    if let Some(place) = &manifest.place {
        texts
            .extend([("location.label".to_owned(), &place.label), ("location.hint".to_owned(), &place.hint)]);
    }
    if let Some(link) = &manifest.shortcut {
        texts.push(("link.action".to_owned(), &link.action));
        texts.extend(link.steps.iter().map(|step| ("link.steps".to_owned(), step)));
    }
    let open = texts
        .iter()
        .filter_map(|(place, text)| Some(format!("{place} is missing: {}", text.trim().strip_prefix(OPEN)?)));
    none(open)
}

/// What was typed in is nobody's to give back but its owner's (OAU-16): the page that takes an app away says where.
fn keys(manifest: &Manifest) -> Outcome {
    let without = |field: &&Field| field.is_secret() && field.required && field.take_back.is_none();
    none(
        manifest
            .setup
            .iter()
            .filter(without)
            .map(|field| format!("setup.{}.take_back is missing", field.name)),
    )
}

/// `.example` is nobody's: an address there was never looked up.
fn addresses(manifest: &Manifest) -> Outcome {
    let links = &manifest.links;
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, url) in [("website", &links.website), ("help", &links.help), ("privacy", &links.privacy)] {
        all.extend(url.iter().map(|url| (format!("links.{name}"), url.to_string())));
    }
    all.extend(manifest.endpoints.iter().map(|(name, url)| (format!("endpoints.{name}"), url.to_string())));
    all.extend(
        manifest.place.iter().map(|place| ("location.placeholder".to_owned(), place.placeholder.clone())),
    );
    all.extend(manifest.shortcut.iter().map(|link| ("link.opens".to_owned(), link.opens.to_string())));
    if let Some(tag) = &manifest.tag {
        let lists = [("scripts", &tag.scripts), ("connect", &tag.connect), ("images", &tag.images)];
        all.extend(
            lists
                .into_iter()
                .flat_map(|(name, list)| list.iter().map(move |one| (format!("tag.{name}"), one.clone()))),
        );
    }
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let made_up = |text: &str| host(text).is_some_and(|host| host.rsplit('.').next() == Some("example"));
    none(all.iter().filter(|(_, text)| made_up(text)).map(|(place, text)| {
        format!("{place} is missing: {text} is an example; take the provider's own address")
    }))
}

fn place(_: &Manifest, place: Option<&Place>) -> Outcome {
    let Some(place) = place else { return Ok(()) };
    let room = place.link(&place.placeholder)?;
    let mut front = room.clone();
    front.set_path("/");
    front.set_query(None);
    front.set_fragment(None);
    let unprotected = room.as_str().replacen("https://", "http://", 1);
    let with_user = room.as_str().replacen("https://", "https://somebody:secret@", 1);
    let taken =
        [front.to_string(), unprotected, with_user].into_iter().filter(|link| place.link(link).is_ok());
    none(taken.map(|link| format!("location.links takes {link}, which leads into no room of somebody's")))
}

fn tag(manifest: &Manifest, tag: Option<&Tag>) -> Outcome {
    let Some(tag) = tag else { return Ok(()) };
    let typed: BTreeMap<String, String> =
        manifest.setup.iter().map(|field| (field.name.clone(), hinted(field))).collect();
    let filled = manifest.check(&typed, &Secrets::none()).map_err(|wrong| {
        let wrong: Vec<_> = wrong
            .iter()
            .map(|one| format!("setup.{}: its placeholder is refused: {}", one.field, one.problem))
            .collect();
        wrong.join("; ")
    })?;
    let placed =
        tag.placed(&filled.settings).ok_or("tag: a form filled in as it hints puts nothing on pages")?;
    if placed.load.is_empty() {
        return Err("tag.load: nothing is loaded".to_owned());
    }
    let needs = manifest.setup.iter().any(|field| field.required && field.default.is_none());
    match tag.placed(&Map::new()) {
        Some(_) if needs => Err("tag: it is put on pages although a required field is empty".to_owned()),
        _ => Ok(()),
    }
}

/// What somebody types who follows the form.
fn hinted(field: &Field) -> String {
    match (&field.default, field.options.first()) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(other), _) => other.to_string(),
        (None, Some(choice)) => choice.value.clone(),
        (None, None) => field.placeholder.clone(),
    }
}

fn link(link: Option<&Shortcut>) -> Outcome {
    let Some(link) = link else { return Ok(()) };
    if link.action.chars().count() > 40 {
        return Err(format!(
            "link.action: {:?} is too long for a button; at most 40 characters",
            link.action
        ));
    }
    none(
        link.steps
            .iter()
            .filter(|step| !step.ends_with(['.', '?', '!']))
            .map(|step| format!("link.steps: {step:?} is no sentence")),
    )
}

/// Fails with everything that was found.
fn none(found: impl Iterator<Item = String>) -> Outcome {
    let found: Vec<_> = found.collect();
    if found.is_empty() { Ok(()) } else { Err(found.join("\n          ")) }
}
