//! Another email for an account: asked for with the password, and in force once its own link is opened.

use kalends_domain::event_type::is_email;
use secrecy::{ExposeSecret, SecretString};

use super::{Client, SignInError, password, session::user_of};
use crate::{
    Engine, Invalid, Member, audit,
    job::{self, Letters},
};

/// What the link's token is for.
pub(super) const NEW_EMAIL: &str = "new_email";

impl Engine {
    /// Mails a link to another email of a user's own. Until it is opened, nothing changes.
    pub async fn ask_new_email(
        &self,
        of: &Member,
        email: &str,
        current: SecretString,
        client: &Client,
    ) -> Result<(), SignInError> {
        let email = email.trim().to_lowercase();
        let (user, kept, taken) = {
            let mut tx = self.db.read().await?;
            let user = user_of(&mut tx, of).await?;
            let kept = tx.people().password(&user).await?;
            let taken = tx.people().by_email(&email).await?;
            (user, kept, taken)
        };
        let mut invalid = Invalid::default();
        invalid.need(is_email(&email), "email", "Write your new email, such as name@example.com.");
        invalid.need(email != user.email, "email", "This is your email already.");
        invalid.check()?;
        self.door.knock(&user.email, client, self.db.now())?;
        if password::check(current, kept).await == password::Check::Wrong {
            return Err(Invalid::one("email_password", "This is not your current password.").into());
        }
        self.door.opened(&user.email);
        // Who knows no password here does not learn who else has an account.
        if taken.is_some() {
            return Err(Invalid::one("email", "Somebody signs in with this email already.").into());
        }
        self.door.mail(&email, client, self.db.now())?;
        let ip = client.ip.to_string();
        self.db
            .write(move |tx| {
                let (user, email, ip) = (user.clone(), email.clone(), ip.clone());
                Box::pin(async move {
                    audit::write(tx, &audit::Entry::by(&user, "new_email_asked", &email).from(&ip)).await?;
                    job::add(tx, &Letters::NewEmail { user: user.id, email }).await
                })
            })
            .await
            .map_err(SignInError::Store)
    }

    /// Puts the email in force that the link was mailed to; the one before is told.
    pub(super) async fn take_new_email(&self, link: &SecretString) -> Result<(), SignInError> {
        let link = link.clone();
        let taken = self.db.write(move |tx| {
            let link = link.clone();
            Box::pin(async move {
                let Some(token) = tx.sessions().use_token(link.expose_secret(), NEW_EMAIL).await? else {
                    return Err(SignInError::LinkOver);
                };
                let user = tx.people().get(token.user).await?.filter(|user| user.disabled_at.is_none());
                let mut user = user.ok_or(SignInError::LinkOver)?;
                let before = std::mem::replace(&mut user.email, token.detail);
                user.email_verified_at = Some(tx.now());
                tx.people().save(&user).await?;
                let what = format!("{before} → {}", user.email);
                audit::write(tx, &audit::Entry::by(&user, "email_changed", &what)).await?;
                job::add(tx, &Letters::EmailChanged { user: user.id, before }).await?;
                Ok(())
            })
        });
        match taken.await {
            // Somebody else took it meanwhile.
            Err(SignInError::Store(error)) if error.is_taken("email") => Err(SignInError::LinkOver),
            done => done,
        }
    }
}
