//! Mails about connections: a sign-in that has ended, a registration that is not taken.

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_domain::{
    Id,
    people::{Organization, User},
};
use kalends_store::{Result as StoreResult, Tx, repo::Connection};

use super::Installed;
use crate::{
    Engine,
    job::{self, Failed, Letters},
    notify::{self, Letter},
};

/// Tells whoever can sign in again: the owner, or those who manage.
pub(super) async fn tell_ended(tx: &mut Tx, of: &Installed) -> StoreResult<()> {
    let connection = of.connection.id;
    let users = match of.owner() {
        Some(user) => vec![user],
        None => managers(tx, of.installation.organization).await?,
    };
    for user in users {
        job::add(tx, &Letters::SignInEnded { user, connection }).await?;
    }
    Ok(())
}

/// Tells those who manage.
pub(super) async fn tell_refused(tx: &mut Tx, organization: Id<Organization>, app: &str) -> StoreResult<()> {
    for user in managers(tx, organization).await? {
        job::add(tx, &Letters::RegistrationRefused { user, app: app.to_owned() }).await?;
    }
    Ok(())
}

async fn managers(tx: &mut Tx, organization: Id<Organization>) -> StoreResult<Vec<Id<User>>> {
    let all = tx.people().list(organization).await?;
    let told = all.into_iter().filter(|user| user.role.manages() && user.disabled_at.is_none());
    Ok(told.map(|user| user.id).collect())
}

/// A sign-in at a provider has ended. One that was mended meanwhile is not worth a mail.
pub(crate) async fn sign_in_ended(
    engine: &Engine,
    user: Id<User>,
    connection: Id<Connection>,
) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let Some(of) = Installed::of_connection(&mut tx, &engine.outside, connection).await? else {
        return Ok(());
    };
    let ended =
        tx.oauth().grant(&of.connection).await?.and_then(|grant| Some((grant.ended_at?, grant.cause)));
    let (Some((at, cause)), Some(user)) = (ended, tx.people().get(user).await?) else { return Ok(()) };
    drop(tx);
    let name = &of.app.manifest().name;
    let links = engine.outside.links();
    let mut letter = Letter {
        subject: format!("{name} needs you to sign in again"),
        heading: format!("{name} needs you to sign in again"),
        lead: vec![
            cause,
            "Until then its last known times stay in force as you have set it, and new bookings are not written there. \
             Nothing is lost: everything waiting follows once you are back."
                .to_owned(),
        ],
        footer: format!("You get this mail because you connected {name} at {}.", links.host()),
        ..Letter::default()
    };
    letter.fact("Account", &of.connection.account);
    letter.action("Sign in again", format!("{}#a-{}", links.connections(), of.installation.id));
    send(engine, &letter, &user, &format!("sign-in-ended.{connection}.{}", at.as_second())).await
}

/// A provider does not take our registration. One that was mended meanwhile is not worth a mail.
pub(crate) async fn registration_refused(engine: &Engine, user: Id<User>, app: &str) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let (Some(user), Some(app)) = (tx.people().get(user).await?, engine.outside.app(app)) else {
        return Ok(());
    };
    let Some((cause, since)) = tx.oauth().trouble(user.organization, app.slug).await? else { return Ok(()) };
    drop(tx);
    let name = &app.manifest().name;
    let links = engine.outside.links();
    let mut letter = Letter {
        subject: format!("{name} does not take this server’s registration"),
        heading: format!("{name} does not take this server’s registration"),
        lead: vec![
            cause,
            format!(
                "Nobody’s connection is broken by it, but none can be renewed until the client id and secret of {name} are right again."
            ),
        ],
        footer: format!("You get this mail because you manage {}.", links.host()),
        ..Letter::default()
    };
    letter.action("Look at the registration", links.registration(app.slug));
    send(engine, &letter, &user, &format!("registration-refused.{}.{}", app.slug, since.as_second())).await
}

/// The id is the same for the same event and recipient (EML-03); the recipient is hashed, for an id is shown to others.
async fn send(engine: &Engine, letter: &Letter, user: &User, event: &str) -> Result<(), Failed> {
    let hash = digest::digest(&digest::SHA256, user.email.as_bytes());
    let short = BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9]);
    let id = format!("{event}.{short}@{}", engine.outside.links().host());
    let message = notify::mail(letter, &user.name, &user.email, id);
    let message = message.map_err(|error| Failed::never(error.to_string()))?;
    notify::post(engine, user.organization, &message).await
}
