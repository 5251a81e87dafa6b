//! The provider's authorization server: the authorize address, and the requests to its token endpoint.

use std::{borrow::Cow, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use kalends_domain::id::Chance;
use url::{Url, form_urlencoded};

use super::{
    ASSERTION, Class, Client, ClientKey, ClientProof, Delegate, JWT_BEARER, OAuth, Proof, Refusal, Tokens,
    pkce, token,
};
use crate::{
    Endpoints, Error, Http, Kind, Request, Response, Secret,
    fake::Fake,
    http::{Limits, Time},
};

/// A token request is over after this, whatever comes: turns to renew are counted on it.
const LIMITS: Limits =
    Limits { first_byte: Duration::from_secs(15), total: Duration::from_secs(20), body: 1024 * 1024 };

/// What of a token request nobody else may know.
const SECRET: [&str; 6] =
    ["assertion", "client_assertion", "code", "code_verifier", "refresh_token", "token"];

/// One provider's authorization server (RFC 6749), for one account.
///
/// Its requests carry no account's credential and are never sent twice: codes and refresh tokens are good for one use.
#[derive(Clone)]
pub struct Desk {
    pub(crate) of: &'static OAuth,
    pub(crate) http: Http,
    pub(crate) endpoints: Endpoints,
    pub(crate) time: Arc<dyn Time>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) played: Option<Arc<dyn Fake>>,
}

/// What the authorize address asks.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the answer goes: exactly as registered (OAU-04).
    pub redirect: &'a str,
    /// Comes back with the answer (OAU-02).
    pub state: &'a str,
    /// Proves who asked (OAU-01).
    pub verifier: &'a Secret,
    /// Which account to offer first, where it is known.
    pub hint: Option<&'a str>,
}

