//! Signing in: Basic (RFC 7617), and Digest where a server asks for it (RFC 7616, DAV-10).

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::{Error, Kind, Response, Secret};
use md5::{Digest as _, Md5};
use url::Url;

/// A name with its password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// A Digest challenge, answered with a growing count.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    session: bool,
    quality: bool,
    stale: bool,
    count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn hex(self, text: &str) -> String {
        let bytes = match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha256 => digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
        };
        hex(&bytes)
    }
}

impl Login {
    /// The header value for Basic.
    pub(crate) fn basic(&self) -> Result<String, Error> {
        if self.user.contains(':') {
            return Err(Error::new(Kind::Invalid, "a user name with a colon cannot sign in here"));
        }
        Ok(format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password.expose()))))
    }

    /// The header value that answers a challenge.
    pub(crate) fn digest(&self, challenge: &mut Challenge, method: &str, url: &Url, client: &str) -> String {
        challenge.count += 1;
        let challenge = &*challenge;
        let Challenge { realm, nonce, hash, session, quality, count, .. } = challenge;
        let uri = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut secret = hash.hex(&format!("{}:{realm}:{}", self.user, self.password.expose()));
        if *session {
            secret = hash.hex(&format!("{secret}:{nonce}:{client}"));
        }
        let request = hash.hex(&format!("{method}:{uri}"));
        let response = if *quality {
            hash.hex(&format!("{secret}:{nonce}:{count:08x}:{client}:auth:{request}"))
        } else {
            hash.hex(&format!("{secret}:{nonce}:{request}"))
        };
        let mut header = format!(
            r#"Digest username="{}", realm="{}", nonce="{nonce}", uri="{uri}", response="{response}", algorithm={}"#,
            quoted(&self.user),
            quoted(realm),
            challenge.algorithm(),
        );
        if challenge.quality {
            let _ = write!(header, r#", qop=auth, nc={:08x}, cnonce="{client}""#, challenge.count); // a String takes it
        }
        if let Some(opaque) = &challenge.opaque {
            let _ = write!(header, r#", opaque="{opaque}""#); // a String takes every write
        }
        header
    }
}

impl Challenge {
    /// The strongest Digest challenge of a 401 that we can answer.
    pub(crate) fn read(response: &Response) -> Option<Self> {
        let headers = response.headers.get_all(http::header::WWW_AUTHENTICATE).iter();
        headers.filter_map(|value| value.to_str().ok()).filter_map(Self::parse).max_by_key(|c| c.hash)
    }

    fn parse(header: &str) -> Option<Self> {
        let at = header.to_ascii_lowercase().find("digest ")?;
        let fields = fields(&header[at + "digest ".len()..]);
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let algorithm = field("algorithm").unwrap_or_else(|| "MD5".to_owned()).to_ascii_uppercase();
        let (hash, session) = match algorithm.as_str() {
            "MD5" => (Hash::Md5, false),
            "MD5-SESS" => (Hash::Md5, true),
            "SHA-256" => (Hash::Sha256, false),
            "SHA-256-SESS" => (Hash::Sha256, true),
            _ => return None,
        };
        let quality = match field("qop") {
            None => false,
            Some(list) if list.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")) => true,
            Some(_) => return None, // auth-int alone: nobody asks for it
        };
        Some(Self {
            realm: field("realm")?,
            nonce: field("nonce")?,
            opaque: field("opaque"),
            hash,
            session,
            quality,
            stale: field("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            count: 0,
        })
    }

    /// The answer was right but its nonce too old.
    pub(crate) const fn is_stale(&self) -> bool {
        self.stale
    }

    const fn algorithm(&self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
        }
    }
}

/// `name=value, name="quoted, value"`, names in lower case, up to the next scheme.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim().trim_start_matches(',').trim();
        if name.contains(char::is_whitespace) {
            break; // another scheme begins here
        }
        let after = after.trim_start();
        let (value, left) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let (value, left) = after.split_once(',').unwrap_or((after, ""));
            (value.trim().to_owned(), left)
        };
        found.push((name.to_ascii_lowercase(), value));
        rest = left;
    }
    found
}

/// The value up to its closing quote, and what follows.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // a String takes every write
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login { user: "Mufasa".into(), password: Secret::new("Circle of Life") }
    }

    /// RFC 7616 section 3.9.1.
    fn challenge(algorithm: &str) -> Challenge {
        Challenge::parse(&format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        ))
        .unwrap()
    }

    #[test]
    fn dav_10_a_challenge_is_taken_apart() {
        let read = challenge("SHA-256");
        assert_eq!(
            (read.realm.as_str(), read.hash, read.quality),
            ("http-auth@example.org", Hash::Sha256, true)
        );
        assert_eq!(read.opaque.as_deref(), Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"));
    }

    #[test]
    fn dav_10_the_answer_is_the_one_in_rfc_7616() {
        let url = Url::parse("http://www.example.org/dir/index.html").unwrap();
        let client = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let header = login().digest(&mut challenge(algorithm), "GET", &url, client);
            assert!(header.contains(&format!(r#"response="{expected}""#)), "{header}");
        }
    }

    #[test]
    fn a_second_request_counts_up() {
        let url = Url::parse("https://dav.example.org/").unwrap();
        let mut asked = challenge("MD5");
        login().digest(&mut asked, "GET", &url, "c");
        assert!(login().digest(&mut asked, "GET", &url, "c").contains("nc=00000002"));
    }

    #[test]
    fn digest_is_found_beside_basic() {
        let read =
            Challenge::parse(r#"Basic realm="a, b", Digest realm="x", nonce="n", qop="auth""#).unwrap();
        assert_eq!((read.realm.as_str(), read.nonce.as_str()), ("x", "n"));
    }
}
