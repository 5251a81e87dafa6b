//! What is accepted, what is refused and in which words.

use std::path::Path;

use kalends_app::{
    Secret,
    oauth::{Client, Proof},
};

use super::keys::KEYS;
use super::source::Source;
use super::{Config, LogFormat};

fn read(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let mut source = Source::default();
    source.file(Path::new("kalends.toml"), file);
    source.environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Config::from(source).map_err(|error| error.to_string())
}

fn refused(file: &str, variables: &[(&str, &str)]) -> String {
    read(file, variables).expect_err("this should be refused")
}

#[test]
fn an_empty_file_is_a_whole_configuration() {
    let config = read("", &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.base_url(config.listen).as_str(), "http://127.0.0.1:3000/");
    assert_eq!(config.database_url.expose(), "sqlite://data/kalends.db");
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(config.mail.is_none());
}

#[test]
fn the_environment_stands_above_the_file() {
    let config =
        read("listen = \"127.0.0.1:1\"\nlog = \"warn\"", &[("KALENDS_LISTEN", "[::]:4000")]).unwrap();
    assert_eq!(config.listen.to_string(), "[::]:4000");
    assert_eq!(config.log, "warn");
    assert_eq!(
        config.base_url(config.listen).as_str(),
        "http://127.0.0.1:4000/",
        "an unspecified address is no link"
    );
}

#[test]
fn lists_are_lists_in_the_file_and_commas_in_the_environment() {
    let file = read("[net]\nallow = [\"10.0.0.0/8\", \"127.0.0.1\"]", &[]).unwrap();
    let variable = read("", &[("KALENDS_NET_ALLOW", "10.0.0.0/8, 127.0.0.1")]).unwrap();
    assert_eq!(file.allow, variable.allow);
    assert_eq!(file.allow.len(), 2);
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let said = refused("lisen = \"127.0.0.1:1\"", &[("KALENDS_PROT", "1")]);
    assert!(said.contains("kalends.toml: there is no setting lisen"), "{said}");
    assert!(said.contains("KALENDS_PROT: there is no such setting"), "{said}");
}

#[test]
fn a_wrong_value_is_refused_with_key_value_and_fix() {
    let said = refused("listen = \"3000\"\n[mail]\nport = 0\nhost = \"mail.example.com\"", &[]);
    assert!(said.contains("kalends.toml: listen = \"3000\": write an address and a port"), "{said}");
    assert!(said.contains("kalends.toml: mail.port = \"0\": write a port from 1"), "{said}");
}

#[test]
fn a_base_address_with_a_path_is_refused() {
    for wrong in
        ["meet.example.com", "https://example.com/meet", "ftp://example.com", "https://u@example.com"]
    {
        assert!(refused("", &[("KALENDS_BASE_URL", wrong)]).contains("KALENDS_BASE_URL"), "{wrong}");
    }
}

