//! Standard Webhooks: id, time and body signed together. Some send the same under an older name.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;

use super::{Raw, Refused, signature};
use crate::{Secret, Secrets};

/// What the headers begin with, the standard's own first.
const NAMES: [&str; 2] = ["webhook", "svix"];
/// What a secret begins with; the rest is base64.
const BEGINS: &str = "whsec_";
/// The one way to sign with a shared secret.
const VERSION: &str = "v1";

/// The notice's own name, the same each time it is sent.
pub fn id(raw: &Raw) -> Option<&str> {
    header(raw, "id")
}

/// Whether it is signed by any of the secrets (INB-07), and lately.
pub fn check(raw: &Raw, all: &Secrets, now: Timestamp) -> Result<(), Refused> {
    let secrets = signature::secrets(all)?;
    let id = header(raw, "id").ok_or(Refused::Unsigned)?;
    let time = header(raw, "timestamp").ok_or(Refused::Unsigned)?;
    let given = header(raw, "signature").ok_or(Refused::Unsigned)?;
    let fits = |secret: &&Secret| {
        // While a secret is changed over, a notice carries a signature by each.
        let by_this = sign(secret, id, time, &raw.body);
        by_this.is_some_and(|expected| given.split(' ').any(|one| signature::same(one, &expected)))
    };
    if !secrets.iter().any(fits) {
        return Err(Refused::Forged);
    }
    signature::check_time(time, now)
}

/// The signature as the header has it; none where the secret is not of this form.
pub fn sign(secret: &Secret, id: &str, time: &str, body: &[u8]) -> Option<String> {
    let secret = secret.expose().trim();
    let key = BASE64_STANDARD.decode(secret.strip_prefix(BEGINS).unwrap_or(secret)).ok()?;
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    Some(format!("{VERSION},{}", signature::hmac_base64(&key, &parts)))
}

fn header<'a>(raw: &'a Raw, part: &str) -> Option<&'a str> {
    NAMES.iter().find_map(|name| raw.header(&format!("{name}-{part}")))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, Method};
    use url::Url;

    use super::*;
    use crate::hook::{SECRET, SECRET_BEFORE};

    const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const AT: &str = "1614265330";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn raw(name: &str, headers: [&str; 3], body: &'static str) -> Raw {
        let named = ["id", "timestamp", "signature"].iter().zip(headers);
        let named = named.map(|(part, value)| {
            let name: HeaderName = format!("{name}-{part}").parse().expect("a name");
            (name, value.parse().expect("a value"))
        });
        let url = Url::parse("https://book.example/hooks/acme/key").expect("an address");
        Raw { method: Method::POST, url, headers: named.collect::<HeaderMap>(), body: Bytes::from(body) }
    }

    fn published(name: &str) -> Raw {
        raw(name, ["msg_p5jXN8AQM9LWM0D4loKWxJek", AT, SIGNED], "{\"test\": 2432232314}")
    }

    fn secrets(secret: &str) -> Secrets {
        Secrets::none().with(SECRET, Secret::new(secret))
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_614_265_330).expect("a time")
    }

    #[test]
    fn the_published_example_is_believed_under_both_names_eml_04() {
        for name in NAMES {
            assert_eq!(check(&published(name), &secrets(WHSEC), now()), Ok(()), "{name}");
            assert_eq!(id(&published(name)), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
        }
    }

    #[test]
    fn one_of_several_signatures_and_one_of_two_secrets_is_enough_inb_07() {
        let both = secrets("whsec_b3RoZXI=").with(SECRET_BEFORE, Secret::new(WHSEC));
        let several = format!("v1,AAAA v2,{} {SIGNED}", &SIGNED[3..]);
        let notice = raw("svix", ["msg_p5jXN8AQM9LWM0D4loKWxJek", AT, &several], "{\"test\": 2432232314}");
        assert_eq!(check(&notice, &both, now()), Ok(()));
    }

    #[test]
    fn whatever_is_different_is_not_believed() {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let body = "{\"test\": 2432232314}";
        let believes = |notice: &Raw| check(notice, &secrets(WHSEC), now());
        let long = "A".repeat(1_000_000);
        for (headers, body) in [
            ([id, AT, SIGNED], "{\"test\": 2432232315}"),
            ([id, "1614265331", SIGNED], body),
            (["msg_other", AT, SIGNED], body),
            ([id, AT, &SIGNED[..20]], body),
            ([id, AT, &SIGNED.to_uppercase()], body),
            ([id, AT, &SIGNED[3..]], body),
            ([id, AT, "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="], body),
            ([id, AT, &long], body),
        ] {
            assert_eq!(believes(&raw("svix", headers, body)), Err(Refused::Forged), "{:.60}", headers[2]);
        }
        let mut bare = published("svix");
        bare.headers.remove("svix-signature");
        assert_eq!(believes(&bare), Err(Refused::Unsigned));
        let late = Timestamp::from_second(1_614_265_330 + 301).expect("a time");
        assert_eq!(check(&published("svix"), &secrets(WHSEC), late), Err(Refused::Stale));
        for wrong in ["", "whsec_", "whsec_not base64!", "whsec_b3RoZXI="] {
            assert!(check(&published("svix"), &secrets(wrong), now()).is_err(), "{wrong:?}");
        }
    }
}
