//! Forms and queries, kept as they were typed, so that a page can show them again.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{header, request::Parts};
use url::form_urlencoded;

use super::csrf::{self, Csrf};
use crate::{Problem, Web};

/// Names and values in the order they came; a name may come more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed(Vec<(String, String)>);

/// The query of a `GET`, as typed.
#[derive(Debug, Clone)]
pub struct Asked(pub Typed);

/// A form by which a guest acts for themselves.
#[derive(Debug, Clone)]
pub struct GuestForm(pub Typed);

/// A form that acts for somebody: refused unless a page of ours in the same browser wrote its token.
#[derive(Debug, Clone)]
pub struct Form(pub Typed);

impl Typed {
    /// Reads `a=1&b=2`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of this name as it was typed; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name without spaces around it, unless nothing is left.
    pub fn text(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|text| !text.is_empty())
    }

    /// Every value of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// True when the name came, whatever its value: how a checkbox or a pressed button speaks.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// True when the name came with this value.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|known| known == value)
    }

    /// Every name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets the one value of a name, in place of all it had.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Sets all values of a name, in place of those it had.
    pub fn replace(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.extend(values.into_iter().map(|value| (name.to_owned(), value)));
    }

    /// Writes `a=1&b=2`.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Typed {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Typed::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

impl FromRequest<Web> for GuestForm {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Self::Rejection> {
        read(request, web).await.map(Self)
    }
}

impl FromRequest<Web> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let Ok(csrf) = Csrf::from_request_parts(&mut parts, web).await;
        let typed = read(Request::from_parts(parts, body), web).await?;
        if csrf.fits(typed.get(csrf::FIELD)) {
            Ok(Self(typed))
        } else {
            Err(Problem::forbidden("stale_form", "This form is from an older visit.")
                .say("Go back, load the page again, and send it once more."))
        }
    }
}

async fn read(request: Request, web: &Web) -> Result<Typed, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let fits = kind.is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !fits {
        return Err(Problem::new(
            http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_a_form",
            "This address takes a form.",
        ));
    }
    let body = Bytes::from_request(request, web).await.map_err(|_| Problem::too_large())?;
    Ok(Typed::parse(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_in_order() {
        let typed = Typed::parse("guest=a%40b.c&name=+Ann+&guest=d%40e.f&on".as_bytes());
        assert_eq!(typed.all("guest").collect::<Vec<_>>(), ["a@b.c", "d@e.f"]);
        assert_eq!(typed.get("name"), " Ann ");
        assert_eq!(typed.text("name"), Some("Ann"));
        assert!(typed.has("on") && typed.text("on").is_none());
        assert_eq!(Typed::parse(typed.to_query().as_bytes()), typed);
    }

    #[test]
    fn setting_a_name_replaces_all_its_values() {
        let mut typed = Typed::from([("zone", "UTC"), ("zone", "Asia/Tokyo"), ("a", "1")]);
        typed.set("zone", "Europe/Vienna");
        assert_eq!(typed.to_query(), "a=1&zone=Europe%2FVienna");
    }
}
