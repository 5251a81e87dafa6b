//! What apps are told: registrations, tokens, passwords, addresses that let in whoever knows them. First all goes well.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use kalends_app::hook::signature::hmac_hex;
use reqwest::Method;
use url::Url;

use super::house::{BASE, House};
use super::people::{booked, offer};
use crate::http::until;
use crate::provider::{Mood, Provider, form};

/// Apps whose accounts are granted at their provider.
const SIGNED_IN: [&str; 6] =
    ["google-calendar", "google-meet", "microsoft-365", "teams", "zoom", "gotomeeting"];

/// The administrator enters ids and secrets: once wrong, once right.
pub fn register(house: &mut House) -> Result<()> {
    for slug in ["google-calendar", "microsoft-365", "zoom"] {
        let page = format!("/apps/{slug}/registration");
        let wrong = house.secrets.word(&format!("wrong client secret of {slug}"));
        let right = house.secrets.word(&format!("client secret of {slug}"));
        let notices = house.secrets.word(&format!("webhook secret of {slug}"));
        house.providers[slug].knows("kalends", &right)?;
        for secret in [&wrong, &right] {
            let form = [
                ("client_id", "kalends"),
                ("client_secret", secret),
                ("webhook_secret", &notices),
                ("do", "save"),
            ];
            house.send(&page, &page, &form)?;
        }
        let answer = house.send(&page, &page, &[("do", "test")])?;
        ensure!(answer.status == 303, "{slug}: {}", answer.words());
        house.open(&answer.onward)?;
    }
    let second = house.secrets.word(SECOND);
    let page = "/apps/zoom/registration";
    house.send(page, page, &[("client_id", "kalends"), ("webhook_secret", &second), ("do", "save")])?;
    by_key(house)
}

/// What notices of Zoom are signed with from now on; the first one is believed beside it.
const SECOND: &str = "second webhook secret of zoom";

/// A key instead of a secret: cut off, of another kind, then right.
fn by_key(house: &mut House) -> Result<()> {
    let page = "/apps/microsoft-365/registration";
    house.secrets.put_key("key of a registration", KEY);
    house.secrets.put_key("key of another kind", CURVE);
    for (key, well) in [(&*KEY.replace("END PRIVATE", "FIN PRIVATE"), false), (CURVE, false), (KEY, true)] {
        let form = [("client_id", "kalends"), ("client_key", key), ("do", "save")];
        let answer = house.send(page, page, &form)?;
        ensure!((answer.status == 303) == well, "{}", answer.words());
        house.open(page)?;
    }
    Ok(())
}

/// A private key with its certificate, by which Microsoft would know this server.
pub const KEY: &str = include_str!("../../../../../crates/app/src/fake/client-rsa.pem");
/// One that Microsoft does not take.
const CURVE: &str = include_str!("../../../../../crates/app/src/fake/client-ec.pem");
/// The key of a service account.
const ROBOT: &str = include_str!("../../../../../crates/engine/tests/vendors/service.pem");

