//! A server that knows secrets of every kind, and all it has written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Http;
use crate::mailbox::Mailbox;
use crate::provider::{Provider, form};
use crate::secrets::{Place, Secrets, Text};
use crate::server::{Server, run, shots, told};
use crate::visitor::{Page, Visitor};

/// The address guests see: providers send notices to one like this.
pub const BASE: &str = "https://kalends.example";
/// Who owns the server.
pub const OWNER: &str = "hanna@example.com";

/// The server, its neighbours, and what was written so far.
pub struct House {
    /// Everything that must not be told.
    pub secrets: Secrets,
    /// Everything that was told.
    pub texts: Vec<Text>,
    /// The providers, by app.
    pub providers: BTreeMap<&'static str, Arc<Provider>>,
    /// Where mails arrive.
    pub mailbox: Mailbox,
    /// The owner's browser.
    pub browser: Visitor,
    /// The owner's password.
    pub password: String,
    /// Where the server listens.
    pub local: String,
    name: &'static str,
    key: String,
    http: Http,
    server: Option<Server>,
    folder: Arc<TempDir>,
}

/// A private key with its certificate, by which Teams would know this server.
const TEAMS: &str = include_str!("teams.pem");

/// Apps whose providers are played.
const PLAYED: [&str; 10] = [
    "caldav",
    "exchange",
    "google-calendar",
    "google-meet",
    "gotomeeting",
    "icloud",
    "ics-feed",
    "microsoft-365",
    "teams",
    "zoom",
];

impl House {
    /// Where its links lead.
    pub const BASE: &str = BASE;

    /// Starts the server with secrets in its settings, and its owner's account.
    pub fn furnish(name: &'static str, database: Option<&str>) -> Result<Self> {
        let mut secrets = Secrets::default();
        let mail = secrets.word("password of the mail server");
        let mailbox = Mailbox::open(0)?;
        mailbox.wants(&mail);
        let providers: BTreeMap<_, _> =
            PLAYED.into_iter().map(|slug| Ok((slug, Provider::open(slug)?))).collect::<Result<_>>()?;
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = TempDir::new()?;
        let database = database.map(|url| format!("database_url = {url:?}\n")).unwrap_or_default();
        let mut settings = format!(
            "listen = \"{listen}\"\nbase_url = \"{BASE}\"\nlog = \"trace\"\n{database}\n[net]\nallow = [\"127.0.0.1\"]\n\
             [mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\nuser = \"kalends\"\npassword = {mail:?}\n\
             from_email = \"kalends@example.com\"\n",
            mailbox.address.port()
        );
        for provider in providers.values().filter(|provider| !provider.app.manifest().endpoints.is_empty()) {
            settings.push_str(&provider.settings());
        }
        std::fs::write(folder.path().join("teams.pem"), TEAMS)?;
        secrets.put_key("key of teams in the settings", TEAMS);
        let file = folder.path().join("teams.pem").display().to_string();
        writeln!(settings, "[apps.teams]\nclient_id = \"kalends\"\nclient_key_file = {file:?}")?;
        providers["teams"].knows("kalends", "what its key stands for")?;
        for slug in ["gotomeeting", "google-meet"] {
            let secret = secrets.word(&format!("client secret of {slug} in the settings"));
            writeln!(settings, "[apps.{slug}]\nclient_id = \"kalends\"\nclient_secret = {secret:?}")?;
            providers[slug].knows("kalends", &secret)?;
        }
        std::fs::write(folder.path().join("kalends.toml"), settings)?;
        let server = Server::start(name, folder, &["serve"])?;
        let folder = Arc::clone(&server.folder);
        for line in std::fs::read_to_string(folder.path().join("data/secret.keys"))?.lines() {
            secrets.put("key that seals", line.split(' ').nth(1).context("no key")?);
        }
        let local = format!("http://{listen}/");
        let (password, texts) = (secrets.word("password of the owner"), Vec::new());
        let add = [
            "user",
            "add",
            "--name",
            "Hanna Host",
            "--username",
            "hanna",
            "--email",
            OWNER,
            "--password-stdin",
        ];
        let mut house = Self {
            browser: Visitor::new(&local)?,
            http: Http::new()?,
            server: Some(server),
            key: String::new(),
            secrets,
            texts,
            providers,
            mailbox,
            password,
            local,
            name,
            folder,
        };
        let (well, said) = told(house.folder.path(), &add, &house.password)?;
        ensure!(well, "{said}");
        house.keep("user add", said);
        let key = run_out(house.folder.path(), &["api-key", "create", "--user", "hanna"])?;
        key.trim().clone_into(&mut house.key);
        let key = house.key.clone();
        house.secrets.put("key of the API", key.trim_start_matches("cal_").get(8..).context("a short key")?);
        house.browser.sign_in(OWNER, &house.password)?;
        for (name, value) in house.browser.cookies() {
            house.secrets.put(&format!("cookie {name} of the owner"), &value);
        }
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let hours = json!({
            "name": "Always", "timeZone": "UTC", "isDefault": true,
            "availability": [{ "days": days, "startTime": "00:00", "endTime": "23:59" }],
        });
        house.api(Method::POST, "schedules", "2024-06-11", &hours)?;
        Ok(house)
    }

