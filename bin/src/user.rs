//! `kalends user`: accounts, at the server itself.

use std::io::{Read, stdin};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use kalends_domain::people::{Role, Slug, User};
use kalends_engine::Engine;
use kalends_engine::sign_in::{OwnerAsk, SignInError};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Config;
use crate::wire::with_engine;

/// What to do with accounts.
#[derive(Subcommand)]
pub enum Ask {
    /// Makes an account; the first of a server owns it. Prints a password unless one is given.
    Add {
        /// Where they sign in and mails go.
        #[arg(long)]
        email: String,
        /// As guests see it.
        #[arg(long)]
        name: String,
        /// Their page's address [default: made from the name]
        #[arg(long)]
        username: Option<String>,
        /// IANA zone.
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// What they may do.
        #[arg(long, value_enum, default_value = "member")]
        role: As,
        /// Reads the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists all accounts.
    List,
    /// Gives a user a new password and ends their sessions. Prints it unless one is given.
    Password {
        /// Their email or their page's address.
        user: String,
        /// Reads the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// What a user may do.
#[derive(Clone, Copy, ValueEnum)]
pub enum As {
    /// Their own things.
    Member,
    /// Everybody's, and the settings.
    Admin,
    /// And the organization itself.
    Owner,
}

impl From<As> for Role {
    fn from(role: As) -> Self {
        match role {
            As::Member => Self::Member,
            As::Admin => Self::Admin,
            As::Owner => Self::Owner,
        }
    }
}

/// Does it and says what was done.
pub async fn run(config: &Config, ask: &Ask) -> Result<ExitCode> {
    with_engine(config, async |engine| match ask {
        Ask::Add { email, name, username, zone, role, password_stdin } => {
            let (password, made) = password(&engine, *password_stdin)?;
            let username = username.clone().unwrap_or_else(|| from_name(name));
            let ask = OwnerAsk {
                name: name.clone(),
                email: email.clone(),
                username,
                password: password.clone(),
                zone: zone.clone(),
                locale: String::new(),
            };
            let user = engine.add_user(&ask, (*role).into()).await?;
            println!("{} ({}) is {} now, at /{}", user.name, user.email, user.role.as_str(), user.username);
            tell(&password, made);
            Ok(ExitCode::SUCCESS)
        }
        Ask::List => {
            for user in engine.users().await? {
                let off = if user.disabled_at.is_some() { "  (disabled)" } else { "" };
                println!(
                    "{:<30} {:<20} {:<8} {}{off}",
                    user.email,
                    user.username,
                    user.role.as_str(),
                    user.name
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Ask::Password { user, password_stdin } => {
            let (password, made) = password(&engine, *password_stdin)?;
            let user = named(&engine, user).await?;
            engine.overrule_password(user, password.clone()).await?;
            println!("The password is changed, and all sessions are over.");
            tell(&password, made);
            Ok(ExitCode::SUCCESS)
        }
    })
    .await
}

/// The user of this email or page address, for an operator who typed it.
pub async fn named(engine: &Engine, name: &str) -> Result<User> {
    match engine.user(name).await {
        Err(SignInError::NotFound { .. }) => {
            bail!("there is no user {name:?}, or they are disabled; `kalends user list` names everybody")
        }
        found => Ok(found?),
    }
}

/// A password that was given, or one nobody can guess; `true` when it was made here.
fn password(engine: &Engine, given: bool) -> Result<(SecretString, bool)> {
    if !given {
        return Ok((engine.ids().uid().as_str().into(), true));
    }
    let mut typed = String::new();
    stdin().read_to_string(&mut typed).context("cannot read the password")?;
    match typed.trim_end_matches(['\r', '\n']) {
        "" => bail!("the password is empty"),
        password => Ok((password.into(), false)),
    }
}

fn tell(password: &SecretString, made: bool) {
    if made {
        println!("password: {}", password.expose_secret());
    }
}

/// An address for a page from a name: its letters and digits, in small, with hyphens between the words.
fn from_name(name: &str) -> String {
    let small = name.to_lowercase();
    let words: Vec<_> =
        small.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let slug = words.join("-");
    if Slug::parse(&slug).is_ok() { slug } else { format!("host-{slug}") }
}
