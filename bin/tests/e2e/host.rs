//! A host on a fresh server: signed in, with an API key.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Http;
use crate::server::{Server, run};
use crate::visitor::{Page, Visitor};

const EMAIL: &str = "hanna@example.com";

/// Hanna Host, in UTC, with nothing but what a new account has.
pub struct Host {
    /// Her server.
    pub server: Server,
    /// Her browser.
    pub browser: Visitor,
    name: String,
    http: Http,
    key: String,
}

impl Host {
    /// Starts a server with this `kalends.toml` and makes her its owner.
    pub fn on(name: &str, toml: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        std::fs::write(folder.path().join("kalends.toml"), toml)?;
        Self::in_folder(name, folder)
    }

    /// The same with what is in this folder.
    pub fn in_folder(name: &str, folder: TempDir) -> Result<Self> {
        let server = Server::start(name, folder, &["serve"])?;
        let add = ["user", "add", "--name", "Hanna Host", "--username", "hanna", "--email", EMAIL];
        let (_, said) = run(server.folder.path(), &add)?;
        let password = said.lines().find_map(|line| line.strip_prefix("password: "));
        let password = password.with_context(|| said.clone())?;
        let (well, key) = run(server.folder.path(), &["api-key", "create", "--user", "hanna"])?;
        ensure!(well, "{key}");
        let browser = Visitor::new(server.address()?)?;
        browser.sign_in(EMAIL, password)?;
        Ok(Self { name: name.to_owned(), browser, http: Http::new()?, key: key.trim().to_owned(), server })
    }

    /// The same after a power cut: what was in her server's folder is all there is.
    pub fn again(self) -> Result<Self> {
        let folder = Arc::clone(&self.server.folder);
        let server = Server::start(&self.name, folder, &["serve"])?;
        Ok(Self { server, http: Http::new()?, ..self })
    }

    /// A guest's browser.
    pub fn guest(&self) -> Result<Visitor> {
        Visitor::new(self.server.address()?)
    }

    /// Asks the API: status and answer.
    pub fn api(&self, method: Method, path: &str, version: &str, body: &Value) -> Result<(u16, Value)> {
        let url = format!("{}v2/{path}", self.server.address()?);
        let request =
            self.http.request(method, &url).bearer_auth(&self.key).header("cal-api-version", version);
        let request = if body.is_null() { request } else { request.json(body) };
        let (status, text) = self.http.send(request)?;
        Ok((status, serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?))
    }

    /// Offers half an hour at `/hanna/call`; the event type's number.
    pub fn offer(&self) -> Result<i64> {
        let body = json!({
            "title": "Call", "slug": "call", "lengthInMinutes": 30,
            "locations": [{ "type": "address", "address": "Room 7", "public": true }],
        });
        let (status, said) = self.api(Method::POST, "event-types", "2024-06-14", &body)?;
        ensure!(status == 201, "{said}");
        said["data"]["id"].as_i64().context("no number")
    }

    /// Fills in an app's setup form and sends it.
    pub fn connect(&self, app: &str, form: &[(&str, &str)]) -> Result<Page> {
        let page = format!("/apps/{app}");
        self.browser.send(&page, &page, form)
    }

    /// Presses “Sync now” at the one connected account.
    pub fn sync_now(&self) -> Result<()> {
        let there = self.browser.get("/apps/installed")?;
        let action = there.text.split('"').find(|part| part.ends_with("/sync")).context("no such button")?;
        let page = self.browser.send("/apps/installed", action, &[])?;
        ensure!(page.status == 303, "{page:?}");
        Ok(())
    }

    /// The starts `/v2/slots` offers for the call, from the first day to the last.
    pub fn offered(&self, first: Date, last: Date) -> Result<BTreeSet<Timestamp>> {
        let path = format!("slots?username=hanna&eventTypeSlug=call&start={first}&end={last}");
        let (status, said) = self.api(Method::GET, &path, "2024-09-04", &Value::Null)?;
        ensure!(status == 200, "{said}");
        let days = said["data"].as_object().context("no days")?;
        let starts = days.values().flat_map(|day| day.as_array().into_iter().flatten());
        starts.map(|slot| Ok(slot["start"].as_str().context("no start")?.parse()?)).collect()
    }
}

/// What a guest types into the form.
pub const GUEST: [(&str, &str); 3] =
    [("name", "Marta Hollweg"), ("email", "marta@example.com"), ("notes", "The “blue” <door> & the stairs")];

/// A form for this time, as a guest sends it.
pub fn filled(start: &str) -> Vec<(&str, &str)> {
    [&[("start", start), ("zone", "UTC")], GUEST.as_slice()].concat()
}

/// A time a guest can press on the call's page, as the page writes it.
pub fn some_time(guest: &Visitor) -> Result<String> {
    let page = guest.get("/hanna/call?zone=UTC")?;
    let page = match page.text.split("name=\"date\" value=\"").nth(1) {
        Some(rest) if page.times()?.is_empty() => {
            let date = rest.split('"').next().unwrap_or_default();
            guest.get(&format!("/hanna/call?zone=UTC&date={date}"))?
        }
        _ => page,
    };
    // The last one of the day: the first may go by while the trial runs.
    let last = page.times()?.pop_last().with_context(|| format!("no time on {}", page.text))?;
    Ok(last.to_string())
}
