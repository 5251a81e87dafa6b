//! An Exchange account is connected by NTLM, as an acceptor that others wrote judges the sign-in (EWS-04).

use std::env;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::host::Host;
use crate::visitor::Page;
use crate::{Need, trial};

const USER: &str = "EXAMPLE\\host";

pub fn trials() -> Vec<Trial> {
    const NTLM: &[Need] = &[Need::Peer("NTLM")];
    vec![
        trial("exchange::signs_in_by_ntlm", NTLM, signs_in),
        trial("exchange::a_wrong_password_is_refused_by_ntlm_and_nothing_typed_is_lost", NTLM, refused),
    ]
}

fn signs_in() -> Result<()> {
    let host = server("ntlm-right")?;
    let page = connect(&host, "hostpw")?;
    ensure!(page.status == 303, "{}: {}", page.status, page.words());
    let calendars = host.browser.get(&page.onward)?.words();
    ensure!(calendars.contains("Rehearsals"), "no calendars on {}: {calendars}", page.onward);
    Ok(())
}

fn refused() -> Result<()> {
    let host = server("ntlm-wrong")?;
    let page = connect(&host, "a secret of hers")?;
    let words = page.words();
    ensure!(
        page.status == 422 && words.contains("refuses the user name or the password"),
        "{}: {words}",
        page.status
    );
    ensure!(words.contains("Nothing was saved."), "{words}");
    for typed in ["hanna@example.com", USER, &env::var("KALENDS_PEER_NTLM")?] {
        ensure!(page.keeps(typed), "{typed} is lost: {words}");
    }
    ensure!(!words.contains("a secret of hers"), "the password is on the page");
    let connected = host.browser.get("/apps/installed")?.words();
    ensure!(connected.contains("Nothing is installed."), "{connected}");
    Ok(())
}

fn server(name: &str) -> Result<Host> {
    Host::on(name, "[net]\nallow = [\"127.0.0.1\"]\n")
}

fn connect(host: &Host, password: &str) -> Result<Page> {
    let server = env::var("KALENDS_PEER_NTLM")?;
    let form =
        [("email", "hanna@example.com"), ("username", USER), ("password", password), ("server", &*server)];
    host.connect("exchange", &form)
}
