//! Random tokens: given out once, kept as a hash.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_domain::Ids;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A token of 256 random bits behind a prefix that says what it is.
pub fn fresh(prefix: &str, ids: &Ids) -> SecretString {
    SecretString::from(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(ids.bytes::<32>())))
}

/// What is kept of a token. It has 256 random bits, so one fast hash without salt is enough.
pub fn kept(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// The token a form of this session carries against cross-site requests: derived, so nothing is stored.
pub fn csrf(session: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.expose_secret().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"kalends form"))
}

/// Whether a form's token is this session's, in constant time.
pub fn csrf_fits(session: &SecretString, given: &str) -> bool {
    csrf(session).as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_token_belongs_to_one_session() {
        let (one, other) = (SecretString::from("one".to_owned()), SecretString::from("other".to_owned()));
        assert!(csrf_fits(&one, &csrf(&one)));
        assert!(!csrf_fits(&other, &csrf(&one)));
        assert!(!csrf_fits(&one, ""));
    }

    #[test]
    fn what_is_kept_is_not_the_token() {
        assert_eq!(kept("cal_x").len(), 43);
        assert!(!kept("cal_x").contains("cal_x"));
    }
}
