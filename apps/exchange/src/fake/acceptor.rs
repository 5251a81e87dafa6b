//! The other half of an NTLM sign-in: verifies what a client sends, as a server with the password does (MS-NLMP 3.2.5).

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::ntlm::SCHEME;
use crate::ntlm::crypt::{self, Block, wide};
use crate::ntlm::wire::{self, BINDING, MIC};

/// A server that knows one account.
pub(crate) struct Acceptor {
    pub(crate) user: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) password: &'static str,
    /// Names the time, which makes the integrity code a duty.
    pub(crate) timed: bool,
    /// What the connection is bound to; zeros for none.
    pub(crate) binding: Block,
}

/// What it makes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Welcome,
    Stranger,
    WrongPassword,
    /// Made for another connection.
    OtherConnection,
    /// Changed on its way.
    Changed,
    /// Not an answer at all.
    Garbled,
}

const SERVER: [u8; 8] = [0xc0, 0xff, 0xee, 0x42, 1, 2, 3, 4];
/// Unicode, target named, NTLM, always sign, domain, extended security, target info, version, 128, 56.
const FLAGS: u32 = 0xa289_8205;

impl Acceptor {
    /// The question for a hello; `None` when that is none.
    pub(crate) fn challenge(&self, hello: &str) -> Option<String> {
        let hello = decoded(hello)?;
        if !hello.starts_with(b"NTLMSSP\0\x01\0\0\0") {
            return None;
        }
        let mut pairs = vec![(2, wide(self.domain)), (1, wide("MAIL")), (3, wide("mail.example.test"))];
        if self.timed {
            pairs.push((7, 134_000_000_000_000_000_u64.to_le_bytes().to_vec()));
        }
        let (name, target) = (wide(self.domain), wire::written(&pairs));
        let field = |length: usize, offset: usize| {
            let length = u16::try_from(length).unwrap_or_default().to_le_bytes();
            let offset = u32::try_from(offset).unwrap_or_default().to_le_bytes();
            [length.as_slice(), &length, &offset].concat()
        };
        let message = [
            b"NTLMSSP\0\x02\0\0\0".as_slice(),
            &field(name.len(), 56),
            &FLAGS.to_le_bytes(),
            &SERVER,
            &[0; 8],
            &field(target.len(), 56 + name.len()),
            &[10, 0, 0x63, 0x45, 0, 0, 0, 15],
            &name,
            &target,
        ]
        .concat();
        Some(format!("{SCHEME} {}", BASE64_STANDARD.encode(message)))
    }

    /// Whether the third message is right for the first two.
    pub(crate) fn judge(&self, hello: &str, challenge: &str, answer: &str) -> Verdict {
        let messages = (decoded(hello), decoded(challenge), decoded(answer));
        let (Some(hello), Some(challenge), Some(answer)) = messages else { return Verdict::Garbled };
        self.verdict(&hello, &challenge, &answer).unwrap_or(Verdict::Garbled)
    }

    fn verdict(&self, hello: &[u8], challenge: &[u8], answer: &[u8]) -> Option<Verdict> {
        if !answer.starts_with(b"NTLMSSP\0\x03\0\0\0") || answer.get(60..64)? != wire::hello().get(12..16)? {
            return Some(Verdict::Garbled);
        }
        let (nt, domain, user) =
            (wire::field(answer, 20)?, wire::field(answer, 28)?, wire::field(answer, 36)?);
        let named = |text: &[u8], name: &str| {
            let units = text
                .chunks(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]));
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('?')).collect();
            text.to_uppercase() == name.to_uppercase()
        };
        if !named(user, self.user) || !named(domain, self.domain) {
            return Some(Verdict::Stranger);
        }
        let (proof, claims) = nt.split_at_checked(16)?;
        let key = crypt::key(self.user, self.domain, self.password);
        let (expected, session) = crypt::proof(&key, SERVER, claims);
        if proof != expected {
            return Some(Verdict::WrongPassword);
        }
        if self.timed {
            let mut bare = answer.to_vec();
            bare.get_mut(MIC)?.fill(0);
            if *answer.get(MIC)? != crypt::hmac(&session, &[hello, challenge, &bare]) {
                return Some(Verdict::Changed);
            }
        }
        let pairs = wire::pairs(claims.get(28..)?)?;
        let bound = pairs.iter().find(|(id, _)| *id == BINDING).map(|(_, value)| value.as_slice());
        Some(if bound == Some(&self.binding) { Verdict::Welcome } else { Verdict::OtherConnection })
    }
}

fn decoded(header: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(header.strip_prefix(SCHEME)?.trim()).ok()
}
