//! What a guest sent by a form, kept on the page that says why the server could not take it.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::Method;

use crate::{Problem, extract::Typed, guard::LONGEST_BODY};

/// A form as it was sent, beside an answer that is the server's own trouble.
#[derive(Debug, Clone, Default)]
pub struct Kept(Typed);

/// Keeps what was sent beside an answer of 500 and more. Only for forms without secrets: it is shown again.
pub async fn keep(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return Problem::too_large().into_response() };
    let mut response = next.run(Request::from_parts(head, Body::from(body.clone()))).await;
    if response.status().is_server_error() {
        response.extensions_mut().insert(Kept(Typed::parse(&body)));
    }
    response
}

impl Kept {
    /// Every field, to be sent again as it was.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }

    /// What the guest typed: what it is, and their words.
    pub fn shown(&self) -> Vec<(String, String)> {
        shown(&self.0)
    }
}

/// What a guest typed into a form, and not what our pages filled in: what it is, and their words.
pub fn shown(form: &Typed) -> Vec<(String, String)> {
    let typed = form.iter().filter(|(_, text)| !text.trim().is_empty());
    typed.filter_map(|(name, text)| Some((called(name)?, text.to_owned()))).collect()
}

/// What a guest calls a field; none for those that only our pages fill.
fn called(name: &str) -> Option<String> {
    let label = match name {
        "name" => "Name",
        "email" => "Email",
        "guest" => "Guest",
        "notes" => "Notes",
        "phone" => "Telephone",
        "place" => "Place",
        "link" => "Link",
        "note" | "why" => "Reason",
        _ => {
            let mut words = name.strip_prefix("q-")?.replace(['-', '_'], " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            return Some(words);
        }
    };
    Some(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_guest_typed_is_shown_and_every_field_is_sent_again() {
        let form = Typed::parse(
            b"start=2026-11-25T10:00Z&attempt=x&name=Ben&guest=&q-your_team=Red+%26+blue&why=Ill",
        );
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(
            shown(&form),
            [pair("Name", "Ben"), pair("Your team", "Red & blue"), pair("Reason", "Ill")]
        );
        assert_eq!(Kept(form.clone()).fields().count(), form.iter().count());
    }
}
