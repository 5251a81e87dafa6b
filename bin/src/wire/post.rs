//! The mail server from the settings, as the answers to its app's own form.

use anyhow::{Result, bail};
use kalends_app::Secrets;
use kalends_app::gateway::Account;
use kalends_catalog::APPS;
use kalends_engine::connect::Post;
use serde_json::Value;
use url::{Host, Url};

use crate::config::Mail;

/// Fills the app's form; what the app refuses is said with the setting's name.
pub fn post(mail: &Mail, base_url: &Url) -> Result<Post> {
    let Some(app) = APPS.iter().copied().find(|app| app.slug == mail.app) else {
        bail!("mail.app = {:?}: there is no app of that name; `kalends app list` names them all", mail.app);
    };
    if app.messenger().is_none() {
        bail!(
            "mail.app = {:?}: {} sends no mails; leave the key out for smtp",
            mail.app,
            app.manifest().name
        );
    }
    if app.manifest().auth.oauth().is_some() {
        bail!(
            "mail.app = {:?}: an account of {} is connected on its page, by signing in there; leave the key out, and set a mail \
             server here only for the time before",
            mail.app,
            app.manifest().name
        );
    }
    let mut form = mail.answers.clone();
    if let Some(password) = &mail.password {
        form.insert("password".to_owned(), password.expose().to_owned());
    }
    form.entry("from_email".to_owned()).or_insert_with(|| format!("kalends@{}", domain(base_url)));
    form.entry("from_name".to_owned()).or_insert_with(|| "Kalends".to_owned());
    let filled = match app.manifest().check(&form, &Secrets::none()) {
        Ok(filled) => filled,
        Err(wrong) => {
            let wrong: Vec<_> =
                wrong.iter().map(|one| format!("\n  mail.{}: {}", one.field, one.problem)).collect();
            bail!("the settings are wrong (docs/operating.md lists them):{}", wrong.concat())
        }
    };
    let account = Account {
        id: "server".to_owned(),
        settings: Value::Object(filled.settings),
        secrets: filled.secrets,
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        ..Account::default()
    };
    Ok(Post { app, account, from: None })
}

/// What mails from this server can come from when nobody says.
fn domain(base_url: &Url) -> String {
    match base_url.host() {
        Some(Host::Domain(host)) if host != "localhost" => host.to_owned(),
        _ => "localhost.localdomain".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(app: &str) -> String {
        let mail = Mail { app: app.to_owned(), answers: [].into(), password: None };
        let base = Url::parse("https://meet.example.com").unwrap();
        post(&mail, &base).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_send_by_settings_alone_is_refused_and_says_why() {
        for (app, says) in [
            ("gmial", "there is no app of that name"),
            ("jitsi", "sends no mails"),
            ("gmail", "by signing in there"),
            ("outlook-mail", "by signing in there"),
            ("smtp", "mail.host: fill this in"),
        ] {
            let said = refused(app);
            assert!(said.contains(says), "{app}: {said}");
        }
    }
}
