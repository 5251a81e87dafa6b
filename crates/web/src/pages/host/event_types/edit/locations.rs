//! Where it can take place: a box for each kind, and one for each app.

use kalends_app::manifest::Place;
use kalends_domain::event_type::{Location, Settings, check_phone};

use crate::{
    extract::Typed,
    pages::host::form::{Form, show_tick},
};

/// So many apps can follow one that makes no room.
pub const FALLBACKS: usize = kalends_domain::event_type::MOST_FALLBACKS;

pub(super) fn show(settings: &Settings, typed: &mut Typed) {
    for (at, location) in settings.locations.iter().enumerate() {
        let order = (at + 1).to_string();
        match location {
            Location::InPerson { address, public } => {
                typed.set("in-person", order);
                typed.set("address", &**address);
                show_tick(typed, "address-public", *public);
            }
            Location::GuestPlace => typed.set("guest-place", order),
            Location::HostPhone { number, public } => {
                typed.set("host-phone", order);
                typed.set("number", &**number);
                show_tick(typed, "number-public", *public);
            }
            Location::GuestPhone => typed.set("guest-phone", order),
            Location::GuestLink { app } => typed.set(&format!("guest-link-{app}"), order),
            Location::Link { url, public, app: Some(app) } => {
                typed.set(&format!("room-{app}"), order);
                typed.set(&format!("url-{app}"), &**url);
                show_tick(typed, &format!("url-{app}-public"), *public);
            }
            Location::Link { url, public, app: None } => {
                typed.set("link", order);
                typed.set("url", &**url);
                show_tick(typed, "url-public", *public);
            }
            Location::App { app, fallbacks } => {
                typed.set(&format!("app-{app}"), order);
                for (at, next) in fallbacks.iter().enumerate() {
                    typed.set(&format!("then-{app}-{}", at + 1), &**next);
                }
            }
        }
    }
}

/// Each ticked box carries its place in the order; new ones come last.
pub(super) fn read(form: &mut Form, settings: &mut Settings) {
    let mut places: Vec<(u32, Location)> = Vec::new();
    let boxes: Vec<(String, u32)> =
        form.typed.iter().map(|(name, order)| (name.to_owned(), order.parse().unwrap_or(u32::MAX))).collect();
    for (name, order) in boxes {
        let location = match name.as_str() {
            "in-person" => Location::InPerson {
                address: need(form, "address", "Write the address."),
                public: form.ticked("address-public"),
            },
            "guest-place" => Location::GuestPlace,
            "host-phone" => {
                let number = need(form, "number", "Write your telephone number with its country code.");
                if let Some(Err(fix)) = (!number.is_empty()).then(|| check_phone(&number)) {
                    form.say("number", fix);
                }
                Location::HostPhone { number, public: form.ticked("number-public") }
            }
            "guest-phone" => Location::GuestPhone,
            "link" => {
                let url = need(form, "url", "Write the address of the room.");
                if !url.is_empty() && !url.starts_with("https://") {
                    form.say("url", "Write an address that begins with https://.");
                }
                Location::Link { url, public: form.ticked("url-public"), app: None }
            }
            other if let Some(app) = other.strip_prefix("guest-link-") => {
                Location::GuestLink { app: app.to_owned() }
            }
            other => match (other.strip_prefix("app-"), other.strip_prefix("room-")) {
                (Some(app), _) => Location::App { app: app.to_owned(), fallbacks: chain(form, app) },
                (None, Some(app)) => Location::Link {
                    url: need(form, &format!("url-{app}"), "Paste the link to your room."),
                    public: form.ticked(&format!("url-{app}-public")),
                    app: Some(app.to_owned()),
                },
                (None, None) => continue,
            },
        };
        places.push((order, location));
    }
    places.sort_by_key(|(order, _)| *order);
    settings.locations = places.into_iter().map(|(_, location)| location).collect();
}

/// Links to rooms of apps, as the app takes them; one that is no such link is said at its field.
pub fn check_rooms(form: &mut Form, settings: &mut Settings, place: impl Fn(&str) -> Option<&'static Place>) {
    for location in &mut settings.locations {
        let Location::Link { url, app: Some(app), .. } = location else { continue };
        let field = format!("url-{app}");
        if url.is_empty() {
            continue;
        }
        match place(app).map(|place| place.link(url)) {
            Some(Ok(link)) => *url = link.into(),
            Some(Err(fix)) => form.say(&field, fix),
            None => form.say(&field, "This app is not here any more. Untick it, or use a fixed link."),
        }
    }
}

/// The apps after this one, in order; one named twice, or the app itself, counts once.
fn chain(form: &Form, app: &str) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    for at in 1..=FALLBACKS {
        let next = form.text(&format!("then-{app}-{at}"));
        if !next.is_empty() && next != app && !chain.contains(&next) {
            chain.push(next);
        }
    }
    chain
}

fn need(form: &mut Form, field: &str, fix: &str) -> String {
    let text = form.text(field);
    if text.is_empty() {
        form.say(field, fix);
    }
    text
}
