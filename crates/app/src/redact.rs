//! Takes out of texts what must not be kept: tokens, passwords, email addresses (ALL-08).

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use serde_json::Value;
use url::Url;

/// The longest text kept.
const MOST: usize = 300;

/// A shorter secret would take words apart.
const SHORTEST: usize = 4;

/// The address of our own hints, which is nobody's.
const HINT: &str = "name@example.com";

/// Words after which a value is secret, when `=`, `:` or a space follows.
const TELLTALE: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "bearer",
    "basic",
    "api_key",
    "apikey",
    "cookie",
];

/// Names in a document under which stands who somebody is, or what a meeting is about (FB-08).
const PERSONAL: [&str; 9] =
    ["name", "email", "phone", "topic", "title", "subject", "summary", "description", "agenda"];

/// Ends of headers' names whose values tell no secret.
const OPEN_HEADERS: [&str; 9] = [
    "content-type",
    "content-length",
    "user-agent",
    "-id",
    "-state",
    "-number",
    "-expiration",
    "-timestamp",
    "date",
];

/// The text without email addresses, tokens, query values and control characters, shortened.
pub fn text(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(MOST));
    let mut next = Next::Open;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !kept.is_empty() {
            kept.push(' ');
        }
        if next != Next::Open && matches!(word, "=" | ":") {
            kept.push_str(word);
            next = Next::Secret;
            continue;
        }
        let (shown, after) = masked(word);
        let hidden = match next {
            Next::Open => false,
            Next::Perhaps => after == Next::Open && !is_plain_word(word),
            Next::Secret => after == Next::Open,
        };
        kept.push_str(if hidden { "…" } else { &shown });
        next = after;
        if kept.len() > MOST {
            break;
        }
    }
    shortened(kept)
}

/// What a word says about the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing.
    Open,
    /// It is secret unless it reads like a sentence going on.
    Perhaps,
    /// It is secret.
    Secret,
}

/// The path of an address with long or secret-looking parts masked; the query's values never come along.
pub fn path(url: &Url) -> String {
    // A name with a value (`;session=…`) may stand in a path, too.
    let parts =
        url.path().split('/').map(|part| if looks_secret(part) || part.contains('=') { "…" } else { part });
    let mut shown = parts.collect::<Vec<_>>().join("/");
    if url.query().is_some() {
        shown.push_str("?…");
    }
    shortened(shown)
}

/// The document with secrets, people and titles masked, and every text in it as [`text`] leaves it.
pub fn json(value: &Value) -> Value {
    match value {
        Value::String(said) => text(said).into(),
        Value::Array(all) => all.iter().map(json).collect(),
        Value::Object(fields) => {
            let hidden = |name: &str| {
                let name = name.to_ascii_lowercase();
                TELLTALE.iter().chain(&PERSONAL).any(|tell| name.ends_with(tell))
            };
            let shown = |(name, value): (&String, &Value)| {
                let masked =
                    hidden(name) && !matches!(value, Value::Object(_) | Value::Array(_) | Value::Null);
                (name.clone(), if masked { "…".into() } else { json(value) })
            };
            Value::Object(fields.iter().map(shown).collect())
        }
        other => other.clone(),
    }
}

/// A header's value: masked unless its name is of those that tell no secret.
pub fn header(name: &str, value: &str) -> String {
    let name = name.to_ascii_lowercase();
    if OPEN_HEADERS.iter().any(|end| name.ends_with(end)) { text(value) } else { "…".to_owned() }
}

/// The text without these secrets: whatever they look like, and even where somebody put them into base64.
///
/// What looks like a secret is gone already ([`text`]); a password may look like a word.
pub fn known<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut kept = text.to_owned();
    for secret in secrets {
        // As the text spells it, where every space is one.
        let secret = secret.split_whitespace().collect::<Vec<_>>().join(" ");
        if secret.chars().count() < SHORTEST {
            continue;
        }
        kept = kept.replace(&secret, "…");
        let holds = |word: &str| {
            let bare = word.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
            let read = BASE64_STANDARD.decode(bare).or_else(|_| BASE64_STANDARD_NO_PAD.decode(bare));
            read.is_ok_and(|read| String::from_utf8_lossy(&read).contains(&secret))
        };
        if kept.split(' ').any(holds) {
            let words = kept.split(' ').map(|word| if holds(word) { "…" } else { word });
            kept = words.collect::<Vec<_>>().join(" ");
        }
        // The text was cut in the middle of it.
        if let Some(whole) = kept.strip_suffix('…') {
            let mut begun = secret.char_indices().rev().map(|(at, _)| &secret[..at]);
            if let Some(part) = begun.find(|part| part.len() >= SHORTEST && whole.ends_with(part)) {
                kept = format!("{}…", &whole[..whole.len() - part.len()]);
            }
        }
    }
    kept
}

