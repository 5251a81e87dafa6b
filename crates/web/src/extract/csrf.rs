//! Tokens in forms that act for somebody: only a page of ours could have written them.

use std::convert::Infallible;

use aws_lc_rs::digest;
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header, request::Parts};
use subtle::ConstantTimeEq;

use super::cookie::{self, SESSION, VISIT};
use crate::{Site, Web};

/// The field every such form has.
pub const FIELD: &str = "csrf";

/// What this browser's forms must prove: knowledge of its session (or visit) cookie.
#[derive(Clone)]
pub struct Csrf([u8; 32]);

/// The visit cookie given to this request's browser with the answer.
#[derive(Clone)]
struct Visit(String);

/// Gives a browser without any cookie one, so that its forms can be told from another's.
pub async fn visit(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    if known(request.headers(), &web.site).is_some() {
        return next.run(request).await;
    }
    let fresh = web.engine.ids().uid().to_string();
    request.extensions_mut().insert(Visit(fresh.clone()));
    let mut response = next.run(request).await;
    response.headers_mut().append(header::SET_COOKIE, cookie::set(&web.site, VISIT, &fresh, None));
    response
}

fn known(headers: &HeaderMap, site: &Site) -> Option<String> {
    cookie::cookie(headers, site, SESSION).or_else(|| cookie::cookie(headers, site, VISIT))
}

impl Csrf {
    fn of(secret: &str) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"kalends csrf\0");
        hash.update(secret.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.finish().as_ref());
        Self(bytes)
    }

    /// A token for one page: masked anew each time, so that compression tells nothing about it.
    pub fn token(&self, mask: [u8; 32]) -> String {
        let hidden = self.0.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
        BASE64_URL_SAFE_NO_PAD.encode(mask.into_iter().chain(hidden).collect::<Vec<_>>())
    }

    /// Whether a page of this browser's wrote the token.
    pub fn fits(&self, token: &str) -> bool {
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((mask, hidden)) = bytes.split_at_checked(32).filter(|(_, hidden)| hidden.len() == 32) else {
            return false;
        };
        let shown: Vec<u8> = hidden.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        shown.ct_eq(&self.0).into()
    }
}

impl FromRequestParts<Web> for Csrf {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let secret = known(&parts.headers, &web.site)
            .or_else(|| parts.extensions.get::<Visit>().map(|visit| visit.0.clone()))
            // A browser nobody has met: a secret it cannot know, so that nothing fits.
            .unwrap_or_else(|| web.engine.ids().uid().to_string());
        Ok(Self::of(&secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_own_browser_only() {
        let token = Csrf::of("one").token([7; 32]);
        assert!(Csrf::of("one").fits(&token));
        assert!(!Csrf::of("two").fits(&token));
        assert_ne!(token, Csrf::of("one").token([8; 32]));
        for bad in ["", "AAAA", "not base64!", &token[..token.len() - 4]] {
            assert!(!Csrf::of("one").fits(bad), "{bad}");
        }
    }
}
