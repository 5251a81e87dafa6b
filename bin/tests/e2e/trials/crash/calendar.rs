//! A calendar at a peer, seen as another client sees it.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use url::Url;

use crate::http::Http;

/// One calendar of an account.
pub struct Calendar {
    http: Http,
    url: Url,
    account: String,
}

impl Calendar {
    /// There, and without whatever an earlier run left.
    pub fn emptied(url: Url, account: &str) -> Result<Self> {
        let calendar = Self { http: Http::new()?, url, account: account.to_owned() };
        // Mostly it is there, which is no failure.
        calendar.ask("MKCALENDAR", &calendar.url)?;
        for left in calendar.objects()? {
            calendar.ask("DELETE", &calendar.url.join(&left)?)?;
        }
        ensure!(calendar.events()?.is_empty(), "{} is not empty", calendar.url);
        Ok(calendar)
    }

    /// Each event as its uid, sequence and start, in no order.
    pub fn events(&self) -> Result<Vec<(String, i64, String)>> {
        let whole = self.ask("GET", &self.url)?;
        let objects = self.objects()?.len();
        let mut events = Vec::new();
        for event in whole.split("BEGIN:VEVENT").skip(1) {
            let value = |name: &str| {
                let line = event.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned()).with_context(|| format!("no {name} in {event}"))
            };
            // Those of a booking begin at a time in UTC.
            events.push((value("UID:")?, value("SEQUENCE:")?.parse()?, value("DTSTART:")?));
        }
        ensure!(objects == events.len(), "{objects} objects hold {} events", events.len());
        Ok(events)
    }

    fn objects(&self) -> Result<Vec<String>> {
        let listed = self.ask("PROPFIND", &self.url)?;
        let hrefs = listed.split(".ics</").filter_map(|before| before.rsplit_once('>'));
        let ends = listed.matches(".ics</").count();
        Ok(hrefs.take(ends).map(|(_, path)| format!("{path}.ics")).collect())
    }

    fn ask(&self, method: &str, url: &Url) -> Result<String> {
        let request = self.http.request(Method::from_bytes(method.as_bytes())?, url.as_str());
        let request = request.basic_auth(&self.account, Some(format!("{}pw", self.account)));
        Ok(self.http.send(request.header("depth", "1"))?.1)
    }
}
