//! Whether an event type can be as somebody wants it.

use std::collections::BTreeSet;

use kalends_app::manifest::Place;
use kalends_domain::{
    event_type::{Assignment, EventType, Host, Location, MOST_FALLBACKS, Owner, check_phone},
    people::Slug,
};

use super::EventTypeDraft;
use crate::{Invalid, connect::Outside};

/// A draft whose words and rules hold together; who may be its host is asked of the database.
#[derive(Debug, Clone)]
pub(crate) struct Sound {
    pub slug: Slug,
    pub title: String,
    pub description: String,
    pub hosts: Vec<Host>,
}

/// Checks all that needs no database, and says everything that will not do.
pub(crate) fn check(draft: &EventTypeDraft, outside: &Outside) -> Result<Sound, Invalid> {
    let mut invalid = Invalid::default();
    let title = draft.title.trim().to_owned();
    invalid.need(!title.is_empty(), "title", "Give the event type a name.");
    invalid.need(title.chars().count() <= 200, "title", "Write at most 200 letters.");
    let description = draft.description.trim().to_owned();
    invalid.need(description.chars().count() <= 5_000, "description", "Write at most 5000 letters.");

    let slug = match draft.slug.trim() {
        "" => Slug::from_title(&title, "event"),
        slug => Slug::parse(slug).unwrap_or_else(|error| {
            invalid.say("slug", error.to_string());
            Slug::from_title("", "event")
        }),
    };
    let hosts = hosts(draft, &mut invalid);
    invalid.extend(draft.settings.problems());
    places(&draft.settings.locations, outside, &mut invalid);
    if let Some(address) = &draft.settings.redirect {
        invalid.need(is_link(address), "redirect", "Write an address that begins with https://.");
    }
    if let Some(colour) = &draft.settings.colour {
        invalid.need(is_colour(colour), "colour", "Write a colour as #rrggbb.");
    }
    invalid.need(draft.settings.title.chars().count() <= 300, "customName", "Write at most 300 letters.");
    invalid.check()?;
    Ok(Sound { slug, title, description, hosts })
}

fn hosts(draft: &EventTypeDraft, invalid: &mut Invalid) -> Vec<Host> {
    let mut hosts = draft.hosts.clone();
    if let (Owner::User(owner), true) = (draft.owner, hosts.is_empty()) {
        hosts.push(usual(owner));
    }
    let mut seen = BTreeSet::new();
    for (index, host) in hosts.iter().enumerate() {
        let field = format!("hosts[{index}]");
        invalid.need(seen.insert(host.user), &field, "is there twice; leave one out");
        invalid.need(host.priority <= 4, &format!("{field}.priority"), "a priority is between 0 and 4");
        invalid.need(
            (1..=1000).contains(&host.weight),
            &format!("{field}.weight"),
            "a weight is between 1 and 1000; leave the host out for none",
        );
    }
    match draft.assignment {
        Assignment::Single => {
            invalid.need(
                hosts.len() == 1,
                "hosts",
                "name exactly one host, or choose another way of assigning",
            );
        }
        Assignment::Collective => invalid.need(!hosts.is_empty(), "hosts", "name at least one host"),
        Assignment::RoundRobin => {
            let in_turn = hosts.iter().any(|host| !host.fixed);
            invalid.need(in_turn, "hosts", "name at least one host who is not fixed, to take turns");
        }
    }
    invalid.need(hosts.len() <= 500, "hosts", "name at most 500 hosts");
    hosts
}

/// A host as most are.
pub(crate) const fn usual(user: kalends_domain::Id<kalends_domain::people::User>) -> Host {
    Host { user, fixed: false, priority: 2, weight: 100, schedule: None }
}

fn places(locations: &[Location], outside: &Outside, invalid: &mut Invalid) {
    invalid.need(locations.len() <= 20, "locations", "offer at most 20 places");
    for (index, location) in locations.iter().enumerate() {
        let field = format!("locations[{index}]");
        match location {
            Location::InPerson { address, .. } => {
                let fits = (1..=500).contains(&address.trim().chars().count());
                invalid.need(fits, &field, "write the address, in at most 500 letters");
            }
            Location::HostPhone { number, .. } => {
                if let Err(fix) = check_phone(number) {
                    invalid.say(&field, fix);
                }
            }
            Location::Link { url, app: None, .. } => {
                invalid.need(is_link(url), &field, "write a link that begins with https://");
            }
            Location::Link { url, app: Some(app), .. } => {
                if let Err(fix) = room_link(outside, app, url) {
                    invalid.say(&field, fix);
                }
            }
            Location::App { app, fallbacks } => {
                let mut apps = std::iter::once(app).chain(fallbacks);
                invalid.need(
                    apps.all(|app| Slug::parse(app).is_ok()),
                    &field,
                    "name an app from the app store",
                );
                let distinct: BTreeSet<&String> = std::iter::once(app).chain(fallbacks).collect();
                let once = distinct.len() == fallbacks.len() + 1;
                invalid.need(once, &field, "names an app twice; each can have one turn");
                let few = fallbacks.len() <= MOST_FALLBACKS;
                invalid.need(few, &field, &format!("name at most {MOST_FALLBACKS} apps to fall back on"));
            }
            Location::GuestLink { app } => {
                let asks = outside.known().place(app).is_some_and(Place::asks_guest);
                invalid.need(asks, &field, "name an app whose links guests give");
            }
            Location::GuestPlace | Location::GuestPhone => {}
        }
        invalid.need(!locations[..index].contains(location), &field, "is there twice; leave one out");
    }
}

/// Whether this is a link to a room of this app.
fn room_link(outside: &Outside, app: &str, url: &str) -> Result<(), String> {
    let place = outside.known().place(app).filter(|place| place.asks_host());
    let place = place.ok_or_else(|| "this app is not on this server; choose another place".to_owned())?;
    place.link(url).map(drop)
}

/// A link we may put on a page: absolute, over HTTP.
fn is_link(text: &str) -> bool {
    text.len() <= 2_000
        && url::Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some())
}

/// `#rrggbb`.
pub(crate) fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The number or title with which a copy does not collide: `intro-copy`, `intro-copy-2`, ….
pub(crate) fn copy_slug(slug: &Slug, taken: &[EventType]) -> Slug {
    let stem: String = slug.as_str().chars().take(50).collect();
    (1..=taken.len() + 1)
        .map(|nth| if nth == 1 { format!("{stem}-copy") } else { format!("{stem}-copy-{nth}") })
        .filter_map(|text| Slug::parse(&text).ok())
        .find(|slug| taken.iter().all(|other| other.slug != *slug))
        .unwrap_or_else(|| slug.clone())
}
