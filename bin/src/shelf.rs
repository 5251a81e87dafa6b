//! All apps of a server: those of the build, and those an operator put into a folder.

use std::fs;
use std::path::{Path, PathBuf};

use kalends_app::App;
use kalends_catalog::APPS;

/// The longest file that is read.
const LONGEST: u64 = 256 * 1024;
/// What stands for an app whose folder has no icon.
const PLAIN: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path d="M8 8h24v24H8z" fill="none" stroke="currentColor"/></svg>"#;

/// Apps, and what is wrong with those that are left out.
#[derive(Default)]
pub struct Shelf {
    /// Those that can be used.
    pub apps: Vec<&'static App>,
    /// A sentence for each that cannot: file, field, fix.
    pub wrong: Vec<String>,
}

/// Every app of this build, and those in the operator's folder; a wrong one is left out and said.
pub fn stock(folder: Option<&Path>) -> Shelf {
    let mut shelf = Shelf { apps: APPS.to_vec(), wrong: Vec::new() };
    let Some(folder) = folder else { return shelf };
    match folders(folder) {
        Ok(found) => {
            for path in found {
                match read(&path).and_then(|app| is_new(app, &path)) {
                    Ok(app) => shelf.apps.push(app),
                    Err(problem) => shelf.wrong.push(problem),
                }
            }
        }
        Err(problem) => shelf.wrong.push(problem),
    }
    shelf.drop_lacking(folder);
    shelf.apps.sort_by_key(|app| app.slug);
    shelf
}

impl Shelf {
    /// Leaves out what needs an app that is not there, and what needs that.
    fn drop_lacking(&mut self, folder: &Path) {
        let lacking = |apps: &[&'static App]| {
            let needs = |app: &App| app.manifest().depends_on.iter().find(|slug| !has(apps, slug)).cloned();
            apps.iter().enumerate().find_map(|(at, app)| Some((at, needs(app)?)))
        };
        while let Some((at, needs)) = lacking(&self.apps) {
            let manifest = folder.join(self.apps.remove(at).slug).join("app.toml");
            self.wrong.push(format!("{}: depends_on: there is no app {needs:?}", manifest.display()));
        }
    }
}

fn has(apps: &[&'static App], slug: &str) -> bool {
    apps.iter().any(|app| app.slug == slug)
}

/// The folders in a folder, by name.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("apps_dir: {} cannot be read: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    found.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    found.sort();
    Ok(found)
}

/// One app's folder: `app.toml`, and `icon.svg` where there is one.
pub fn read(folder: &Path) -> Result<&'static App, String> {
    let (manifest, icon) = (folder.join("app.toml"), folder.join("icon.svg"));
    let text = file(&manifest)?;
    let drawing = if icon.exists() { file(&icon)? } else { PLAIN.to_owned() };
    App::check_icon(&drawing).map_err(|problem| format!("{}: {problem}", icon.display()))?;
    let app = App::loaded(text, drawing).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let named = folder.file_name().is_some_and(|name| name == app.slug);
    if named {
        Ok(app)
    } else {
        Err(format!(
            "{}: slug: {:?} must be the folder's own name; rename one of them",
            manifest.display(),
            app.slug
        ))
    }
}

/// What is wrong with one app's folder; an app of this build may stand there as it was built.
pub fn judge(folder: &Path) -> Result<(), String> {
    let app = read(folder)?;
    let built = APPS.iter().any(|built| built.slug == app.slug && built.manifest() == app.manifest());
    if built { Ok(()) } else { is_new(app, folder).map(drop) }
}

