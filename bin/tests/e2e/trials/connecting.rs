//! What a host reads who cannot connect a calendar: words that say what to do, over what was typed. Nothing is saved.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::host::Host;
use crate::{odd, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("connecting::an_address_where_nothing_listens", &[], || {
            refused("nobody", &http(odd::nobody()?), "No connection to the server: check the address")
        }),
        trial("connecting::a_wrong_password", &[], || {
            let at = odd::answering("401 Unauthorized", "text/plain", b"no".to_vec())?;
            refused("password", &http(at), "refuses the user name or the password")
        }),
        trial("connecting::a_server_that_answers_html", &[], || {
            let at = odd::answering("200 OK", "text/html", b"<!doctype html><p>Welcome<br>".to_vec())?;
            refused("html", &http(at), "check the address")
        }),
        trial("connecting::an_answer_of_more_than_10_mb", &[], || {
            let mut body = b"<multistatus xmlns=\"DAV:\">".to_vec();
            body.resize(11 << 20, b' ');
            let at = odd::answering("207 Multi-Status", "application/xml", body)?;
            refused("large", &http(at), "larger than 10240 kB and was not read: check the address")
        }),
        trial("connecting::a_certificate_nobody_vouches_for", &[], || {
            refused("tls", &format!("https://{}/", odd::self_signed()?), "net.certificates")
        }),
        trial("connecting::a_name_without_a_server", &[], || {
            refused("name", "https://calendar.invalid/", "no server of this name: check the address")
        }),
        trial("connecting::a_private_network_the_operator_has_not_opened", &[], || {
            refused("private", "http://10.11.12.13/dav/", "the operator can open it with net.allow")
        }),
    ]
}

fn http(at: SocketAddr) -> String {
    format!("http://{at}/")
}

/// Connecting CalDAV to `server` says `why`, keeps what was typed and saves nothing.
fn refused(name: &str, server: &str, why: &str) -> Result<()> {
    let host = Host::on(&format!("bad-{name}"), "[net]\nallow = [\"127.0.0.1\"]\n")?;
    let form = [("server", server), ("username", "hanna+cal"), ("password", "a secret of hers")];
    let page = host.connect("caldav", &form)?;
    let words = page.words();
    ensure!(page.status == 422 && words.contains(why), "{}: {words}", page.status);
    ensure!(words.contains("Nothing was saved."), "{words}");
    ensure!(page.keeps(server) && page.keeps("hanna+cal"), "what was typed is lost: {words}");
    ensure!(!words.contains("a secret of hers"), "the password is on the page");
    let connected = host.browser.get("/apps/installed")?.words();
    ensure!(connected.contains("Nothing is installed."), "{connected}");
    Ok(())
}
