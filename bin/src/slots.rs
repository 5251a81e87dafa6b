//! `kalends slots`: the slot rules on a file, without a server.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest;
use jiff::Timestamp;
use kalends_domain::{
    availability::{Explanation, Problem, Reason},
    span::instant,
};
use serde::Serialize;
use serde_json::json;

/// What to solve, and how to say it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The problem as JSON; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Say why a slot is or is not offered at this instant, such as 2027-03-01T09:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = an_instant)]
    explain: Option<Timestamp>,
    /// Print the reasons as JSON
    #[arg(long, requires = "explain")]
    json: bool,
}

/// The answer in the shape of the published problems.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    count: usize,
    sha256: String,
    slots: BTreeMap<String, Vec<String>>,
}

/// Solves the problem, or explains one instant of it.
pub fn run(args: &Args) -> Result<ExitCode> {
    let problem = read(&args.input)?;
    let text = match args.explain {
        None => serde_json::to_string(&answer(&problem))?,
        Some(at) => {
            let hosts = problem.host_times();
            let explanation = problem.ask(&hosts).explain(at.as_second());
            if args.json {
                as_json(&problem, &explanation)?.to_string()
            } else {
                in_words(&problem, &explanation)
            }
        }
    };
    // A reader that closes the pipe early has seen enough.
    writeln!(std::io::stdout(), "{}", text.trim_end()).ok();
    Ok(ExitCode::SUCCESS)
}

fn an_instant(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "not an instant; write it with its offset, such as 2027-03-01T09:00:00Z")
}

fn read(path: &Path) -> Result<Problem> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    } else {
        let read = std::fs::read_to_string(path);
        text = read.with_context(|| format!("{} cannot be read; check the path", path.display()))?;
    }
    let mut json = serde_json::Deserializer::from_str(&text);
    let problem: Problem = match serde_path_to_error::deserialize(&mut json) {
        Ok(problem) => problem,
        Err(error) if error.inner().is_syntax() || error.inner().is_eof() => {
            bail!("{}: not a problem in JSON: {}", path.display(), error.inner())
        }
        Err(error) if error.path().to_string() == "." => bail!("{}: {}", path.display(), error.inner()),
        Err(error) => bail!("{}: {}: {}", path.display(), error.path(), error.inner()),
    };
    json.end().with_context(|| format!("{}: something follows the problem; remove it", path.display()))?;
    Ok(problem)
}

fn answer(problem: &Problem) -> Answer<'_> {
    let hosts = problem.host_times();
    let solved = problem.ask(&hosts).slots();
    let all: Vec<String> = solved.starts().map(written).collect();
    let days = solved.by_date(&problem.booker).into_iter();
    let slots = days
        .map(|(date, slots)| (date.to_string(), slots.iter().map(|slot| written(slot.start)).collect()))
        .collect();
    Answer { id: &problem.id, count: all.len(), sha256: sha256(&all.join("\n")), slots }
}

