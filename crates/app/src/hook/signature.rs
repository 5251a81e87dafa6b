//! Signatures of notices: HMAC-SHA256 as hex or base64, compared in constant time, or ECDSA by a public key; within a window of time.

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use super::{Refused, SECRET, SECRET_BEFORE};
use crate::{Error, Kind, Secret, Secrets};

/// A notice signed longer ago than this, or from as far ahead, is not believed.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// The secrets of these notices, the current one first (INB-07). None means refuse.
pub fn secrets(all: &Secrets) -> Result<Vec<&Secret>, Refused> {
    let set = |secret: &&Secret| !secret.expose().is_empty();
    let found: Vec<_> = [SECRET, SECRET_BEFORE].iter().filter_map(|name| all.get(name)).filter(set).collect();
    if found.is_empty() { Err(Refused::NoSecret) } else { Ok(found) }
}

/// The HMAC-SHA256 of these parts, one after the other.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

/// The same as lower-case hex.
pub fn hmac_hex(key: &[u8], parts: &[&[u8]]) -> String {
    hmac(key, parts).iter().fold(String::with_capacity(64), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

/// The same as base64.
pub fn hmac_base64(key: &[u8], parts: &[&[u8]]) -> String {
    BASE64_STANDARD.encode(hmac(key, parts))
}

/// Whether a text is this one, taking the same time always.
pub fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// A hex signature over these parts, by any of the secrets.
pub fn check_hex(given: &str, all: &Secrets, parts: &[&[u8]]) -> Result<(), Refused> {
    by_hex(given, all, parts).map(drop)
}

/// The secret by which a hex signature over these parts was made: whoever is answered with a signature of ours is answered by
/// the same.
pub fn by_hex<'a>(given: &str, all: &'a Secrets, parts: &[&[u8]]) -> Result<&'a Secret, Refused> {
    let fits = |secret: &&Secret| same(given, &hmac_hex(secret.expose().as_bytes(), parts));
    secrets(all)?.into_iter().find(fits).ok_or(Refused::Forged)
}

/// A base64 signature over these parts, by any of the secrets.
pub fn check_base64(given: &str, all: &Secrets, parts: &[&[u8]]) -> Result<(), Refused> {
    let fits = |secret: &&Secret| same(given, &hmac_base64(secret.expose().as_bytes(), parts));
    if secrets(all)?.iter().any(fits) { Ok(()) } else { Err(Refused::Forged) }
}

/// A token that is the secret itself, as channels send it back.
pub fn check_token(given: &str, all: &Secrets) -> Result<(), Refused> {
    if secrets(all)?.iter().any(|secret| same(given, secret.expose())) {
        Ok(())
    } else {
        Err(Refused::Forged)
    }
}

/// A provider's public key (ECDSA, P-256) as base64 of its `SubjectPublicKeyInfo`, with or without PEM's lines around it.
pub fn p256_key(text: &Secret) -> Result<ParsedPublicKey, Error> {
    let bare =
        text.expose().replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "");
    let bare: String = bare.split_whitespace().collect();
    let key = BASE64_STANDARD.decode(bare).ok();
    let key = key.and_then(|der| ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).ok());
    key.ok_or_else(|| {
        Error::new(Kind::Invalid, "the verification key cannot be read: copy it again, all in one line")
    })
}

/// A signature (ASN.1, in base64) over these parts, by the private half of any of the keys.
pub fn check_p256(given: &str, all: &Secrets, parts: &[&[u8]]) -> Result<(), Refused> {
    let keys = secrets(all)?;
    let given = BASE64_STANDARD.decode(given.trim()).map_err(|_| Refused::Unsigned)?;
    let signed = parts.concat();
    let fits = |key: ParsedPublicKey| key.verify_sig(&signed, &given).is_ok();
    if keys.into_iter().filter_map(|key| p256_key(key).ok()).any(fits) {
        Ok(())
    } else {
        Err(Refused::Forged)
    }
}

/// A signature's time, in seconds since the epoch as text, not far from now.
pub fn check_time(seconds: &str, now: Timestamp) -> Result<(), Refused> {
    check_time_within(seconds, now, WINDOW)
}

