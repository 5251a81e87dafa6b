//! One call's way to a server: where it is, how we sign in, and one connection for all requests that need it.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, StatusCode};
use kalends_app::http::Connection;
use kalends_app::{Cx, Error, Kind, Request, Response};
use serde::{Deserialize, Serialize};
use url::Url;
use vendor_xml::Element;

use crate::ntlm::{self, Ntlm};
use crate::{discover, soap};

/// Where what was found is kept among the settings.
pub(crate) const FOUND: &str = "found";
const XML: &str = "text/xml; charset=utf-8";

/// How a server lets people in (EWS-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scheme {
    /// Name and password with each request, over TLS.
    Basic,
    /// By question and answer on one connection.
    Ntlm,
}

/// What was found out about a server when the account was connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) endpoint: Url,
    pub(crate) scheme: Scheme,
    /// The version of the interface it takes from us.
    pub(crate) version: String,
}

/// An account's way to its server, for one call of the app.
pub(crate) struct Session<'a> {
    pub(crate) cx: &'a Cx,
    place: Place,
    connection: Connection,
}

impl<'a> Session<'a> {
    /// To where it was found when the account was connected; else it is looked for.
    pub(crate) async fn open(cx: &'a Cx) -> Result<Self, Error> {
        match cx.settings.get(FOUND).map(|found| serde_json::from_value::<Place>(found.clone())) {
            Some(Ok(place)) => Ok(Self::at(cx, place)),
            _ => Ok(Self::at(cx, discover::place(cx).await?)),
        }
    }

    /// To this place.
    pub(crate) fn at(cx: &'a Cx, place: Place) -> Self {
        Self { cx, place, connection: Connection::new() }
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// Asks something, and reads what stands in the answer under `{operation}Response`.
    pub(crate) async fn ask(&self, operation: &'static str, body: &str) -> Result<Element, Error> {
        let request = self.request(operation, body)?.reading();
        soap::answer(&self.send(request).await?, &format!("{operation}Response"))
    }

    /// Changes something. It is sent once: nothing in it would tell a second time from the first.
    pub(crate) async fn change(&self, operation: &'static str, body: &str) -> Result<Element, Error> {
        let request = self.request(operation, body)?;
        soap::answer(&self.send(request).await?, &format!("{operation}Response"))
    }

    /// Changes something in a way that does no more when done twice.
    pub(crate) async fn settle(&self, operation: &'static str, body: &str) -> Result<Element, Error> {
        let request = self.request(operation, body)?.repeatable();
        soap::answer(&self.send(request).await?, &format!("{operation}Response"))
    }

    fn request(&self, operation: &'static str, body: &str) -> Result<Request, Error> {
        let envelope = soap::envelope(&self.place.version, body);
        let action = format!("\"{}/{operation}\"", soap::MESSAGES);
        let request = Request::new(operation, Method::POST, self.place.endpoint.clone());
        request.header("soapaction", &action)?.header("accept", "text/xml").map(|r| r.body(XML, envelope))
    }

    /// Sends a request signed in.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, Error> {
        let request = match self.place.scheme {
            Scheme::Basic => request.secret_header("authorization", &basic(self.cx)?)?.challenged(),
            Scheme::Ntlm => {
                let ntlm = ntlm(self.cx, &request.url)?;
                request.over(&self.connection, Arc::new(ntlm))
            }
        };
        let response = self.cx.http.send(request).await?;
        if response.status == StatusCode::UNAUTHORIZED {
            let message = "the server refuses the user name or the password";
            return Err(Error::new(Kind::AuthRevoked, message).status(401));
        }
        if response.status.is_redirection() {
            let message = "the mailbox has moved to another address on its server: connect the account again";
            return Err(Error::new(Kind::NotFound, message).status(response.status.as_u16()));
        }
        Ok(response)
    }
}

/// The name to sign in with: the email where none is set.
pub(crate) fn user(cx: &Cx) -> Result<&str, Error> {
    match cx.setting("username") {
        Some(name) => Ok(name),
        None => email(cx),
    }
}

/// The address of the mailbox.
pub(crate) fn email(cx: &Cx) -> Result<&str, Error> {
    cx.setting("email")
        .ok_or_else(|| Error::new(Kind::AuthRevoked, "\"email\" is not set: connect the account again"))
}

fn basic(cx: &Cx) -> Result<String, Error> {
    let user = user(cx)?;
    if user.contains(':') {
        return Err(Error::new(Kind::Invalid, "username: a colon cannot be in it"));
    }
    let pair = format!("{user}:{}", cx.secret("password")?.expose());
    Ok(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

fn ntlm(cx: &Cx, url: &Url) -> Result<Ntlm, Error> {
    let (domain, user) = ntlm::parted(user(cx)?);
    Ok(Ntlm {
        user: user.to_owned(),
        domain: domain.to_owned(),
        password: cx.secret("password")?.clone(),
        host: url.host_str().unwrap_or_default().to_owned(),
        now: cx.now,
        chance: Arc::clone(&cx.chance),
    })
}
