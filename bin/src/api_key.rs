//! `kalends api-key`: keys for programs that act as a user.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use kalends_engine::Member;
use secrecy::ExposeSecret;

use crate::config::Config;
use crate::user::named;
use crate::wire::with_engine;

/// What to do with keys.
#[derive(Subcommand)]
pub enum Ask {
    /// Makes a key and prints it, alone and only this once.
    Create {
        /// The user it acts as: email or page address.
        #[arg(long)]
        user: String,
        /// What it is for.
        #[arg(long, default_value = "made at the server")]
        label: String,
    },
    /// Lists a user's keys.
    List {
        /// Email or page address.
        #[arg(long)]
        user: String,
    },
    /// Ends a key.
    Revoke {
        /// Email or page address.
        #[arg(long)]
        user: String,
        /// The key's beginning, as `list` shows it.
        key: String,
    },
}

/// Does it; `create` prints nothing but the key.
pub async fn run(config: &Config, ask: &Ask) -> Result<ExitCode> {
    let (Ask::Create { user, .. } | Ask::List { user } | Ask::Revoke { user, .. }) = ask;
    with_engine(config, async |engine| {
        let of = Member::from(&named(&engine, user).await?);
        match ask {
            Ask::Create { label, .. } => {
                println!("{}", engine.make_api_key(&of, label, None).await?.key.expose_secret());
            }
            Ask::List { .. } => {
                for key in engine.api_keys(&of).await? {
                    println!("{}…  {}  {}", key.shown, key.created_at.strftime("%Y-%m-%d"), key.label);
                }
            }
            Ask::Revoke { key, .. } => {
                let shown = key.trim_end_matches('…');
                let all = engine.api_keys(&of).await?;
                let found: Vec<_> = all.iter().filter(|one| one.shown == shown).collect();
                let [one] = found.as_slice() else {
                    bail!("{} keys begin with {shown:?}; `kalends api-key list` shows them", found.len());
                };
                engine.revoke_api_key(&of, one.id).await?;
                println!("The key is over.");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