/// An instant as the published answers write it.
fn written(at: i64) -> String {
    instant(at).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

fn sha256(text: &str) -> String {
    let mut hex = String::new();
    for byte in digest::digest(&digest::SHA256, text.as_bytes()).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn in_words(problem: &Problem, explanation: &Explanation) -> String {
    let offered = if explanation.offered() { "offered" } else { "not offered" };
    let wall = problem.booker.wall(explanation.at).strftime("%Y-%m-%d %H:%M");
    let mut text = format!("{}, {wall} in {}: {offered}\n", written(explanation.at), problem.booker);
    for reason in &explanation.reasons {
        let _ = writeln!(text, "  {}", words(problem, reason));
    }
    for (host, answer) in problem.hosts.iter().zip(&explanation.hosts) {
        let role = if answer.needed { "must be free" } else { "one of several" };
        let state = if answer.reasons.is_empty() { "free" } else { "not free" };
        let _ = writeln!(text, "  host {} ({role}): {state}", host.id);
        for reason in &answer.reasons {
            let _ = writeln!(text, "    {}", words(problem, reason));
        }
    }
    text
}

fn as_json(problem: &Problem, explanation: &Explanation) -> Result<serde_json::Value> {
    let said = |reasons: &[Reason]| -> Result<Vec<serde_json::Value>> {
        let with_words = |reason: &Reason| {
            let mut value = serde_json::to_value(reason)?;
            value["words"] = words(problem, reason).into();
            Ok(value)
        };
        reasons.iter().map(with_words).collect()
    };
    let mut hosts = Vec::new();
    for (host, answer) in problem.hosts.iter().zip(&explanation.hosts) {
        let reasons = said(&answer.reasons)?;
        hosts.push(
            json!({ "id": host.id, "needed": answer.needed, "free": reasons.is_empty(), "reasons": reasons }),
        );
    }
    Ok(json!({
        "id": problem.id,
        "at": written(explanation.at),
        "offered": explanation.offered(),
        "reasons": said(&explanation.reasons)?,
        "hosts": hosts,
    }))
}

/// A file's blocks have no names but their place in it.
fn words(problem: &Problem, reason: &Reason) -> String {
    reason.words(&problem.booker, |source| format!("busy[{source}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: &str = r#"{"id":"p","now":"2026-12-01T00:00:00Z","booker":"Europe/Vienna",
        "window":{"start":"2027-03-01T00:00:00Z","end":"2027-03-01T23:59:59Z"},
        "event":{"length":60,"interval":null,"notice":0,"offset":0,"before":0,"after":30,"scheduling":null},
        "hosts":[{"id":7,"timeZone":"Europe/Vienna","fixed":true,"weekly":[{"days":[1],"start":"09:00","end":"12:00"}],
        "overrides":[],"busy":[[1803896400,1803898800,-1,-1]]}]}"#;

    fn problem(text: &str) -> Result<Problem> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("p.json");
        std::fs::write(&path, text)?;
        read(&path)
    }

    #[test]
    fn an_answer_has_the_published_shape() {
        let problem = problem(PROBLEM).unwrap();
        let answer = serde_json::to_value(answer(&problem)).unwrap();
        assert_eq!(answer["count"], 1);
        assert_eq!(answer["slots"], json!({ "2027-03-01": ["2027-03-01T08:00:00.000Z"] }));
        assert_eq!(answer["sha256"], sha256("2027-03-01T08:00:00.000Z"));
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn reasons_are_said_in_words_and_as_json() {
        let problem = problem(PROBLEM).unwrap();
        let hosts = problem.host_times();
        let explanation =
            problem.ask(&hosts).explain("2027-03-01T09:00:00Z".parse::<Timestamp>().unwrap().as_second());
        let text = in_words(&problem, &explanation);
        assert!(text.contains("10:00 in Europe/Vienna: not offered") && text.contains("host 7"), "{text}");
        assert!(text.contains("Only 20 min before busy[0]: 30 min are kept free after this one."), "{text}");
        let value = as_json(&problem, &explanation).unwrap();
        assert_eq!(value["offered"], false);
        assert_eq!(value["hosts"][0]["reasons"][0]["rule"], "buffer");
    }

    #[test]
    fn a_bad_file_names_the_field_and_the_fix() {
        for (from, to, said) in [
            (
                r#""booker":"Europe/Vienna""#,
                r#""booker":"Mars/Base""#,
                "booker: `Mars/Base` is not a known time zone",
            ),
            (r#""booker":"Europe/Vienna","#, "", "missing field `booker`"),
            (r#""length":60"#, r#""length":"60""#, "event.length: invalid type"),
            (r#""length":60"#, r#""length":0"#, "event.length: 0 is no number of minutes from 1"),
            (r#""days":[1]"#, r#""days":[7]"#, "hosts[0].weekly[0].days: 7 is no day"),
            ("1803898800,-1,-1", "1803898800,-2,-1", "hosts[0].busy[0]: own buffers are minutes"),
            ("1803898800,-1,-1", "1803898800,-1", "hosts[0].busy[0]"),
            (r#""now":"2026-12-01T00:00:00Z""#, r#""now":"today""#, "now: `today` is no instant"),
            (r#""end":"12:00""#, r#""end":"25:00""#, "hosts[0].weekly[0].end: `25:00` is not a time"),
            (r#""end":"12:00""#, r#""end":"08:00""#, "hosts[0].weekly[0].end: lies before its start"),
            (r#""scheduling":null"#, r#""scheduling":"ALL""#, "event.scheduling: write null"),
            (r#""id":"p""#, r#""id":"p" "#, ""),
        ] {
            assert!(PROBLEM.contains(from));
            match problem(&PROBLEM.replacen(from, to, 1)) {
                Err(error) => assert!(error.to_string().contains(said) && !said.is_empty(), "{error}"),
                Ok(_) => assert!(said.is_empty(), "{to} was read"),
            }
        }
        assert!(problem("[]").is_err() && problem("").is_err() && problem(&format!("{PROBLEM} 1")).is_err());
    }
}
