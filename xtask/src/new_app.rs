//! `new-app`: a folder in `apps/` that builds, stands in the catalog, and fails its suite by name of what is missing.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::root;

/// What to make.
#[derive(clap::Args)]
pub struct Args {
    /// As in the shop window: its lower-case form with hyphens becomes the folder.
    name: String,
    /// What it is used as.
    #[arg(long)]
    kind: Kind,
}

/// The kinds of apps that are built.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Busy times and events.
    Calendar,
    /// Places to meet.
    #[value(alias = "conference")]
    Conferencing,
    /// Messages to people.
    #[value(alias = "messenger")]
    Messaging,
}

const CATALOG: &str = "crates/catalog/Cargo.toml";

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../templates/app/", $name, ".txt"))
    };
}

impl Kind {
    /// As manifests say it.
    fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conferencing => "conference",
            Self::Messaging => "messenger",
        }
    }

    fn category(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conferencing => "video",
            Self::Messaging => "messages",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Calendar => template!("calendar.rs"),
            Self::Conferencing => template!("conference.rs"),
            Self::Messaging => template!("messenger.rs"),
        }
    }

    /// What its trait speaks of beside the framework's own types.
    fn dependencies(self) -> &'static str {
        match self {
            Self::Calendar => "kalends-domain.workspace = true\n",
            Self::Conferencing | Self::Messaging => "",
        }
    }
}

/// Makes the folder in this workspace and says how to go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let slug = make(&root(), &args.name, args.kind)?;
    println!("apps/{slug} is there, and in the catalog. It fails where something is missing:");
    println!("  cargo nextest run -p kalends-conformance -- ::{slug}::");
    println!("docs/adding-an-integration.md goes through it step by step.");
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder in the workspace at `root` and returns its name.
pub fn make(root: &Path, name: &str, kind: Kind) -> Result<String> {
    let slug = slug(name)?;
    let folder = root.join("apps").join(&slug);
    if folder.exists() {
        bail!("apps/{slug} exists already");
    }
    fs::create_dir_all(folder.join("src"))?;
    let files = [
        ("Cargo.toml", template!("Cargo.toml")),
        ("app.toml", template!("app.toml")),
        ("icon.svg", template!("icon.svg")),
        ("README.md", template!("README.md")),
        ("src/lib.rs", kind.code()),
        ("src/api.rs", template!("api.rs")),
        ("src/fake.rs", template!("fake.rs")),
    ];
    for (file, template) in files {
        let text = template
            .replace("{{slug}}", &slug)
            .replace("{{name}}", name)
            .replace("{{type}}", &type_name(&slug))
            .replace("{{kind}}", kind.name())
            .replace("{{category}}", kind.category())
            .replace("{{dependencies}}", kind.dependencies());
        fs::write(folder.join(file), text)?;
    }
    list(&root.join(CATALOG), &slug)?;
    Ok(slug)
}

fn slug(name: &str) -> Result<String> {
    let words: Vec<_> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let slug = words.join("-").to_ascii_lowercase();
    if !slug.starts_with(|c: char| c.is_ascii_lowercase()) || name.contains(['"', '\n', '{', '\\']) {
        bail!("{name:?} is no name for an app: start with a letter, and use letters, digits and spaces");
    }
    Ok(slug)
}

fn type_name(slug: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    slug.split('-').map(capital).collect()
}

/// Adds the one line, among its neighbours in order.
fn list(catalog: &Path, slug: &str) -> Result<()> {
    let text = fs::read_to_string(catalog).with_context(|| catalog.display().to_string())?;
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let table = lines
        .iter()
        .position(|line| line == "[dependencies]")
        .context("the catalog has no [dependencies]")?;
    let line = format!("app-{slug} = {{ path = \"../../apps/{slug}\" }}");
    let after = |at: &String| at.is_empty() || (at.starts_with("app-") && *at > line);
    let place = lines[table + 1..].iter().position(after).map_or(lines.len(), |offset| table + 1 + offset);
    lines.insert(place, line);
    fs::write(catalog, lines.join("\n") + "\n")?;
    Ok(())
}
