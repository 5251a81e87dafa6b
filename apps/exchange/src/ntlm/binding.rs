//! Tying a sign-in to the TLS connection it goes over (EWS-04; RFC 5929 section 4).

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use md5::{Digest, Md5};

use super::crypt::Block;

/// What stands in a sign-in over a connection whose server showed this certificate (DER); zeros without one.
pub(crate) fn token(certificate: Option<&[u8]>) -> Block {
    let Some(certificate) = certificate else { return [0; 16] };
    let hash = digest(algorithm(certificate), certificate);
    let bound = [b"tls-server-end-point:".as_slice(), hash.as_ref()].concat();
    // A gss_channel_bindings_struct: no addresses, then what it is bound to.
    let length = u32::try_from(bound.len()).unwrap_or_default();
    let mut structure = vec![0; 16];
    structure.extend(length.to_le_bytes());
    structure.extend(bound);
    Md5::digest(structure).into()
}

/// The hash of the certificate's own signature; SHA-256 where that is older or says nothing.
fn algorithm(certificate: &[u8]) -> &'static Algorithm {
    match signature(certificate) {
        // sha384WithRSAEncryption, ecdsa-with-SHA384
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        ) => &SHA384,
        // sha512WithRSAEncryption, ecdsa-with-SHA512
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        ) => &SHA512,
        _ => &SHA256,
    }
}

/// The object identifier of the signature: `Certificate ::= SEQUENCE { tbs, SEQUENCE { OID, … }, … }`.
fn signature(certificate: &[u8]) -> Option<&[u8]> {
    let (whole, _) = element(certificate)?;
    let (_, rest) = element(whole)?;
    let (algorithm, _) = element(rest)?;
    let (oid, _) = element(algorithm)?;
    Some(oid)
}

/// The contents of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As much of a certificate as is looked at.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let sequence = |inner: &[u8]| [&[0x30, u8::try_from(inner.len()).unwrap()], inner].concat();
        let oid = [&[0x06, u8::try_from(oid.len()).unwrap()], oid].concat();
        sequence(&[sequence(b"to be signed"), sequence(&oid)].concat())
    }

    #[test]
    fn the_hash_is_the_one_of_the_certificates_signature() {
        let rsa = |last| certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last]);
        let elliptic = |last| certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last]);
        for (certificate, expected) in [
            (rsa(0x0b), &SHA256),
            (rsa(0x0c), &SHA384),
            (rsa(0x0d), &SHA512),
            (elliptic(0x02), &SHA256),
            (elliptic(0x03), &SHA384),
            (elliptic(0x04), &SHA512),
            (rsa(0x05), &SHA256), // SHA-1 counts as SHA-256 (RFC 5929 section 4.1)
        ] {
            assert_eq!(algorithm(&certificate), expected);
        }
    }

    #[test]
    fn every_certificate_has_a_token_of_its_own_and_none_has_zeros() {
        assert_eq!(token(None), [0; 16]);
        assert_ne!(token(Some(b"one")), token(Some(b"other")));
    }

    proptest! {
        #[test]
        fn all_10_no_certificate_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            token(Some(&bytes));
        }
    }
}
