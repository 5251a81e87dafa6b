//! Turns the `app-…` lines of Cargo.toml, and the folders that hold a manifest and no code, into the list of apps.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=build.rs");
    let manifest = fs::read_to_string("Cargo.toml")?;
    let dependencies =
        manifest.split("\n[").find(|table| table.starts_with("dependencies]")).unwrap_or_default();
    let mut list = String::from(
        "/// Every app of this build, in the order of their slugs.\npub static APPS: &[&kalends_app::App] = &[\n",
    );
    let mut names: Vec<&str> = dependencies
        .lines()
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .filter(|name| name.starts_with("app-"))
        .collect();
    let mut apps: Vec<(String, String)> = names
        .drain(..)
        .map(|name| (name["app-".len()..].to_owned(), format!("&{}::APP", name.replace('-', "_"))))
        .collect();
    apps.extend(data()?);
    apps.sort();
    for (_, app) in apps {
        writeln!(list, "    {app},")?;
    }
    list.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("apps.rs"), list)?;
    Ok(())
}

/// Folders of `apps/` without code, as the list names them.
fn data() -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let folder = fs::canonicalize("../../apps")?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.join("Cargo.toml").exists() || !path.join("app.toml").exists() {
            continue;
        }
        let slug =
            path.file_name().and_then(|name| name.to_str()).ok_or("a folder of apps/ has no plain name")?;
        let file = |name: &str| path.join(name).display().to_string();
        let (manifest, icon) = (file("app.toml"), file("icon.svg"));
        let app = format!(
            "{{ static APP: kalends_app::App = kalends_app::App::of_data({slug:?}, include_str!({manifest:?}), include_str!({icon:?})); &APP }}"
        );
        found.push((slug.to_owned(), app));
    }
    Ok(found)
}
