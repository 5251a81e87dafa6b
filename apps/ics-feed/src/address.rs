//! From the link somebody pasted to what is called.

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::http::keeps_secrets;
use kalends_app::{Cx, Error, Kind, Request};
use url::Url;

use crate::cursor::Cursor;

/// The address the link means: `webcal` is another word for https (ICS-01).
pub(crate) fn address(link: &str) -> Result<Url, Error> {
    let link = link.trim();
    let plain = ["webcals://", "webcal://"]
        .iter()
        .find_map(|scheme| Some(format!("https://{}", after(link, scheme)?)))
        .unwrap_or_else(|| link.to_owned());
    let url = Url::parse(&plain).map_err(|_| wrong("url: this is no link: copy it again"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("url: the link must begin with https:// or webcal://"));
    }
    if !keeps_secrets(&url) {
        return Err(wrong("url: the link is unprotected, so others could read it on its way: use https://"));
    }
    Ok(url)
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.get(..start.len()).filter(|found| found.eq_ignore_ascii_case(start)).and(text.get(start.len()..))
}

/// Asks for the feed there; with a cursor, only if it is another than last time. `home` is where the sign-in belongs.
pub(crate) fn request(cx: &Cx, url: Url, home: &Url, since: Option<&Cursor>) -> Result<Request, Error> {
    let own = url.origin() == home.origin();
    let mut request = Request::get("read_feed", url)
        .secret_address()
        .header("accept", "text/calendar, text/plain;q=0.8, */*;q=0.5")?;
    if let Some(cursor) = since {
        if let Some(etag) = &cursor.etag {
            request = request.header("if-none-match", etag)?;
        }
        if let Some(modified) = &cursor.modified {
            request = request.header("if-modified-since", modified)?;
        }
    }
    match (cx.setting("username"), cx.secrets.get("password")) {
        (Some(name), _) if name.contains(':') => Err(wrong("username: a colon cannot be in it")),
        (Some(name), Some(password)) if own => {
            let pair = BASE64_STANDARD.encode(format!("{name}:{}", password.expose()));
            request.secret_header("authorization", &format!("Basic {pair}"))
        }
        (Some(_), None) => Err(wrong("a user name is set: type its password, too")),
        _ => Ok(request),
    }
}

fn wrong(message: &str) -> Error {
    Error::new(Kind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("webcal://example.com/a.ics?k=v", "https://example.com/a.ics?k=v")]
    #[case("WebCal://example.com/a.ics", "https://example.com/a.ics")]
    #[case("webcals://example.com/a.ics", "https://example.com/a.ics")]
    #[case(" https://example.com/a.ics ", "https://example.com/a.ics")]
    #[case("http://intranet/plan.ics", "http://intranet/plan.ics")]
    fn ics_01_a_link_becomes_an_address(#[case] link: &str, #[case] means: &str) {
        assert_eq!(address(link).unwrap().as_str(), means);
    }

    #[rstest]
    #[case("http://example.com/a.ics", "https://")]
    #[case("ftp://example.com/a.ics", "https://")]
    #[case("webcal://", "link")]
    #[case("webcal:example", "https://")]
    #[case("", "link")]
    fn ics_01_what_is_no_safe_link_is_refused_with_the_fix(#[case] link: &str, #[case] says: &str) {
        let error = address(link).unwrap_err();
        assert!(error.kind == Kind::Invalid && error.message().contains(says), "{error}");
    }

    proptest! {
        #[test]
        fn all_10_no_link_makes_it_panic(link in "\\PC{0,60}|(web)?cals?://\\PC{0,20}") {
            let _ = address(&link); // whatever it says, it says it
        }
    }
}