impl Desk {
    /// How the provider does it.
    pub const fn descriptor(&self) -> &'static OAuth {
        self.of
    }

    /// Where a person says yes. A played provider says yes at once: the address is then our own, with its answer.
    pub fn authorize(&self, ask: &Ask<'_>) -> Result<Url, Error> {
        let mut url = self.endpoints.get(&self.of.authorize)?.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &ask.client.id)
                .append_pair("redirect_uri", ask.redirect)
                .append_pair("state", ask.state);
            if !self.of.scopes.is_empty() {
                query.append_pair("scope", &self.of.asked());
            }
            if self.of.pkce {
                query
                    .append_pair("code_challenge", &pkce::challenge(ask.verifier.expose()))
                    .append_pair("code_challenge_method", "S256");
            }
            for (name, value) in &self.of.params {
                query.append_pair(name, value);
            }
            if let Some(hint) = ask.hint {
                query.append_pair("login_hint", hint);
            }
        }
        match self.played.as_deref().and_then(Fake::oauth) {
            Some(fake) => fake.consent(&url).map_err(|problem| Error::new(Kind::Invalid, problem)),
            None => Ok(url),
        }
    }

    /// Where an administrator of an organization there allows us for everybody in it; none where there is no such place
    /// (MSG-03). What comes back to `redirect` changes nothing here, so nothing ties it to anybody.
    pub fn approval(&self, client: &Client, redirect: &str) -> Result<Option<Url>, Error> {
        let Some(name) = &self.of.approve else { return Ok(None) };
        let mut url = self.endpoints.get(name)?.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &self.of.asked());
        Ok(Some(url))
    }

    /// Whether an answer that says it comes from there does (RFC 9207, OAU-03).
    pub fn is_from(&self, issuer: &str) -> Result<bool, Error> {
        let (known, whole) = match &self.of.issuer {
            Some(name) => (self.endpoints.get(name)?, true),
            None => (self.endpoints.get(&self.of.authorize)?, false),
        };
        if !whole {
            return Ok(known.origin().ascii_serialization() == issuer);
        }
        // An address without a path has gained a slash when it was read.
        let bare = known.path() == "/" && known.query().is_none();
        Ok(known.as_str() == issuer || (bare && known.as_str().trim_end_matches('/') == issuer))
    }

    /// Turns a code into tokens.
    pub async fn exchange(
        &self,
        client: &Client,
        code: &Secret,
        redirect: &str,
        verifier: &Secret,
    ) -> Result<Tokens, Refusal> {
        let mut form =
            vec![("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect)];
        if self.of.pkce {
            form.push(("code_verifier", verifier.expose()));
        }
        self.tokens("oauth_exchange", Some(client), &form).await
    }

    /// Turns a refresh token into fresh tokens.
    pub async fn refresh(&self, client: &Client, refresh: &Secret) -> Result<Tokens, Refusal> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        self.tokens("oauth_refresh", Some(client), &form).await
    }

    /// Tokens of an account's own client, without anybody being asked.
    pub async fn account(&self, client: &Client, account: &str) -> Result<Tokens, Refusal> {
        let form = [("grant_type", "account_credentials"), ("account_id", account)];
        let tokens = self.tokens("oauth_account", Some(client), &form).await;
        tokens.map_err(|refusal| match refusal.class {
            Class::Client => {
                refusal.for_owner("the account does not take this client id and secret; copy all three again")
            }
            _ => refusal,
        })
    }

    /// Tokens for somebody a service account speaks for, without anybody being asked.
    pub async fn delegated(&self, delegate: &Delegate) -> Result<Tokens, Refusal> {
        let endpoint = self.endpoints.get(&self.of.token).map_err(Refusal::unanswered)?;
        let scope = self.of.asked();
        let assertion = delegate.assertion(&scope, endpoint.as_str(), self.time.now());
        let assertion = assertion
            .map_err(|problem| Refusal::unanswered(Error::new(Kind::Invalid, problem.to_string())))?;
        let form = [("grant_type", JWT_BEARER), ("assertion", &assertion)];
        let tokens = self.tokens("oauth_delegated", None, &form).await;
        tokens.map_err(|refusal| delegate.explained(refusal, &self.of.scopes))
    }

    /// Gives a token back (RFC 7009). One the provider does not know any more is given back already.
    pub async fn revoke(&self, client: &Client, token: &Secret) -> Result<(), Refusal> {
        let Some(name) = &self.of.revoke else { return Ok(()) };
        let url = self.endpoints.get(name).map_err(Refusal::unanswered)?.clone();
        let form = [("token", token.expose())];
        let form = self.proving(Some(client), &form)?;
        let response = self.post("oauth_revoke", url, Some(client), &form).await?;
        let body = serde_json::from_slice::<serde_json::Value>(&response.body).ok();
        let body = body.as_ref().and_then(serde_json::Value::as_object);
        let status = response.status.as_u16();
        match token::refused(status, body, &response, self.time.now()) {
            None => Ok(()),
            Some(refusal) if matches!(refusal.class, Class::Grant) => Ok(()),
            Some(refusal) if matches!(status, 400 | 404) && refusal.class == Class::Request => Ok(()),
            Some(refusal) => Err(hushed(refusal, Some(client), &form)),
        }
    }

    /// Asks for tokens with a code that was never given out: a desk that knows us refuses the code, not us.
    pub async fn knows(&self, client: &Client, redirect: &str) -> Result<(), Refusal> {
        let nothing = Secret::new("kalends-asks-whether-you-know-us");
        match self.exchange(client, &nothing, redirect, &nothing).await {
            Ok(_) => Ok(()),
            Err(refusal) if matches!(refusal.class, Class::Grant) => Ok(()),
            Err(refusal) if refusal.class == Class::Request && refusal.error.http_status() == Some(400) => {
                Ok(())
            }
            Err(refusal) => Err(refusal),
        }
    }

    async fn tokens(
        &self,
        op: &'static str,
        client: Option<&Client>,
        form: &[(&str, &str)],
    ) -> Result<Tokens, Refusal> {
        let url = self.endpoints.get(&self.of.token).map_err(Refusal::unanswered)?.clone();
        let form = self.proving(client, form)?;
        let response = self.post(op, url, client, &form).await?;
        Tokens::read(self.of, &response, self.time.now()).map_err(|refusal| hushed(refusal, client, &form))
    }

    async fn post(
        &self,
        op: &'static str,
        url: Url,
        client: Option<&Client>,
        form: &Form<'_>,
    ) -> Result<Response, Refusal> {
        let request = self.request(op, url, client, form).map_err(Refusal::unanswered)?;
        self.http.send(request).await.map_err(Refusal::unanswered)
    }

    fn request(
        &self,
        op: &'static str,
        url: Url,
        client: Option<&Client>,
        form: &Form<'_>,
    ) -> Result<Request, Error> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = Request::new(op, Method::POST, url).once().header("accept", "application/json")?;
        if let Some((id, secret)) = client.and_then(|client| self.in_header(client)) {
            let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
            request =
                request.secret_header("authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)))?;
        }
        Ok(request.limits(LIMITS).body("application/x-www-form-urlencoded", body.finish()))
    }

    /// The form with what proves us in it (OAU-05). Without a client it speaks for itself.
    fn proving<'a>(&self, client: Option<&Client>, form: &[(&'a str, &'a str)]) -> Result<Form<'a>, Refusal> {
        let mut form: Form<'a> = form.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect();
        let Some(client) = client.filter(|client| self.in_header(client).is_none()) else { return Ok(form) };
        form.push(("client_id", client.id.clone().into()));
        match &client.proof {
            None => {}
            Some(Proof::Secret(secret)) => form.push(("client_secret", secret.expose().to_owned().into())),
            Some(Proof::Key(key)) => {
                form.push(("client_assertion_type", ASSERTION.into()));
                form.push(("client_assertion", self.assertion(&client.id, key)?.into()));
            }
        }
        Ok(form)
    }

    /// What goes into the header instead of the form.
    fn in_header<'c>(&self, client: &'c Client) -> Option<(&'c str, &'c Secret)> {
        match &client.proof {
            Some(Proof::Secret(secret)) if self.of.client == ClientProof::Basic => Some((&client.id, secret)),
            _ => None,
        }
    }

    /// A client assertion signed by our key, good for one request.
    fn assertion(&self, client: &str, key: &Secret) -> Result<String, Refusal> {
        let ours =
            |problem: String| Refusal { class: Class::Client, error: Error::new(Kind::Invalid, problem) };
        let Some(of) = &self.of.key else {
            return Err(ours("the provider takes a client secret, not a key".to_owned()));
        };
        let audience = of.audience.as_ref().unwrap_or(&self.of.token);
        let audience = self.endpoints.get(audience).map_err(Refusal::unanswered)?;
        let key = ClientKey::read(key, of).map_err(|unfit| ours(unfit.to_string()))?;
        let said = key.assertion(client, audience.as_str(), &*self.chance, self.time.now());
        said.map_err(|bad| ours(bad.to_string()))
    }
}

/// What is posted, by name.
type Form<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

/// What the desk said, without what it was told: some say back a whole request.
fn hushed(mut refusal: Refusal, client: Option<&Client>, form: &Form<'_>) -> Refusal {
    let told = form.iter().filter(|(name, _)| SECRET.contains(name)).map(|(_, value)| &**value);
    let proof = client.and_then(|client| client.proof.as_ref());
    refusal.error = refusal.error.without(told.chain(proof.map(|proof| proof.hidden().expose())));
    refusal
}

/// As a form would spell it (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
