//! `slots`: how fast one host's month is answered.

use std::time::{Duration, Instant};

use anyhow::Result;
use http::Method;
use jiff::{Timestamp, ToSpan};

use crate::measure::{Log, Report, together};
use crate::own::{Host, SLOTS};

/// Asks for the slots of `days` from all clients, again and again.
pub async fn run(host: &Host, clients: usize, time: Duration, now: Timestamp, days: i64) -> Result<Report> {
    let to = now + (days * 24).hours();
    let path =
        format!("/v2/slots?eventTypeId={}&start={now}&end={to}&timeZone=Europe/Berlin", host.event_type);
    host.server.connect().await?.json(Method::GET, &path, SLOTS, None).await?;
    let until = Instant::now() + time;
    together(clients, |_| {
        let (server, path) = (host.server.clone(), path.clone());
        async move {
            let mut client = server.connect().await?;
            let mut log = Log::default();
            while Instant::now() < until {
                let asked = Instant::now();
                let (status, _) = client.call(Method::GET, &path, SLOTS, None).await?;
                log.note(status, asked.elapsed());
            }
            Ok(log)
        }
    })
    .await
}
