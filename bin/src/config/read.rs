//! From text to types, one key after the other; each refusal says what to write instead.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use kalends_app::Secret;
use kalends_app::gateway::Paces;
use kalends_app::oauth::{Client, Proof};
use kalends_engine::connect::Configured;
use reqwest::Certificate;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::{Host, Url};

use super::source::{Source, without_user};
use super::{Config, LogFormat, MAIL_APP, Mail};

/// Every key, with its default where it is not given; what is wrong is noted in the source.
pub fn config(source: &mut Source) -> Config {
    let listen = source.get("listen", address).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
    let data_dir = source.get("data_dir", path).unwrap_or_else(|| PathBuf::from("data"));
    Config {
        database_url: source.get("database_url", database).unwrap_or_else(|| in_folder(&data_dir)),
        secret_key_file: source.get("secret_key_file", path).unwrap_or_else(|| data_dir.join("secret.keys")),
        log: source.get("log", filter).unwrap_or_else(|| "info".to_owned()),
        log_format: source.get("log_format", log_format).unwrap_or(LogFormat::Text),
        trusted_proxies: source.get("trusted_proxies", networks).unwrap_or_default(),
        embed_on: source.get("embed_on", origins).unwrap_or_default(),
        apps_dir: source.get("apps_dir", folder),
        undo_days: source.get("apps_undo_days", days).unwrap_or(7),
        flight_days: source.get("flights.keep_days", days).unwrap_or(30),
        allow: source.get("net.allow", networks).unwrap_or_default(),
        certificates: source.get("net.certificates", certificates).unwrap_or_default(),
        mail: mail(source),
        base_url: source.get("base_url", base),
        endpoints: endpoints(source),
        paces: paces(source),
        registrations: registrations(source),
        listen,
        data_dir,
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let text =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "write an address and a port, such as 127.0.0.1:3000 or [::]:3000")
}

fn base(text: &str) -> Result<Url, &'static str> {
    let hint = "write the address guests see, such as https://meet.example.com, without a path";
    let url = Url::parse(text).map_err(|_| hint)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_user(&url);
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if bare && web { Ok(url) } else { Err(hint) }
}

/// A name or a password in an address would be told to whoever sees it.
fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// What a browser on this machine would type.
pub fn own_address(listen: SocketAddr) -> Url {
    let host = match listen.ip() {
        ip if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let seen = SocketAddr::new(host, listen.port());
    #[expect(clippy::expect_used, reason = "an address and a port always make a URL")]
    Url::parse(&format!("http://{seen}/")).expect("a URL")
}

fn path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("write a path") } else { Ok(PathBuf::from(text)) }
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = path(text)?;
    match fs::read_dir(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("cannot be read as a folder: {error}; make it, or leave the key out")),
    }
}

fn in_folder(data_dir: &Path) -> Secret {
    Secret::new(format!("sqlite://{}", data_dir.join("kalends.db").display()))
}

fn database(text: &str) -> Result<Secret, &'static str> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if known {
        Ok(Secret::new(text))
    } else {
        Err("write sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME")
    }
}

fn filter(text: &str) -> Result<String, String> {
    let hint = |error: String| {
        format!("{error}; write error, warn, info, debug or a filter such as info,kalends_engine=debug")
    };
    // A word alone would be taken for a part of the program, and all others would fall silent.
    let level = |part: &str| part.contains(['=', '[']) || part.parse::<LevelFilter>().is_ok();
    match text.split(',').map(str::trim).find(|part| !part.is_empty() && !level(part)) {
        Some(part) => Err(hint(format!("{part:?} is no level"))),
        None => {
            EnvFilter::builder().parse(text).map(|_| text.to_owned()).map_err(|error| hint(error.to_string()))
        }
    }
}

fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json"),
    }
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |part: &str| {
        let single = part.parse::<IpAddr>().map(IpNet::from);
        part.parse()
            .or(single)
            .map_err(|_| format!("{part:?} is not a network; write one such as 10.0.0.0/8 or 10.0.0.5"))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect()
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    let origin = |part: &str| match Url::parse(part) {
        _ if part == "*" => Ok(part.to_owned()),
        Ok(url) if url.has_host() && url.path() == "/" && !has_user(&url) => {
            Ok(url.origin().ascii_serialization())
        }
        _ => {
            let part = without_user(part);
            Err(format!("{part:?} is not a site; write one such as https://example.com, or *"))
        }
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(origin).collect()
}

/// The mail server as its app's form asks for it; the app itself says what of it will not do.
fn mail(source: &mut Source) -> Option<Mail> {
    let app = source.get("mail.app", text).unwrap_or_else(|| MAIL_APP.to_owned());
    let security = source.get("mail.security", security).unwrap_or("tls");
    let usual = match security {
        "tls" => 465,
        "starttls" => 587,
        _ => 25,
    };
    let port = source.get("mail.port", port).unwrap_or(usual);
    let given = source.get("mail.password", text).map(Secret::new);
    let filed = source.get("mail.password_file", password);
    let mut answers: BTreeMap<_, _> =
        [("security".to_owned(), security.to_owned()), ("port".to_owned(), port.to_string())].into();
    answers.extend(source.get("mail.host", host).map(|host| ("host".to_owned(), host)));
    for field in ["user", "from_email", "from_name"] {
        answers.extend(source.get(&format!("mail.{field}"), text).map(|answer| (field.to_owned(), answer)));
    }
    if given.is_some() && filed.is_some() {
        source.wrong.push("mail.password and mail.password_file are both set; keep one".to_owned());
    }
    let password = given.or(filed);
    if let (None, false) = (answers.get("host"), source.has("mail.host")) {
        let others =
            ["app", "port", "security", "user", "password", "password_file", "from_email", "from_name"];
        let unused = others.map(|one| format!("mail.{one}")).into_iter().find(|name| source.has(name));
        if let Some(name) = unused {
            source.wrong.push(format!(
                "{name} is set, but mail.host is not: name the mail server, or leave both out"
            ));
        }
    }
    if answers.contains_key("user") && password.is_none() && source.wrong.is_empty() {
        source.wrong.push(
            "mail.user is set without a password: set mail.password_file, or leave both out".to_owned(),
        );
    }
    answers.contains_key("host").then(|| Mail { app, answers, password })
}

fn security(text: &str) -> Result<&'static str, &'static str> {
    let known = ["tls", "starttls", "plain"];
    known.into_iter().find(|word| *word == text).ok_or("write tls, starttls or plain")
}

fn days(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|days| *days <= 365).ok_or("write a number of days from 0 to 365")
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|port| *port != 0).ok_or("write a port from 1 to 65535")
}

