//! `race`: everybody wants the same few slots; each is given once and everyone else hears a clean no.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use http::StatusCode;
use jiff::{Timestamp, ToSpan};

use crate::measure::{Log, Report, together};
use crate::own::{Host, book, booking};

/// So many attempts at so many slots of one host.
pub async fn run(
    host: &Host,
    clients: usize,
    attempts: usize,
    slots: usize,
    from: Timestamp,
) -> Result<Report> {
    let next = Arc::new(AtomicUsize::new(0));
    let report = together(clients, |_| {
        let (next, host) = (Arc::clone(&next), host.clone());
        async move {
            let mut client = host.server.connect().await?;
            let mut log = Log::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= attempts {
                    return Ok(log);
                }
                let start = from + (i64::try_from(number % slots)? * 5).minutes();
                let asked = Instant::now();
                log.note(book(&mut client, &booking(host.event_type, start, number)).await?, asked.elapsed());
            }
        }
    })
    .await?;
    let won = report.count(StatusCode::CREATED);
    let failed: u64 = report.answers.range(500..).map(|(_, count)| count).sum();
    if won != u64::try_from(slots.min(attempts))? || failed > 0 {
        bail!("{slots} slots gave {won} bookings and {failed} failures of the server: {report}");
    }
    Ok(report)
}
