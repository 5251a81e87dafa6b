//! A provider's key pair (ECDSA, P-256), for fakes whose notices are signed with one. It is no secret: it opens nothing.

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};

const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg19RQHP4w5CTXSfHb+4F46bma4lK/WbOPSNsDnF0XZoehRANCAASdfBYO\
    /+jz1ukx4LI79aAy9U3Ii2oG09KcPyPuWMZ7RNSJhR2DUe63LihBkZW3A4Oei6P/wdxUw4yHAwj98PMF";

/// The pair.
#[derive(Debug)]
pub struct P256(EcdsaKeyPair);

impl Default for P256 {
    #[expect(clippy::expect_used, reason = "the key is a constant, and a test reads it")]
    fn default() -> Self {
        let key = BASE64_STANDARD.decode(KEY).expect("a constant in base64");
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key).expect("a constant key"))
    }
}

impl P256 {
    /// The half by which others know it: base64 of its `SubjectPublicKeyInfo`.
    pub fn public(&self) -> String {
        let der = self.0.public_key().as_der();
        der.map(|der| BASE64_STANDARD.encode(der.as_ref())).unwrap_or_default()
    }

    /// Its signature over these parts, one after the other, in base64.
    pub fn sign(&self, parts: &[&[u8]]) -> String {
        let signed = self.0.sign(&SystemRandom::new(), &parts.concat());
        signed.map(|signed| BASE64_STANDARD.encode(signed)).unwrap_or_default()
    }
}