fn text(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("leave the key out rather than empty") } else { Ok(text.to_owned()) }
}

fn host(name: &str) -> Result<String, &'static str> {
    let known = name.parse::<IpAddr>().is_ok() || Host::parse(name).is_ok();
    if known { Ok(name.to_owned()) } else { Err("write the server's name, such as mail.example.com") }
}

fn file(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

fn certificates(path: &str) -> Result<String, String> {
    let text = file(path)?;
    let whole = Certificate::from_pem_bundle(text.as_bytes()).is_ok_and(|all| !all.is_empty());
    if whole {
        Ok(text)
    } else {
        Err("holds no certificates; write them as PEM, -----BEGIN CERTIFICATE-----".to_owned())
    }
}

fn password(path: &str) -> Result<Secret, String> {
    match file(path)?.trim_end_matches(['\r', '\n']) {
        "" => Err("is empty; it must hold the password and nothing else".to_owned()),
        password => Ok(Secret::new(password)),
    }
}

fn endpoints(source: &mut Source) -> BTreeMap<String, BTreeMap<String, Url>> {
    let mut parsed: BTreeMap<String, BTreeMap<String, Url>> = BTreeMap::new();
    for (slug, addresses) in source.endpoints() {
        for (name, address) in addresses {
            match Url::parse(&address) {
                Ok(url) if url.has_host() && !has_user(&url) => {
                    drop(parsed.entry(slug.clone()).or_default().insert(name, url));
                }
                _ => {
                    let shown = without_user(&address);
                    source.wrong.push(format!(
                        "apps.{slug}.endpoints.{name} = {shown:?}: write a whole address, https://…, without a name or password"
                    ));
                }
            }
        }
    }
    parsed
}

/// How often apps may call.
fn paces(source: &mut Source) -> Paces {
    let mut parsed = Paces::new();
    for (slug, figures) in source.paces() {
        match figures.try_into() {
            Ok(pace) => drop(parsed.insert(slug, pace)),
            Err(error) => source.wrong.push(format!(
                "apps.{slug}.quota: {}; write per_second, burst or concurrent, each a number from 1 on",
                error.to_string().trim_end().replace('\n', " ")
            )),
        }
    }
    parsed
}

/// Ids and secrets by which providers know this server.
fn registrations(source: &mut Source) -> BTreeMap<String, Configured> {
    let mut all = BTreeMap::new();
    for (slug, given) in source.registrations() {
        let mut secret = |name: &str| {
            let filed = given.get(&format!("{name}_file"));
            match (given.get(name), filed) {
                (Some(_), Some(_)) => {
                    source.wrong.push(format!("apps.{slug}.{name} and {name}_file are both set; keep one"));
                    None
                }
                (Some(text), None) => Some(Secret::new(text.trim())),
                (None, Some(path)) => match password(path) {
                    Ok(secret) => Some(secret),
                    Err(problem) => {
                        source.wrong.push(format!("apps.{slug}.{name}_file = {path:?}: {problem}"));
                        None
                    }
                },
                (None, None) => None,
            }
        };
        let (client_secret, webhook_secret) = (secret("client_secret"), secret("webhook_secret"));
        let (webhook_secret_before, key) = (secret("webhook_secret_before"), secret("client_key"));
        if client_secret.is_some() && key.is_some() {
            source.wrong.push(format!("apps.{slug}.client_key and client_secret are both set; keep one"));
        }
        let proof = key.map(Proof::Key).or(client_secret.map(Proof::Secret));
        match given.get("client_id").map(|id| id.trim()).filter(|id| !id.is_empty()) {
            Some(id) => {
                let client = Client { id: id.to_owned(), proof };
                drop(all.insert(slug, Configured { client, webhook_secret, webhook_secret_before }));
            }
            None => source
                .wrong
                .push(format!("apps.{slug}.client_id: write the id the provider gave this server")),
        }
    }
    all
}
