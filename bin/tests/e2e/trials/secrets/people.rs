//! What people know and nobody else: passwords, links that work once, keys, the way to a booking.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{BASE, House, OWNER};
use crate::http::until;
use crate::visitor::Visitor;

/// Wrong passwords, a forgotten one, a proven address, a key made on the page, another person.
pub fn forget_and_remember(house: &mut House) -> Result<()> {
    let door = Visitor::new(&house.local)?;
    let wrong = house.secrets.word("password nobody has");
    let page = door.send("/login", "/login", &[("email", OWNER), ("password", &wrong)])?;
    house.shown("a wrong password", &page);
    for (name, value) in door.cookies() {
        house.secrets.put(&format!("cookie {name} of a visitor"), &value);
    }

    let page = door.send("/login/forgot", "/login/forgot", &[("email", OWNER)])?;
    house.shown("a forgotten password", &page);
    let link = link(house, "/login/reset/")?;
    house.secrets.put_shown("link for a new password", &link);
    let path = format!("/login/reset/{link}");
    let page = door.get(&path)?;
    house.shown("a new password", &page);
    let page = door.send(&path, &path, &[("password", "short")])?;
    house.shown("a short password", &page);
    let new = house.secrets.word("new password of the owner");
    let page = door.send(&path, &path, &[("password", &new)])?;
    ensure!(page.status == 303, "{page:?}");
    house.shown("a password set", &page);
    let page = door.get(&path)?;
    house.shown("a link used up", &page);
    house.password.clone_from(&new);
    house.browser = Visitor::new(&house.local)?;
    house.browser.sign_in(OWNER, &new)?;
    for (name, value) in house.browser.cookies() {
        house.secrets.put(&format!("later cookie {name} of the owner"), &value);
    }

    let next = house.secrets.word("next password of the owner");
    let wrong = house.secrets.word("password misremembered");
    for before in [wrong.as_str(), new.as_str()] {
        let form = [
            ("current", before),
            ("new", next.as_str()),
            ("again", next.as_str()),
            ("password", next.as_str()),
        ];
        house.send("/settings/security", "/settings/password", &form)?;
    }
    let page =
        house.browser.send("/settings/keys", "/settings/keys", &[("label", "Robot"), ("days", "30")])?;
    let key = page.words().split("cal_").skip(1).find_map(|rest| {
        let key: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        (key.len() > 24).then_some(key)
    });
    let key = key.context("the page shows no new key")?;
    house.secrets.put("key made on the page", &key[8..]);
    house.asked(Method::GET, "me", "2024-06-14", &Value::Null, &format!("cal_{key}"))?;
    let foreign = format!("cal_{}", house.secrets.word("key of another server"));
    let (status, _) = house.asked(Method::GET, "me", "2024-06-14", &Value::Null, &foreign)?;
    ensure!(status == 401, "{status}");
    Ok(())
}

/// The last part of the newest link of this kind in a mail.
fn link(house: &House, path: &str) -> Result<String> {
    let begin = format!("{BASE}{path}");
    until("mail with a link", || {
        let mails = house.mailbox.mails();
        let mut texts = mails.iter().rev().map(|mail| mail.text.replace("=\n", "").replace("=3D", "="));
        Ok(texts.find_map(|text| {
            let rest = text.split(&begin).nth(1)?.to_owned();
            Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
        }))
    })
}

/// One booking at each place, the first by a private link, another that its host must accept.
pub fn book(house: &mut House) -> Result<()> {
    for place in ["jitsi", "zoom", "google-meet", "teams", "gotomeeting"] {
        let number = offer(house, place, &json!([{ "type": "integration", "integration": place }]))?;
        booked(house, number)?;
        if place == "jitsi" {
            let path = format!("event-types/{number}/private-links");
            let made = house.api(Method::POST, &path, "2024-06-14", &json!({ "maxUsageCount": 5 }))?;
            let address = made["data"]["bookingUrl"].as_str().context("no address")?.to_owned();
            let uid = address.rsplit('/').next().context("no end")?;
            house.secrets.put_listed("private link", uid);
            let guest = Visitor::new(&house.local)?;
            let page = guest.get(&format!("/d/{uid}?zone=UTC"))?;
            house.shown("a private link", &page);
        }
    }
    for provider in ["zoom", "google-meet", "teams", "gotomeeting", "google-calendar"] {
        let there = std::sync::Arc::clone(&house.providers[provider]);
        until(&format!("call at {provider}"), || {
            let writes = there.heard().into_iter().filter(|heard| !heard.path.ends_with("token"));
            Ok((writes.count() > 1).then_some(()))
        })?;
    }
    Ok(())
}

/// An event type; its number.
pub fn offer(house: &mut House, slug: &str, locations: &Value) -> Result<i64> {
    let body = json!({ "title": slug, "slug": slug, "lengthInMinutes": 15, "minimumBookingNotice": 0, "locations": locations });
    let made = house.api(Method::POST, "event-types", "2024-06-14", &body)?;
    made["data"]["id"].as_i64().context("no number")
}

/// Books the first time there is; the booking's uid.
pub fn booked(house: &mut House, number: i64) -> Result<String> {
    #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
    let now = jiff::Timestamp::now();
    let until = now + jiff::SignedDuration::from_hours(72);
    let path = format!("slots?eventTypeId={number}&start={now}&end={until}");
    let open = house.api(Method::GET, &path, "2024-09-04", &Value::Null)?;
    let days = open["data"].as_object().context("no days")?;
    let start = days.values().flat_map(|day| day.as_array().into_iter().flatten()).next();
    let start = start.and_then(|slot| slot["start"].as_str()).context("no time is free")?;
    let body = json!({
        "start": start, "eventTypeId": number,
        "attendee": { "name": "Marta Hollweg", "email": "marta@example.com", "timeZone": "UTC" },
    });
    let made = house.api(Method::POST, "bookings", "2024-08-13", &body)?;
    Ok(made["data"]["uid"].as_str().context("no uid")?.to_owned())
}
