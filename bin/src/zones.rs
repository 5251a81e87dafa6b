//! Which rules local times go by on this machine, and whether they were replaced (TZ-02).

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use kalends_domain::zone;
use kalends_engine::Engine;
use kalends_store::in_background;

/// How often the rules are looked at: one line of one file.
const LOOK: Duration = Duration::from_secs(10);

/// Where the time library finds a system's rules when `TZDIR` names no folder.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// The rules of this machine: the system's where it has some, so that they can be updated alone.
pub struct Rules {
    /// None: those that are built in.
    folder: Option<PathBuf>,
}

impl Rules {
    /// Found as the time library finds them, which looks once.
    pub fn of_this_machine() -> Self {
        let named = std::env::var_os("TZDIR").map(PathBuf::from);
        let mut all = named.into_iter().chain(FOLDERS.map(PathBuf::from));
        Self { folder: all.find(|folder| folder.is_dir()) }
    }

    /// Their release: another one once they were replaced.
    pub fn release(&self) -> String {
        let Some(folder) = &self.folder else { return zone::bundled_release().to_owned() };
        named(folder).unwrap_or_else(|| format!("of {}", changed(folder)))
    }

    /// What an operator should know of them.
    pub fn words(&self) -> String {
        let bundled = zone::bundled_release();
        let Some(folder) = &self.folder else { return format!("release {bundled}, built in") };
        let shown = folder.display();
        match named(folder) {
            Some(release) if release.as_str() < bundled => format!(
                "release {release} of {shown}, older than {bundled} of this version: update the package tzdata"
            ),
            Some(release) => format!("release {release} of {shown}"),
            None => format!("of {shown}, which names no release; {bundled} is known to this version"),
        }
    }
}

/// The release a folder names.
fn named(folder: &Path) -> Option<String> {
    let file = File::open(folder.join("tzdata.zi")).ok()?;
    let mut line = String::new();
    BufReader::new(file.take(100)).read_line(&mut line).ok()?;
    zone::release_in(&line).map(str::to_owned)
}

/// When something was last put into a folder that names no release.
fn changed(folder: &Path) -> String {
    let at = fs::metadata(folder).and_then(|about| about.modified()).ok();
    at.and_then(|at| Timestamp::try_from(at).ok()).map(|at| at.to_string()).unwrap_or_default()
}

/// Follows the rules while a server runs: those it starts with, and any that replace them.
///
/// A release is followed once it has been seen twice: by then all its files are in their places.
pub async fn follow(engine: Engine) {
    let rules = Rules::of_this_machine();
    let (mut seen, mut followed) = (rules.release(), None);
    loop {
        let now = rules.release();
        if now == seen && followed.as_ref() != Some(&now) {
            match in_background(engine.follow_clock_rules(&now)).await {
                Ok(()) => followed = Some(now.clone()),
                Err(error) => {
                    tracing::warn!(%error, "bookings cannot be compared with the rules of local time now");
                }
            }
        }
        seen = now;
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_folder_that_is_replaced_has_another_release_named_or_not_tz_02() {
        let folder = TempDir::new().unwrap();
        let rules = Rules { folder: Some(folder.path().to_owned()) };
        assert!(rules.release().starts_with("of 20"), "{}", rules.release());
        assert!(rules.words().contains("names no release"));
        for release in ["2019a", "2099b"] {
            let text = format!("# version {release}\n# redo posix_only\nR d 1916 o - Jun 14 23s 1 S\n");
            fs::write(folder.path().join("tzdata.zi"), text).unwrap();
            assert_eq!(rules.release(), release);
        }
        assert!(!rules.words().contains("update"));
    }

    #[test]
    fn rules_that_are_built_in_have_the_release_of_this_version() {
        assert_eq!(Rules { folder: None }.release(), zone::bundled_release());
    }
}