/// An app whose name none of this build has.
fn is_new(app: &'static App, folder: &Path) -> Result<&'static App, String> {
    if !has(APPS, app.slug) {
        return Ok(app);
    }
    let manifest = folder.join("app.toml");
    Err(format!("{}: slug: {:?} is an app of this build; choose another one", manifest.display(), app.slug))
}

fn file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => Err(format!("{shown}: cannot be read: {error}")),
        Ok(about) if about.len() > LONGEST => Err(format!("{shown}: is longer than {LONGEST} bytes")),
        Ok(_) => fs::read_to_string(path).map_err(|error| format!("{shown}: cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = r#"
slug = "our-rooms"
name = "Our rooms"
tagline = "Rooms in our own house."
description = "A link each."
kinds = ["location"]
categories = ["video"]
publisher = "Us"
may = ["Put your link into bookings"]

[location]
label = "Your room"
placeholder = "https://rooms.example.com/ines"
links = ["https://rooms.example.com/{room}"]
"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_adds_an_app() {
        let folder = folder(&[("our-rooms/app.toml", ROOM)]);
        let shelf = stock(Some(folder.path()));
        assert_eq!(shelf.wrong, Vec::<String>::new());
        assert_eq!(shelf.apps.len(), APPS.len() + 1);
        assert!(shelf.apps.iter().any(|app| app.slug == "our-rooms"));
    }

    #[test]
    fn each_wrong_file_is_said_with_its_field_and_the_others_are_there() {
        let folder = folder(&[
            ("our-rooms/app.toml", ROOM),
            ("no-manifest/icon.svg", "<svg></svg>"),
            ("other/app.toml", ROOM),
            ("typo/app.toml", &ROOM.replace("our-rooms", "typo").replace("placeholder", "plceholder")),
            (
                "scheme/app.toml",
                &ROOM
                    .replace("our-rooms", "scheme")
                    .replace("\"https://rooms.example.com/{room}\"", "\"http://x.example/{room}\""),
            ),
            (
                "code/app.toml",
                &ROOM.replace("our-rooms", "code").replace("[\"location\"]", "[\"location\", \"calendar\"]"),
            ),
            ("icon/app.toml", &ROOM.replace("our-rooms", "icon")),
            ("icon/icon.svg", "<svg onload=\"alert(1)\"></svg>"),
            ("whereby/app.toml", &ROOM.replace("our-rooms", "whereby")),
        ]);
        let shelf = stock(Some(folder.path()));
        assert_eq!(shelf.apps.len(), APPS.len() + 1, "{:?}", shelf.wrong);
        let said = |file: &str, words: &str| {
            let found = shelf.wrong.iter().any(|line| line.contains(file) && line.contains(words));
            assert!(found, "{file} {words}: {:#?}", shelf.wrong);
        };
        said("no-manifest/app.toml", "cannot be read");
        said("other/app.toml", "slug");
        said("typo/app.toml", "plceholder");
        said("scheme/app.toml", "https://");
        said("code/app.toml", "kinds");
        said("icon/icon.svg", "fetch and run nothing");
        said("whereby/app.toml", "of this build");
    }

    #[test]
    fn an_app_may_need_one_that_comes_after_it_and_goes_with_one_that_is_wrong() {
        let needing = |slug: &str, needs: &str| {
            ROOM.replace("our-rooms", slug).replace("may =", &format!("depends_on = [{needs:?}]\nmay ="))
        };
        let folder = folder(&[
            ("a-first/app.toml", &needing("a-first", "our-rooms")),
            ("our-rooms/app.toml", ROOM),
            ("b-lost/app.toml", &needing("b-lost", "c-lost")),
            ("c-lost/app.toml", &needing("c-lost", "nowhere")),
        ]);
        let shelf = stock(Some(folder.path()));
        assert_eq!(shelf.apps.len(), APPS.len() + 2, "{:?}", shelf.wrong);
        assert!(shelf.wrong.iter().any(|line| line.contains("b-lost") && line.contains("\"c-lost\"")));
        assert!(shelf.wrong.iter().any(|line| line.contains("c-lost/") && line.contains("\"nowhere\"")));
    }

    #[test]
    fn a_name_that_is_taken_is_said_before_the_server_starts() {
        let folder = folder(&[
            ("whereby/app.toml", &ROOM.replace("our-rooms", "whereby")),
            ("installed/app.toml", &ROOM.replace("our-rooms", "installed")),
            ("our-rooms/app.toml", ROOM),
        ]);
        let said = |name: &str| judge(&folder.path().join(name));
        assert!(said("whereby").unwrap_err().contains("of this build"));
        assert!(said("installed").unwrap_err().contains("is a page of the server"));
        assert_eq!(said("our-rooms"), Ok(()));
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/whereby");
        assert_eq!(judge(&built), Ok(()), "an app of this build as it was built");
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_and_the_build_is_there() {
        let shelf = stock(Some(Path::new("nowhere-at-all")));
        assert_eq!(shelf.apps.len(), APPS.len());
        assert!(shelf.wrong[0].contains("apps_dir"), "{:?}", shelf.wrong);
    }
}
