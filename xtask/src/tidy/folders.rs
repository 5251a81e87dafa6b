//! An integration is one complete folder, and a coded one is in the catalog.

use super::tree::Tree;

const ALWAYS: [&str; 3] = ["app.toml", "icon.svg", "README.md"];
const CODED: [&str; 2] = ["src/lib.rs", "src/fake.rs"];
const CATALOG: &str = "crates/catalog/Cargo.toml";

/// What is missing in each folder of `apps/`.
pub fn app_folders(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for slug in tree.folders("apps") {
        let here = |name: &str| tree.text(&format!("apps/{slug}/{name}")).is_some();
        let coded = here("Cargo.toml");
        let wanted = ALWAYS.iter().chain(CODED.iter().filter(|_| coded));
        found.extend(wanted.filter(|name| !here(name)).map(|name| format!("apps/{slug}: has no {name}")));
        let listed = |text: &str| text.lines().any(|line| line.starts_with(&format!("app-{slug} ")));
        if coded && !tree.text(CATALOG).is_some_and(listed) {
            found.push(format!(
                "apps/{slug}: not in the catalog; add `app-{slug} = {{ path = … }}` to {CATALOG}"
            ));
        }
    }
    found
}
