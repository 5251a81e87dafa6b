//! Takes out of texts what must not be kept: tokens, passwords, mail addresses (ALL-08).

use url::Url;

/// The longest text kept.
const MOST: usize = 300;

/// Words after which a value is secret, when `=`, `:` or a space follows.
const TELLTALE: [&str; 11] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "bearer",
    "basic",
    "api_key",
    "apikey",
    "code",
    "cookie",
];

/// The text without mail addresses, tokens, query values and control characters, shortened.
pub fn text(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(MOST));
    let mut hide_next = false;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !kept.is_empty() {
            kept.push(' ');
        }
        let (shown, telltale) = masked(word);
        if hide_next && !telltale && !is_plain_word(word) {
            kept.push('…');
        } else {
            kept.push_str(&shown);
        }
        hide_next = telltale;
        if kept.len() > MOST {
            break;
        }
    }
    shortened(kept)
}

/// The path of an address with long or secret-looking parts masked; the query's values never come along.
pub fn path(url: &Url) -> String {
    let parts = url.path().split('/').map(|part| if looks_secret(part) { "…" } else { part });
    let mut shown = parts.collect::<Vec<_>>().join("/");
    if url.query().is_some() {
        shown.push_str("?…");
    }
    shortened(shown)
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().find(|(at, _)| *at >= MOST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The word as it may be shown, and whether it announces a secret.
fn masked(word: &str) -> (String, bool) {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    if TELLTALE.contains(&bare.as_str()) {
        return (word.to_owned(), true);
    }
    if let Some((name, _)) = word.split_once(['=', ':'])
        && TELLTALE.iter().any(|tell| name.to_ascii_lowercase().ends_with(tell))
    {
        return (format!("{name}=…"), true);
    }
    if let Some((_, rest)) = word.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let scheme = &word[..word.len() - rest.len()];
        let more = if rest.len() > host.len() { "/…" } else { "" };
        return (format!("{scheme}{host}{more}"), false);
    }
    if word.contains('@') || looks_secret(word) {
        ("…".to_owned(), false)
    } else {
        (word.to_owned(), false)
    }
}

/// Long runs of letters and digits mixed: tokens, keys, signatures. A sentence's words are not.
fn looks_secret(text: &str) -> bool {
    let run = text
        .split(|c: char| !(c.is_alphanumeric() || "-_+/=.~".contains(c)))
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
