//! `kalends doctor`: each part of a set-up, whether it is well, and what to do when it is not.

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use kalends_engine::connect::Unregistered;
use kalends_store::Db;

use crate::base::{self, keys_used, missing, system};
use crate::config::Config;
use crate::keyfile::{KeyFile, is_open_to_others};
use crate::shelf;
use crate::wire;
use crate::zones::Rules;

/// What was found out about one part.
struct Finding {
    part: &'static str,
    /// What is true, or what is wrong and how to mend it.
    said: Result<String, String>,
}

/// Checks every part and prints one line each; fails when one of them is not well.
pub async fn run(config: &Config) -> ExitCode {
    let mut findings = vec![
        Finding {
            part: "settings",
            said: Ok(format!("serving {} as {}", config.listen, config.base_url(config.listen))),
        },
        Finding { part: "data", said: folder(&config.data_dir) },
        Finding { part: "keys", said: keys(&config.secret_key_file) },
        Finding { part: "mail", said: mail(config).await },
        Finding { part: "apps", said: apps(config) },
        Finding { part: "time zones", said: Ok(Rules::of_this_machine().words()) },
    ];
    findings.extend(database(config).await);
    for finding in &findings {
        let (mark, said) = match &finding.said {
            Ok(said) => ("ok  ", said),
            Err(said) => ("FIX ", said),
        };
        println!("{mark} {:<10} {said}", finding.part);
    }
    if findings.iter().all(|finding| finding.said.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn apps(config: &Config) -> Result<String, String> {
    let shelf = shelf::stock(config.apps_dir.as_deref());
    if shelf.wrong.is_empty() {
        Ok(format!("{} can be used", shelf.apps.len()))
    } else {
        Err(shelf.wrong.join("; "))
    }
}

fn folder(path: &Path) -> Result<String, String> {
    let shown = path.display();
    // Where it is not there yet, the nearest folder above must let it be made.
    let Some(there) = path.ancestors().map(or_here).find(|folder| folder.exists()) else {
        return Err(format!("{shown} cannot be made: set data_dir"));
    };
    let probe = there.join(".kalends-doctor");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!("{shown} cannot be written ({error}): give this user the right to, or set data_dir")
    })?;
    let made = if path.exists() { "can be written" } else { "will be made at the first start" };
    Ok(format!("{shown} {made}"))
}

fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn keys(path: &Path) -> Result<String, String> {
    let shown = path.display();
    if !path.exists() {
        return Ok(format!("{shown} will be made at the first start"));
    }
    if is_open_to_others(path) {
        return Err(format!("others can read {shown}: run chmod 600 {shown}"));
    }
    match KeyFile::read(path).and_then(|file| file.map(|file| file.keys()).transpose()) {
        Ok(_) => {}
        Err(error) => return Err(format!("{error:#}")),
    }
    Ok(format!("{shown}; back it up apart from the database"))
}

async fn database(config: &Config) -> Vec<Finding> {
    let fresh = config.database_file().is_some_and(|file| !file.exists());
    if fresh {
        return vec![Finding { part: "database", said: Ok("will be made at the first start".to_owned()) }];
    }
    let (clock, ids) = system();
    let db = match base::database(config, &clock, &ids).await {
        Ok(db) => db,
        Err(error) => return vec![Finding { part: "database", said: Err(format!("{error:#}")) }],
    };
    let mut found = vec![Finding { part: "database", said: tables(&db).await }];
    if found.iter().all(|finding| finding.said.is_ok()) {
        found.push(Finding { part: "clock", said: time(&db).await });
        found.push(Finding { part: "secrets", said: secrets(&db, &config.secret_key_file).await });
        found.push(Finding { part: "claims", said: claims(&db).await });
    }
    let whole = found.iter().all(|finding| finding.said.is_ok());
    if whole {
        found.push(Finding { part: "local time", said: local_times(&db, config).await });
    }
    db.close().await;
    if whole && config.secret_key_file.exists() {
        found.extend(sign_ins(config).await);
    }
    found
}

/// One line for each app that people sign in with and whose provider does not know this server.
async fn sign_ins(config: &Config) -> Vec<Finding> {
    let part = "sign-ins";
    match wire::with_engine(config, async |engine| Ok(engine.unregistered().await?)).await {
        Ok(all) if all.is_empty() => {
            vec![Finding { part, said: Ok("every installed app is registered at its provider".to_owned()) }]
        }
        Ok(all) => all.iter().map(|one| Finding { part, said: Err(unregistered(one)) }).collect(),
        Err(error) => vec![Finding { part, said: Err(format!("{error:#}")) }],
    }
}

