//! The arithmetic of `NTLMv2` (MS-NLMP 3.3.2). Version 1 is not in here (EWS-04).

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;

/// A hash or a key.
pub(crate) type Block = [u8; 16];

/// UTF-16, as every text on this wire is.
pub(crate) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Everything keyed here is HMAC-MD5.
pub(crate) fn hmac(key: &Block, parts: &[&[u8]]) -> Block {
    // A key shorter than a block of the hash is filled up with zeros (RFC 2104 section 2).
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Md5>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// `NTOWFv2`: what a password is here.
pub(crate) fn key(user: &str, domain: &str, password: &str) -> Block {
    let hash: Block = Md4::digest(wide(password)).into();
    hmac(&hash, &[&wide(&user.to_uppercase()), &wide(domain)])
}

/// The proof of a password, and the key of the session it opens.
pub(crate) fn proof(key: &Block, server: [u8; 8], claims: &[u8]) -> (Block, Block) {
    let proof = hmac(key, &[&server, claims]);
    (proof, hmac(key, &[&proof]))
}

/// What the proof is about: when, a challenge of our own, and what the server said of itself, as we amended it.
pub(crate) fn claims(filetime: u64, client: [u8; 8], target: &[u8]) -> Vec<u8> {
    let mut claims = vec![1, 1, 0, 0, 0, 0, 0, 0];
    claims.extend(filetime.to_le_bytes());
    claims.extend(client);
    claims.extend([0; 4]);
    claims.extend(target);
    claims.extend([0; 4]);
    claims
}

/// `LMv2`, for servers that name no time.
pub(crate) fn lm(key: &Block, server: [u8; 8], client: [u8; 8]) -> Vec<u8> {
    [hmac(key, &[&server, &client]).as_slice(), &client].concat()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const SERVER: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    const CLIENT: [u8; 8] = [0xaa; 8];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// MS-NLMP 4.2.4: the domain and the server by their names.
    fn target() -> Vec<u8> {
        let named = |id: u16, name: &str| {
            let name = wide(name);
            let length = u16::try_from(name.len()).unwrap();
            [id.to_le_bytes().as_slice(), &length.to_le_bytes(), &name].concat()
        };
        [named(2, "Domain"), named(1, "Server"), vec![0; 4]].concat()
    }

    #[test]
    fn ews_04_the_published_vectors_come_out() {
        let key = key("User", "Domain", "Password");
        assert_eq!(hex(&key), "0c868a403bfd7a93a3001ef22ef02e3f", "MS-NLMP 4.2.4.1.1");
        assert_eq!(
            hex(&lm(&key, SERVER, CLIENT)),
            "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa",
            "MS-NLMP 4.2.4.2.1"
        );
        let (proof, session) = proof(&key, SERVER, &claims(0, CLIENT, &target()));
        assert_eq!(hex(&proof), "68cd0ab851e51c96aabc927bebef6a1c", "MS-NLMP 4.2.4.2.2");
        assert_eq!(hex(&session), "8de40ccadbc14a82f15cb0ad0de95ca3", "MS-NLMP 4.2.4.1.2");
    }

    #[test]
    fn the_name_counts_in_any_case_and_the_domain_does_not() {
        assert_eq!(key("user", "Domain", "Password"), key("USER", "Domain", "Password"));
        assert_ne!(key("user", "domain", "Password"), key("user", "Domain", "Password"));
    }
}
