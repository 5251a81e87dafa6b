//! `kalends app`: the apps there are, and what their manifests say.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use kalends_app::{App, Manifest};
use kalends_catalog::APPS;
use serde_json::{Value, json};

use crate::config::Config;
use crate::{out, shelf};

/// What to do with apps.
#[derive(Subcommand)]
pub enum Ask {
    /// Lists every app of this build, and those of `apps_dir`.
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
    /// Checks manifests: the files or folders given, or every one there is.
    Check {
        /// Files as in apps/SLUG/app.toml, folders of one app, or folders of such folders.
        files: Vec<PathBuf>,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}

/// Answers on standard output.
pub fn run(config: &Config, ask: &Ask) -> Result<ExitCode> {
    let shelf = shelf::stock(config.apps_dir.as_deref());
    if !matches!(ask, Ask::Check { .. }) {
        for problem in &shelf.wrong {
            eprintln!("left out: {problem}");
        }
    }
    let text = match ask {
        Ask::List { json: false } => list(&shelf.apps)?,
        Ask::List { json: true } => {
            let all: Vec<_> = shelf.apps.iter().map(|app| brief(app)).collect();
            format!("{:#}\n", Value::from(all))
        }
        Ask::Show { slug, json: false } => show(find(&shelf.apps, slug)?)?,
        Ask::Show { slug, json: true } => format!("{:#}\n", whole(find(&shelf.apps, slug)?)),
        Ask::Check { files, json } => {
            let checked = if files.is_empty() { all(shelf.wrong) } else { each(files) };
            out::print(&report(&checked, *json)?)?;
            let well = checked.iter().all(|(_, problem)| problem.is_none());
            return Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    };
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn find(apps: &[&'static App], slug: &str) -> Result<&'static App> {
    match apps.iter().find(|app| app.slug == slug) {
        Some(app) => Ok(app),
        None => bail!("there is no app {slug:?}; `kalends app list` names them all"),
    }
}

fn list(apps: &[&App]) -> Result<String> {
    let mut text = String::new();
    for app in apps {
        let manifest = app.manifest();
        writeln!(text, "{:<26} {:<12} {}", app.slug, kinds(manifest).join(", "), manifest.tagline)?;
    }
    Ok(text)
}

fn show(app: &App) -> Result<String> {
    let (manifest, mut text) = (app.manifest(), String::new());
    writeln!(text, "{}: {}\n\n{}\n", manifest.name, manifest.tagline, manifest.description.trim())?;
    writeln!(text, "Kind: {}. By {}.", kinds(manifest).join(", "), manifest.publisher)?;
    if !manifest.depends_on.is_empty() {
        writeln!(text, "It works through: {}", manifest.depends_on.join(", "))?;
    }
    lines(&mut text, "It may:", &manifest.may)?;
    if let Some(place) = &manifest.place {
        writeln!(text, "\nIt takes links such as:\n  {}", place.placeholder)?;
    }
    if let Some(tag) = &manifest.tag {
        lines(&mut text, "Pages load scripts from:", &tag.scripts)?;
        lines(&mut text, "Pages send to:", &tag.connect)?;
        lines(&mut text, "Pages fetch pictures from:", &tag.images)?;
    }
    if let Some(link) = &manifest.shortcut {
        lines(&mut text, "How to begin:", &link.steps)?;
        writeln!(text, "\nIt opens:\n  {}", link.opens)?;
    }
    if !manifest.setup.is_empty() {
        writeln!(text, "\nIt asks for:")?;
        for field in &manifest.setup {
            let note = if field.required { "" } else { " (optional)" };
            writeln!(text, "  {:<20} {}{note}", field.name, field.label)?;
        }
    }
    if !manifest.endpoints.is_empty() {
        writeln!(text, "\nIt calls, unless [apps.{}.endpoints] says otherwise:", app.slug)?;
        for (name, url) in &manifest.endpoints {
            writeln!(text, "  {name:<20} {url}")?;
        }
    }
    Ok(text)
}

fn lines(text: &mut String, head: &str, lines: &[String]) -> Result<()> {
    if !lines.is_empty() {
        writeln!(text, "\n{head}")?;
        for line in lines {
            writeln!(text, "  {line}")?;
        }
    }
    Ok(())
}

/// What was checked, and what is wrong with it.
type Checked = (String, Option<String>);

fn all(wrong: Vec<String>) -> Vec<Checked> {
    let built = APPS.iter().map(|app| {
        let icon = || App::check_icon(app.icon).err().map(|problem| format!("icon.svg: {problem}"));
        (app.slug.to_owned(), app.manifest.read().err().map(ToString::to_string).or_else(icon))
    });
    // The operator's are named by their file, which their sentence begins with.
    let own = wrong.into_iter().map(|problem| match problem.split_once(": ") {
        Some((file, problem)) => (file.to_owned(), Some(problem.to_owned())),
        None => (problem.clone(), Some(problem)),
    });
    built.chain(own).collect()
}

fn each(files: &[PathBuf]) -> Vec<Checked> {
    let mut checked = Vec::new();
    for file in files {
        if !file.is_dir() {
            checked.push((file.display().to_string(), manifest(file)));
        } else if file.join("app.toml").exists() {
            checked.push((file.display().to_string(), folder(file)));
        } else {
            match shelf::folders(file) {
                Ok(found) if found.is_empty() => {
                    let problem = "there is no app here; each is a folder with an app.toml".to_owned();
                    checked.push((file.display().to_string(), Some(problem)));
                }
                Ok(found) => checked.extend(found.iter().map(|one| (one.display().to_string(), folder(one)))),
                Err(problem) => checked.push((file.display().to_string(), Some(problem))),
            }
        }
    }
    checked
}

fn manifest(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
    text.and_then(|text| Manifest::parse(&text).map_err(|error| error.to_string())).err()
}

/// A coded app's folder is judged by its manifest and icon; its code is the compiler's.
fn folder(path: &Path) -> Option<String> {
    if !path.join("Cargo.toml").exists() {
        let own = format!("{}/", path.display());
        return shelf::judge(path).err().map(|problem| problem.replacen(&own, "", 1));
    }
    let icon = std::fs::read_to_string(path.join("icon.svg")).unwrap_or_default();
    let drawn = App::check_icon(&icon).err().map(|problem| format!("icon.svg: {problem}"));
    manifest(&path.join("app.toml")).map(|problem| format!("app.toml: {problem}")).or(drawn)
}

fn report(checked: &[Checked], json: bool) -> Result<String> {
    if json {
        let one =
            |(name, problem): &Checked| json!({ "name": name, "ok": problem.is_none(), "problem": problem });
        return Ok(format!("{:#}\n", Value::from(checked.iter().map(one).collect::<Vec<_>>())));
    }
    let mut text = String::new();
    for (name, problem) in checked {
        match problem {
            None => writeln!(text, "ok   {name}")?,
            Some(problem) => writeln!(text, "FIX  {name}: {}", problem.trim_end())?,
        }
    }
    Ok(text)
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
        "dependsOn": manifest.depends_on,
        "may": manifest.may,
        "location": manifest.place.as_ref().map(|place| json!({ "label": place.label, "example": place.placeholder })),
        "tag": manifest.tag.as_ref().map(|tag| json!({ "scripts": tag.scripts, "connect": tag.connect, "images": tag.images })),
        "link": manifest.shortcut.as_ref().map(|link| json!({ "opens": link.opens.as_str(), "steps": link.steps })),
        "setup": setup.collect::<Vec<_>>(),
        "endpoints": manifest.endpoints.iter().map(|(name, url)| (name.clone(), json!(url.as_str()))).collect::<serde_json::Map<_, _>>(),
    })
}
