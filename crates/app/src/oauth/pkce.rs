//! Proof that whoever brings the code is who asked for it (RFC 7636, S256).

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_domain::id::Chance;

use crate::Secret;

/// A fresh verifier: 256 bits.
pub fn verifier(chance: &dyn Chance) -> Secret {
    let mut bytes = [0_u8; 32];
    chance.fill(&mut bytes);
    Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What the authorize address carries of it.
pub fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_01_the_challenge_is_the_one_of_rfc_7636() {
        let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