/// The same, for a provider that sends a notice again for so long without signing it anew; what is ahead of now is still only as
/// far ahead as clocks differ.
pub fn check_time_within(seconds: &str, now: Timestamp, window: SignedDuration) -> Result<(), Refused> {
    let at = seconds.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let age = now.duration_since(at.ok_or(Refused::Unsigned)?);
    if age <= window && age >= -WINDOW { Ok(()) } else { Err(Refused::Stale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_by_either_secret_fits_and_no_other_does_inb_07() {
        let all = Secrets::none().with(SECRET, Secret::new("new")).with(SECRET_BEFORE, Secret::new("old"));
        for key in ["new", "old"] {
            let hex = hmac_hex(key.as_bytes(), &[b"v0:", b"body"]);
            assert_eq!(check_hex(&hex, &all, &[b"v0:body"]), Ok(()));
            let base64 = hmac_base64(key.as_bytes(), &[b"v0:body"]);
            assert_eq!(check_base64(&base64, &all, &[b"v0:", b"body"]), Ok(()));
        }
        let other = hmac_hex(b"other", &[b"v0:body"]);
        assert_eq!(check_hex(&other, &all, &[b"v0:body"]), Err(Refused::Forged));
        assert_eq!(check_token("new", &all), Ok(()));
        assert_eq!(check_token("", &all), Err(Refused::Forged));
    }

    #[test]
    fn without_a_secret_everything_is_refused() {
        for all in [Secrets::none(), Secrets::none().with(SECRET, Secret::new(""))] {
            assert_eq!(check_token("", &all), Err(Refused::NoSecret));
            let of_nothing = hmac_hex(b"", &[b"x"]);
            assert_eq!(check_hex(&of_nothing, &all, &[b"x"]), Err(Refused::NoSecret));
        }
    }

    #[test]
    fn a_signature_by_a_pair_fits_its_public_half_and_what_was_signed_alone_eml_04() {
        let pair = crate::fake::P256::default();
        let framed = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", pair.public());
        let given = pair.sign(&[b"1800000000", b"body"]);
        for key in [pair.public(), framed] {
            let all = Secrets::none().with(SECRET, Secret::new(key));
            assert_eq!(check_p256(&given, &all, &[b"1800000000", b"body"]), Ok(()));
            assert_eq!(check_p256(&given, &all, &[b"1800000001", b"body"]), Err(Refused::Forged));
            assert_eq!(check_p256("no base64!", &all, &[b"body"]), Err(Refused::Unsigned));
            assert_eq!(check_p256("AAAA", &all, &[b"body"]), Err(Refused::Forged));
        }
        let no_key = Secrets::none().with(SECRET, Secret::new("a password"));
        assert_eq!(check_p256(&given, &no_key, &[b"1800000000body"]), Err(Refused::Forged));
        assert_eq!(check_p256(&given, &Secrets::none(), &[b"1800000000body"]), Err(Refused::NoSecret));
    }

    #[test]
    fn a_longer_window_looks_back_only() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let day = SignedDuration::from_hours(25);
        assert_eq!(check_time_within("1799910000", now, day), Ok(()));
        assert_eq!(check_time_within("1799909999", now, day), Err(Refused::Stale));
        assert_eq!(check_time_within("1800000301", now, day), Err(Refused::Stale));
    }

    #[test]
    fn the_hmac_is_the_one_of_rfc_4231() {
        let hex = hmac_hex(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_time_more_than_five_minutes_off_is_stale_either_way() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (seconds, is) in [
            ("1800000000", Ok(())),
            ("1799999700", Ok(())),
            ("1800000300", Ok(())),
            ("1799999699", Err(Refused::Stale)),
            ("1800000301", Err(Refused::Stale)),
            ("soon", Err(Refused::Unsigned)),
            ("9223372036854775807", Err(Refused::Unsigned)),
        ] {
            assert_eq!(check_time(seconds, now), is, "{seconds}");
        }
    }
}
