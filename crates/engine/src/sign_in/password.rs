//! Passwords: argon2id, off the async threads, the same time for everybody.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use kalends_domain::Ids;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Fewest letters of a new password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password: longer ones would only cost time.
const LONGEST: usize = 1024;
/// Hashes at once; each takes 19 MiB while it lasts.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(4)));
/// Checked when there is no such user, so that the answer takes as long (nobody knows a password for it).
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Zm9yYW5vYm9keQAAAAAAAA$\
                      3dVZt2Z2lWb6nJ9XqCkM0mJrC4b8cPq0jv1q0m7xY0E";

/// How a password compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It is the one.
    Right,
    /// It is the one, but its hash is of an older strength: store a new one.
    RightButOld,
    /// It is not.
    Wrong,
}

/// The password of the form, or what to change about it.
pub fn fit(password: &SecretString) -> Result<(), &'static str> {
    let text = password.expose_secret();
    if text.chars().count() < SHORTEST {
        return Err("Use at least 12 characters.");
    }
    if text.len() > LONGEST {
        return Err("Use at most 1,000 characters.");
    }
    let first = text.chars().next();
    if text.chars().all(|c| Some(c) == first) {
        return Err("Use more than one character.");
    }
    Ok(())
}

/// Hashes a new password for keeping.
pub async fn hash(password: SecretString, ids: &Ids) -> Result<String, kalends_store::Error> {
    let salt = ids.bytes::<16>();
    let hashed = off_thread(move || {
        let hashed = argon2().hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
        hashed.ok().map(|hash| hash.to_string())
    });
    hashed.await.ok_or_else(|| kalends_store::Error::Refused("the password could not be hashed".into()))
}

/// Compares a password with what is kept; `None` takes as long and is wrong.
pub async fn check(password: SecretString, kept: Option<String>) -> Check {
    if password.expose_secret().len() > LONGEST {
        return Check::Wrong;
    }
    off_thread(move || {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.to_owned());
        let Ok(hash) = PasswordHash::new(&kept) else { return Check::Wrong };
        let right = argon2().verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
        match (right && known, current(&hash)) {
            (true, true) => Check::Right,
            (true, false) => Check::RightButOld,
            (false, _) => Check::Wrong,
        }
    })
    .await
}

/// OWASP's parameters of 2025: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn current(hash: &PasswordHash) -> bool {
    let params = Params::try_from(hash).is_ok_and(|params| {
        let ours = Params::default();
        (params.m_cost(), params.t_cost(), params.p_cost()) == (ours.m_cost(), ours.t_cost(), ours.p_cost())
    });
    params
        && Algorithm::try_from(hash.algorithm.as_str())
            .is_ok_and(|algorithm| algorithm == Algorithm::Argon2id)
}

async fn off_thread<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = Arc::clone(&TURNS).acquire_owned().await;
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_default();
    drop(turn);
    done
}

impl Default for Check {
    /// A check that could not finish proved nothing.
    fn default() -> Self {
        Self::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let kept = off_thread(|| {
            argon2()
                .hash_password_with_salt(b"correct horse battery", b"0123456789abcdef")
                .unwrap()
                .to_string()
        })
        .await;
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_eq!(check(secret("correct horse battery"), Some(kept.clone())).await, Check::Right);
        assert_eq!(check(secret("correct horse batterz"), Some(kept)).await, Check::Wrong);
    }

    #[tokio::test]
    async fn a_weaker_hash_is_right_but_old() {
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let kept =
            weak.hash_password_with_salt(b"correct horse battery", b"0123456789abcdef").unwrap().to_string();
        assert_eq!(check(secret("correct horse battery"), Some(kept)).await, Check::RightButOld);
    }

    #[tokio::test]
    async fn an_unknown_address_costs_a_whole_check_and_fails() {
        assert!(PasswordHash::new(NOBODY).is_ok_and(|hash| current(&hash)), "the stand-in must cost as much");
        assert_eq!(check(secret("anything at all"), None).await, Check::Wrong);
        assert_eq!(check(secret("anything at all"), Some("not a hash".into())).await, Check::Wrong);
    }

    #[test]
    fn a_new_password_says_what_to_change() {
        assert!(fit(&secret("short")).unwrap_err().contains("12"));
        assert!(fit(&secret("aaaaaaaaaaaaaaaa")).is_err());
        assert!(fit(&secret(&"x1".repeat(2000))).is_err());
        assert!(fit(&secret("zwölf zeichen")).is_ok());
    }
}
