//! The settings: `kalends.toml` and `KALENDS_…` variables become one typed value, or a list of what is wrong.

mod keys;
mod read;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use kalends_app::Secret;
use kalends_app::gateway::Paces;
use kalends_engine::connect::Configured;
use url::Url;

pub use keys::manual;
use source::Source;

/// Everything an operator decides.
#[derive(Debug)]
pub struct Config {
    /// Where to serve.
    pub listen: SocketAddr,
    /// The address guests see, if it is not the one we listen on.
    pub base_url: Option<Url>,
    /// Folder for our own files.
    pub data_dir: PathBuf,
    /// Where the data is.
    pub database_url: Secret,
    /// Keys that seal stored secrets.
    pub secret_key_file: PathBuf,
    /// What to log, as a filter.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that may show booking pages in a frame.
    pub embed_on: Vec<String>,
    /// A folder with further apps that need no code.
    pub apps_dir: Option<PathBuf>,
    /// Days in which what was uninstalled can be brought back.
    pub undo_days: u16,
    /// Days during which calls to the outside are on record.
    pub flight_days: u16,
    /// Private networks that apps may call.
    pub allow: Vec<IpNet>,
    /// Further root certificates, PEM.
    pub certificates: String,
    /// The server that takes our mails; none means they wait.
    pub mail: Option<Mail>,
    /// Operators' addresses in place of an app's own, by slug and name.
    pub endpoints: BTreeMap<String, BTreeMap<String, Url>>,
    /// How often apps may call, where the operator knows better than their manifests.
    pub paces: Paces,
    /// Our registrations at providers, by slug.
    pub registrations: BTreeMap<String, Configured>,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The app that sends mails where no other is named.
pub const MAIL_APP: &str = "smtp";

/// The server that takes our mails: the answers to its app's setup form, by field.
#[derive(Debug)]
pub struct Mail {
    /// The app that sends.
    pub app: String,
    /// What may be shown.
    pub answers: BTreeMap<String, String>,
    /// What may not.
    pub password: Option<Secret>,
}

impl Config {
    /// Reads the file, if there is one, and the environment.
    ///
    /// Without a name, `kalends.toml` is read where it exists; a file that was named must exist.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        Self::load_in(named, None)
    }

    /// The same, with the data in this folder whatever the settings say of it.
    pub fn load_in(named: Option<&Path>, data_dir: Option<&Path>) -> Result<Self> {
        let mut source = Source::default();
        let path = named.unwrap_or(Path::new("kalends.toml"));
        match std::fs::read_to_string(path) {
            Ok(text) => source.file(path, &text),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
        source.environment(std::env::vars());
        if let Some(folder) = data_dir {
            source.put("data_dir", folder.display().to_string());
        }
        Self::from(source)
    }

    /// The address guests see, once it is known where we listen: port 0 is any free one.
    pub fn base_url(&self, listening: SocketAddr) -> Url {
        self.base_url.clone().unwrap_or_else(|| read::own_address(listening))
    }

    /// The database's file, on SQLite.
    pub fn database_file(&self) -> Option<PathBuf> {
        let rest = self.database_url.expose().strip_prefix("sqlite:")?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
    }

    fn from(mut source: Source) -> Result<Self> {
        let config = read::config(&mut source);
        if !source.wrong.is_empty() {
            bail!("the settings are wrong (docs/operating.md lists them):\n  {}", source.wrong.join("\n  "));
        }
        Ok(config)
    }
}
