//! The rules of the house hold, and each of them can fail.

use xtask::tidy::{Crate, Tree, app_folders, arrows, data_apps, findings, manifests, text};

fn knows(name: &str, known: &[(&str, bool)]) -> Crate {
    Crate {
        name: name.to_owned(),
        knows: known.iter().map(|(name, tests)| ((*name).to_owned(), *tests)).collect(),
    }
}

#[test]
fn this_workspace_is_tidy() {
    let found = findings(&xtask::root()).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_file_of_501_lines_is_too_long() {
    let tree = |lines| Tree::of(&[("crates/domain/src/big.rs", &"//\n".repeat(lines))]);
    assert_eq!(text(&tree(500)), Vec::<String>::new());
    assert_eq!(text(&tree(501)).len(), 1);
}

#[test]
fn an_allow_attribute_is_refused_with_its_line() {
    let code = concat!("fn a() {}\n#[", "allow(dead_code)]\nfn b() {}\n");
    let found = text(&Tree::of(&[("crates/app/src/a.rs", code)]));
    assert!(found[0].starts_with("crates/app/src/a.rs:2: "), "{found:?}");
}

#[test]
fn an_app_is_named_only_in_its_folder() {
    let app = ("apps/acme-calendar/src/lib.rs", "");
    let names = |path| text(&Tree::of(&[app, (path, "let at = \"acme\";\n")])).len();
    assert_eq!(names("crates/engine/src/a.rs"), 1);
    assert_eq!(names("crates/web/templates/a.html"), 1);
    assert_eq!(names("bin/src/a.rs"), 1);
    assert_eq!(names("apps/acme-calendar/src/api.rs"), 0);
    assert_eq!(names("crates/engine/tests/a.rs"), 0);
    let common = ("crates/engine/src/a.rs", "let calendar = 1; // acme says so\n// acme\n");
    assert_eq!(text(&Tree::of(&[app, common])).len(), 1, "a comment of its own line may cite a vendor");
}

#[test]
fn serve_reaches_no_fake() {
    let code = "let app = caldav.fake();\n";
    assert_eq!(text(&Tree::of(&[("bin/src/serve.rs", code)])).len(), 1);
    assert_eq!(text(&Tree::of(&[("bin/src/demo.rs", code)])).len(), 0);
}

#[test]
fn a_path_of_one_machine_is_refused() {
    let line = concat!("see /ho", "me/hanna/notes\n");
    assert_eq!(text(&Tree::of(&[("README.md", line)])).len(), 1);
}

#[test]
fn a_coded_app_needs_every_file_and_its_catalog_line() {
    let data = [("apps/a/app.toml", ""), ("apps/a/icon.svg", ""), ("apps/a/README.md", "")];
    assert_eq!(app_folders(&Tree::of(&data)), Vec::<String>::new());
    let coded = [data.as_slice(), &[("apps/a/Cargo.toml", ""), ("apps/a/src/lib.rs", "")]].concat();
    let found = app_folders(&Tree::of(&coded));
    assert_eq!(found.len(), 2, "no fake and no catalog line: {found:?}");
}

#[test]
fn an_app_without_code_has_words_and_a_mark_of_its_own() {
    let manifest =
        |tagline: &str| format!("tagline = \"{tagline}\"\ndescription = \"{tagline} And so on.\"\n");
    let icon = r#"<svg viewBox="0 0 40 40"><text fill="currentColor">Ac</text></svg>"#;
    let of = |tagline: &str, icon: &str, readme: &str| {
        let (one, two) = (manifest("Rooms."), manifest(tagline));
        let readme_of_one = "# One\n\nIt takes links.\n";
        data_apps(&Tree::of(&[
            ("apps/a/app.toml", &one),
            ("apps/a/icon.svg", r#"<svg viewBox="0 0 40 40"><text fill="currentColor">A</text></svg>"#),
            ("apps/a/README.md", readme_of_one),
            ("apps/b/app.toml", &two),
            ("apps/b/icon.svg", icon),
            ("apps/b/README.md", readme),
        ]))
        .len()
    };
    let readme = "# Two\n\nIt takes other links.\n";
    assert_eq!(of("Halls.", icon, readme), 0);
    assert_eq!(of("rooms.", icon, readme), 2, "tagline and description are copied");
    assert_eq!(of("Halls.", icon, "# Two\n"), 1, "an empty readme");
    assert_eq!(of("Halls.", &icon.replace("currentColor", "#1877f2"), readme), 1, "a brand's colour");
    assert_eq!(of("Halls.", &icon.replace("Ac", "Acme"), readme), 1, "a word mark");
    let logo = format!(r#"<svg viewBox="0 0 40 40"><text>A</text><path d="{}"/></svg>"#, "M1 1".repeat(80));
    assert_eq!(of("Halls.", &logo, readme), 1, "a redrawn logo");
}

#[test]
fn a_dependency_must_say_why_and_keep_its_version_in_the_root() {
    let root =
        "[workspace.dependencies]\nhttp = \"1\"\nbytes = \"1\" # bodies\n\n[profile.dev]\ndebug = false\n";
    let member = "[dependencies]\nhttp = \"1\"\nbytes.workspace = true\n";
    let found = manifests(&Tree::of(&[("Cargo.toml", root), ("bin/Cargo.toml", member)])).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn arrows_point_one_way() {
    let wrong = |name, known: &[(&str, bool)]| arrows(&[knows(name, known)]).len();
    assert_eq!(wrong("kalends-domain", &[("kalends-app", false)]), 1);
    assert_eq!(wrong("kalends-engine", &[("kalends-web", false)]), 1);
    assert_eq!(wrong("kalends-engine", &[("app-acme", false)]), 1);
    assert_eq!(wrong("app-acme", &[("app-other", false)]), 1);
    assert_eq!(wrong("app-acme", &[("kalends-app", false), ("vendor-acme", false)]), 0);
    assert_eq!(wrong("kalends-store", &[("kalends-testkit", true)]), 0);
    assert_eq!(wrong("kalends-store", &[("kalends-testkit", false)]), 1);
    assert_eq!(wrong("kalends-novelty", &[]), 1, "a crate without a role has no place yet");
}