/// An address as somebody typed it, without the name and the password in it.
pub fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{}", &rest[end..]),
        None => address.to_owned(),
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().find(|(at, _)| *at >= MOST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The word as it may be shown, and what it says about the next one.
fn masked(word: &str) -> (String, Next) {
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    let telltale = |name: &str| TELLTALE.iter().any(|tell| bare(name).ends_with(tell));
    if telltale(word) {
        return (word.to_owned(), if word.ends_with([':', '=']) { Next::Secret } else { Next::Perhaps });
    }
    // A sign-in code is secret as a parameter; in "status code 550" it is not.
    if let Some((name, value)) = word.split_once(['=', ':'])
        && (telltale(name) || bare(name) == "code")
    {
        return (format!("{name}=…"), if value.is_empty() { Next::Secret } else { Next::Open });
    }
    if bare(word) == HINT {
        return (word.to_owned(), Next::Open);
    }
    if let Some((_, rest)) = word.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let scheme = &word[..word.len() - rest.len()];
        let more = if rest.len() > host.len() { "/…" } else { "" };
        return (format!("{scheme}{host}{more}"), Next::Open);
    }
    if word.contains('@') || looks_secret(word) {
        ("…".to_owned(), Next::Open)
    } else {
        (word.to_owned(), Next::Open)
    }
}

/// Long runs of letters and digits mixed: tokens, keys, signatures. A sentence's words are not.
fn looks_secret(text: &str) -> bool {
    let run = text
        .split(|c: char| !(c.is_alphanumeric() || "-_+/=.~%".contains(c)))
        .map(str::len)
        .max()
        .unwrap_or(0);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    run >= 40 || (run >= 20 && digits >= 3) || text.contains('@') || text.contains("%40")
}

