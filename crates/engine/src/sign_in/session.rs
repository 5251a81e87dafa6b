//! Sessions: signing in, staying in, getting out.

use jiff::{SignedDuration, Timestamp};
use kalends_domain::{Id, people::User};
use kalends_store::{Result as StoreResult, Tx, repo::Session};
use secrecy::{ExposeSecret, SecretString};

use super::{Client, SignInError, password, token};
use crate::{Engine, Invalid, Member, audit};

/// Seen at most this often: a page with twenty requests writes once.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How long a session may rest before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stay {
    /// Half a day, a week in all: somebody else's device.
    #[default]
    Short,
    /// A month, a quarter in all: one's own.
    Long,
}

impl Stay {
    const fn idle(self) -> SignedDuration {
        match self {
            Self::Short => SignedDuration::from_hours(12),
            Self::Long => SignedDuration::from_hours(30 * 24),
        }
    }
}

/// However busy, a session ends after this.
const IN_ALL: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Somebody who was let in.
#[derive(Debug)]
pub struct Entered {
    /// For the cookie, and nowhere else.
    pub token: SecretString,
    /// The session it opens.
    pub session: Session,
    /// Who.
    pub user: User,
}

impl Engine {
    /// Lets somebody in who knows the password. Takes the same time whether or not the address is known.
    pub async fn sign_in(
        &self,
        email: &str,
        password: SecretString,
        stay: Stay,
        client: &Client,
    ) -> Result<Entered, SignInError> {
        let email = email.trim().to_lowercase();
        self.door.knock(&email, client, self.db.now())?;
        let (user, kept) = {
            let mut tx = self.db.read().await?;
            let user = tx.people().by_email(&email).await?.filter(|user| user.disabled_at.is_none());
            let kept = match &user {
                Some(user) => tx.people().password(user).await?,
                None => None,
            };
            (user, kept)
        };
        let check = password::check(password.clone(), kept).await;
        let (Some(user), false) = (user, check == password::Check::Wrong) else {
            return Err(SignInError::Wrong);
        };
        self.door.opened(&email);
        let stronger = match check {
            password::Check::RightButOld => Some(password::hash(password, self.db.ids()).await?),
            _ => None,
        };
        self.enter(user, stronger, stay, client).await
    }

    /// Opens a session for somebody who has proven who they are.
    pub(super) async fn enter(
        &self,
        user: User,
        hash: Option<String>,
        stay: Stay,
        client: &Client,
    ) -> Result<Entered, SignInError> {
        let ids = self.db.ids();
        let token = token::fresh("", ids);
        let now = self.db.now();
        let session = Session {
            id: ids.id(),
            organization: user.organization,
            user: user.id,
            user_agent: client.agent(),
            ip: client.ip.to_string(),
            created_at: now,
            last_seen_at: now,
            expires_at: later(now, stay.idle()),
        };
        let entered = Entered { token: token.clone(), session: session.clone(), user: user.clone() };
        self.db
            .write(move |tx| {
                let (token, session, user, hash) =
                    (token.clone(), session.clone(), user.clone(), hash.clone());
                Box::pin(async move {
                    if let Some(hash) = hash {
                        tx.people().set_password(&user, &hash).await?;
                    }
                    tx.sessions().add(token.expose_secret(), &session).await?;
                    audit::write(
                        tx,
                        &audit::Entry::by(&user, "signed_in", &session.user_agent).from(&session.ip),
                    )
                    .await
                })
            })
            .await?;
        Ok(entered)
    }

    /// Whose session this token opens; none when it is over, revoked, or its user may not come in any more.
    pub async fn session(&self, token: &SecretString) -> StoreResult<Option<(Session, User)>> {
        let now = self.db.now();
        let found = {
            let mut tx = self.db.read().await?;
            let Some(session) = tx.sessions().by_token(token.expose_secret()).await? else { return Ok(None) };
            let user = tx.people().get(session.user).await?.filter(|user| user.disabled_at.is_none());
            user.map(|user| (session, user))
        };
        let Some((mut session, user)) = found else { return Ok(None) };
        if now.duration_since(session.last_seen_at) >= SEEN_EVERY {
            let idle = session.expires_at.duration_since(session.last_seen_at);
            let expires_at = later(now, idle).min(later(session.created_at, IN_ALL));
            let seen = session.clone();
            self.db
                .write(move |tx| {
                    let seen = seen.clone();
                    Box::pin(async move { tx.sessions().seen(&seen, expires_at).await })
                })
                .await?;
            session.last_seen_at = now;
            session.expires_at = expires_at;
        }
        Ok(Some((session, user)))
    }

