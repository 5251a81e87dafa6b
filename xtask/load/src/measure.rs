//! Many clients at once, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;
use http::StatusCode;
use tokio::task::JoinSet;

/// What one client did.
#[derive(Default)]
pub struct Log {
    answers: BTreeMap<u16, u64>,
    micros: Vec<u32>,
}

impl Log {
    /// Notes one answer and how long it took.
    pub fn note(&mut self, status: StatusCode, took: Duration) {
        *self.answers.entry(status.as_u16()).or_default() += 1;
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }
}

/// What all clients did together.
pub struct Report {
    /// Clients at once.
    pub clients: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Every answer's time, sorted.
    micros: Vec<u32>,
}

/// Runs `clients` copies of `work` to their end.
pub async fn together<F, W>(clients: usize, work: F) -> Result<Report>
where
    F: Fn(usize) -> W,
    W: Future<Output = Result<Log>> + Send + 'static,
{
    let began = Instant::now();
    let mut running: JoinSet<_> = (0..clients).map(work).collect();
    let mut report = Report { clients, took: Duration::ZERO, answers: BTreeMap::new(), micros: Vec::new() };
    while let Some(log) = running.join_next().await {
        let log = log??;
        for (status, count) in log.answers {
            *report.answers.entry(status).or_default() += count;
        }
        report.micros.extend(log.micros);
    }
    report.took = began.elapsed();
    report.micros.sort_unstable();
    Ok(report)
}

impl Report {
    /// Answers of this status.
    pub fn count(&self, status: StatusCode) -> u64 {
        self.answers.get(&status.as_u16()).copied().unwrap_or_default()
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        rate(self.micros.len(), self.took)
    }

    /// Milliseconds within which this share (0 to 100) of the answers came.
    pub fn percentile(&self, share: usize) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        self.micros.get(last * share / 100).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers: Vec<_> =
            self.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        write!(
            f,
            "{} clients, {:.1} s: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms ({})",
            self.clients,
            self.took.as_secs_f64(),
            self.rate(),
            self.percentile(50),
            self.percentile(99),
            self.percentile(100),
            answers.join(", ")
        )
    }
}

/// So many in that time, a second.
pub fn rate(count: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
    let count = count as f64;
    count / took.as_secs_f64().max(1e-9)
}
