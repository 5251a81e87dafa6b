//! A real server: the socket to it, and an account with a calendar of its own for each check.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kalends_app::RemoteId;
use kalends_conformance::Stage;
use libtest_mimic::Failed;
use reqwest::Method;

use crate::socket::{Socket, client};

/// A stage with a fresh calendar on this peer.
pub fn stage(place: &str, check: &'static str) -> BoxFuture<'static, Result<Stage, Failed>> {
    let place = place.to_owned();
    async move {
        let mut stage = connected(&address(&place), "host", "hostpw").await?;
        let calendars = calendars(&stage).await?;
        let first = calendars.first().ok_or("the peer's account has no calendar")?;
        let (home, _) = first.trim_end_matches('/').rsplit_once('/').ok_or("a calendar at no place")?;
        // What an earlier run left: some servers know a uid only once among all calendars.
        for left in calendars.iter().filter(|left| left.contains(&format!("/{check}-"))) {
            raw("DELETE", left, "").await;
        }
        let name = format!("{check}-{}", std::process::id());
        let made = raw("MKCALENDAR", &format!("{home}/{name}/"), "").await;
        if made != 201 {
            return Err(format!("MKCALENDAR {name}: {made}").into());
        }
        stage.calendar = Some(name);
        Ok(stage)
    }
    .boxed()
}

/// An account on a peer, connected as its owner would.
pub async fn connected(server: &str, user: &str, password: &str) -> Result<Stage, Failed> {
    let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == "caldav").ok_or("no CalDAV")?;
    let form = BTreeMap::from([("server", server), ("username", user), ("password", password)].map(own));
    Stage::before(app, Arc::new(Socket(client())), &form).await
}

fn own((name, text): (&str, &str)) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

/// Where a peer is.
pub fn address(place: &str) -> String {
    std::env::var(format!("KALENDS_PEER_{place}")).expect("the caller has looked")
}

/// The calendars of a stage's account.
pub async fn calendars(stage: &Stage) -> Result<Vec<String>, Failed> {
    let part = stage.app.calendar().ok_or("no calendar")?;
    let all = part.calendars(&stage.cx).await.map_err(|error| error.to_string())?;
    Ok(all.into_iter().map(|calendar| calendar.id.0).collect())
}

/// Another client's request as the host, and its status.
pub async fn raw(method: &str, url: &str, body: &str) -> u16 {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let kind = if body.is_empty() { "application/xml" } else { "text/calendar; charset=utf-8" };
    let request =
        client().request(method, url).basic_auth("host", Some("hostpw")).header("content-type", kind);
    request.body(body.to_owned()).send().await.expect("the peer answers").status().as_u16()
}

/// Another client's event in this calendar.
pub async fn put(calendar: &RemoteId, name: &str, body: &str) {
    let status = raw("PUT", &format!("{calendar}{name}.ics"), body).await;
    assert!((200..300).contains(&status), "PUT {name}: {status}");
}
