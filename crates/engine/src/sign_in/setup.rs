//! The first run: the owner of a fresh server.

use kalends_domain::{
    Zone,
    availability::Schedule,
    event_type::is_email,
    people::{Organization, Profile, Role, Slug, User},
};
use kalends_store::{Tx, repo::StoredSchedule};
use secrecy::SecretString;

use super::{Client, Entered, SignInError, Stay, password};
use crate::{
    Engine, Invalid, audit,
    job::{self, Letters},
};

/// The one organization of a fresh server.
const DEFAULT: &str = "default";

/// Who becomes the owner.
#[derive(Debug, Clone)]
pub struct OwnerAsk {
    /// As guests see it.
    pub name: String,
    /// Where they sign in and mails go.
    pub email: String,
    /// Their page's address.
    pub username: String,
    /// Their password.
    pub password: SecretString,
    /// IANA zone, as their browser says it.
    pub zone: String,
    /// BCP 47 tag, as their browser says it.
    pub locale: String,
}

impl Engine {
    /// True while nobody has an account: the set-up page is shown to whoever comes first.
    pub async fn needs_setup(&self) -> kalends_store::Result<bool> {
        let mut tx = self.db.read().await?;
        nobody_here(&mut tx).await
    }

    /// Makes the owner of a fresh server, with a first schedule, and lets them in. Works once.
    pub async fn create_owner(&self, ask: &OwnerAsk, client: &Client) -> Result<Entered, SignInError> {
        let user = self.owner(ask)?;
        if !self.needs_setup().await? {
            return Err(SignInError::AlreadySetUp);
        }
        let hash = password::hash(ask.password.clone(), self.ids()).await?;
        let user = self
            .db
            .write(move |tx| {
                let (user, hash) = (user.clone(), hash.clone());
                Box::pin(async move { first(tx, user, &hash).await })
            })
            .await?;
        self.enter(user, None, Stay::Long, client).await
    }

    pub(super) fn owner(&self, ask: &OwnerAsk) -> Result<User, Invalid> {
        let mut invalid = Invalid::default();
        let name = ask.name.trim().to_owned();
        invalid.need(
            (1..=120).contains(&name.chars().count()),
            "name",
            "Write your name, as guests should see it.",
        );
        let email = ask.email.trim().to_lowercase();
        invalid.need(is_email(&email), "email", "Write your email, such as name@example.com.");
        let username = Slug::page(ask.username.trim());
        if let Err(bad) = &username {
            invalid.say("username", bad.to_string());
        }
        let zone = Zone::parse(ask.zone.trim());
        if let Err(unknown) = &zone {
            invalid.say("zone", unknown.to_string());
        }
        if let Err(fix) = password::fit(&ask.password) {
            invalid.say("password", fix);
        }
        let (Ok(username), Ok(zone)) = (username, zone) else { return Err(invalid) };
        invalid.check()?;
        let locale =
            if ask.locale.trim().is_empty() { "en".to_owned() } else { ask.locale.trim().to_owned() };
        Ok(User {
            id: self.ids().id(),
            number: self.ids().number(),
            organization: self.ids().id(),
            email,
            email_verified_at: None,
            name,
            username,
            role: Role::Owner,
            profile: Profile {
                zone: zone.name().to_owned(),
                hours: crate::notify::hours_of(&locale),
                locale,
                ..Profile::default()
            },
            default_schedule: None,
            disabled_at: None,
            created_at: self.now(),
        })
    }
}

pub(super) async fn nobody_here(tx: &mut Tx) -> kalends_store::Result<bool> {
    for organization in tx.people().organizations().await? {
        if !tx.people().list(organization.id).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn first(tx: &mut Tx, user: User, hash: &str) -> Result<User, SignInError> {
    if !nobody_here(tx).await? {
        return Err(SignInError::AlreadySetUp);
    }
    let user = settle(tx, user, hash).await?;
    audit::write(tx, &audit::Entry::by(&user, "server_set_up", &user.email)).await?;
    Ok(user)
}

/// Gives a new user their place: the default organization, a password, working hours.
pub(super) async fn settle(tx: &mut Tx, mut user: User, hash: &str) -> Result<User, SignInError> {
    let slug = Slug::parse(DEFAULT).map_err(|bad| kalends_store::Error::Refused(bad.to_string()))?;
    user.organization = if let Some(there) = tx.people().organization_by_slug(&slug).await? {
        there.id
    } else {
        let organization = Organization { id: user.organization, slug, name: user.name.clone() };
        tx.people().add_organization(&organization).await?;
        organization.id
    };
    tx.people().add(&user).await?;
    tx.people().set_password(&user, hash).await?;
    let zone = Zone::parse(&user.profile.zone).unwrap_or_else(|_| Zone::utc());
    let schedule = StoredSchedule {
        id: tx.ids().id(),
        number: tx.ids().number(),
        organization: user.organization,
        user: user.id,
        name: "Working hours".into(),
        hours: Schedule::nine_to_five(zone),
    };
    tx.schedules().add(&schedule).await?;
    user.default_schedule = Some(schedule.id);
    tx.people().save(&user).await?;
    job::add(tx, &Letters::VerifyEmail { user: user.id }).await?;
    Ok(user)
}
