//! Where it can take place: a box for each kind, and one for each app.

use kalends_domain::event_type::{Location, Settings};

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
            Location::Link { url, public } => {
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
                if !number.is_empty() && !kalends_domain::event_type::is_phone(&number) {
                    form.say(
                        "number",
                        "Write a telephone number with its country code, such as +43 1 234567.",
                    );
                }
                Location::HostPhone { number, public: form.ticked("number-public") }
            }
            "guest-phone" => Location::GuestPhone,
            "link" => {
                let url = need(form, "url", "Write the address of the room.");
                if !url.is_empty() && !url.starts_with("https://") {
                    form.say("url", "Write an address that begins with https://.");
                }
                Location::Link { url, public: form.ticked("url-public") }
            }
            other => match other.strip_prefix("app-") {
                Some(app) => Location::App { app: app.to_owned(), fallbacks: chain(form, app) },
                None => continue,
            },
        };
        places.push((order, location));
    }
    places.sort_by_key(|(order, _)| *order);
    settings.locations = places.into_iter().map(|(_, location)| location).collect();
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
