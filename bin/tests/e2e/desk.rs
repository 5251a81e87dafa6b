//! A host at work with a running server: over its pages where only pages can do it, else over the API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use http::{Method, StatusCode, header};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::server::run;

const PASSWORD: &str = "a long one with words";

/// A host, and how they reach the server.
pub struct Desk {
    client: Client,
    /// The key of their API.
    pub key: String,
    /// What is booked with them.
    pub event_type: i64,
}

/// A client as a browser's or a program's: it follows nothing by itself.
pub fn client() -> Result<Client> {
    Ok(Client::builder().redirect(Policy::none()).no_proxy().timeout(Duration::from_mins(1)).build()?)
}

impl Desk {
    /// Makes the first user of the server in this folder, with hours around the clock and 15 minutes to book.
    pub async fn furnish(folder: &Path, base: &str) -> Result<Self> {
        let (well, said) = crate::server::told(
            folder,
            &["user", "add", "--name", "Hanna", "--email", "hanna@example.com", "--password-stdin"],
            PASSWORD,
        )?;
        ensure!(well, "{said}");
        let (well, key) = run(folder, &["api-key", "create", "--user", "hanna"])?;
        ensure!(well, "{key}");
        let mut desk = Self { client: client()?, key: key.trim().to_owned(), event_type: 0 };
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let hours = json!({
            "name": "Always", "timeZone": "UTC", "isDefault": true,
            "availability": [{ "days": days, "startTime": "00:00", "endTime": "23:59" }],
        });
        desk.api(base, Method::POST, "/v2/schedules", "2024-06-11", Some(&hours)).await?;
        let event = json!({ "title": "Fifteen", "slug": "fifteen", "lengthInMinutes": 15, "minimumBookingNotice": 0 });
        let made = desk.api(base, Method::POST, "/v2/event-types", "2024-06-14", Some(&event)).await?;
        desk.event_type = made["data"]["id"].as_i64().with_context(|| format!("no id in {made}"))?;
        Ok(desk)
    }

    /// One request of the API that must go well.
    pub async fn api(
        &self,
        base: &str,
        method: Method,
        path: &str,
        version: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let request = self.client.request(method, format!("{base}{path}")).bearer_auth(&self.key);
        let request = request.header("cal-api-version", version);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// True when something can be booked.
    pub async fn offers(&self, base: &str) -> Result<bool> {
        #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
        let now = jiff::Timestamp::now();
        let until = now + jiff::SignedDuration::from_hours(72);
        let path = format!("/v2/slots?eventTypeId={}&start={now}&end={until}", self.event_type);
        let answer =
            self.client.get(format!("{base}{path}")).header("cal-api-version", "2024-09-04").send().await?;
        let open: Value = serde_json::from_str(&answer.text().await?)?;
        Ok(open["data"].as_object().is_some_and(|days| !days.is_empty()))
    }

    /// Signs in and sends an app's setup form; the page that came when it was not taken.
    pub async fn connect(&self, base: &str, app: &str, answers: &[(&str, &str)]) -> Result<Option<String>> {
        let cookie = self.sign_in(base).await?;
        let (_, page) = self.page(&format!("{base}/apps/{app}"), &cookie).await?;
        let token = token(&page)?;
        let form: Vec<_> = answers.iter().copied().chain([("csrf", token.as_str())]).collect();
        let sent = self.client.post(format!("{base}/apps/{app}")).header(header::COOKIE, cookie).form(&form);
        let answer = sent.send().await?;
        match answer.status() {
            StatusCode::SEE_OTHER => Ok(None),
            status if status.is_success() || status == StatusCode::UNPROCESSABLE_ENTITY => {
                Ok(Some(answer.text().await?))
            }
            status => bail!("the form of {app} answered {status}: {}", answer.text().await?),
        }
    }

    async fn sign_in(&self, base: &str) -> Result<String> {
        let (visit, page) = self.page(&format!("{base}/login"), "").await?;
        let token = token(&page)?;
        let form = [("email", "hanna@example.com"), ("password", PASSWORD), ("csrf", &token)];
        let sent = self.client.post(format!("{base}/login")).header(header::COOKIE, visit).form(&form);
        let answer = sent.send().await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "not let in: {}", answer.status());
        cookies(&answer).context("signed in without a cookie")
    }

    async fn page(&self, url: &str, cookie: &str) -> Result<(String, String)> {
        let answer = self.client.get(url).header(header::COOKIE, cookie).send().await?;
        ensure!(answer.status().is_success(), "{url} answered {}", answer.status());
        Ok((cookies(&answer).unwrap_or_else(|| cookie.to_owned()), answer.text().await?))
    }
}

fn cookies(answer: &reqwest::Response) -> Option<String> {
    let set = answer.headers().get_all(header::SET_COOKIE).iter();
    let pairs: Vec<_> = set.filter_map(|one| one.to_str().ok()?.split(';').next()).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

fn token(page: &str) -> Result<String> {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").context("a form without its token")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
