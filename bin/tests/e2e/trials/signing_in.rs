//! Connecting an account at a provider: to its own sign-in page and back, with what it sends along used once.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;
use url::Url;

use crate::browser::play;
use crate::host::Host;
use crate::visitor::{Page, Visitor};
use crate::{Need, trial};

const CLIENT: &str = "kalends.apps.googleusercontent.com";
const SECRET: &str = "a-secret-of-the-emulator";
const APP: &str = "/apps/google-calendar";

pub fn trials() -> Vec<Trial> {
    let needs = [Need::Peer("EMULATE_GOOGLE"), Need::Peer("EMULATE_CALLER")];
    vec![trial("signing_in::an_account_is_connected_at_a_sign_in_nobody_here_wrote", &needs, connects)]
}

/// An administrator registers the server, a host signs in, and the answer is worth something once.
fn connects() -> Result<()> {
    let (google, caller) =
        (std::env::var("KALENDS_PEER_EMULATE_GOOGLE")?, std::env::var("KALENDS_PEER_EMULATE_CALLER")?);
    let host = Host::on("signing-in", &settings(&google, &caller))?;
    let page = host.browser.get(APP)?.words();
    ensure!(page.contains("does not know this server yet"), "{page}");

    let registration = format!("{APP}/registration");
    let page = host.browser.get(&registration)?;
    let words = page.words();
    ensure!(words.contains(&format!("{caller}{APP}/callback</code>")), "the address to copy: {words}");
    let wrong = [("client_id", CLIENT), ("client_secret", "a wrong one"), ("do", "save")];
    let page = host.browser.send(&registration, &registration, &wrong)?;
    let words = page.words();
    ensure!(
        page.status == 422 && words.contains("does not know this client id and secret; copy both again"),
        "{words}"
    );
    ensure!(!words.contains("a wrong one"), "the secret is on the page");
    let right = [("client_id", CLIENT), ("client_secret", SECRET), ("do", "save")];
    let page = host.browser.send(&registration, &registration, &right)?;
    ensure!(page.status == 303 && page.onward.ends_with("did=saved"), "{page:?}");

    let back = sign_in(&host.browser, &google, "host@example.com")?;
    let page = host.browser.get(&back)?;
    ensure!(page.status == 303 && page.onward.starts_with("/apps/installed?did=connected"), "{page:?}");
    ensure!(page.referrer == "no-referrer", "OAU-18: {page:?}");
    ensure!(!page.onward.contains("code") && !page.onward.contains("state"), "{}", page.onward);
    let words = host.browser.get("/apps/installed")?.words();
    ensure!(words.contains("Google Calendar") && words.contains("Healthy"), "{words}");

    let page = host.browser.get(&back)?;
    ensure!(page.onward.ends_with("sign_in=over"), "an answer works once: {page:?}");
    let words = host.browser.get(&page.onward)?.words();
    ensure!(words.contains("Connect again here"), "{words}");
    let stranger = Visitor::new(host.server.address()?)?;
    let foreign = sign_in(&host.browser, &google, "host@example.com")?;
    ensure!(stranger.get(&foreign)?.onward.ends_with("sign_in=over"), "another browser brings nothing");
    ensure!(host.browser.get(&foreign)?.onward.contains("did=connected"), "and takes nothing away");
    another_account(&host, &google)
}

/// Mending a connection with another account asks first; the page stands the same looks as every other.
fn another_account(host: &Host, google: &str) -> Result<()> {
    let there = host.browser.get("/apps/installed")?.text;
    let id = there.split_once("id=\"a-").and_then(|(_, rest)| rest.split_once('"')).context("no account")?.0;
    let back = sign_in_as(&host.browser, google, "guest@example.com", &[("connection", id)])?;
    let asked = host.browser.get(&back)?.onward;
    ensure!(asked.starts_with(&format!("{APP}/switch/")), "no question: {asked}");
    let words = host.browser.get(&asked)?.words();
    ensure!(words.contains("host@example.com") && words.contains("guest@example.com"), "{words}");
    if Need::Browser.is_met() {
        let registration = format!("{APP}/registration");
        let pages =
            [asked.as_str(), &registration, "/apps/zoom/registration", "/apps/zoom", "/apps/installed"];
        let pages: Vec<_> = pages.iter().map(|path| json!([path, 200])).collect();
        let with = json!({ "name": "sign-ins", "pages": pages, "cookies": host.browser.cookies() });
        let found = play("looks", host.server.address()?, &with)?;
        ensure!(found["findings"] == json!([]), "{found:#}");
    }
    let kept = host.browser.send(&asked, &asked, &[("do", "keep")])?;
    ensure!(kept.onward.contains("did=kept"), "{kept:?}");
    let words = host.browser.get("/apps/installed")?.words();
    ensure!(words.contains("host@example.com") && !words.contains("guest@example.com"), "{words}");
    Ok(())
}

fn settings(google: &str, caller: &str) -> String {
    let listen = caller.trim_start_matches("http://");
    format!(
        r#"listen = "{listen}"
[net]
allow = ["127.0.0.1", "::1"]
[apps.google-calendar.endpoints]
authorize = "{google}/o/oauth2/v2/auth"
token = "{google}/oauth2/token"
revoke = "{google}/oauth2/revoke"
api = "{google}/calendar/v3/"
"#
    )
}

fn sign_in(browser: &Visitor, google: &str, email: &str) -> Result<String> {
    sign_in_as(browser, google, email, &[])
}

/// Presses the button, says yes on the provider's page as its form would, and is sent back.
fn sign_in_as(browser: &Visitor, google: &str, email: &str, form: &[(&str, &str)]) -> Result<String> {
    let leaving = browser.send(APP, APP, form)?;
    ensure!(leaving.status == 200, "{leaving:?}");
    let there = refresh(&leaving)?;
    ensure!(there.as_str().starts_with(google), "{there}");
    let page = browser.get(there.as_str())?;
    ensure!(page.status == 200, "the provider does not take our address: {}", page.words());
    let asked = |name: &str| {
        there
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    ensure!(asked("code_challenge_method") == "S256" && asked("state").len() >= 43, "{there}");
    let names = ["redirect_uri", "scope", "state", "client_id", "code_challenge", "code_challenge_method"];
    let mut form: Vec<(&str, String)> = names.iter().map(|name| (*name, asked(name))).collect();
    form.push(("email", email.to_owned()));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.post(&format!("{google}/o/oauth2/v2/auth/callback"), &form)?;
    ensure!(page.status == 302, "{page:?}");
    Ok(page.onward)
}

/// Where a page of ours goes on to by itself.
fn refresh(page: &Page) -> Result<Url> {
    let words = page.words();
    let to = words.split_once("content=\"0;url=").and_then(|(_, rest)| rest.split_once('"'));
    Ok(to.with_context(|| words.clone())?.0.parse()?)
}
