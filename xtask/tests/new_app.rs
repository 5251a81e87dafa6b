//! A new app's folder is complete whatever its kind. That it builds, and fails by name of what is missing, is for `guide`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;

use clap::ValueEnum;
use tempfile::TempDir;
use xtask::new_app::{Kind, make};
use xtask::tidy::{Tree, app_folders, data_apps};

/// A workspace with nothing but a catalog.
fn empty() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("crates/catalog")).unwrap();
    fs::write(
        folder.path().join("crates/catalog/Cargo.toml"),
        "[dependencies]\nkalends-app.workspace = true\n",
    )
    .unwrap();
    folder
}

#[test]
fn a_new_folder_is_complete_and_in_the_catalog() {
    for kind in Kind::value_variants() {
        let root = empty();
        assert_eq!(make(root.path(), "Acme & Sons", *kind).unwrap(), "acme-sons");
        let tree = Tree::read(root.path()).unwrap();
        assert_eq!(app_folders(&tree), Vec::<String>::new(), "{kind:?}");
        assert_eq!(data_apps(&tree), Vec::<String>::new(), "{kind:?}");
        let manifest: toml::Table = tree.text("apps/acme-sons/app.toml").unwrap().parse().unwrap();
        assert_eq!(manifest["kinds"], toml::Value::from(vec![kind.name()]));
        assert_eq!(manifest["slug"].as_str(), Some("acme-sons"));
    }
}

#[test]
fn nothing_is_left_to_fill_in_by_hand_before_it_builds() {
    for kind in Kind::value_variants() {
        let root = empty();
        make(root.path(), "Acme", *kind).unwrap();
        for file in Tree::read(root.path()).unwrap().files() {
            // A tag names its settings so.
            assert!(!file.text.replace("{{site}}", "").contains("{{"), "{kind:?}: {}", file.path);
        }
    }
}

#[test]
fn the_catalog_stays_in_order() {
    let root = empty();
    for name in ["Zeta", "Acme", "Middle"] {
        make(root.path(), name, Kind::Messaging).unwrap();
    }
    let catalog = fs::read_to_string(root.path().join("crates/catalog/Cargo.toml")).unwrap();
    let lines: Vec<_> = catalog.lines().filter(|line| line.starts_with("app-")).collect();
    assert!(lines.is_sorted() && lines.len() == 3, "{catalog}");
}

#[test]
fn an_app_that_exists_is_left_alone() {
    let root = empty();
    make(root.path(), "Acme", Kind::Messaging).unwrap();
    let said = make(root.path(), "acme", Kind::Calendar).unwrap_err().to_string();
    assert_eq!(said, "apps/acme exists already; take another name, or delete the folder");
}

#[test]
fn a_name_that_makes_no_folder_is_refused_with_what_to_do() {
    for name in ["", "42", "\"", "{{slug}}", "a\nb", "<b>"] {
        let root = empty();
        let said = make(root.path(), name, Kind::Calendar).unwrap_err().to_string();
        assert!(said.contains("letter"), "{name:?}: {said}");
        assert!(!root.path().join("apps").exists(), "{name:?} left something behind");
    }
}

#[test]
fn only_a_name_without_code_begins_with_a_digit() {
    assert_eq!(make(empty().path(), "8x8", Kind::Location).unwrap(), "8x8");
    let said = make(empty().path(), "8x8", Kind::Messaging).unwrap_err().to_string();
    assert!(said.contains("begins with a digit"), "{said}");
}

#[test]
fn every_kind_a_manifest_can_name_is_known_and_others_are_refused_by_name() {
    let root = xtask::root();
    let known = fs::read_to_string(root.join("crates/app/src/manifest.rs")).unwrap();
    let (_, body) = known.split_once("pub enum AppKind {").unwrap();
    let (body, _) = body.split_once('}').unwrap();
    let named = body.lines().map(str::trim).filter_map(|line| line.strip_suffix(','));
    let mut named: Vec<_> = named.map(str::to_lowercase).collect();
    let mut made: Vec<_> = Kind::value_variants().iter().map(|kind| kind.name().to_owned()).collect();
    named.sort();
    made.sort();
    assert_eq!(made, named);
    for name in &named {
        assert!(Kind::from_str(name, false).is_ok(), "{name} is a word of manifests");
    }
    let out = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["new-app", "Acme", "--kind", "payment"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && named.iter().all(|name| said.contains(&name[..3])), "{said}");
}
