//! `kalends demo`: a ready server with example people, where every provider is played in memory.

mod examples;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use kalends_app::Gateway;
use kalends_app::manifest::Scope;
use kalends_catalog::APPS;
use tempfile::TempDir;

use crate::config::{Config, MAIL_APP, Mail};
use crate::log;
use crate::serve::Door;
use crate::wire;
use examples::Examples;

/// How to try Kalends.
#[derive(clap::Args)]
pub struct Args {
    /// Keeps the data in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Serves example people until it is told to stop.
pub async fn run(named: Option<&Path>, args: &Args) -> Result<ExitCode> {
    let (folder, temporary) = if let Some(folder) = &args.data {
        (folder.clone(), None)
    } else {
        let folder = TempDir::with_prefix("kalends-demo-")?;
        (folder.path().to_owned(), Some(folder))
    };
    let mut config = Config::load_in(named, Some(&folder))?;
    log::start(&config.log, config.log_format)?;
    let door = Door::open(&config).await?;
    let (gateway, accounts) = play(&mut config);
    let house = wire::house(&config, &door.base_url, gateway).await?;
    let examples = Examples::in_place(&house.engine, &accounts).await?;
    let workers = house.work();
    let base = door.base_url.as_str();
    println!("Kalends, with example people. Every provider is played: nothing leaves this machine.\n");
    println!("address   {base}");
    println!("book      {base}{}", examples.page);
    println!("sign in   {base}login");
    println!("as        {}", examples.email);
    println!("password  {}", examples::PASSWORD);
    println!("API key   {}", examples.api_key);
    match &temporary {
        Some(_) => {
            println!("data      {} (goes when the server stops; --data DIR keeps it)\n", folder.display());
        }
        None => println!("data      {}\n", folder.display()),
    }
    door.serve(house.router()).await?;
    house.close(workers).await;
    drop(temporary);
    Ok(ExitCode::SUCCESS)
}

/// What to type into the setup forms of the apps people connect for themselves, by slug.
pub type Accounts = Vec<(&'static str, BTreeMap<String, String>)>;

/// Plays every app's provider; mails go to a played server too, unless the settings name a real one.
fn play(config: &mut Config) -> (impl FnOnce(Gateway) -> Gateway + use<>, Accounts) {
    let (mut played, mut accounts) = (Vec::new(), Accounts::new());
    for app in APPS.iter().copied().filter(|app| !app.manifest().is_data()) {
        if config.mail.as_ref().is_some_and(|mail| mail.app == app.slug) {
            continue;
        }
        let fake = (app.fake)();
        if app.slug == MAIL_APP && config.mail.is_none() {
            config.mail = Some(Mail { app: app.slug.to_owned(), answers: fake.form(), password: None });
        }
        // A sign-in at a provider is left for whoever tries the demo: one button, and it is done.
        if app.manifest().scopes.contains(&Scope::User) && app.manifest().auth.oauth().is_none() {
            accounts.push((app.slug, fake.form()));
        }
        played.push((app, fake));
    }
    let dress = move |gateway| {
        played.into_iter().fold(gateway, |gateway: Gateway, (app, fake)| gateway.playing(app, fake))
    };
    (dress, accounts)
}
