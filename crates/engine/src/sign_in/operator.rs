//! What the operator does at the server itself: accounts made and opened without a mail.

use kalends_domain::people::{Role, Slug, User};
use kalends_store::{Error as StoreError, Tx};
use secrecy::SecretString;

use super::{OwnerAsk, SignInError, password, session::set_password, setup};
use crate::{Engine, Invalid, Member, audit};

impl Engine {
    /// Makes an account in the default organization; the first of a server always owns it.
    pub async fn add_user(&self, ask: &OwnerAsk, role: Role) -> Result<User, SignInError> {
        let owner = self.owner(ask)?;
        let hash = password::hash(ask.password.clone(), self.ids()).await?;
        self.db
            .write(move |tx| {
                let (mut user, hash) = (owner.clone(), hash.clone());
                Box::pin(async move {
                    if !setup::nobody_here(tx).await? {
                        user.role = role;
                    }
                    let user = setup::settle(tx, user, &hash).await.map_err(taken)?;
                    audit::write(tx, &audit::Entry::by_server(user.organization, "user_added", &user.email))
                        .await?;
                    Ok(user)
                })
            })
            .await
    }

    /// The user with this email or page address; disabled ones are not found.
    pub async fn user(&self, name: &str) -> Result<User, SignInError> {
        let mut tx = self.db.read().await?;
        let user = match tx.people().by_email(name.trim()).await? {
            Some(user) => Some(user),
            None => by_username(&mut tx, name.trim()).await?,
        };
        user.filter(|user| user.disabled_at.is_none()).ok_or(SignInError::NotFound { what: "user" })
    }

    /// All users of all organizations, by name.
    pub async fn users(&self) -> Result<Vec<User>, SignInError> {
        let mut tx = self.db.read().await?;
        let mut all = Vec::new();
        for organization in tx.people().organizations().await? {
            all.extend(tx.people().list(organization.id).await?);
        }
        Ok(all)
    }

    /// Gives a user a new password and ends all their sessions.
    pub async fn overrule_password(&self, user: User, new: SecretString) -> Result<(), SignInError> {
        password::fit(&new).map_err(|fix| Invalid::one("password", fix))?;
        let hash = password::hash(new, self.ids()).await?;
        set_password(self, user, hash, None, String::new()).await
    }
}

impl From<&User> for Member {
    fn from(user: &User) -> Self {
        Self { user: user.id, organization: user.organization, role: user.role }
    }
}

async fn by_username(tx: &mut Tx, name: &str) -> Result<Option<User>, StoreError> {
    let Ok(slug) = Slug::parse(name) else { return Ok(None) };
    for organization in tx.people().organizations().await? {
        if let Some(user) = tx.people().by_username(organization.id, &slug).await? {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// Somebody has this address already: said at its field.
fn taken(error: SignInError) -> SignInError {
    match error {
        SignInError::Store(store) if store.is_taken("email") => {
            Invalid::one("email", "Somebody signs in with this address already.").into()
        }
        SignInError::Store(store) if store.is_taken("username") => {
            Invalid::one("username", "Somebody's page has this address already; choose another.").into()
        }
        error => error,
    }
}
