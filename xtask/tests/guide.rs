//! `docs/adding-an-integration.md`, walked through: its commands are run, its files are written, in the order of the page.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::new_app::{Kind, make};
use xtask::tidy::Tree;

const GUIDE: &str = "docs/adding-an-integration.md";
/// What an app is built with; everything else in the workspace knows apps, and no app knows it.
const NEEDED: [&str; 6] =
    ["crates/domain", "crates/app", "crates/catalog", "crates/conformance", "docs", ".cargo"];

/// A block of the page.
enum Block {
    /// Commands, and whether each is to fail.
    Run(Vec<(String, bool)>),
    /// A file, by its path, as it is from then on.
    Write(String, String),
}

/// The blocks that are commands or whole files; all others show a part of something.
fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for part in page.split("\n```").skip(1).step_by(2) {
        let (about, body) = part.split_once('\n').unwrap();
        let file = about.split_once(' ').map(|(_, file)| file.to_owned());
        match (about, file) {
            ("sh", _) => {
                let fails = |line: &str| line.contains("# fails");
                found.push(Block::Run(body.lines().map(|line| (line.to_owned(), fails(line))).collect()));
            }
            (_, Some(file)) => found.push(Block::Write(file, format!("{body}\n"))),
            _ => {}
        }
    }
    found
}

/// A workspace of its own, with what an app is built with, and no other app.
fn workspace() -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    let _ = fs::remove_dir_all(copy.join("apps"));
    for file in Tree::read(&xtask::root()).unwrap().files() {
        let text = match file.path {
            "Cargo.toml" => file
                .text
                .replace(
                    "members = [\"bin\", \"crates/*\", \"vendors/*\", \"xtask\", \"xtask/load\"]",
                    "members = [\"crates/*\"]",
                )
                .replace("default-members = [\"bin\"]", "default-members = [\"crates/catalog\"]")
                // Another version, so that what is built of the copy never passes for what is built of the original.
                .replacen("version = \"0", "version = \"90", 1),
            "crates/catalog/Cargo.toml" => without(file.text, "app-"),
            "Cargo.lock" | "rust-toolchain.toml" => file.text.to_owned(),
            path if NEEDED.iter().any(|needed| path.starts_with(&format!("{needed}/"))) => {
                file.text.to_owned()
            }
            _ => continue,
        };
        // What has not changed is not built again.
        let path = copy.join(file.path);
        if fs::read_to_string(&path).is_ok_and(|before| before == text) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(copy.join("apps")).unwrap();
    copy
}

/// The text without lines that begin like this.
fn without(text: &str, begin: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with(begin)).collect();
    lines.join("\n") + "\n"
}

/// The server's binary, beside our own: whoever runs all tests has built it. Else it is built now.
fn kalends() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("kalends");
    let changed = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    let root = xtask::root();
    let tree = Tree::read(&root).unwrap();
    let read = tree
        .files()
        .filter(|file| file.path.starts_with("crates/app/src/") || file.path.starts_with("bin/src/"));
    let newest = read.filter_map(|file| changed(&root.join(file.path))).max();
    if changed(&binary) < newest {
        let built = Command::new("cargo")
            .args(["build", "--offline", "-q", "-p", "kalends"])
            .current_dir(&root)
            .status();
        assert!(built.unwrap().success());
    }
    binary
}

/// A `cargo` that knows our tasks and the server by their binaries, and asks nobody for anything.
fn cargo(copy: &Path) {
    let folder = copy.join("bin");
    fs::create_dir_all(&folder).unwrap();
    let (xtask, kalends, real) =
        (env!("CARGO_BIN_EXE_xtask"), kalends(), env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n\
         xtask) shift; CARGO_MANIFEST_DIR='{copy}/xtask' exec '{xtask}' \"$@\" ;;\n\
         run) shift 2; exec '{kalends}' \"$@\" ;;\n\
         *) command=$1; shift; exec '{real}' \"$command\" --offline -q \"$@\" ;;\nesac\n",
        copy = copy.display(),
        kalends = kalends.display(),
    );
    let path = folder.join("cargo");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// One line of a shell in the copy: whether it went well, and all it said.
fn shell(copy: &Path, line: &str) -> (bool, String) {
    let path = format!("{}:{}", copy.join("bin").display(), env::var("PATH").unwrap());
    let mut run = Command::new("sh");
    // Who follows the page has none of the test run's own settings.
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("KALENDS_")) {
        run.env_remove(name);
    }
    run.args(["-c", line]).current_dir(copy).env("PATH", path).env("RUST_BACKTRACE", "0");
    // Beside our own build, whose dependencies it shares.
    let out = run.env("CARGO_TARGET_DIR", xtask::root().join("target")).output().unwrap();
    (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}

#[test]
fn the_guide_leads_to_apps_that_pass() {
    let copy = workspace();
    cargo(&copy);
    // Templates of the other kinds with code build and fail along with the guide's own.
    make(&copy, "Acme Diary", Kind::Calendar).unwrap();
    make(&copy, "Acme Post", Kind::Messaging).unwrap();
    let page = fs::read_to_string(xtask::root().join(GUIDE)).unwrap();
    let (mut said, mut written) = (String::new(), 0);
    for block in blocks(&page) {
        let lines = match block {
            Block::Write(file, text) => {
                assert!(copy.join(&file).exists(), "{file} is not in the folder that was made");
                fs::write(copy.join(file), text).unwrap();
                written += 1;
                continue;
            }
            Block::Run(lines) => lines,
        };
        for (line, fails) in lines {
            let (well, text) = shell(&copy, &line);
            assert!(!text.contains("running 0 tests"), "`{line}` tests nothing:\n{text}");
            assert_eq!(well, !fails, "`{line}` ended otherwise than the page says:\n{text}");
            if fails && said.is_empty() {
                others_fail_by_name(&copy);
            }
            if fails {
                said.push_str(&text);
            }
        }
    }
    let (well, said_of_style) = shell(&copy, "rustfmt --edition 2024 --check apps/acme-rooms/src/lib.rs");
    assert!(well, "the page's code is not formatted:\n{said_of_style}");
    assert!(written >= 7, "only {written} files are on the page");
    for missing in [
        "open is not written yet",
        "find is not written yet",
        "tagline is missing: one line",
        "may is missing",
        "endpoints.api is missing",
        "location.label is missing",
        "tag.scripts is missing",
        "link.steps is missing",
    ] {
        assert!(said.contains(missing), "nobody says that {missing:?}:\n{said}");
    }
}

/// What was built for the guide's app says of the other kinds what they lack; then they go.
fn others_fail_by_name(copy: &Path) {
    let (_, said) = shell(copy, "cargo test -p kalends-conformance --test kinds -- ::acme-");
    for missing in ["calendars is not written yet", "send is not written yet"] {
        assert!(said.contains(missing), "nobody says that {missing:?}:\n{said}");
    }
    let catalog = copy.join("crates/catalog/Cargo.toml");
    let mut text = fs::read_to_string(&catalog).unwrap();
    for slug in ["acme-diary", "acme-post"] {
        fs::remove_dir_all(copy.join("apps").join(slug)).unwrap();
        text = without(&text, &format!("app-{slug} "));
    }
    fs::write(catalog, text).unwrap();
}