/// A word of a sentence, as opposed to a value: lower-case letters only, perhaps with an end mark.
fn is_plain_word(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ',', ';', ':', ')', '!']);
    (1..=12).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("no such mailbox <gus@example.com>", "no such mailbox …")]
    #[case("Authorization: Bearer eyJhbGciOi.x.y failed", "Authorization: Bearer … failed")]
    #[case("password=canary rejected", "password=… rejected")]
    #[case("access_token: canary", "access_token: …")]
    #[case("an address such as name@example.com.", "an address such as name@example.com.")]
    #[case("password = canary", "password = …")]
    #[case(r#"{"password":"canary"} refused"#, r#"{"password"=… refused"#)]
    #[case(r#"{"password": "canary"} refused"#, r#"{"password": … refused"#)]
    #[case("code=canary", "code=…")]
    #[case("status code 550", "status code 550")]
    #[case("refresh_token=canary&x=1", "refresh_token=…")]
    #[case("the token is wrong", "the token is wrong")]
    #[case("see https://u:canary@example.com/a?code=canary now", "see https://example.com/… now")]
    #[case("key sk_live_0123456789abcdefghij", "key …")]
    #[case("line one\r\nline two", "line one line two")]
    #[case("The calendar is full.", "The calendar is full.")]
    fn all_08_a_text_loses_its_secrets_and_keeps_its_sense(#[case] before: &str, #[case] after: &str) {
        assert_eq!(text(before), after);
    }

    #[rstest]
    #[case("Winter is not the password of hanna", "… is not the password of hanna")]
    #[case("AUTH aGFubmE6V2ludGVy failed", "AUTH … failed")]
    #[case("and so on and on Wint…", "and so on and on …")]
    #[case("wintry weather", "wintry weather")]
    fn all_08_a_known_secret_goes_whatever_it_looks_like(#[case] before: &str, #[case] after: &str) {
        assert_eq!(known(before, ["Winter", "abc"]), after);
        assert_eq!(known("my dog ate it", ["dog  ate"]), "my … it", "spaces are one in a text");
    }

    #[rstest]
    #[case("https://u:canary@example.com/a@b", "https://example.com/a@b")]
    #[case("https://example.com/a@b", "https://example.com/a@b")]
    #[case("me@example.com", "me@example.com")]
    fn all_08_an_address_loses_its_password(#[case] before: &str, #[case] after: &str) {
        assert_eq!(without_user(before), after);
    }

    #[test]
    fn all_08_a_document_keeps_its_shape_and_loses_who_and_what_about() {
        let before = serde_json::json!({
            "event": "meeting.updated", "plainToken": "canary", "number": 7, "none": null,
            "object": { "topic": "canary", "host_email": "canary@example.com", "id": 81, "list": ["a", "x@example.com"] },
            "password": { "inner": "kept", "secret": "canary" },
        });
        let after = json(&before).to_string();
        assert!(!after.contains("canary") && !after.contains("x@example.com"), "{after}");
        assert!(
            after.contains("meeting.updated")
                && after.contains("\"id\":81")
                && after.contains("\"inner\":\"kept\"")
        );
    }

    #[test]
    fn all_08_a_header_is_shown_only_where_it_can_tell_no_secret() {
        assert_eq!(header("X-Goog-Channel-ID", "channel-7"), "channel-7");
        for name in ["X-Goog-Channel-Token", "x-zm-signature", "authorization", "cookie", "x-anything"] {
            assert_eq!(header(name, "canary"), "…", "{name}");
        }
    }

    #[test]
    fn all_08_a_path_keeps_its_shape_only() {
        let shown = |address: &str| path(&Url::parse(address).unwrap());
        assert_eq!(shown("https://example.com/calendars/hanna/team/"), "/calendars/hanna/team/");
        assert_eq!(shown("https://example.com/cal/gus@example.com/x"), "/cal/…/x");
        assert_eq!(shown("https://example.com/private-0123456789abcdef0123/basic.ics?k=v"), "/…/basic.ics?…");
        // Written with percent signs a token is no shorter.
        assert_eq!(shown("https://example.com/t/aB3%2Bcd4%2Fef5%2Bgh6%3D/x"), "/t/…/x");
        assert_eq!(shown("https://u:canary@example.com/a;session=canary/b"), "/…/b");
    }

    proptest! {
        #[test]
        fn all_08_no_address_and_no_long_token_ever_stays(before in "\\PC{0,80}", name in "[a-z]{3,8}", token in "[a-z0-9]{40,60}") {
            let shown = text(&format!("{before} {name}@example.com {token} {before}"));
            prop_assert!(name == "name" || !shown.contains("@example.com"));
            prop_assert!(!shown.contains(&token));
            prop_assert!(shown.chars().count() <= MOST + 1);
        }

        #[test]
        fn all_08_what_follows_a_telltale_is_hidden(tell in prop::sample::select(&TELLTALE[..]), secret in "[A-Z][a-z]{2,6}[0-9]{2}") {
            for before in [format!("{tell}={secret}"), format!("{tell}:{secret}"), format!("{tell}: {secret}"), format!("{tell} {secret}")] {
                prop_assert!(!text(&before).contains(&secret), "{}", before);
            }
        }

        #[test]
        fn all_08_no_token_of_an_address_stays_in_its_path(
            token in "[A-Za-z_-]{0,12}[0-9]{3}[A-Za-z0-9+=_-]{20,60}", short in "[A-Z]{2}[0-9]{6}", folder in "[a-z]{3,9}"
        ) {
            let encoded = token.replace('+', "%2B").replace('=', "%3D");
            let address = format!("https://{short}:{short}@example.com/{folder}/{encoded};key={short}/{folder}?key={short}&{encoded}#{short}");
            let shown = path(&Url::parse(&address).unwrap());
            prop_assert!(!shown.contains(&token) && !shown.contains(&encoded) && !shown.contains(&short), "{}", shown);
            prop_assert_eq!(shown, format!("/{folder}/…/{folder}?…"));
        }

        #[test]
        fn redacting_twice_changes_nothing_more(before in "\\PC{0,200}") {
            let once = text(&before);
            prop_assert_eq!(text(&once), once);
        }
    }
}
