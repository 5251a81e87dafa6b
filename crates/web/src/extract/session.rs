//! Who is signed in.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, request::Parts};
use kalends_domain::{Id, people::User};
use kalends_engine::Member;
use secrecy::SecretString;

use super::cookie::{self, SESSION};
use crate::{Problem, Web};

/// Somebody signed in. Without a session a page leads to sign-in, and comes back afterwards.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Their session's row.
    pub session: Id<kalends_engine::sign_in::Session>,
    /// What the session's cookie holds.
    pub token: SecretString,
}

impl SignedIn {
    /// As the engine's verbs take them.
    pub fn member(&self) -> Member {
        Member { user: self.user.id, organization: self.user.organization, role: self.user.role }
    }
}

/// Why nobody is signed in.
pub enum NotSignedIn {
    /// They have to, and come back to this path.
    AskFirst(String),
    /// Nobody knows.
    Problem(Problem),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::AskFirst(next) => {
                let query =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
                Redirect::to(&format!("/login?{query}")).into_response()
            }
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        match look(parts, web).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            // What was sent is lost; but the page it was sent from can be opened again.
            Ok(None) if parts.method != Method::GET => Err(NotSignedIn::Problem(
                Problem::unauthorized()
                    .say("Your session is over. Sign in in another tab, then send this again."),
            )),
            Ok(None) => {
                let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                Err(NotSignedIn::AskFirst(path.to_owned()))
            }
            Err(problem) => Err(NotSignedIn::Problem(problem)),
        }
    }
}

impl OptionalFromRequestParts<Web> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Option<Self>, Self::Rejection> {
        look(parts, web).await
    }
}

async fn look(parts: &Parts, web: &Web) -> Result<Option<SignedIn>, Problem> {
    let Some(token) = cookie::cookie(&parts.headers, &web.site, SESSION) else { return Ok(None) };
    let token = SecretString::from(token);
    let found = web.engine.session(&token).await.map_err(|error| Problem::internal(&error))?;
    Ok(found.map(|(session, user)| SignedIn { user, session: session.id, token }))
}

/// A path of ours to go on to, or `/bookings`: never another site's address.
pub fn onward(next: &str) -> String {
    let plain = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\");
    let clean = next.chars().all(|c| !c.is_control() && c != '\\');
    // Read once more as a browser does: what it makes of it must stay here.
    let here = url::Url::parse("https://here.invalid").and_then(|base| base.join(next));
    let stays = here.is_ok_and(|url| url.host_str() == Some("here.invalid") && url.scheme() == "https");
    if plain && clean && stays { next.to_owned() } else { "/bookings".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil",
            "javascript:alert(1)",
            "",
            "evil",
            "/a\r\nb",
        ] {
            assert_eq!(onward(bad), "/bookings", "{bad:?}");
        }
        assert_eq!(onward("/bookings/abc/confirm?x=1"), "/bookings/abc/confirm?x=1");
    }
}
