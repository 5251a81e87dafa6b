//! The peers: servers that others wrote, started by `e2e/peers/up`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::apt;
use crate::sh;

/// All peers, as `e2e/peers/up` names them.
const NAMES: [&str; 16] = [
    "radicale",
    "cyrus",
    "maildev",
    "xoauth2",
    "oauth2",
    "emulate",
    "emulate-strict",
    "ntlm",
    "prism-google",
    "prism-google-meet",
    "prism-graph",
    "prism-zoom",
    "prism-gotomeeting",
    "prism-resend",
    "prism-sendgrid",
    "prism-postmark",
];

/// Running peers and how tests find them; dropping it stops them.
pub struct Peers {
    down: std::path::PathBuf,
    /// `KALENDS_PEER_…` variables with their addresses.
    pub found: Vec<(String, String)>,
}

impl Peers {
    /// Installs what is missing and starts them all.
    pub fn start(root: &Path) -> Result<Self> {
        apt::ensure("Python with venv", &["python3", "python3-venv"], has_venv)?;
        apt::ensure("Node.js", &["nodejs", "npm"], || sh::find("npm", &[]).is_some())?;
        apt::ensure("curl", &["curl"], || sh::find("curl", &[]).is_some())?;
        apt::ensure("Cyrus IMAP", &["cyrus-caldav", "cyrus-imapd", "sasl2-bin"], || {
            sh::find("cyrmaster", &["/usr/sbin"]).is_some()
                && sh::find("saslpasswd2", &["/usr/sbin"]).is_some()
        })?;
        let folder = root.join("e2e/peers");
        let mut peers = Self { down: folder.join("down"), found: Vec::new() };
        let mut up = Command::new(folder.join("up"));
        let printed = sh::read(up.args(NAMES).env("PEERS_DIR", root.join("target/peers")))?;
        for line in printed.lines() {
            let (name, address) = line.split_once('=').with_context(|| format!("not NAME=URL: {line}"))?;
            peers.found.push((format!("KALENDS_PEER_{name}"), address.to_owned()));
        }
        Ok(peers)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let root = crate::root();
        if let Err(error) = sh::quiet(Command::new(&self.down).env("PEERS_DIR", root.join("target/peers"))) {
            eprintln!("xtask: the peers were not stopped: {error:#}");
        }
    }
}

fn has_venv() -> bool {
    // Debian splits ensurepip off into python3-venv.
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|out| out.status.success())
}
