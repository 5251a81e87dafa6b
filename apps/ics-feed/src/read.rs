//! Reading a feed: redirects, what was not changed, and what is no calendar at all.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use http::StatusCode;
use kalends_app::http::keeps_secrets;
use kalends_app::{Cx, Error, Kind, Response};
use kalends_ical::{Feed, Unreadable};
use url::Url;

use crate::address::{address, request};
use crate::cursor::Cursor;

/// Redirects that are followed in a row.
const REDIRECTS: usize = 5;

/// A feed, read.
pub(crate) struct Read {
    pub(crate) feed: Feed,
    pub(crate) cursor: Cursor,
    /// Whose it is, when it has no name.
    pub(crate) host: String,
}

/// What a publisher says when asked what is new.
pub(crate) enum Answer {
    /// Nothing.
    Same(Cursor),
    /// All of it.
    New(Box<Read>),
}

/// The whole feed.
pub(crate) async fn anew(cx: &Cx) -> Result<Read, Error> {
    match since(cx, None).await? {
        Answer::New(read) => Ok(*read),
        Answer::Same(_) => Err(Error::new(Kind::Malformed, "the publisher says nothing changed, unasked")),
    }
}

/// The feed, if it is another than the one that was read before.
pub(crate) async fn since(cx: &Cx, before: Option<Cursor>) -> Result<Answer, Error> {
    let response = fetch(cx, before.as_ref()).await?;
    match before {
        Some(before) if response.status == StatusCode::NOT_MODIFIED => {
            return Ok(Answer::Same(before.seen(cx.now)));
        }
        None if response.status == StatusCode::NOT_MODIFIED => {
            return Err(Error::new(Kind::Malformed, "the publisher says nothing changed, unasked"));
        }
        _ => {}
    }
    if response.status != StatusCode::OK {
        let message =
            format!("the publisher answers without a calendar (status {})", response.status.as_u16());
        return Err(Error::new(Kind::Malformed, message));
    }
    let feed = feed(&response)?;
    let hash = BASE64_STANDARD_NO_PAD.encode(digest(&SHA256, &response.body));
    let cursor = Cursor::of(&response, hash, feed.about().refresh, cx.now);
    match before {
        Some(before) if before.hash == cursor.hash => Ok(Answer::Same(cursor)),
        _ => {
            let host = response.url.host_str().unwrap_or_default().to_owned();
            Ok(Answer::New(Box::new(Read { feed, cursor, host })))
        }
    }
}

/// Follows redirects: each hop goes through the gateway's guard, none gives up protection, and the sign-in stays home.
async fn fetch(cx: &Cx, before: Option<&Cursor>) -> Result<Response, Error> {
    let home = address(cx.secret("url")?.expose())?;
    let mut url = home.clone();
    for _ in 0..=REDIRECTS {
        let response = cx.http.send(request(cx, url.clone(), &home, before)?).await?;
        if response.status == StatusCode::NOT_MODIFIED || !response.status.is_redirection() {
            return Ok(response);
        }
        url = next(&url, &response)?;
    }
    Err(Error::new(Kind::Malformed, "the link sends us around in circles: copy it again"))
}

fn next(from: &Url, response: &Response) -> Result<Url, Error> {
    let next = response
        .location()
        .ok_or_else(|| Error::new(Kind::Malformed, "the link leads on to nowhere: copy it again"))?;
    let next = match next.scheme() {
        "https" => next,
        "webcal" | "webcals" => address(next.as_str())?,
        "http" if from.scheme() == "http" && keeps_secrets(&next) => next,
        _ => {
            let message = "the link leads on to an unprotected address, where it would be read by others";
            return Err(Error::new(Kind::Malformed, message));
        }
    };
    Ok(next)
}

fn feed(response: &Response) -> Result<Feed, Error> {
    let bytes = response.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&response.body);
    Feed::read(bytes).map_err(|error| {
        let message = match error {
            Unreadable::TooLarge => "the calendar is larger than 10 MB: ask its publisher for a shorter one",
            Unreadable::NotACalendar if is_page(bytes) => {
                "a web page answered, not a calendar: copy the link of the calendar file itself, as the hints say"
            }
            Unreadable::NotACalendar if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"PK") => {
                "the link leads to a compressed file: ask its publisher for the plain .ics file"
            }
            Unreadable::NotACalendar => "this is not a calendar: the link must lead to an .ics file",
        };
        Error::new(Kind::Malformed, message)
    })
}

fn is_page(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(500)]).to_ascii_lowercase();
    start.contains("<!doctype html") || start.contains("<html")
}
