//! Settings that cannot be used: the refusal names the place and the fix, and repeats no secret.

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::secrets::{Place, Secrets, Text};
use crate::server::kalends;

/// Each way to get a secret in the settings wrong, by the file or the environment; what the refusal must speak of.
pub fn refused() -> Result<()> {
    let mut secrets = Secrets::default();
    let mut word = |name: &str| secrets.word(name);
    let files = [
        (
            format!("database_url = \"postgres://kalends:{}@127.0.0.1:1/kalends\"\n", word("database")),
            "database",
        ),
        (
            format!("database_url = \"mysql://kalends:{}@127.0.0.1/kalends\"\n", word("other database")),
            "database_url",
        ),
        (format!("base_url = \"https://hanna:{}@meet.example.com/\"\n", word("base address")), "base_url"),
        (format!("embed_on = [\"https://hanna:{}@example.com/page\"]\n", word("embedding")), "embed_on"),
        (format!("[mail]\npassword = \"{}\n", word("unclosed mail")), "kalends.toml"),
        (format!("[mail]\npassword = [1, \"{}\"]\n", word("listed mail")), "mail.password"),
        (
            format!("[mail]\nhost = \"mail.example.com\"\npassword = \"{}\"\n", word("mail in the clear"))
                + "security = \"plain\"\n",
            "mail",
        ),
        (format!("[apps.zoom]\nclient_secret = \"{}\"\n", word("nobody's client")), "client_id"),
        (format!("[apps.zoom]\nclient_secret = [\"{}\"]\n", word("listed client")), "apps"),
        (
            format!(
                "[apps.zoom]\nclient_id = \"kalends\"\nwebhook_secret_before = [\"{}\"]\n",
                word("listed one before")
            ),
            "apps",
        ),
        (
            format!(
                "[apps.microsoft-365]\nclient_id = \"kalends\"\nclient_secret = \"{}\"\nclient_key = \"{}\"\n",
                word("client beside a key"),
                word("key beside a client")
            ),
            "client_key",
        ),
        (
            format!("[apps.microsoft-365]\nclient_id = \"kalends\"\nclient_key = \"{}\"\n", word("no key")),
            "client_key",
        ),
        (format!("[apps.zoom.endpoints]\napi = \"hanna:{}@example.com\"\n", word("endpoint")), "endpoints"),
        (
            format!(
                "[apps.zoom.endpoints]\nelsewhere = \"https://hanna:{}@example.com/\"\n",
                word("stray endpoint")
            ),
            "elsewhere",
        ),
    ];
    let variables = [
        (
            "KALENDS_DATABASE_URL",
            format!("oracle:{}", word("database in the environment")),
            "KALENDS_DATABASE_URL",
        ),
        ("KALENDS_MAIL_PASWORD", word("misspelt variable"), "KALENDS_MAIL_PASWORD"),
        ("KALENDS_BASE_URL", format!("https://:{}@/", word("base in the environment")), "KALENDS_BASE_URL"),
    ];
    let mut texts = Vec::new();
    for (file, speaks_of) in files {
        let folder = TempDir::new()?;
        std::fs::write(folder.path().join("kalends.toml"), format!("log = \"trace\"\n{file}"))?;
        let out = kalends(folder.path()).args(["migrate"]).env("KALENDS_LISTEN", "127.0.0.1:0").output()?;
        let said = [out.stdout, out.stderr].concat();
        // Some of it is taken as it is, and used when a server starts.
        if !out.status.success() {
            let text = String::from_utf8_lossy(&said);
            ensure!(text.contains(speaks_of), "nothing about {speaks_of}: {text}");
        }
        texts.push(Text { name: file, place: Place::Log, bytes: said });
    }
    for (name, value, speaks_of) in variables {
        let folder = TempDir::new()?;
        let out = kalends(folder.path()).args(["migrate"]).env(name, &value).output()?;
        let said = [out.stdout, out.stderr].concat();
        ensure!(
            !out.status.success() && String::from_utf8_lossy(&said).contains(speaks_of),
            "{}",
            String::from_utf8_lossy(&said)
        );
        texts.push(Text { name: name.to_owned(), place: Place::Log, bytes: said });
    }
    let found = secrets.found_in(&texts)?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}
