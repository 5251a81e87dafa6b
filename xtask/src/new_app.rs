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

/// Everything an app can be used as. The last three are a manifest and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Busy times and events.
    Calendar,
    /// Places to meet that the app makes.
    #[value(alias = "conference")]
    Conferencing,
    /// Messages to people.
    #[value(alias = "messenger")]
    Messaging,
    /// A place whose link a host has already. No code.
    Location,
    /// Something public booking pages load. No code.
    Tag,
    /// A way out to something that works with our webhooks and API. No code.
    Link,
}

const CATALOG: &str = "crates/catalog/Cargo.toml";

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../templates/app/", $name, ".txt"))
    };
}

/// Files by name, as templates.
type Files = &'static [(&'static str, &'static str)];

impl Kind {
    /// As manifests say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conferencing => "conference",
            Self::Messaging => "messenger",
            Self::Location => "location",
            Self::Tag => "tag",
            Self::Link => "link",
        }
    }

    const fn category(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conferencing | Self::Location => "video",
            Self::Messaging => "messages",
            Self::Tag => "statistics",
            Self::Link => "automation",
        }
    }

    /// What its manifest says besides what all say.
    const fn manifest(self) -> &'static str {
        match self {
            Self::Calendar | Self::Conferencing | Self::Messaging => template!("coded.toml"),
            Self::Location => template!("location.toml"),
            Self::Tag => template!("tag.toml"),
            Self::Link => template!("link.toml"),
        }
    }

    /// Its code; none where the manifest is all there is.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Calendar => Some(template!("calendar.rs")),
            Self::Conferencing => Some(template!("conference.rs")),
            Self::Messaging => Some(template!("messenger.rs")),
            Self::Location | Self::Tag | Self::Link => None,
        }
    }

    /// What its trait speaks of beside the framework's own types.
    const fn dependencies(self) -> &'static str {
        if matches!(self, Self::Calendar) { "kalends-domain.workspace = true\n" } else { "" }
    }
}

const CODED: Files = &[
    ("Cargo.toml", template!("Cargo.toml")),
    ("icon.svg", template!("icon.svg")),
    ("README.md", template!("README.md")),
    ("src/api.rs", template!("api.rs")),
    ("src/fake.rs", template!("fake.rs")),
];
const DATA: Files = &[("icon.svg", template!("mark.svg")), ("README.md", template!("data.md"))];

/// Makes the folder in this workspace and says how to go on.
pub fn run(args: &Args) -> Result<ExitCode> {
    let slug = make(&root(), &args.name, args.kind)?;
    println!("apps/{slug} is there, and in the catalog. It fails where something is missing:");
    println!("  cargo test -p kalends-conformance --test kinds -- ::{slug}::");
    println!("docs/adding-an-integration.md goes through it step by step.");
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder in the workspace at `root` and returns its name.
pub fn make(root: &Path, name: &str, kind: Kind) -> Result<String> {
    let slug = slug(name, kind)?;
    let folder = root.join("apps").join(&slug);
    if folder.exists() {
        bail!("apps/{slug} exists already; take another name, or delete the folder");
    }
    let manifest = template!("app.toml").replace("{{rest}}", &format!("\n{}", kind.manifest().trim_end()));
    let mut files = vec![("app.toml", manifest.as_str())];
    files.extend(kind.code().map_or(DATA, |_| CODED));
    files.extend(kind.code().map(|code| ("src/lib.rs", code)));
    for (file, template) in files {
        let text = template
            .replace("{{slug}}", &slug)
            .replace("{{name}}", name)
            .replace("{{type}}", &type_name(&slug))
            .replace("{{kind}}", kind.name())
            .replace("{{category}}", kind.category())
            .replace("{{dependencies}}", kind.dependencies())
            .replace("{{letters}}", &letters(name));
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    // Without code, standing in apps/ is enough.
    if kind.code().is_some() {
        list(&root.join(CATALOG), &slug)?;
    }
    Ok(slug)
}

/// One or two letters for the icon: those of the first words, or the first of the only one.
fn letters(name: &str) -> String {
    let words: Vec<_> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [one] => one.chars().take(2).collect(),
        many => many.iter().take(2).filter_map(|word| word.chars().next()).collect(),
    }
}

fn slug(name: &str, kind: Kind) -> Result<String> {
    let words: Vec<_> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let slug = words.join("-").to_ascii_lowercase();
    let odd = ['"', '{', '}', '\\', '<', '>'];
    if !slug.starts_with(|c: char| c.is_ascii_alphanumeric())
        || name.contains(|c: char| c.is_control() || odd.contains(&c))
    {
        bail!("{name:?} is no name for an app: start with a letter, and use letters, digits and spaces");
    }
    if kind.code().is_some() && !slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        bail!("{name:?} begins with a digit, and nothing in Rust can be called so: begin with a letter");
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
