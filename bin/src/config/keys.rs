//! Every key there is: what `kalends.toml` and the environment may say.

/// One setting of the server.
pub struct Key {
    /// As in `kalends.toml`; a dot stands for a table.
    pub name: &'static str,
    /// What holds when it is not set, in words.
    pub default: &'static str,
    /// What it decides.
    pub what: &'static str,
    /// Its value may hold a password and is never shown.
    pub secret: bool,
}

impl Key {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("KALENDS_{}", self.name.to_uppercase().replace('.', "_"))
    }
}

const fn key(name: &'static str, default: &'static str, what: &'static str) -> Key {
    Key { name, default, what, secret: false }
}

const fn secret(name: &'static str, default: &'static str, what: &'static str) -> Key {
    Key { name, default, what, secret: true }
}

/// All of them, in the order of the manual.
pub const KEYS: &[Key] = &[
    key("listen", "127.0.0.1:3000", "address and port to serve on"),
    key("base_url", "http:// and the listen address", "the address guests see; links in mails start with it"),
    key("data_dir", "data", "folder for the SQLite file and the key file"),
    secret(
        "database_url",
        "an SQLite file in data_dir",
        "sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME",
    ),
    key(
        "secret_key_file",
        "secret.keys in data_dir",
        "keys that seal stored secrets; back it up apart from the database",
    ),
    key(
        "log",
        "info",
        "what to log: error, warn, info, debug, or a filter such as info,kalends_engine=debug",
    ),
    key("log_format", "text", "text, or json with one object a line"),
    key("trusted_proxies", "none", "networks whose X-Forwarded-For and X-Forwarded-Proto are believed"),
    key(
        "embed_on",
        "none",
        "sites that may show booking pages in a frame, such as https://example.com; * for all",
    ),
    key("apps_dir", "none", "a folder with further apps that need no code, each in a folder of its own"),
    key("apps_undo_days", "7", "days in which an app that was uninstalled can be brought back"),
    key("flights.keep_days", "30", "days during which calls to other servers are on record, secrets masked"),
    key("net.allow", "none", "private networks that apps may call, such as a mail server at 10.0.0.5/32"),
    key("net.certificates", "the system's", "a file of further root certificates (PEM) that apps trust"),
    key(
        "mail.app",
        super::MAIL_APP,
        "the app that sends mails, one that speaks SMTP; others are connected under Apps",
    ),
    key("mail.host", "none: no mails", "the mail server's name"),
    key("mail.port", "465, 587 with starttls, 25 with plain", "its port"),
    key("mail.security", "tls", "tls from the start, starttls, or plain (this machine only)"),
    key("mail.user", "no sign-in", "the account at the mail server"),
    secret("mail.password", "none", "its password; better in mail.password_file"),
    key("mail.password_file", "none", "a file that holds only the password"),
    key("mail.from_email", "kalends@ and the host of base_url", "the sender's address"),
    key("mail.from_name", "Kalends", "the sender's name"),
];

/// The key of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Every key with its variable, default and meaning, for a person to read.
pub fn manual() -> String {
    let entry = |key: &Key| {
        format!("{} ({})\n    {}\n    default: {}\n", key.name, key.variable(), key.what, key.default)
    };
    KEYS.iter().map(entry).collect()
}
