//! `kalends app`: the apps of this build, and what their manifests say.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use kalends_app::{App, Manifest};
use kalends_catalog::APPS;
use serde_json::{Value, json};

/// What to do with apps.
#[derive(Subcommand)]
pub enum Ask {
    /// Lists every app of this build.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Shows what an app does, asks for and calls.
    Show {
        /// Its folder's name.
        slug: String,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Checks manifests: the files given, or every one of this build.
    Check {
        /// Files as in apps/SLUG/app.toml.
        files: Vec<PathBuf>,
    },
}

/// Answers on standard output.
pub fn run(ask: &Ask) -> Result<ExitCode> {
    match ask {
        Ask::List { json: false } => list(),
        Ask::List { json: true } => {
            let all: Vec<_> = APPS.iter().map(|app| brief(app)).collect();
            println!("{:#}", Value::from(all));
        }
        Ask::Show { slug, json: false } => show(find(slug)?),
        Ask::Show { slug, json: true } => println!("{:#}", whole(find(slug)?)),
        Ask::Check { files } => return Ok(check(files)),
    }
    Ok(ExitCode::SUCCESS)
}

fn find(slug: &str) -> Result<&'static App> {
    match APPS.iter().find(|app| app.slug == slug) {
        Some(app) => Ok(app),
        None => bail!("there is no app {slug:?}; `kalends app list` names them all"),
    }
}

fn list() {
    for app in APPS {
        let manifest = app.manifest();
        println!("{:<20} {:<12} {}", app.slug, kinds(manifest).join(", "), manifest.tagline);
    }
}

fn show(app: &App) {
    let manifest = app.manifest();
    println!("{}: {}\n\n{}\n", manifest.name, manifest.tagline, manifest.description.trim());
    println!("Kind: {}. By {}.", kinds(manifest).join(", "), manifest.publisher);
    println!("\nIt may:");
    for may in &manifest.may {
        println!("  {may}");
    }
    if !manifest.setup.is_empty() {
        println!("\nIt asks for:");
        for field in &manifest.setup {
            let note = if field.required { "" } else { " (optional)" };
            println!("  {:<20} {}{note}", field.name, field.label);
        }
    }
    if !manifest.endpoints.is_empty() {
        println!("\nIt calls, unless [apps.{}.endpoints] says otherwise:", app.slug);
        for (name, url) in &manifest.endpoints {
            println!("  {name:<20} {url}");
        }
    }
}

fn check(files: &[PathBuf]) -> ExitCode {
    let mut wrong = 0;
    let say = |name: &str, problem: Option<String>| {
        println!(
            "{} {name}{}",
            if problem.is_some() { "FIX " } else { "ok  " },
            problem.map(|p| format!(": {p}")).unwrap_or_default()
        );
    };
    if files.is_empty() {
        for app in APPS {
            let problem = app.manifest.read().err().map(ToString::to_string);
            wrong += usize::from(problem.is_some());
            say(app.slug, problem);
        }
    }
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
        let problem = text.and_then(|text| Manifest::parse(&text).map_err(|error| error.to_string())).err();
        wrong += usize::from(problem.is_some());
        say(&file.display().to_string(), problem);
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn kinds(manifest: &Manifest) -> Vec<&'static str> {
    manifest.kinds.iter().map(|kind| kind.name()).collect()
}

fn brief(app: &App) -> Value {
    let manifest = app.manifest();
    json!({ "slug": app.slug, "name": manifest.name, "tagline": manifest.tagline, "kinds": kinds(manifest) })
}

fn whole(app: &App) -> Value {
    let manifest = app.manifest();
    let setup = manifest.setup.iter().map(|field| {
        json!({ "name": field.name, "label": field.label, "required": field.required, "secret": field.is_secret() })
    });
    json!({
        "slug": app.slug,
        "name": manifest.name,
        "tagline": manifest.tagline,
        "description": manifest.description.trim(),
        "kinds": kinds(manifest),
        "categories": manifest.categories,
        "publisher": manifest.publisher,
        "may": manifest.may,
        "setup": setup.collect::<Vec<_>>(),
        "endpoints": manifest.endpoints.iter().map(|(name, url)| (name.clone(), json!(url.as_str()))).collect::<serde_json::Map<_, _>>(),
    })
}
