//! Mails about an account: a new password, the proof of an address.

use kalends_app::kind::messenger::Message;
use kalends_domain::people::User;
use secrecy::{ExposeSecret, SecretString};

use super::{Letter, compose, letter::one_line, links::Links};

/// How to set a new password.
pub fn password_reset(user: &User, token: &SecretString, links: &Links) -> Result<Message, askama::Error> {
    let mut letter = Letter {
        subject: format!("Set a new password for {}", links.host()),
        heading: "Set a new password".into(),
        lead: vec!["Somebody asked for a new password for your account. If it was you, open this link within an hour.".into()],
        closing: vec!["If it was not you, do nothing: your password stays as it is.".into()],
        footer: format!("You get this mail because {} has an account at {}.", user.email, links.host()),
        ..Letter::default()
    };
    letter.action("Set a new password", links.new_password(token.expose_secret()));
    written(&letter, user, &user.email, "password-reset", token, links)
}

/// How to prove an address.
pub fn verify_email(user: &User, token: &SecretString, links: &Links) -> Result<Message, askama::Error> {
    let mut letter = Letter {
        subject: format!("Confirm your address for {}", links.host()),
        heading: format!("Welcome, {}", one_line(&user.name)),
        lead: vec!["Open this link to show that this address is yours. It works for a day.".into()],
        footer: format!(
            "You get this mail because somebody made an account at {} with this address.",
            links.host()
        ),
        ..Letter::default()
    };
    letter.action("Confirm this address", links.verify_email(token.expose_secret()));
    written(&letter, user, &user.email, "verify-email", token, links)
}

/// How to take another email for an account.
pub fn new_email(
    user: &User,
    email: &str,
    token: &SecretString,
    links: &Links,
) -> Result<Message, askama::Error> {
    let mut letter = Letter {
        subject: format!("Confirm your new email for {}", links.host()),
        heading: "Confirm your new email".into(),
        lead: vec![format!(
            "Open this link, and you sign in with {email} from then on. It works for a day. Until then nothing changes."
        )],
        closing: vec!["If you did not ask for it, do nothing.".into()],
        footer: format!(
            "You get this mail because somebody wrote this address into an account at {}.",
            links.host()
        ),
        ..Letter::default()
    };
    letter.action("Confirm this email", links.verify_email(token.expose_secret()));
    written(&letter, user, email, "new-email", token, links)
}

/// That an account has another email now, to the one before.
pub fn email_changed(user: &User, before: &str, links: &Links) -> Result<Message, askama::Error> {
    let letter = Letter {
        subject: format!("Your email for {} is another one now", links.host()),
        heading: "Your email was changed".into(),
        lead: vec![format!("You sign in with {} from now on, and mails go there.", user.email)],
        closing: vec!["If it was not you, tell whoever runs the server at once.".into()],
        footer: format!("You get this mail because {before} had an account at {}.", links.host()),
        ..Letter::default()
    };
    let about = crate::sign_in::kept(&format!("{before} {} {}", user.email, user.id));
    compose::mail(&letter, &user.name, before, format!("email-changed.{}@{}", &about[..16], links.host()))
}

/// The id comes from the token's hash: another request is another mail, a second try is the same one (EML-03).
fn written(
    letter: &Letter,
    user: &User,
    email: &str,
    kind: &str,
    token: &SecretString,
    links: &Links,
) -> Result<Message, askama::Error> {
    let hash = crate::sign_in::kept(token.expose_secret());
    compose::mail(letter, &user.name, email, format!("{kind}.{}@{}", &hash[..16], links.host()))
}