fn unregistered(of: &Unregistered) -> String {
    let (name, slug) = (&of.app.manifest().name, of.app.slug);
    let lacks = of.lacks.join(" and ");
    let settings: Vec<String> = of.lacks.iter().map(|one| format!("apps.{slug}.{one}")).collect();
    format!(
        "{name} is installed without a {lacks}: register this server at its provider with the redirect address {}, \
         then enter what it gives at {} or in the settings as {}",
        of.redirect,
        of.page,
        settings.join(" and ")
    )
}

async fn tables(db: &Db) -> Result<String, String> {
    let kind = if db.is_postgres() { "PostgreSQL" } else { "SQLite" };
    match db.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(format!("{kind}, with the tables of this version")),
        Ok(pending) => Err(format!("{kind} lacks {}: run `kalends migrate`", pending.join(", "))),
        Err(error) => Err(error.to_string()),
    }
}

/// Every stored secret can be opened with the key file.
async fn secrets(db: &Db, file: &Path) -> Result<String, String> {
    let used = keys_used(db).await.map_err(|error| format!("{error:#}"))?;
    let keys = KeyFile::read(file).map_err(|error| format!("{error:#}"))?;
    let held = keys.as_ref().map(|keys| keys.names().collect()).unwrap_or_default();
    match missing(&used, &held, file) {
        None => Ok(format!("{}, all under keys of the key file", used.values().sum::<i64>())),
        Some(said) => Err(said),
    }
}

/// The independent look for what must never be: two claims of one host that overlap.
async fn claims(db: &Db) -> Result<String, String> {
    let found = async { db.read().await?.claims().overlaps().await }.await;
    match found.map_err(|error| error.to_string())?.as_slice() {
        [] => Ok("no host is booked twice".to_owned()),
        overlaps => {
            let list: Vec<_> = overlaps
                .iter()
                .map(|one| format!("host {}: {} and {}", one.host, one.one.0, one.other.0))
                .collect();
            Err(format!("hosts are booked twice; cancel one of each and report this: {}", list.join("; ")))
        }
    }
}

/// Bookings to come that new rules brought to another local time than was agreed (TZ-02).
async fn local_times(db: &Db, config: &Config) -> Result<String, String> {
    let shifted = async { db.read().await?.bookings().shifted().await }.await;
    let page = config.base_url(config.listen).join("settings/zones").map(String::from).unwrap_or_default();
    match shifted.map_err(|error: kalends_store::Error| error.to_string())? {
        0 => Ok("every booking to come is at the local time that was agreed".to_owned()),
        1 => Err(format!("one booking to come is at another local time than was agreed: decide at {page}")),
        many => Err(format!(
            "{many} bookings to come are at another local time than was agreed: decide at {page}"
        )),
    }
}

/// Not only set up: the server is there, and lets us in.
async fn mail(config: &Config) -> Result<String, String> {
    let Some(mail) = &config.mail else {
        return Err("no mail server: guests get no confirmation; set mail.host".to_owned());
    };
    let host = mail.answers.get("host").map_or("", String::as_str);
    match wire::try_mail(config, mail).await {
        Ok(identity) => Ok(format!("the server takes mails: {identity}")),
        Err(error) => {
            let why = format!("{error:#}");
            let why = why.trim();
            Err(if why.starts_with(host) { why.to_owned() } else { format!("{host}: {why}") })
        }
    }
}

/// A clock that runs late offers what is past, and lets no link end.
async fn time(db: &Db) -> Result<String, String> {
    let (now, last) = (db.now(), db.last_written().await.map_err(|error| error.to_string())?);
    let there = db.clock().await.map_err(|error| error.to_string())?;
    let minutes = |one: Timestamp, other: Timestamp| one.duration_since(other).as_mins().abs();
    let shown = now.strftime("%Y-%m-%d %H:%M UTC");
    match (there, last) {
        (Some(there), _) if minutes(now, there) > 1 => Err(format!(
            "this machine says {shown}, the database's {}: set both clocks by NTP",
            there.strftime("%Y-%m-%d %H:%M UTC")
        )),
        (_, Some(last)) if last > now && minutes(last, now) > 1 => Err(format!(
            "it is {shown} here, but the database was written at {}: set the clock by NTP",
            last.strftime("%Y-%m-%d %H:%M UTC")
        )),
        _ => Ok(shown.to_string()),
    }
}
