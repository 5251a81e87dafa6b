//! Which calendars an account has (GCAL-04).

use kalends_app::{
    Cx, Error, Kind, RemoteId,
    kind::{Probe, calendar::RemoteCalendar},
};
use serde::Deserialize;
use vendor_google::{Pages, call};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Entry>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    summary_override: String,
    time_zone: Option<String>,
    background_color: Option<String>,
    #[serde(default)]
    access_role: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    deleted: bool,
}

/// Whose account it is: its main calendar bears the owner's address.
pub(crate) async fn probe(cx: &Cx) -> Result<Probe, Error> {
    let all = entries(cx).await?;
    let main = all.iter().find(|entry| entry.primary).or_else(|| all.first()).ok_or_else(|| {
        Error::new(Kind::NotFound, "the account has no calendar: open Google Calendar once with it")
    })?;
    let identity = if main.id.contains('@') { main.id.clone() } else { name(main) };
    Ok(Probe { subject: Some(main.id.clone()), zone: main.time_zone.clone(), ..Probe::of(identity) })
}

/// All of them, hidden ones too.
pub(crate) async fn all(cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
    let all = entries(cx).await?;
    Ok(all
        .into_iter()
        .map(|entry| RemoteCalendar {
            name: name(&entry),
            writable: matches!(entry.access_role.as_str(), "owner" | "writer"),
            colour: entry.background_color,
            zone: entry.time_zone,
            primary: entry.primary,
            id: RemoteId::new(entry.id),
        })
        .collect())
}

async fn entries(cx: &Cx) -> Result<Vec<Entry>, Error> {
    let url = call::address(cx, "api", ["users", "me", "calendarList"])?;
    let url = call::with(url, &[("showHidden", "true"), ("maxResults", "250")]);
    let (mut pages, mut all, mut token) = (Pages::default(), Vec::new(), None::<String>);
    loop {
        let at = token
            .as_deref()
            .map_or_else(|| url.clone(), |token| call::with(url.clone(), &[("pageToken", token)]));
        let page: Page = call::read(cx, "list_calendars", at).await?;
        all.extend(page.items.into_iter().filter(|entry| !entry.deleted));
        token = pages.next(page.next_page_token)?;
        if token.is_none() {
            return Ok(all);
        }
    }
}

fn name(entry: &Entry) -> String {
    let names = [&entry.summary_override, &entry.summary, &entry.id];
    names.into_iter().map(|name| name.trim()).find(|name| !name.is_empty()).unwrap_or("Calendar").to_owned()
}