#[test]
fn a_refusal_never_repeats_a_secret() {
    let said = refused("database_url = \"mysql://canary@host\"\n", &[]);
    assert!(said.contains("kalends.toml: database_url = …: write sqlite://FILE"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn a_configuration_prints_no_password() {
    let mail = "[mail]\nhost = \"mail.example.com\"\nuser = \"hanna\"\npassword = \"canary\"";
    let printed =
        format!("{:?}", read(mail, &[("KALENDS_DATABASE_URL", "postgres://u:canary@h/d")]).unwrap());
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn the_mail_ports_default_follows_its_security() {
    let port = |security: &str| {
        let mail =
            read(&format!("[mail]\nhost = \"127.0.0.1\"\nsecurity = \"{security}\""), &[]).unwrap().mail;
        mail.unwrap().answers["port"].clone()
    };
    assert_eq!(["tls", "starttls", "plain"].map(port), ["465", "587", "25"]);
}

#[test]
fn a_mail_setting_without_a_host_is_refused() {
    let said = refused("[mail]\nport = 25", &[]);
    assert!(said.contains("mail.port is set, but mail.host is not"), "{said}");
    let said = refused("", &[("KALENDS_MAIL_HOST", "")]);
    assert!(!said.contains("is set, but"), "what was meant is clear: {said}");
}

#[test]
fn a_mail_account_without_its_password_is_refused() {
    let said = refused("[mail]\nhost = \"h\"\nuser = \"hanna\"", &[]);
    assert!(said.contains("mail.user is set without a password"), "{said}");
}

#[test]
fn a_word_that_is_no_level_does_not_silence_the_log() {
    for wrong in ["loud", "info,kalends_engine", "warn, verbose"] {
        let said = refused("", &[("KALENDS_LOG", wrong)]);
        assert!(said.contains("is no level; write error, warn"), "{said}");
    }
    for right in ["warn", "INFO", "info,kalends_engine=debug", "off"] {
        assert_eq!(read("", &[("KALENDS_LOG", right)]).unwrap().log, right);
    }
}

#[test]
fn a_folder_of_apps_that_is_not_there_is_refused() {
    let said = refused("apps_dir = \"nowhere-at-all\"", &[]);
    assert!(said.contains("apps_dir = \"nowhere-at-all\": cannot be read as a folder"), "{said}");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "root:x:0:0\n").unwrap();
    let path = file.path().to_str().unwrap();
    let said = refused("", &[("KALENDS_NET_CERTIFICATES", path)]);
    assert!(said.contains("KALENDS_NET_CERTIFICATES") && said.contains("holds no certificates"), "{said}");
}

#[test]
fn a_password_in_two_places_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "canary\n").unwrap();
    let both = format!("[mail]\nhost = \"h\"\npassword = \"canary\"\npassword_file = {:?}", file.path());
    let said = refused(&both, &[]);
    assert!(said.contains("both set; keep one") && !said.contains("canary"), "{said}");
}

#[test]
fn an_operator_overrides_an_apps_address_in_the_file() {
    let config = read("[apps.acme.endpoints]\napi = \"http://127.0.0.1:9/x\"", &[]).unwrap();
    assert_eq!(config.endpoints["acme"]["api"].as_str(), "http://127.0.0.1:9/x");
    assert!(refused("[apps.acme]\napi = \"http://127.0.0.1:9\"", &[]).contains("[apps.SLUG.endpoints]"));
    assert!(refused("[apps.acme.endpoints]\napi = \"nowhere\"", &[]).contains("write a whole address"));
}

#[test]
fn an_operator_sets_how_often_an_app_calls() {
    let config = read("[apps.acme.quota]\nper_second = 50\nburst = 100", &[]).unwrap();
    let pace = config.paces["acme"];
    assert_eq!((pace.per_second.unwrap().get(), pace.burst.unwrap().get()), (50, 100));
    assert_eq!(pace.concurrent, None, "what is not said stays as the app has it");
    for wrong in ["per_second = 0", "per_second = \"many\"", "per_day = 3"] {
        let said = refused(&format!("[apps.acme.quota]\n{wrong}"), &[]);
        assert!(said.contains("apps.acme.quota") && said.contains("a number from 1 on"), "{said}");
    }
}

#[test]
fn oau_05_an_operator_gives_a_private_key_instead_of_a_secret() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "-----BEGIN canary\nof two lines\n").unwrap();
    let text = format!("[apps.acme]\nclient_id = \"kalends\"\nclient_key_file = {:?}", file.path());
    let config = read(&text, &[]).unwrap();
    let key = Secret::new("-----BEGIN canary\nof two lines");
    assert_eq!(config.registrations["acme"].client.proof, Some(Proof::Key(key)));
    assert!(!format!("{config:?}").contains("canary"));
    let said = refused(&format!("{text}\nclient_secret = \"canary\""), &[]);
    assert!(said.contains("apps.acme.client_key and client_secret are both set"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn an_operator_registers_this_server_at_a_provider() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "canary\n").unwrap();
    let text = format!("[apps.acme]\nclient_id = \"kalends\"\nclient_secret_file = {:?}", file.path());
    let config = read(&text, &[]).unwrap();
    let acme = &config.registrations["acme"];
    assert_eq!(acme.client.id, "kalends");
    assert_eq!(acme.client, Client::with_secret("kalends", "canary"));
    assert!(!format!("{config:?}").contains("canary"));
    assert!(refused("[apps.acme]\nclient_secret = \"canary\"", &[]).contains("apps.acme.client_id: write"));
    let both = format!("{text}\nclient_secret = \"canary\"");
    let said = refused(&both, &[]);
    assert!(said.contains("both set") && !said.contains("canary"), "{said}");
    assert!(refused("[apps.acme]\nclient = \"x\"", &[]).contains("client_secret_file"));
}

#[test]
fn every_key_is_in_the_manual() {
    let manual = include_str!("../../../docs/operating.md");
    for key in KEYS {
        let row = format!("| `{}` | `{}` | {} | {} |", key.name, key.variable(), key.default, key.what);
        assert!(manual.contains(&row), "docs/operating.md lacks this row:\n{row}");
    }
}
