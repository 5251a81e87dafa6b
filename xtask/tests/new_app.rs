//! A new app's folder is complete, builds, and its suite fails by naming what is not written yet.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xtask::new_app::{Kind, make};
use xtask::tidy::{Tree, app_folders};

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
    for kind in [Kind::Calendar, Kind::Conferencing, Kind::Messaging] {
        let root = empty();
        assert_eq!(make(root.path(), "Acme & Sons", kind).unwrap(), "acme-sons");
        assert_eq!(app_folders(&Tree::read(root.path()).unwrap()), Vec::<String>::new(), "{kind:?}");
    }
}

#[test]
fn nothing_is_left_to_fill_in_by_hand_before_it_builds() {
    let root = empty();
    make(root.path(), "Acme", Kind::Calendar).unwrap();
    for file in Tree::read(root.path()).unwrap().files() {
        assert!(!file.text.contains("{{"), "{}", file.path);
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
    assert_eq!(said, "apps/acme exists already");
}

#[test]
fn a_name_that_makes_no_folder_is_refused() {
    for name in ["", "42", "\"", "{{slug}}"] {
        assert!(make(empty().path(), name, Kind::Calendar).is_err(), "{name:?}");
    }
}

#[test]
fn a_new_apps_suite_builds_and_names_what_is_missing() {
    let copy = TempDir::new().unwrap();
    for file in Tree::read(&xtask::root()).unwrap().files() {
        let path = copy.path().join(file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Another version, so that what is built of the copy never passes for what is built of the original.
        let ours = "[workspace.package]\nversion = \"";
        fs::write(path, file.text.replace(ours, &format!("{ours}9"))).unwrap();
    }
    make(copy.path(), "Acme Calendar", Kind::Calendar).unwrap();
    make(copy.path(), "Acme Rooms", Kind::Conferencing).unwrap();
    make(copy.path(), "Acme Mail", Kind::Messaging).unwrap();
    let said = suite(copy.path());
    assert!(said.contains("messenger::acme-mail::"), "{said}");
    assert!(said.contains("open is not written yet"), "{said}");
}

/// What the conformance run of this workspace says of the new apps.
fn suite(root: &Path) -> String {
    let mut run = Command::new("cargo");
    run.args(["test", "--offline", "-q", "-p", "kalends-conformance", "--test", "kinds", "--", "acme"]);
    let out = run
        .current_dir(root)
        // Beside our own build, whose dependencies it shares.
        .env("CARGO_TARGET_DIR", xtask::root().join("target"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    assert!(!out.status.success(), "an app that does nothing must not pass");
    String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
}