    /// Writes down what a command or a log said.
    pub fn keep(&mut self, name: &str, text: impl Into<Vec<u8>>) {
        self.texts.push(Text { name: name.to_owned(), place: Place::Log, bytes: text.into() });
    }

    /// Writes down what somebody was shown; the proofs in its forms are secrets, too.
    pub fn shown(&mut self, name: &str, page: &Page) {
        for (field, value) in
            page.hidden().into_iter().filter(|(field, value)| field == "csrf" && value.len() > 40)
        {
            self.secrets.put_shown(&format!("{field} of a form"), &value);
        }
        let bytes = format!("{} {}\n{}", page.status, page.onward, page.words()).into_bytes();
        self.texts.push(Text { name: name.to_owned(), place: Place::Page, bytes });
    }

    /// The owner opens a page.
    pub fn open(&mut self, path: &str) -> Result<Page> {
        let page = self.browser.get(path)?;
        self.shown(path, &page);
        Ok(page)
    }

    /// The owner sends a form that stands on a page.
    pub fn send(&mut self, from: &str, to: &str, form: &[(&str, &str)]) -> Result<Page> {
        let page = self.browser.send(from, to, form)?;
        self.shown(&format!("answer of {to}"), &page);
        Ok(page)
    }

    /// A command of the binary in this server's folder.
    pub fn command(&mut self, words: &[&str]) -> Result<()> {
        let (_, said) = run(self.folder.path(), words)?;
        self.keep(&format!("kalends {}", words.join(" ")), said);
        Ok(())
    }

    /// The API, asked with this key: what it says is written down.
    pub fn asked(
        &mut self,
        method: Method,
        path: &str,
        version: &str,
        body: &Value,
        key: &str,
    ) -> Result<(u16, Value)> {
        let request = self.http.request(method, &format!("{}v2/{path}", self.local));
        let request = request.bearer_auth(key).header("cal-api-version", version);
        let request = if body.is_null() { request } else { request.json(body) };
        let (status, text) = self.http.send(request)?;
        let page = Page { status, onward: String::new(), referrer: String::new(), text: text.clone() };
        self.shown(&format!("/v2/{path}"), &page);
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// The API, asked with the owner's key.
    pub fn api(&mut self, method: Method, path: &str, version: &str, body: &Value) -> Result<Value> {
        let key = self.key.clone();
        let (status, said) = self.asked(method, path, version, body, &key)?;
        ensure!((200..300).contains(&status), "{path}: {status} {said}");
        Ok(said)
    }

    /// The key of the API.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the server has logged so far.
    pub fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(shots().join(format!("{}.log", self.name)))?).into_owned())
    }

    /// Anything else, over plain HTTP: the status and the answer.
    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<(u16, String)> {
        let request = self.http.request(Method::POST, &format!("{}{path}", self.local)).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.http.send(request)
    }

    /// The database's files as they are now, and a backup.
    pub fn files(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        self.command(&["backup", "copy.db"])?;
        let mut files = vec![("copy.db".to_owned(), std::fs::read(self.folder.path().join("copy.db"))?)];
        for entry in std::fs::read_dir(self.folder.path().join("data"))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != "secret.keys" {
                files.push((name, std::fs::read(entry.path())?));
            }
        }
        ensure!(
            files.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()),
            "no journal to look into"
        );
        Ok(files)
    }

    /// Stops the server and looks for every secret in all that was written.
    pub fn ends(mut self, database: Vec<(String, Vec<u8>)>) -> Result<()> {
        for provider in self.providers.values() {
            for token in provider.minted() {
                self.secrets.put(&format!("token of {}", provider.app.slug), &token);
            }
            let heard = provider.heard();
            let proofs = heard.iter().filter_map(|heard| form(&heard.body).remove("client_assertion"));
            for proof in proofs {
                self.secrets.put(&format!("proof by a key for {}", provider.app.slug), &proof);
            }
        }
        drop(self.server.take().context("no server")?.stop()?);
        for (name, bytes) in database {
            ensure!(!bytes.is_empty() || name == "server.lock", "{name} is empty");
            self.texts.push(Text { name, place: Place::Database, bytes });
        }
        let log = std::fs::read(shots().join(format!("{}.log", self.name)))?;
        ensure!(log.windows(6).any(|word| word == b" TRACE"), "the log is not as talkative as it can be");
        self.keep("the log", log);
        let (found, all) = (self.secrets.found_in(&self.texts)?, self.secrets.len());
        ensure!(
            found.is_empty(),
            "{} of {all} secrets in {} texts:\n{}",
            found.len(),
            self.texts.len(),
            found.join("\n")
        );
        println!("{all} secrets in none of {} texts", self.texts.len());
        Ok(())
    }
}

/// What a command prints, without its log.
fn run_out(folder: &std::path::Path, words: &[&str]) -> Result<String> {
    let out = crate::server::kalends(folder).args(words).output()?;
    ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8(out.stdout)?)
}
