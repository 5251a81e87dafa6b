//! Links sent by mail: a new password, the proof of an address. Each works once.

use jiff::SignedDuration;
use kalends_domain::{Id, people::User};
use kalends_store::repo::Token;
use secrecy::{ExposeSecret, SecretString};

use super::{
    Client, SignInError,
    email::NEW_EMAIL,
    password,
    session::{later, set_password},
    token,
};
use crate::{
    Engine, Invalid, audit,
    job::{self, Failed, Letters},
    notify,
};

const RESET: &str = "password_reset";
const VERIFY: &str = "verify_email";

impl Engine {
    /// Sends a link for a new password, if there is such a user. Nobody learns whether there is.
    pub async fn ask_password_reset(&self, email: &str, client: &Client) -> Result<(), SignInError> {
        let email = email.trim().to_lowercase();
        self.door.mail(&email, client, self.db.now())?;
        let user = {
            let mut tx = self.db.read().await?;
            tx.people().by_email(&email).await?.filter(|user| user.disabled_at.is_none())
        };
        let Some(user) = user else { return Ok(()) };
        let ip = client.ip.to_string();
        self.db
            .write(move |tx| {
                let (user, ip) = (user.clone(), ip.clone());
                Box::pin(async move {
                    job::add(tx, &Letters::PasswordReset { user: user.id }).await?;
                    audit::write(tx, &audit::Entry::by(&user, "password_reset_asked", "").from(&ip)).await
                })
            })
            .await
            .map_err(SignInError::Store)
    }

    /// Whether the link still works, without using it up: to show its form.
    pub async fn can_reset_password(&self, link: &SecretString) -> Result<bool, SignInError> {
        let mut tx = self.db.read().await?;
        Ok(tx.sessions().token(link.expose_secret(), RESET).await?.is_some())
    }

    /// Sets a new password by the link, and ends every session.
    pub async fn reset_password(
        &self,
        link: &SecretString,
        new: SecretString,
        client: &Client,
    ) -> Result<(), SignInError> {
        if !self.can_reset_password(link).await? {
            return Err(SignInError::LinkOver);
        }
        password::fit(&new).map_err(|fix| Invalid::one("new_password", fix))?;
        let hash = password::hash(new, self.db.ids()).await?;
        let user = self.use_link(link, RESET).await?.ok_or(SignInError::LinkOver)?;
        self.door.opened(&user.email);
        set_password(self, user, hash, None, client.ip.to_string()).await
    }

    /// Takes the address the link was mailed to as proven: the one of the account, or another that was asked for.
    pub async fn verify_email(&self, link: &SecretString) -> Result<(), SignInError> {
        let Some(user) = self.use_link(link, VERIFY).await? else { return self.take_new_email(link).await };
        self.db
            .write(move |tx| {
                let mut user = user.clone();
                Box::pin(async move {
                    user.email_verified_at = Some(tx.now());
                    tx.people().save(&user).await?;
                    audit::write(tx, &audit::Entry::by(&user, "email_verified", &user.email)).await
                })
            })
            .await
            .map_err(SignInError::Store)
    }

    /// Uses a link up: its user, if it worked and the address it was sent to is still theirs.
    async fn use_link(
        &self,
        link: &SecretString,
        purpose: &'static str,
    ) -> Result<Option<User>, SignInError> {
        let link = link.clone();
        self.db
            .write(move |tx| {
                let link = link.clone();
                Box::pin(async move {
                    let Some(token) = tx.sessions().use_token(link.expose_secret(), purpose).await? else {
                        return Ok(None);
                    };
                    let user = tx.people().get(token.user).await?;
                    Ok(user.filter(|user| user.disabled_at.is_none() && user.email == token.detail))
                })
            })
            .await
    }
}

/// Makes the link and sends it. A try whose answer was lost makes another link: the newest one works.
pub(crate) async fn send(engine: &Engine, letter: &Letters) -> Result<(), Failed> {
    let (id, purpose, hours) = match letter {
        Letters::PasswordReset { user } => (*user, RESET, 1),
        Letters::VerifyEmail { user } => (*user, VERIFY, 24),
        Letters::NewEmail { user, .. } => (*user, NEW_EMAIL, 24),
        Letters::EmailChanged { user, before } => return tell_the_one_before(engine, *user, before).await,
        Letters::SignInEnded { .. }
        | Letters::RegistrationRefused { .. }
        | Letters::MailReturned { .. }
        | Letters::CalendarChange { .. } => return Ok(()),
    };
    let Some(user) = engine.db.read().await?.people().get(id).await? else { return Ok(()) };
    let link = token::fresh("", engine.db.ids());
    let address = match letter {
        Letters::NewEmail { email, .. } => email.clone(),
        _ => user.email.clone(),
    };
    let (kept, whose, detail) = (link.clone(), user.clone(), address.clone());
    engine
        .db
        .write(move |tx| {
            let (kept, whose, detail) = (kept.clone(), whose.clone(), detail.clone());
            Box::pin(async move {
                let token = Token {
                    organization: whose.organization,
                    user: whose.id,
                    purpose: purpose.to_owned(),
                    detail,
                    expires_at: later(tx.now(), SignedDuration::from_hours(hours)),
                };
                tx.sessions().add_token(kept.expose_secret(), &token).await
            })
        })
        .await?;
    let links = engine.outside.links();
    let message = match letter {
        Letters::PasswordReset { .. } => notify::account::password_reset(&user, &link, links),
        Letters::NewEmail { .. } => notify::account::new_email(&user, &address, &link, links),
        _ => notify::account::verify_email(&user, &link, links),
    };
    let message = message.map_err(|error| Failed::never(error.to_string()))?;
    notify::post(engine, user.organization, &message).await
}

/// Whoever has the old email learns that it opens the account no more.
async fn tell_the_one_before(engine: &Engine, user: Id<User>, before: &str) -> Result<(), Failed> {
    let Some(user) = engine.db.read().await?.people().get(user).await? else { return Ok(()) };
    let message = notify::account::email_changed(&user, before, engine.outside.links())
        .map_err(|error| Failed::never(error.to_string()))?;
    notify::post(engine, user.organization, &message).await
}
