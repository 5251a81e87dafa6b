//! `kalends doctor`: each part of a set-up, whether it is well, and what to do when it is not.

use std::path::Path;
use std::process::ExitCode;

use crate::config::Config;

/// What was found out about one part.
struct Finding {
    part: &'static str,
    /// What is true, or what is wrong and how to mend it.
    said: Result<String, String>,
}

/// Checks every part and prints one line each; fails when one of them is not well.
pub fn run(config: &Config) -> ExitCode {
    let findings = [
        Finding {
            part: "settings",
            said: Ok(format!("serving {} as {}", config.listen, config.base_url(config.listen))),
        },
        Finding { part: "data", said: folder(&config.data_dir) },
        Finding { part: "mail", said: mail(config) },
    ];
    for finding in &findings {
        let (mark, said) = match &finding.said {
            Ok(said) => ("ok  ", said),
            Err(said) => ("FIX ", said),
        };
        println!("{mark} {:<10} {said}", finding.part);
    }
    if findings.iter().all(|finding| finding.said.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn folder(path: &Path) -> Result<String, String> {
    let shown = path.display();
    if !path.exists() {
        return Ok(format!("{shown} will be made at the first start"));
    }
    let probe = path.join(".kalends-doctor");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!("{shown} cannot be written ({error}): give this user the right to, or set data_dir")
    })?;
    Ok(format!("{shown} can be written"))
}

fn mail(config: &Config) -> Result<String, String> {
    match &config.mail {
        Some(mail) => Ok(format!("through {}:{}", mail.server, mail.port)),
        None => Err("no mail server: guests get no confirmation; set mail.server".to_owned()),
    }
}
