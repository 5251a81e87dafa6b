//! Rules that need only the text: length, attributes, names, paths.

use std::collections::BTreeSet;

use super::tree::{File, Tree};

const LONGEST: usize = 500;
const READ_AS_A_PAGE: [&str; 7] = ["rs", "html", "css", "js", "mjs", "sql", "sh"];

/// Longer than a page for a reason.
const LONG: [&str; 1] = [
    // The design system is one cascade; cut in pieces, its order would have to be remembered.
    "crates/web/assets/kalends.css",
];

/// Words in slugs that are no vendor's: they may be said anywhere.
const COMMON: [&str; 16] = [
    "365", "app", "calendar", "chat", "exchange", "feed", "in", "link", "mail", "meet", "person", "phone",
    "push", "teams", "web", "xml",
];

/// Protocols that an app is named after; the server's own settings speak them too.
const PROTOCOLS: [&str; 3] = ["smtp", "ics", "oidc"];

/// Everything a line of text can do wrong.
pub fn text(tree: &Tree) -> Vec<String> {
    let names = vendor_names(tree);
    let mut found = Vec::new();
    for file in tree.files() {
        found.extend(too_long(file));
        found.extend(machine_paths(file));
        if file.extension() == "rs" {
            found.extend(allows(file));
        }
        if is_core(file.path) {
            found.extend(named(file, &names));
        }
        if file.path == "bin/src/serve.rs" || file.path.starts_with("bin/src/serve/") {
            found.extend(
                lines_with(file, "fake")
                    .map(|at| format!("{at}: `serve` must not reach a fake; only `demo` may")),
            );
        }
    }
    found
}

fn too_long(file: File) -> Option<String> {
    let lines = file.text.lines().count();
    let counts = READ_AS_A_PAGE.contains(&file.extension()) && !LONG.contains(&file.path);
    (counts && lines > LONGEST)
        .then(|| format!("{}: {lines} lines, more than {LONGEST}; cut it by topic", file.path))
}

fn allows(file: File) -> impl Iterator<Item = String> {
    let needle = concat!("#[", "allow");
    let inner = concat!("#![", "allow");
    lines_with(file, needle)
        .chain(lines_with(file, inner))
        .map(|at| format!("{at}: write `#[expect(…, reason = \"…\")]` instead of allow"))
}

/// Paths of someone's machine. A test may look for published descriptions beside the workspace.
fn machine_paths(file: File) -> Vec<String> {
    let homes = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    // Inside a longer path, as in a URL, the same letters are no one's machine.
    let begins = |line: &str, home: &str| {
        line.match_indices(home).any(|(at, _)| {
            let inside = line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-".contains(c));
            !inside && line[at + home.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.')
        })
    };
    let lines = file.text.lines().enumerate();
    let mut found: Vec<_> = lines
        .filter(|(_, line)| homes.iter().any(|home| begins(line, home)))
        .map(|(number, _)| format!("{}:{}", file.path, number + 1))
        .map(|at| format!("{at}: a path of one machine; use the environment or a path in the workspace"))
        .collect();
    let beside = concat!("../sh", "ared");
    let named = |at: &str| file.text.lines().nth(line_of(at)).is_some_and(|line| line.contains("KALENDS_S"));
    let looks = lines_with(file, beside).filter(|at| file.extension() != "rs" && !named(at));
    found.extend(
        looks.map(|at| {
            format!("{at}: outside the workspace; only KALENDS_SPECS and KALENDS_SLOTS point there")
        }),
    );
    found
}

fn line_of(at: &str) -> usize {
    at.rsplit(':').next().and_then(|number| number.parse::<usize>().ok()).map_or(0, |number| number - 1)
}

/// What the core must not know by name: `crates/` but for the catalog and tests, and the binary.
fn is_core(path: &str) -> bool {
    let inside =
        (path.starts_with("crates/") && !path.starts_with("crates/catalog/")) || path.starts_with("bin/");
    let written = [".rs", ".html", ".js", ".sql"].iter().any(|end| path.ends_with(end));
    let tests = ["/tests/", "/benches/", "/testkit/", "/conformance/", "/tests.rs", "/samples.rs"]
        .iter()
        .any(|part| path.contains(part));
    inside && written && !tests
}

fn vendor_names(tree: &Tree) -> BTreeSet<&str> {
    // What is data alone is often called by a plain word, and no code could do anything with it anyway.
    let coded = |slug: &&str| tree.text(&format!("apps/{slug}/src/lib.rs")).is_some();
    let slugs = tree.folders("apps").into_iter().filter(coded).chain(tree.folders("vendors"));
    slugs
        .flat_map(|slug| slug.split('-'))
        .filter(|word| word.len() > 2 && !COMMON.contains(word) && !PROTOCOLS.contains(word))
        .collect()
}

fn named(file: File, names: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    // From here on a file tests itself; comments may cite a vendor's page.
    let code = file.text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
    for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
        let line = line.to_ascii_lowercase();
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
        if let Some(name) = words.find_map(|word| names.get(word)) {
            found.push(format!("{}:{}: names {name}; only apps/ and vendors/ may", file.path, number + 1));
        }
    }
    found
}

/// `path:line` of every line that contains `needle`.
fn lines_with<'a>(file: File<'a>, needle: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = file.text.lines().enumerate().filter(move |(_, line)| line.contains(needle));
    lines.map(move |(number, _)| format!("{}:{}", file.path, number + 1))
}