/// A whole account at Zoom by an app of its own there, whose token for notices changes; then it is switched off.
pub fn whole_account(house: &mut House) -> Result<()> {
    let there = Arc::clone(&house.providers["zoom"]);
    let secret = house.secrets.word("secret of an account's own app");
    let known = house.secrets.word("client secret of zoom");
    there.takes(&secret, &known);
    let tokens = ["token of an account's own app", "second token of an account's own app"];
    let tokens = tokens.map(|name| house.secrets.word(name));
    let mut id = String::new();
    for token in &tokens {
        let form = [
            ("for", "everybody"),
            ("connection", &id),
            ("grant", "account_credentials"),
            ("account_id", "abc"),
            ("client_id", "kalends"),
            ("client_secret", &secret),
            ("webhook_secret", token),
            ("member", "host@example.com"),
        ];
        let answer = house.send("/apps/zoom", "/apps/zoom", &form)?;
        ensure!(answer.status == 303, "{}", answer.words());
        answer.onward.rsplit("#a-").next().context("no account")?.clone_into(&mut id);
    }
    let words = house.open("/apps/installed")?.words();
    let key =
        words.split(&format!("{BASE}/hooks/zoom/")).nth(1).and_then(|rest| rest.split(['<', '"']).next());
    let key = key.context("no address for its notices")?.to_owned();
    house.secrets.put_shown("address for notices of a whole account", &key);
    for token in &tokens {
        let (status, said) =
            notice(house, &key, token, r#"{"event":"meeting.ended","event_ts":3,"payload":{}}"#)?;
        ensure!(status < 300, "{status} {said}");
    }
    let off = format!("/apps/installed/{id}/off");
    house.send(&off, &off, &[])?;
    Ok(())
}

/// The owner connects an account of each, and brings one answer twice.
pub fn sign_in(house: &mut House) -> Result<()> {
    for slug in SIGNED_IN {
        let back = asked(house, slug)?;
        let page = house.browser.get(&back)?;
        house.shown("back from a sign-in", &page);
        ensure!(page.onward.contains("did=connected"), "{slug}: {page:?}");
        for heard in house.providers[slug].heard() {
            if let Some(verifier) = form(&heard.body)
                .get("code_verifier")
                .filter(|text| text.len() >= 43 && !text.starts_with("kalends-asks"))
            {
                house.secrets.put(&format!("verifier of {slug}"), verifier);
            }
        }
        let again = house.browser.get(&back)?;
        house.shown("back twice", &again);
    }
    Ok(())
}

/// Goes to the provider and says yes: the path with which the browser comes back.
fn asked(house: &mut House, slug: &str) -> Result<String> {
    let page = format!("/apps/{slug}");
    let leaving = house.browser.send(&page, &page, &[])?;
    let words = leaving.words();
    let to = words.split_once("content=\"0;url=").and_then(|(_, rest)| rest.split_once('"'));
    let to: Url = to.with_context(|| format!("{slug}: {words}"))?.0.parse()?;
    let back = house.providers[slug].consent(&to)?;
    for (name, value) in back.query_pairs().filter(|(name, _)| name == "code" || name == "state") {
        house.secrets.put(&format!("{name} of {slug}"), &value);
    }
    Ok(back.as_str().trim_start_matches(BASE).to_owned())
}

/// Everything people type into setup forms: first wrong, then right.
pub fn type_in(house: &mut House) -> Result<()> {
    for slug in ["caldav", "exchange", "icloud"] {
        let there = Arc::clone(&house.providers[slug]);
        let right = house.secrets.word(&format!("password of {slug}"));
        let fakes = there.fake.form().get("password").context("no password")?.clone();
        there.takes(&right, &fakes);
        let wrong = house.secrets.word(&format!("wrong password of {slug}"));
        let page = connect(house, &there, &wrong, &[])?;
        ensure!(page == 422, "{slug} takes a wrong password: {page}");
        let page = connect(house, &there, &right, &[])?;
        // Its server sends everybody on to another machine, which is not here.
        ensure!(page == 303 || slug == "icloud", "{slug}: {page}");
    }
    let at = house.providers["caldav"].address;
    let in_address = house.secrets.word("password in an address");
    let there = Arc::clone(&house.providers["caldav"]);
    for server in
        [format!("http://hanna:{in_address}@{at}/"), format!("https://hanna:{in_address}@nowhere.invalid/")]
    {
        connect(house, &there, "not the password of anybody", &[("server", &server)])?;
    }
    feed(house)?;
    rooms(house)
}

/// Sends the setup form of an app as its fake wants it filled in, but for these; the status.
fn connect(house: &mut House, there: &Provider, password: &str, but: &[(&str, &str)]) -> Result<u16> {
    let mut typed = there.fake.form();
    typed.insert("password".into(), password.to_owned());
    if let Some(server) = typed.get_mut("server") {
        let path = Url::parse(server)?.path().to_owned();
        *server = format!("http://{}{path}", there.address);
    }
    typed.extend(but.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let typed: Vec<_> = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = format!("/apps/{}", there.app.slug);
    Ok(house.send(&path, &path, &typed)?.status)
}

/// A calendar behind a link that lets in whoever knows it.
fn feed(house: &mut House) -> Result<()> {
    let there = Arc::clone(&house.providers["ics-feed"]);
    let (path, key) = (house.secrets.word("path of a feed"), house.secrets.word("key of a feed"));
    let real = Url::parse(&there.fake.form()["url"].replace("webcal:", "https:"))?;
    there.takes(&path, real.path().split('/').nth(1).context("no path")?);
    there.takes(&key, real.query_pairs().next().context("no key")?.1.as_ref());
    let inside = house.secrets.word("password in the link of a feed");
    let password = house.secrets.word("password of a feed");
    let link = |at: &str, path: &str| format!("http://{at}/private-{path}/basic.ics?key={key}");
    let at = there.address.to_string();
    let wrong = house.secrets.word("path of no feed");
    let right = format!("http://{at}/{path}/basic.ics?key={key}");
    for (url, user, password, well) in [
        (link(&at, &wrong), "", "", false),
        (link(&format!("hanna:{inside}@{at}"), &path), "", "", false),
        (link(&at, &path), "hanna", password.as_str(), false),
        (right, "", "", true),
    ] {
        let form = [("url", url.as_str()), ("username", user), ("password", password)];
        let page = house.send("/apps/ics-feed", "/apps/ics-feed", &form)?;
        ensure!(!well || page.status == 303, "{}", page.words());
    }
    Ok(())
}

/// Rooms that are made by secrets alone, and accounts without anybody's sign-in.
fn rooms(house: &mut House) -> Result<()> {
    let shared = house.secrets.word("shared secret of jitsi");
    let server = "https://meet.example.com";
    let token = [
        ("access", "hs256"),
        ("token_server", server),
        ("app_id", "kalends"),
        ("shared_secret", shared.as_str()),
    ];
    let page = house.send("/apps/jitsi", "/apps/jitsi", &token)?;
    ensure!(page.status == 303, "{}", page.words());
    let pem = include_str!("../../../../src/net/tests/server.key");
    house.secrets.put_key("private key of jaas", pem);
    let broken = pem.replace("END", "FIN");
    for key in [broken.as_str(), pem] {
        let jaas = [("access", "jaas"), ("app_id", "vpaas"), ("key_id", "vpaas/1"), ("private_key", key)];
        house.send("/apps/jitsi", "/apps/jitsi", &jaas)?;
    }
    house.secrets.put_key("key of a service account", ROBOT);
    let cut = ROBOT.replace("END", "FIN");
    for key in [cut.as_str(), ROBOT] {
        let file = serde_json::json!({ "type": "service_account", "client_email": "robot@example.com", "private_key": key });
        let file = file.to_string();
        let robot = [("grant", "jwt_bearer"), ("service_account", &file), ("subject", "ines@example.com")];
        house.send("/apps/google-calendar", "/apps/google-calendar", &robot)?;
    }
    let secret = house.secrets.word("client secret of a whole account");
    let whole = [
        ("grant", "account_credentials"),
        ("account_id", "acc"),
        ("client_id", "whole"),
        ("client_secret", &secret),
        ("member", "ines@example.com"),
    ];
    house.send("/apps/zoom", "/apps/zoom", &whole)?;
    Ok(())
}

/// Providers tell us of changes: with the right proof, with a wrong one, at the right address and at a wrong one.
pub fn tell_us(house: &mut House) -> Result<()> {
    let google = Arc::clone(&house.providers["google-calendar"]);
    let channel = until("channel at a calendar", || {
        Ok(google.heard().into_iter().find(|heard| heard.path.ends_with("/watch")))
    })?;
    let channel: serde_json::Value = serde_json::from_str(&channel.body)?;
    let text = |name: &str| channel[name].as_str().with_context(|| format!("no {name} in {channel}"));
    let (address, token) = (text("address")?.to_owned(), text("token")?.to_owned());
    let key = address.rsplit('/').next().unwrap_or_default().to_owned();
    house.secrets.put("address for notices of an account", &key);
    house.secrets.put("token of a channel", &token);
    for notice in google.notices() {
        let headers: Vec<_> = notice
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        house.post(notice.url.path().trim_start_matches('/'), &headers, notice.body.to_vec())?;
    }
    let wrong = house.secrets.word("token of no channel");
    for token in [&token, &wrong] {
        let headers = [
            ("x-goog-channel-id", text("id")?),
            ("x-goog-channel-token", token.as_str()),
            ("x-goog-message-number", "7"),
            ("x-goog-resource-id", "r"),
            ("x-goog-resource-state", "exists"),
        ];
        house.post(&format!("hooks/google-calendar/{key}"), &headers, vec![])?;
    }
    house.post(&format!("hooks/zoom/{key}"), &[], b"{}".to_vec())?;
    let subscriptions = house.providers["microsoft-365"].heard();
    for body in
        subscriptions.iter().filter(|heard| heard.path.ends_with("/subscriptions")).map(|heard| &heard.body)
    {
        let body: serde_json::Value = serde_json::from_str(body)?;
        house.secrets.put("state of a subscription", body["clientState"].as_str().context("no state")?);
    }
    zoom(house)
}

/// Notices signed with the secret of a registration.
fn zoom(house: &mut House) -> Result<()> {
    let page = house.open("/apps/zoom/registration")?.words();
    let begin = format!("{BASE}/hooks/zoom/");
    let key = page
        .split(&begin)
        .nth(1)
        .and_then(|rest| rest.split(['<', '"', ' ']).next())
        .context("no address")?;
    house.secrets.put_shown("address for notices of an app", key);
    let (key, secret) = (key.to_owned(), house.secrets.word("webhook secret of zoom"));
    let wrong = house.secrets.word("webhook secret of nobody");
    let second = house.secrets.word(SECOND);
    for (secret, body) in [
        (&secret, r#"{"event":"endpoint.url_validation","payload":{"plainToken":"plain"}}"#),
        (&secret, r#"{"event":"meeting.ended","event_ts":1,"payload":{"object":{"id":"1"}}}"#),
        (&second, r#"{"event":"meeting.ended","event_ts":4,"payload":{"object":{"id":"1"}}}"#),
        (&wrong, r#"{"event":"meeting.ended","event_ts":2,"payload":{"object":{"id":"1"}}}"#),
    ] {
        let (status, _) = notice(house, &key, secret, body)?;
        ensure!((status < 300) == (secret != &wrong), "{status} for {body}");
    }
    let page = "/apps/zoom/registration";
    house.send(page, page, &[("do", "drop")])?;
    Ok(())
}

/// Zoom tells something, signed with this secret.
fn notice(house: &mut House, key: &str, secret: &str, body: &str) -> Result<(u16, String)> {
    #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
    let now = jiff::Timestamp::now().as_second().to_string();
    let signature = hmac_hex(secret.as_bytes(), &[b"v0:", now.as_bytes(), b":", body.as_bytes()]);
    let signature = format!("v0={signature}");
    let headers = [("x-zm-request-timestamp", now.as_str()), ("x-zm-signature", signature.as_str())];
    house.post(&format!("hooks/zoom/{key}"), &headers, body.into())
}

/// Every provider in every bad mood: what is typed, signed, renewed and booked then goes wrong, and they say why, with all
/// they were told.
pub fn fall_out(house: &mut House) -> Result<()> {
    let number = offer(
        house,
        "anywhere",
        &serde_json::json!([
            { "type": "integration", "integration": "zoom" },
        ]),
    )?;
    for mood in [
        Mood::Refuses(400),
        Mood::Refuses(401),
        Mood::Refuses(403),
        Mood::Refuses(409),
        Mood::Page(401),
        Mood::Page(404),
        Mood::SendsOn,
        Mood::Babbles,
        Mood::Refuses(500),
    ] {
        house.providers.values().for_each(|provider| provider.mood(Mood::Well));
        let backs: Vec<_> =
            SIGNED_IN.into_iter().map(|slug| Ok((slug, asked(house, slug)?))).collect::<Result<_>>()?;
        house.providers.values().for_each(|provider| provider.mood(mood));
        for (_, back) in backs {
            let page = house.browser.get(&back)?;
            house.shown("back to a provider in a bad mood", &page);
            house.open(&page.onward)?;
        }
        for slug in ["caldav", "exchange", "icloud"] {
            let there = Arc::clone(&house.providers[slug]);
            let password = house.secrets.word(&format!("password of {slug} in mood {mood:?}"));
            connect(house, &there, &password, &[])?;
        }
        let password = house.secrets.word(&format!("password told to the API in mood {mood:?}"));
        let server = format!("http://{}/", house.providers["caldav"].address);
        let body = serde_json::json!({ "server": server, "username": "hanna", "password": password });
        let key = house.key().to_owned();
        house.asked(Method::POST, "calendars/caldav/credentials", "2024-08-13", &body, &key)?;
        let path = house.secrets.word(&format!("path of a feed in mood {mood:?}"));
        let url = format!("http://{}/private-{path}/basic.ics", house.providers["ics-feed"].address);
        house.send("/apps/ics-feed", "/apps/ics-feed", &[("url", &url)])?;
        for slug in ["google-calendar", "microsoft-365", "zoom"] {
            let path = format!("/apps/{slug}/registration");
            house.send(&path, &path, &[("do", "test")])?;
        }
        let installed = house.open("/apps/installed")?.words();
        for action in installed
            .split('"')
            .filter(|part| part.starts_with("/apps/installed/") && part.ends_with("/sync"))
        {
            house.send("/apps/installed", action, &[])?;
        }
        booked(house, number)?;
    }
    let other = house.secrets.word("password the mail server wants instead");
    house.mailbox.wants(&other);
    booked(house, number)?;
    until("word of a mail that is not sent", || {
        let page = house.open("/bookings/upcoming")?;
        drop(page);
        Ok(house.log()?.contains("is not the password of").then_some(()))
    })?;
    house.providers.values().for_each(|provider| provider.mood(Mood::Silent));
    let there = Arc::clone(&house.providers["caldav"]);
    let password = house.secrets.word("password of a silent server");
    connect(house, &there, &password, &[])?;
    house.providers.values().for_each(|provider| provider.mood(Mood::Refuses(400)));
    Ok(())
}
