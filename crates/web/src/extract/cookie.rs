//! The cookies there are: the session's, one that ties entry forms to a browser, and what a guest said about statistics.
//! Guests get none before they say something.

use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, HeaderValue};

use crate::Site;

/// The session of somebody signed in.
pub const SESSION: &str = "kalends_session";

/// Ties forms to a browser before anybody has signed in.
pub const VISIT: &str = "kalends_visit";

/// What a guest said about tags on public pages.
pub const CONSENT: &str = "kalends_consent";

/// The name under which a cookie travels: over TLS this host alone can set it.
fn name(site: &Site, plain: &str) -> String {
    if site.secure() { format!("__Host-{plain}") } else { plain.to_owned() }
}

/// The value of a cookie, if the browser sent one.
pub fn cookie(headers: &HeaderMap, site: &Site, plain: &str) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(&name(site, plain)).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

/// A `Set-Cookie` that scripts cannot read; it ends with the browser, or after so many days.
pub fn set(site: &Site, plain: &str, value: &str, days: Option<u32>) -> HeaderValue {
    let secure = if site.secure() { "; Secure" } else { "" };
    let age = days.map_or(String::new(), |days| format!("; Max-Age={}", u64::from(days) * 86_400));
    let name = name(site, plain);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A `Set-Cookie` that takes it away.
pub fn forget(site: &Site, plain: &str) -> HeaderValue {
    set(site, plain, "", Some(0))
}
