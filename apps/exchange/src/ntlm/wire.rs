//! The three messages (MS-NLMP 2.2.1).

use super::crypt::{self, Block, wide};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Unicode, name the target, NTLM, sign always, extended session security, target info, version, 128 and 56 bits. No key
/// exchange: nothing is signed or sealed with it over HTTP.
const FLAGS: u32 = 0x0000_0001
    | 0x0000_0004
    | 0x0000_0200
    | 0x0000_8000
    | 0x0008_0000
    | 0x0080_0000
    | 0x0200_0000
    | 0x2000_0000
    | 0x8000_0000;
const UNICODE: u32 = 0x0000_0001;
/// We name no Windows of ours, only the revision of the protocol.
const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];
/// Where the integrity code stands in the third message, and where its texts begin.
pub(crate) const MIC: std::ops::Range<usize> = 72..88;

/// Ids of the pairs in which a server describes itself (MS-NLMP 2.2.2.1).
const END: u16 = 0;
const NOTES: u16 = 6;
const TIME: u16 = 7;
const TARGET: u16 = 9;
pub(crate) const BINDING: u16 = 10;
/// In the notes: there is an integrity code.
const HAS_MIC: u32 = 2;

/// The first message: what we can do, and nothing about who we are.
pub(crate) fn hello() -> Vec<u8> {
    [SIGNATURE.as_slice(), &1_u32.to_le_bytes(), &FLAGS.to_le_bytes(), &[0; 16], &VERSION].concat()
}

/// The second message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) server: [u8; 8],
    /// Pairs of id and value, without the end mark.
    pub(crate) target: Vec<(u16, Vec<u8>)>,
}

impl Challenge {
    /// Reads it; `None` for what is not one, or not for us.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let known = message.get(..8)? == SIGNATURE && number(message, 8)? == 2;
        if !known || number(message, 20)? & UNICODE == 0 {
            return None;
        }
        let server = message.get(24..32)?.try_into().ok()?;
        Some(Self { server, target: pairs(field(message, 40)?)? })
    }

    fn get(&self, id: u16) -> Option<&[u8]> {
        self.target.iter().find(|(found, _)| *found == id).map(|(_, value)| value.as_slice())
    }
}

/// Reads pairs up to their end mark, or the end.
pub(crate) fn pairs(mut bytes: &[u8]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let id = u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?);
        let length = u16::from_le_bytes(bytes.get(2..4)?.try_into().ok()?);
        let (value, rest) = bytes.get(4..)?.split_at_checked(usize::from(length))?;
        if id == END {
            break;
        }
        found.push((id, value.to_vec()));
        bytes = rest;
    }
    Some(found)
}

fn number(message: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(message.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The bytes a field points to.
pub(crate) fn field(message: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_le_bytes(message.get(at..at.checked_add(2)?)?.try_into().ok()?);
    let offset = usize::try_from(number(message, at.checked_add(4)?)?).ok()?;
    message.get(offset..offset.checked_add(usize::from(length))?)
}

/// What goes into the third message.
pub(crate) struct Answer<'a> {
    pub(crate) user: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) password: &'a str,
    pub(crate) host: &'a str,
    pub(crate) filetime: u64,
    pub(crate) client: [u8; 8],
    pub(crate) binding: Block,
}

impl Answer<'_> {
    /// Writes it. `asked` is the second message as it came, which the integrity code covers.
    pub(crate) fn write(&self, challenge: &Challenge, asked: &[u8]) -> Vec<u8> {
        let key = crypt::key(self.user, self.domain, self.password);
        let time = challenge.get(TIME).and_then(|time| time.try_into().ok()).map(u64::from_le_bytes);
        let claims = crypt::claims(
            time.unwrap_or(self.filetime),
            self.client,
            &self.target(challenge, time.is_some()),
        );
        let (proof, session) = crypt::proof(&key, challenge.server, &claims);
        let nt = [proof.as_slice(), &claims].concat();
        let lm = if time.is_some() { vec![0; 24] } else { crypt::lm(&key, challenge.server, self.client) };

        let (mut fields, mut texts) = (Vec::new(), Vec::new());
        for part in [lm, nt, wide(self.domain), wide(self.user), vec![], vec![]] {
            // A name or answer of 64 kB does not exist; one would be cut by the server.
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            let offset = u32::try_from(MIC.end + texts.len()).unwrap_or(u32::MAX);
            fields.extend(length.to_le_bytes());
            fields.extend(length.to_le_bytes());
            fields.extend(offset.to_le_bytes());
            texts.extend(part);
        }
        let head =
            [SIGNATURE.as_slice(), &3_u32.to_le_bytes(), &fields, &FLAGS.to_le_bytes(), &VERSION].concat();
        let mut message = [head.as_slice(), &[0; 16], &texts].concat();
        if time.is_some() {
            let code = crypt::hmac(&session, &[&hello(), asked, &message]);
            message[MIC].copy_from_slice(&code);
        }
        message
    }

    /// What the server said of itself, with our notes, the connection it goes over and whom we mean.
    fn target(&self, challenge: &Challenge, timed: bool) -> Vec<u8> {
        let own = |id: u16| matches!(id, TARGET | BINDING) || (timed && id == NOTES);
        let mut pairs: Vec<(u16, Vec<u8>)> =
            challenge.target.iter().filter(|(id, _)| !own(*id)).cloned().collect();
        if timed {
            let notes =
                challenge.get(NOTES).and_then(|notes| notes.try_into().ok()).map_or(0, u32::from_le_bytes);
            pairs.push((NOTES, (notes | HAS_MIC).to_le_bytes().to_vec()));
        }
        pairs.push((BINDING, self.binding.to_vec()));
        pairs.push((TARGET, wide(&format!("HTTP/{}", self.host))));
        written(&pairs)
    }
}

/// Pairs as bytes, with their end mark.
pub(crate) fn written(pairs: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, value) in pairs {
        bytes.extend(id.to_le_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(value);
    }
    bytes.extend([0; 4]);
    bytes
}