    /// Ends the session of this token; one that is over is fine.
    pub async fn sign_out(&self, token: &SecretString) -> Result<(), SignInError> {
        let Some((session, user)) = self.session(token).await? else { return Ok(()) };
        self.end_session(user, session.id, "signed_out").await
    }

    /// Where a user is signed in, last seen first.
    pub async fn sessions(&self, of: &Member) -> Result<Vec<Session>, SignInError> {
        let mut tx = self.db.read().await?;
        let user = user_of(&mut tx, of).await?;
        Ok(tx.sessions().list(&user).await?)
    }

    /// Ends one of a user's own sessions.
    pub async fn revoke_session(&self, of: &Member, id: Id<Session>) -> Result<(), SignInError> {
        let user = user_of(&mut self.db.read().await?, of).await?;
        self.end_session(user, id, "session_revoked").await
    }

    /// Ends all of a user's own sessions but the one they are looking from; how many there were.
    pub async fn revoke_other_sessions(&self, of: &Member, keep: Id<Session>) -> Result<u64, SignInError> {
        let user = user_of(&mut self.db.read().await?, of).await?;
        self.db
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let ended = tx.sessions().revoke_others(&user, Some(keep)).await?;
                    audit::write(tx, &audit::Entry::by(&user, "sessions_revoked", &ended.to_string()))
                        .await?;
                    Ok(ended)
                })
            })
            .await
    }

    async fn end_session(
        &self,
        user: User,
        id: Id<Session>,
        action: &'static str,
    ) -> Result<(), SignInError> {
        self.db
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    tx.sessions().revoke(&user, id).await?;
                    audit::write(tx, &audit::Entry::by(&user, action, "")).await.map_err(SignInError::from)
                })
            })
            .await
    }

    /// Changes a user's own password, and ends all their other sessions.
    pub async fn change_password(
        &self,
        of: &Member,
        keep: Id<Session>,
        current: SecretString,
        new: SecretString,
        client: &Client,
    ) -> Result<(), SignInError> {
        let (user, kept) = {
            let mut tx = self.db.read().await?;
            let user = user_of(&mut tx, of).await?;
            let kept = tx.people().password(&user).await?;
            (user, kept)
        };
        self.door.knock(&user.email, client, self.db.now())?;
        password::fit(&new).map_err(|fix| Invalid::one("new_password", fix))?;
        if password::check(current, kept).await == password::Check::Wrong {
            return Err(Invalid::one("current_password", "This is not your current password.").into());
        }
        self.door.opened(&user.email);
        let hash = password::hash(new, self.db.ids()).await?;
        set_password(self, user, hash, Some(keep), client.ip.to_string()).await
    }
}

/// Stores a new password; whoever knew the old one is out.
pub(super) async fn set_password(
    engine: &Engine,
    user: User,
    hash: String,
    keep: Option<Id<Session>>,
    ip: String,
) -> Result<(), SignInError> {
    engine
        .db
        .write(move |tx| {
            let (user, hash, ip) = (user.clone(), hash.clone(), ip.clone());
            Box::pin(async move {
                tx.people().set_password(&user, &hash).await?;
                tx.sessions().revoke_others(&user, keep).await?;
                audit::write(tx, &audit::Entry::by(&user, "password_changed", "").from(&ip))
                    .await
                    .map_err(SignInError::from)
            })
        })
        .await
}

/// The user behind a member; one who is gone or disabled since is not found.
pub(crate) async fn user_of(tx: &mut Tx, of: &Member) -> Result<User, SignInError> {
    let user = tx.people().get(of.user).await?.filter(|user| user.disabled_at.is_none());
    user.filter(|user| user.organization == of.organization).ok_or(SignInError::NotFound { what: "user" })
}

pub(super) fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
