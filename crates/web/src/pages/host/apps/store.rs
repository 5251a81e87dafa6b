//! The shop window.

use axum::extract::State;
use kalends_app::manifest::AppKind;
use kalends_engine::connect::AppCard;

use super::page::{Picture, Shelf, Store, Tile, shelf};
use crate::{
    Web,
    extract::Asked,
    pages::{
        host::{Answer, desk::Desk},
        show as draw,
    },
};

/// The order of the shelves.
pub(super) const SHELVES: [AppKind; 6] = [
    AppKind::Calendar,
    AppKind::Conference,
    AppKind::Location,
    AppKind::Messenger,
    AppKind::Tag,
    AppKind::Link,
];

/// `GET /apps?q=…&show=…`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let cards = web.engine.apps(&desk.member()).await?;
    let search = asked.get("q").trim().to_owned();
    let only = Only::of(asked.get("show"));
    let (frame, side) = desk.around(&web, "apps").await?;
    let found: Vec<&AppCard> = cards.iter().filter(|card| only.takes(card) && fits(card, &search)).collect();
    let narrowed = !search.is_empty() || only != Only::All;
    let shelves = shelves(&found);
    let sentence = sentence(&cards, narrowed.then_some(found.len()));
    Ok(draw(&Store { frame, side, search, show: only.word(), sentence, shelves }))
}

fn sentence(cards: &[AppCard], found: Option<usize>) -> String {
    let (all, installed) = (cards.len(), cards.iter().filter(|card| card.installed).count());
    match found {
        Some(1) => format!("1 of {all} apps fits."),
        Some(found) => format!("{found} of {all} apps fit."),
        None => {
            let installed = match installed {
                0 => "None is installed.".to_owned(),
                1 => "1 is installed.".to_owned(),
                many => format!("{many} are installed."),
            };
            format!("{all} apps are here. {installed} Nothing leaves the server until you install one.")
        }
    }
}

/// Which apps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Installed,
    Others,
    Broken,
}

impl Only {
    fn of(word: &str) -> Self {
        let known = [Self::Installed, Self::Others, Self::Broken];
        known.into_iter().find(|one| one.word() == word).unwrap_or(Self::All)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Installed => "installed",
            Self::Others => "others",
            Self::Broken => "broken",
        }
    }

    const fn takes(self, card: &AppCard) -> bool {
        match self {
            Self::All => true,
            Self::Installed => card.installed,
            Self::Others => !card.installed,
            Self::Broken => card.broken,
        }
    }
}

fn fits(card: &AppCard, search: &str) -> bool {
    let manifest = card.app.manifest();
    let words = [&manifest.name, &manifest.tagline, &manifest.description].map(|text| text.to_lowercase());
    let kinds = manifest.kinds.iter().map(|kind| shelf(*kind).1.to_lowercase());
    let all: Vec<String> =
        words.into_iter().chain(kinds).chain(manifest.categories.iter().cloned()).collect();
    search.to_lowercase().split_whitespace().all(|word| all.iter().any(|text| text.contains(word)))
}

fn shelves(cards: &[&AppCard]) -> Vec<Shelf> {
    let shelf_of = |kind: AppKind| {
        let (slug, name, aside) = shelf(kind);
        let on_it = |card: &&&AppCard| card.app.manifest().kinds.first() == Some(&kind);
        let mut apps: Vec<Tile> = cards.iter().filter(on_it).map(|card| tile(card)).collect();
        apps.sort_by_key(|app| app.name.to_lowercase());
        Shelf { slug, name, aside, apps }
    };
    SHELVES.into_iter().map(shelf_of).filter(|shelf| !shelf.apps.is_empty()).collect()
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
        off: card.off,
    }
}
