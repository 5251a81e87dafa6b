//! The slot engine on the schedule problems: from raw rows, and from blocks kept sorted.
//!
//! `cargo bench -p kalends-domain`. The large problem is not in the repository; it runs where the published
//! collection is (`KALENDS_SLOTS`, default `../shared/slots` beside the workspace).

use std::{
    fs,
    path::{Path, PathBuf},
};

use divan::{Bencher, black_box};
use kalends_domain::availability::{Blocks, Busy, HostTimes, Problem};

const PROBLEMS: [&str; 4] = ["s1_single", "s2_rr10", "s3_collective10_buf", "s4_rr100"];

fn main() {
    divan::main();
}

/// Rows in memory, unsorted; everything else is done in the measured time.
#[divan::bench(args = PROBLEMS)]
fn raw_rows(bencher: Bencher<'_, '_>, name: &str) {
    let Some(problem) = load(name) else { return };
    bencher.bench_local(|| {
        let hosts = problem.host_times();
        black_box(problem.ask(black_box(&hosts)).slots()).slots.len()
    });
}

/// Each host's blocks kept sorted and merged, as the busy index keeps them.
#[divan::bench(args = PROBLEMS)]
fn kept_blocks(bencher: Bencher<'_, '_>, name: &str) {
    let Some(problem) = load(name) else { return };
    let blocks: Vec<Blocks> = problem.hosts.iter().map(|host| Blocks::new(host.busy.clone())).collect();
    bencher.bench_local(|| {
        let raw = problem.host_times().into_iter().zip(&blocks);
        let hosts: Vec<_> = raw.map(|(host, kept)| HostTimes { busy: Busy::Kept(kept), ..host }).collect();
        black_box(problem.ask(black_box(&hosts)).slots()).slots.len()
    });
}

fn load(name: &str) -> Option<Problem> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let published =
        std::env::var_os("KALENDS_SLOTS").map_or_else(|| root.join("../../../shared/slots"), PathBuf::from);
    let text = fs::read_to_string(root.join(format!("tests/expected/{name}.problem.json")))
        .or_else(|_| fs::read_to_string(published.join(format!("inputs/{name}.json"))))
        .ok()?;
    serde_json::from_str(&text).ok()
}
