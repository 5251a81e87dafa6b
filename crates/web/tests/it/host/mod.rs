//! What hosts do, signed in.

mod availability;
mod bookings;
mod clocks;
mod event_types;
mod needs;
mod recorder;
mod rules;
mod settings;
mod team;

use http::StatusCode;

use crate::browser::{Browser, Seen};

/// A word that would run if it were ever written into a page as it is.
const NASTY: &str = "<script>alert(1)</script>\" x='&";

/// True when the page holds the nasty word, and only as text.
fn is_harmless(page: &Seen) -> bool {
    !page.text.contains("<script>alert") && page.text.contains("&#60;script&#62;alert")
}

/// A page that is there.
async fn open(host: &mut Browser, path: &str) -> Seen {
    let page = host.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    page
}

/// The page after a step, with what it says happened.
async fn after(host: &mut Browser, done: &Seen) -> Seen {
    let page = host.follow(done).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page
}

/// The message at the top of a page.
fn notice(page: &Seen) -> String {
    page.texts(".notice strong").into_iter().next().unwrap_or_default()
}
