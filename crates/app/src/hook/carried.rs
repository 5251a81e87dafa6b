//! Notices that carry their secret along, for senders that sign nothing.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Raw, Refused, signature};
use crate::Secrets;

/// The header for it, where a sender lets people name one.
pub const HEADER: &str = "x-kalends-secret";

/// Whether the notice carries any of the secrets (INB-07): in our header, as a bearer token, or as the password of Basic auth,
/// whoever the user is.
pub fn check(raw: &Raw, all: &Secrets) -> Result<(), Refused> {
    signature::secrets(all)?;
    let given = raw.header(HEADER).map(str::to_owned).or_else(|| authorization(raw));
    signature::check_token(&given.ok_or(Refused::Unsigned)?, all)
}

fn authorization(raw: &Raw) -> Option<String> {
    let (scheme, word) = raw.header("authorization")?.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(word.trim().to_owned());
    }
    let plain = BASE64_STANDARD.decode(word.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    String::from_utf8(plain).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use rstest::rstest;
    use url::Url;

    use super::*;
    use crate::{
        Secret,
        hook::{SECRET, SECRET_BEFORE},
    };

    fn raw(name: &'static str, value: &str) -> Raw {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a value"));
        let url = Url::parse("https://book.example/hooks/acme/key").expect("an address");
        Raw { method: Method::POST, url, headers, body: "{}".into() }
    }

    #[rstest]
    #[case(HEADER, "canary", Ok(()))]
    #[case("authorization", "Bearer canary", Ok(()))]
    #[case("authorization", "bearer  canary", Ok(()))]
    #[case("authorization", "Basic YW55Ym9keTpjYW5hcnk=", Ok(()))]
    #[case("authorization", "Basic YW55Ym9keTpjYW5hcmlhbg==", Err(Refused::Forged))]
    #[case("authorization", "Bearer canar", Err(Refused::Forged))]
    #[case(HEADER, "", Err(Refused::Forged))]
    #[case("authorization", "Basic canary", Err(Refused::Unsigned))]
    #[case("authorization", "canary", Err(Refused::Unsigned))]
    #[case("x-other", "canary", Err(Refused::Unsigned))]
    fn a_secret_is_known_wherever_it_may_stand_eml_04(
        #[case] name: &'static str,
        #[case] value: &str,
        #[case] is: Result<(), Refused>,
    ) {
        for known in [SECRET, SECRET_BEFORE] {
            let all = Secrets::none().with(known, Secret::new("canary"));
            assert_eq!(check(&raw(name, value), &all), is);
        }
        assert_eq!(check(&raw(name, value), &Secrets::none()), Err(Refused::NoSecret));
    }
}
