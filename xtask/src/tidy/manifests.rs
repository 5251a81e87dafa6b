//! Dependencies: versions in one place, each with a word on why it is there.

use anyhow::{Context, Result};

use super::tree::Tree;

/// Lines of `[workspace.dependencies]` without a reason, and versions given anywhere else.
pub fn manifests(tree: &Tree) -> Result<Vec<String>> {
    let mut found = reasons(tree.text("Cargo.toml").unwrap_or_default());
    for file in tree.files().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let manifest: toml::Table = file.text.parse().with_context(|| file.path.to_owned())?;
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let lines = manifest.get(table).and_then(toml::Value::as_table).into_iter().flatten();
            for (name, line) in lines {
                let shared = line.get("workspace").is_some() || line.get("path").is_some();
                if !shared {
                    found.push(format!(
                        "{}: {name} must be `workspace = true`; its version belongs in the root",
                        file.path
                    ));
                }
            }
        }
    }
    Ok(found)
}

fn reasons(root: &str) -> Vec<String> {
    let section =
        root.lines().enumerate().skip_while(|(_, line)| *line != "[workspace.dependencies]").skip(1);
    let lines = section.take_while(|(_, line)| !line.starts_with('['));
    let dependencies = lines.filter(|(_, line)| line.contains('=') && !line.starts_with('#'));
    dependencies
        .filter(|(_, line)| !line.contains("path = ") && !line.contains(" # "))
        .map(|(at, line)| {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            format!("Cargo.toml:{}: {name} has no reason; add `# why` to its line", at + 1)
        })
        .collect()
}
