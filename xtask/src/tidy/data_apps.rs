//! Apps without code: their words are their own, and their icons are letters and a small mark, never somebody's logo.

use std::collections::BTreeMap;

use super::tree::Tree;

/// Colours an icon may use: it is drawn in the page's own.
const COLOURS: [&str; 2] = ["currentColor", "none"];
/// The longest outline. A logo drawn by hand needs more.
const LONGEST: usize = 220;

/// What is copied, or drawn like a logo, in folders of `apps/` without code.
pub fn data_apps(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut said: BTreeMap<String, &str> = BTreeMap::new();
    for slug in tree.folders("apps") {
        let file = |name: &str| tree.text(&format!("apps/{slug}/{name}"));
        let Some(table) = file("app.toml").and_then(|text| text.parse::<toml::Table>().ok()) else {
            continue;
        };
        for key in ["tagline", "description"] {
            let text = table.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            let words = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some(other) = said.insert(words, slug).filter(|other| *other != slug) {
                found.push(format!(
                    "apps/{slug}/app.toml: {key} is the one of apps/{other}; say it in its own words"
                ));
            }
        }
        if file("Cargo.toml").is_some() {
            continue;
        }
        found.extend(
            icon(file("icon.svg").unwrap_or_default())
                .into_iter()
                .map(|problem| format!("apps/{slug}/icon.svg: {problem}")),
        );
        let told =
            file("README.md").is_some_and(|text| text.lines().filter(|line| !line.is_empty()).count() > 1);
        if !told {
            found.push(format!(
                "apps/{slug}/README.md: say what the app takes or loads, and what was left out"
            ));
        }
    }
    found
}

fn icon(svg: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    if !svg.contains(r#"viewBox="0 0 40 40""#) {
        found.push("draw it on the grid of the others, viewBox=\"0 0 40 40\"");
    }
    let letters =
        svg.split("<text").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1)).unwrap_or_default();
    if !(1..=2).contains(&letters.chars().count()) {
        found.push("it needs one or two letters in a <text>");
    }
    let foreign = |name: &str| values(svg, name).any(|colour| !COLOURS.contains(&colour));
    if foreign("fill") || foreign("stroke") {
        found.push("draw it in currentColor");
    }
    if values(svg, "d").any(|outline| outline.len() > LONGEST) {
        found.push("its outline is too fine for a small mark; never redraw a logo");
    }
    found
}

/// The values of an attribute, wherever it stands.
fn values<'a>(svg: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!(" {name}=\"");
    let parts: Vec<&str> = svg.split(begin.as_str()).skip(1).collect();
    parts.into_iter().filter_map(|rest| rest.split('"').next())
}
