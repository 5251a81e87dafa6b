//! A host's or a team's page.

use askama::Template;
use kalends_engine::{PageOwner, ProfilePage};

use super::{
    event::owner_path,
    parts::{Fact, paragraphs, price},
};
use crate::{
    pages::Frame,
    ui,
    when::{Face, city, minutes_short},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/profile.html")]
pub struct ProfileView {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) bio: Vec<String>,
    pub(super) chips: Vec<Fact>,
    pub(super) zone: String,
    pub(super) offers: Vec<OfferLine>,
    pub(super) people: Vec<PersonLine>,
}

/// One event type of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferLine {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) next: String,
    pub(super) length: String,
    pub(super) price: String,
}

/// One member of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLine {
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) href: String,
}

impl ProfileView {
    /// Draws the page; `next` says for each event type when it is free next, as `face` reads it.
    pub fn of(frame: Frame, page: &ProfilePage, host: Option<&Face>, face: &Face, next: &[String]) -> Self {
        let path = owner_path(&page.owner);
        let (bio, people) = match &page.owner {
            PageOwner::User { profile, .. } => (paragraphs(&profile.bio), Vec::new()),
            PageOwner::Team { members, .. } => (Vec::new(), members.clone()),
        };
        let here = host.map(|face| {
            let now = face.time(face.now.timestamp());
            Fact::new("globe", format!("{}, now {now}", city(face.zone.name())))
        });
        let offers = page.event_types.iter().enumerate().map(|(index, event_type)| {
            let lengths = &event_type.settings.lengths;
            let length = match lengths.choices.as_slice() {
                [first, .., last] => format!("{} to {}", minutes_short(*first), minutes_short(*last)),
                _ => minutes_short(lengths.usual),
            };
            OfferLine {
                href: format!("{path}/{}", event_type.slug),
                title: event_type.title.clone(),
                text: paragraphs(&event_type.description).into_iter().next().unwrap_or_default(),
                next: next.get(index).cloned().unwrap_or_default(),
                length,
                price: price(event_type.settings.price),
            }
        });
        Self {
            frame,
            name: page.owner.name().to_owned(),
            initials: ui::initials(page.owner.name()),
            bio,
            chips: here.into_iter().collect(),
            zone: face.zone_name(),
            offers: offers.collect(),
            people: people
                .iter()
                .map(|person| PersonLine {
                    name: person.name.clone(),
                    initials: ui::initials(&person.name),
                    href: format!("/{}", person.username),
                })
                .collect(),
        }
    }
}
