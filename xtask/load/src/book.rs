//! `book`: how many bookings a second, each at a time of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::{Timestamp, ToSpan};

use crate::measure::{Log, Report, together};
use crate::own::{Host, book, booking};

/// Books the next free time of the next host, from all clients, until the time is over.
pub async fn run(hosts: &[Host], clients: usize, time: Duration, from: Timestamp) -> Result<Report> {
    let next = Arc::new(AtomicUsize::new(0));
    let hosts: Arc<[Host]> = hosts.into();
    let until = Instant::now() + time;
    together(clients, |_| {
        let (next, hosts) = (Arc::clone(&next), Arc::clone(&hosts));
        async move {
            let mut connections = Vec::new();
            for host in &*hosts {
                connections.push(host.server.connect().await?);
            }
            let mut log = Log::default();
            while Instant::now() < until {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let host = number % hosts.len();
                let start = from + (i64::try_from(number / hosts.len())? * 5).minutes();
                let body = booking(hosts[host].event_type, start, number);
                let asked = Instant::now();
                log.note(book(&mut connections[host], &body).await?, asked.elapsed());
            }
            Ok(log)
        }
    })
    .await
}
