//! One call's way to a server: whom we trust with the password, and how we sign in.

use std::sync::{Mutex, PoisonError};

use http::{Method, StatusCode};
use kalends_app::http::keeps_secrets;
use kalends_app::{Cx, Error, Kind, Request, Response};
use url::{Origin, Url};

use crate::auth::{self, Challenge, Login};
use crate::house::House;
use crate::multistatus::Multistatus;

const XML: &str = "application/xml; charset=utf-8";

/// The words a call needs beside its address and body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Depth {
    Zero,
    One,
}

/// A login at one server, for one call of an app.
pub(crate) struct Session<'a> {
    pub(crate) cx: &'a Cx,
    login: Login,
    /// Where the password may go: what the owner named, and what that place named over https (DAV-02).
    trusted: Mutex<Vec<Origin>>,
    challenge: Mutex<Option<Challenge>>,
    house: Option<House>,
}

impl<'a> Session<'a> {
    /// Trusts nobody yet.
    pub(crate) const fn new(cx: &'a Cx, login: Login, house: Option<House>) -> Self {
        Self { cx, login, trusted: Mutex::new(vec![]), challenge: Mutex::new(None), house }
    }

    /// The house the account is in, where it is in one.
    pub(crate) const fn house(&self) -> Option<&House> {
        self.house.as_ref()
    }

    /// Lets the password go to this server, because its owner named it.
    pub(crate) fn trust(&self, url: &Url) {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = url.origin();
        if !trusted.contains(&origin) {
            trusted.push(origin);
        }
    }

    pub(crate) fn trusts(&self, url: &Url) -> bool {
        self.trusted.lock().unwrap_or_else(PoisonError::into_inner).contains(&url.origin())
    }

    /// An address a trusted server named in an answer we signed in for: trusted too if it is safe there.
    pub(crate) fn follow(&self, base: &Url, href: &str) -> Result<Url, Error> {
        let url = base
            .join(href)
            .map_err(|_| Error::new(Kind::Malformed, "the server named an address that is none"))?;
        if url.origin() != base.origin() && (url.scheme() != "https" || base.scheme() != "https") {
            return Err(Error::new(
                Kind::Malformed,
                format!("the server sends us on to {} without https, where no password may go", host(&url)),
            ));
        }
        if let Some(house) = self.house.as_ref().filter(|house| !house.holds(&url)) {
            return Err(house.refuses(&url));
        }
        self.trust(&url);
        Ok(url)
    }

    pub(crate) async fn propfind(
        &self,
        op: &'static str,
        url: &Url,
        depth: Depth,
        body: String,
    ) -> Result<Multistatus, Error> {
        Multistatus::read(&settled(self.ask(op, "PROPFIND", url, depth, body).await?)?)
    }

    pub(crate) async fn report(
        &self,
        op: &'static str,
        url: &Url,
        depth: Depth,
        body: String,
    ) -> Result<Multistatus, Error> {
        Multistatus::read(&settled(self.ask(op, "REPORT", url, depth, body).await?)?)
    }

    /// A PROPFIND or REPORT, its answer as it comes. Only who looks for the way follows a redirect.
    pub(crate) async fn ask(
        &self,
        op: &'static str,
        method: &str,
        url: &Url,
        depth: Depth,
        body: String,
    ) -> Result<Response, Error> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::new(Kind::Invalid, "this is no method a server knows"))?;
        let depth = match depth {
            Depth::Zero => "0",
            Depth::One => "1",
        };
        let request = Request::new(op, method, url.clone()).header("depth", depth)?.body(XML, body);
        self.exchange(request).await
    }

    /// Sends a request to what must be there: a redirect means that it is no longer.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, Error> {
        settled(self.exchange(request).await?)
    }

    /// Sends a request with the account's login, if its server may have it.
    async fn exchange(&self, request: Request) -> Result<Response, Error> {
        if !self.trusts(&request.url) {
            return Err(Error::new(
                Kind::Invalid,
                format!("{} is not the server this account is connected to", host(&request.url)),
            ));
        }
        // Once as we are, once to answer a challenge, once more if its nonce was stale: no more, for servers lock accounts.
        let mut answered = false;
        for _ in 0..3 {
            let signed = self.signed(request.clone())?;
            let offered = signed.headers.contains_key(http::header::AUTHORIZATION);
            let response = self.cx.http.send(signed).await?;
            if response.status != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            match Challenge::read(&response) {
                Some(challenge) if answered && !challenge.is_stale() => break,
                Some(challenge) => {
                    answered = true;
                    self.challenged(challenge);
                }
                None if offered => break,
                None => return Err(in_the_clear(&request.url)),
            }
        }
        Err(Error::new(Kind::AuthRevoked, "the server refuses the user name or the password").status(401))
    }

    fn challenged(&self, challenge: Challenge) {
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
    }

    fn signed(&self, request: Request) -> Result<Request, Error> {
        let request = request.challenged();
        let mut challenge = self.challenge.lock().unwrap_or_else(PoisonError::into_inner);
        match challenge.as_mut() {
            Some(challenge) => {
                let client = auth::hex(&self.cx.random::<16>());
                let value = self.login.digest(challenge, request.method.as_str(), &request.url, &client);
                request.secret_header("authorization", &value)
            }
            None if keeps_secrets(&request.url) => {
                request.secret_header("authorization", &self.login.basic()?)
            }
            None => Ok(request),
        }
    }
}

fn settled(response: Response) -> Result<Response, Error> {
    if response.status.is_redirection() {
        let message = "the calendar has moved to another address on its server: connect the account again";
        return Err(Error::new(Kind::NotFound, message).status(response.status.as_u16()));
    }
    Ok(response)
}

fn in_the_clear(url: &Url) -> Error {
    Error::new(
        Kind::Invalid,
        format!("{} would get the password unprotected: use an address that begins with https://", host(url)),
    )
}

/// A server as its owner would say it.
pub(crate) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.scheme().to_owned(),
    }
}
