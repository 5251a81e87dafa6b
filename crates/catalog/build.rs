//! Turns the `app-…` lines of Cargo.toml into the list of apps.

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
    names.sort_unstable();
    for name in names {
        writeln!(list, "    &{}::APP,", name.replace('-', "_"))?;
    }
    list.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("apps.rs"), list)?;
    Ok(())
}
