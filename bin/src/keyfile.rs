//! The key file: the keys that seal stored secrets, one `NAME KEY` a line, the current one first.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kalends_domain::Ids;
use kalends_store::seal::Keys;
use secrecy::{ExposeSecret, SecretString};

/// The key file, read.
pub struct KeyFile {
    path: PathBuf,
    keys: Vec<(String, SecretString)>,
}

impl KeyFile {
    /// Reads it, or makes it with one fresh key where there is none.
    pub fn open(path: &Path, ids: &Ids) -> Result<Self> {
        if let Some(file) = Self::read(path)? {
            return Ok(file);
        }
        let mut file = Self { path: path.to_owned(), keys: Vec::new() };
        file.add_fresh(ids)?;
        tracing::info!(file = %path.display(), "made a key file; back it up apart from the database");
        Ok(file)
    }

    /// Reads it; none where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read the key file {}", path.display())),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut keys: Vec<(String, SecretString)> = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let Some((name, key)) = line.trim().split_once(' ') else {
                bail!("{}:{}: write the key's name, a space and the key", path.display(), number + 1);
            };
            if keys.iter().any(|(other, _)| other == name) {
                bail!(
                    "{}:{}: the key {name} stands there twice; keep the right one",
                    path.display(),
                    number + 1
                );
            }
            keys.push((name.to_owned(), key.trim().to_owned().into()));
        }
        if keys.is_empty() {
            bail!("{} holds no key; restore it from its backup", path.display());
        }
        Ok(Self { path: path.to_owned(), keys })
    }

    /// The keys for the store: the first seals, all open.
    pub fn keys(&self) -> Result<Keys> {
        let named = |(name, key): &'_ (String, SecretString)| (name.clone(), key.clone());
        let mut all = self.keys.iter().map(named);
        let current = all.next().context("no key")?;
        let old: Vec<_> = all.collect();
        let old: Vec<_> = old.iter().map(|(name, key)| (name.as_str(), key)).collect();
        Keys::new((&current.0, &current.1), &old).with_context(|| self.path.display().to_string())
    }

    /// The keys for a server: the file is read again when a secret is under a key that came later.
    pub fn followed(&self) -> Result<Keys> {
        let path = self.path.clone();
        Ok(self.keys()?.rereading(move || {
            let text = fs::read_to_string(&path).ok()?;
            Self::parse(&path, &text).and_then(|file| file.keys()).ok()
        }))
    }

    /// The names of the keys, the current one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// Puts a fresh key in front and saves; returns its name.
    pub fn add_fresh(&mut self, ids: &Ids) -> Result<String> {
        let name = format!("key-{}", ids.uid().as_str().get(..8).unwrap_or_default());
        self.keys.insert(0, (name.clone(), Keys::fresh(ids)));
        self.save()?;
        Ok(name)
    }

    /// Forgets every key but the current one and saves.
    pub fn forget_old(&mut self) -> Result<()> {
        self.keys.truncate(1);
        self.save()
    }

    /// Written beside and renamed over, so that a crash leaves the old file or the new one.
    fn save(&self) -> Result<()> {
        let beside = self.path.with_extension("new");
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let written = || -> std::io::Result<()> {
            let mut file = private(&beside)?;
            for (name, key) in &self.keys {
                writeln!(file, "{name} {}", key.expose_secret())?;
            }
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        };
        written().with_context(|| format!("cannot write the key file {}", self.path.display()))
    }
}

/// A file that only its owner can read.
fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// True when others than its owner can read the file.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tempfile::TempDir;

    use super::*;
    use crate::system::{SystemChance, SystemClock};

    fn ids() -> Ids {
        Ids::new(Arc::new(SystemClock), Arc::new(SystemChance))
    }

    #[test]
    fn a_first_start_makes_a_key_that_only_its_owner_can_read() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("deep/secret.keys");
        let made = KeyFile::open(&path, &ids()).unwrap();
        assert!(!is_open_to_others(&path));
        let again = KeyFile::open(&path, &ids()).unwrap();
        assert_eq!(made.names().collect::<Vec<_>>(), again.names().collect::<Vec<_>>());
    }

    #[test]
    fn a_fresh_key_comes_first_and_the_old_one_stays() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("secret.keys");
        let mut file = KeyFile::open(&path, &ids()).unwrap();
        let old = file.names().next().unwrap().to_owned();
        let new = file.add_fresh(&ids()).unwrap();
        let read = KeyFile::open(&path, &ids()).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), [new.as_str(), old.as_str()]);
        assert_eq!(read.keys().unwrap().current(), new);
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("secret.keys");
        for (text, said) in
            [("alone\n", ":1: write"), ("a x\n\na y\n", ":3: the key a"), ("", "holds no key")]
        {
            fs::write(&path, text).unwrap();
            let error = KeyFile::open(&path, &ids()).err().unwrap().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
