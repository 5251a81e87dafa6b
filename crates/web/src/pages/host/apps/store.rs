//! The shop window.

use axum::{extract::State, response::Response};
use kalends_app::manifest::AppKind;
use kalends_engine::connect::AppCard;

use super::page::{Picture, Shelf, Store, Tile, shelf};
use crate::{
    Problem, Web,
    extract::Asked,
    pages::{host::desk::Desk, show as draw},
};

/// `GET /apps?q=…`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Result<Response, Problem> {
    let cards = web.engine.apps(&desk.member()).await?;
    let installed = cards.iter().filter(|card| card.installed).count();
    let sentence = format!(
        "{} apps ship with this server. {installed} connected. Nothing leaves the server until you connect one.",
        cards.len()
    );
    let search = asked.get("q").trim().to_owned();
    let (frame, side) = desk.around(&web, "apps").await?;
    let shelves = shelves(&cards.iter().filter(|card| fits(card, &search)));
    Ok(draw(&Store { frame, side, search, sentence, shelves }))
}

fn fits(card: &AppCard, search: &str) -> bool {
    let manifest = card.app.manifest();
    let words = [&manifest.name, &manifest.tagline, &manifest.description].map(|text| text.to_lowercase());
    let kinds = manifest.kinds.iter().map(|kind| shelf(*kind).1.to_lowercase());
    let all: Vec<String> =
        words.into_iter().chain(kinds).chain(manifest.categories.iter().cloned()).collect();
    search.to_lowercase().split_whitespace().all(|word| all.iter().any(|text| text.contains(word)))
}

fn shelves<'a>(cards: &(impl Iterator<Item = &'a AppCard> + Clone)) -> Vec<Shelf> {
    let kinds = [
        AppKind::Calendar,
        AppKind::Conference,
        AppKind::Location,
        AppKind::Messenger,
        AppKind::Tag,
        AppKind::Link,
    ];
    let shelf_of = |kind: AppKind| {
        let (slug, name, aside) = shelf(kind);
        let apps = cards.clone().filter(|card| card.app.manifest().kinds.first() == Some(&kind)).map(tile);
        Shelf { slug, name, aside, apps: apps.collect() }
    };
    kinds.into_iter().map(shelf_of).filter(|shelf| !shelf.apps.is_empty()).collect()
}

fn tile(card: &AppCard) -> Tile {
    let manifest = card.app.manifest();
    Tile {
        slug: card.app.slug,
        name: manifest.name.clone(),
        tagline: manifest.tagline.clone(),
        picture: Picture(card.app.icon),
        installed: card.installed,
        broken: card.broken,
    }
}
