//! Schedule problems with their answers: every expected instant and no other.
//!
//! Those in `tests/expected` always run. Those of the published collection run where it is
//! (`KALENDS_SLOTS`, default `../shared/slots` beside the workspace) and are reported ignored elsewhere.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use kalends_domain::{
    availability::{Blocks, Busy, HostTimes, Problem, Slots},
    span::instant,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;

/// The names of the published problems, so that an absent collection is still listed.
const PUBLISHED: [&str; 9] = [
    "s1_interval15_len45",
    "s1_single",
    "s2_rr10",
    "s3_collective10_buf",
    "s4_rr100",
    "s5_dst_eu_spring",
    "s5_dst_night",
    "s6_fixed_plus_rr",
    "s6_kolkata",
];

#[derive(Deserialize)]
struct Expected {
    count: usize,
    slots: BTreeMap<String, Vec<String>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    let mut trials = Vec::new();
    for entry in fs::read_dir(&own)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".problem.json") {
            let (problem, expected) =
                (own.join(format!("{name}.problem.json")), own.join(format!("{name}.json")));
            trials.push(Trial::test(format!("kept::{name}"), move || check(&problem, &expected)));
        }
    }
    let published = published();
    for name in PUBLISHED {
        let problem = published.join(format!("inputs/{name}.json"));
        let expected = published.join(format!("expected/{name}.json"));
        let absent = !problem.exists();
        let trial = Trial::test(format!("published::{name}"), move || check(&problem, &expected));
        trials.push(trial.with_ignored_flag(absent));
    }
    if !published.exists() {
        eprintln!("{} is not there: published problems are ignored (set KALENDS_SLOTS)", published.display());
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn published() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/slots");
    std::env::var_os("KALENDS_SLOTS").map_or_else(beside, PathBuf::from)
}

/// Solves one problem from raw rows and from kept blocks, and holds both against what is expected.
fn check(problem: &Path, expected: &Path) -> Result<(), Failed> {
    let problem: Problem = serde_json::from_str(&fs::read_to_string(problem)?)?;
    let expected: Expected = serde_json::from_str(&fs::read_to_string(expected)?)?;
    let mut wanted = expected.slots;
    for day in wanted.values_mut() {
        day.sort();
    }

    let raw = problem.host_times();
    let rows = |host: &HostTimes<'_>| match host.busy {
        Busy::Rows(rows) => rows.iter().copied().collect::<Blocks>(),
        Busy::Kept(_) | Busy::Unknown(_) => Blocks::default(),
    };
    let blocks: Vec<Blocks> = raw.iter().map(rows).collect();
    let kept = raw.iter().zip(&blocks).map(|(host, blocks)| HostTimes { busy: Busy::Kept(blocks), ..*host });
    let kept: Vec<HostTimes<'_>> = kept.collect();

    for (from, hosts) in [("raw rows", &raw), ("kept blocks", &kept)] {
        let answer = problem.ask(hosts).slots();
        if by_date(&problem, &answer) != wanted {
            return Err(format!("from {from}:\n{}", difference(&by_date(&problem, &answer), &wanted)).into());
        }
        if answer.slots.len() != expected.count {
            return Err(format!("from {from}: {} slots, not {}", answer.slots.len(), expected.count).into());
        }
    }
    Ok(())
}

fn by_date(problem: &Problem, answer: &Slots) -> BTreeMap<String, Vec<String>> {
    let text = |start: i64| instant(start).to_string().replace('Z', ".000Z");
    let days = answer.by_date(&problem.booker).into_iter();
    days.map(|(date, slots)| (date.to_string(), slots.iter().map(|slot| text(slot.start)).collect()))
        .collect()
}

fn difference(got: &BTreeMap<String, Vec<String>>, wanted: &BTreeMap<String, Vec<String>>) -> String {
    let days: std::collections::BTreeSet<&String> = got.keys().chain(wanted.keys()).collect();
    let different = days.into_iter().filter(|day| got.get(*day) != wanted.get(*day));
    let lines =
        different.map(|day| format!("{day}\n  got    {:?}\n  wanted {:?}", got.get(day), wanted.get(day)));
    lines.collect::<Vec<_>>().join("\n")
}
