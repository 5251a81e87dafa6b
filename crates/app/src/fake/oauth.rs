//! A provider's sign-in, played: strict about what it is asked, out of order on demand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::{answer, assertion, delegate::Delegate};
use crate::{
    Error, Kind, Manifest, Request, Response, Secret,
    http::{Signer, sign::Fixed},
    oauth::{Client, ClientKey, ClientProof, Grant, JWT_BEARER, OAuth as Descriptor, Proof, pkce},
};

/// A provider's authorize, token and revoke addresses. Clones share everything.
///
/// It checks PKCE, the redirect and the registration, gives every code once, and can rotate refresh tokens strictly: the
/// second use of one ends the whole grant. It has no clock: tokens end when it is told so.
#[derive(Debug, Clone)]
pub struct OAuth {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    of: Descriptor,
    authorize: Url,
    token: Url,
    revoke: Option<Url>,
    audience: Option<Url>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    client: Client,
    subject: String,
    rotating: bool,
    lenient: bool,
    declines: bool,
    delegate: Option<Delegate>,
    /// What a key of ours has signed and was taken.
    used: BTreeSet<String>,
    unticked: BTreeSet<String>,
    codes: BTreeMap<String, Code>,
    grants: Vec<Given>,
    /// Access tokens that are good, and whose.
    access: BTreeMap<String, usize>,
    minted: u64,
}

#[derive(Debug)]
struct Code {
    redirect: String,
    challenge: Option<String>,
    given: Given,
}

#[derive(Debug, Clone)]
struct Given {
    subject: String,
    scopes: BTreeSet<String>,
    refresh: Option<String>,
    spent: BTreeSet<String>,
    alive: bool,
}

/// Whom a good token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The account.
    pub subject: String,
    /// What it may.
    pub scopes: BTreeSet<String>,
}

impl OAuth {
    /// The sign-in this manifest describes. Without one, or with an address it does not declare, it cannot be played.
    ///
    /// # Panics
    /// When the manifest has no OAuth 2: a fake of another kind has no sign-in.
    pub fn of(manifest: &Manifest) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a fake is test equipment, and its manifest is data of this build"
        )]
        let of = manifest.auth.oauth().expect("the manifest says scheme = \"oauth2\"").clone();
        let address = |name: &str| manifest.endpoints[name].clone();
        let client = match &of.key {
            Some(key) if of.client == ClientProof::PrivateKeyJwt => assertion::client("kalends", key),
            _ => Client::with_secret("kalends", "kalends-client-secret"),
        };
        let inner = Inner {
            authorize: address(&of.authorize),
            token: address(&of.token),
            revoke: of.revoke.as_deref().map(address),
            audience: of.key.as_ref().and_then(|key| key.audience.as_deref()).map(address),
            of,
            state: Mutex::new(State {
                client,
                subject: "ines@example.com".into(),
                rotating: false,
                lenient: false,
                declines: false,
                delegate: None,
                used: BTreeSet::new(),
                unticked: BTreeSet::new(),
                codes: BTreeMap::new(),
                grants: vec![],
                access: BTreeMap::new(),
                minted: 0,
            }),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Every refresh gives a new refresh token and spends the old one.
    #[must_use]
    pub fn rotating(self) -> Self {
        self.state().rotating = true;
        self
    }

    /// A spent refresh token is taken once more, as some providers do for a while.
    #[must_use]
    pub fn lenient(self) -> Self {
        self.state().lenient = true;
        self
    }

    /// The registration it knows.
    pub fn client(&self) -> Client {
        self.state().client.clone()
    }

    /// From now on it knows only this registration.
    pub fn knows(&self, client: Client) {
        self.state().client = client;
    }

    /// From now on it knows us by a key alone: that registration; none where the provider takes no keys.
    pub fn keyed(&self) -> Option<Client> {
        let client = assertion::client("kalends", self.inner.of.key.as_ref()?);
        self.knows(client.clone());
        Some(client)
    }

    /// From now on this account says yes.
    pub fn signs_in(&self, subject: &str) {
        subject.clone_into(&mut self.state().subject);
    }

    /// From now on this service account speaks for the account that signs in, for the scopes its administrator has allowed
    /// (GCAL-24).
    pub fn delegates(&self, email: &str, public_key: &str, allowed: &[&str]) {
        self.state().delegate = Some(Delegate {
            email: email.to_owned(),
            public_key: public_key.to_owned(),
            allowed: allowed.iter().map(|&scope| scope.to_owned()).collect(),
        });
    }

    /// From now on people untick these scopes (OAU-07).
    pub fn untick(&self, scopes: &[&str]) {
        self.state().unticked = scopes.iter().map(|&scope| scope.to_owned()).collect();
    }

    /// From now on people say no, or yes again.
    pub fn declines(&self, declines: bool) {
        self.state().declines = declines;
    }

    /// Every access token is spent; refresh tokens are not.
    pub fn expire(&self) {
        self.state().access.clear();
    }

    /// Every grant is taken back, refresh tokens too.
    pub fn take_back(&self) {
        let mut state = self.state();
        state.access.clear();
        state.grants.iter_mut().for_each(|given| given.alive = false);
    }

    /// How many grants stand.
    pub fn standing(&self) -> usize {
        self.state().grants.iter().filter(|given| given.alive).count()
    }

    /// A person follows an authorize address and decides: where their browser goes then.
    pub fn consent(&self, url: &Url) -> Result<Url, String> {
        let mut state = self.state();
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let need = |name: &str| {
            asked.get(name).filter(|text| !text.is_empty()).ok_or_else(|| format!("{name} is missing"))
        };
        if (url.scheme(), url.host(), url.path())
            != (self.inner.authorize.scheme(), self.inner.authorize.host(), self.inner.authorize.path())
        {
            return Err("this is not where people say yes".into());
        }
        if need("response_type")? != "code" || *need("client_id")? != state.client.id {
            return Err("the client or the response type is unknown".into());
        }
        if need("state")?.len() < 22 {
            return Err("a state of less than 128 bits can be guessed (OAU-02)".into());
        }
        let redirect = need("redirect_uri")?.clone();
        let mut back = Url::parse(&redirect).map_err(|_| "redirect_uri is no address".to_owned())?;
        if self.inner.of.pkce && asked.get("code_challenge_method").map(String::as_str) != Some("S256") {
            return Err("PKCE with S256 is missing (OAU-01)".into());
        }
        if let Some((name, _)) =
            self.inner.of.params.iter().find(|(name, value)| asked.get(*name) != Some(*value))
        {
            return Err(format!("{name} is not as the manifest says"));
        }
        let scopes: BTreeSet<String> = asked
            .get("scope")
            .map(|text| text.split(&self.inner.of.separator).map(str::to_owned).collect())
            .unwrap_or_default();
        back.query_pairs_mut().append_pair("state", need("state")?);
        if state.declines {
            back.query_pairs_mut().append_pair("error", "access_denied");
            return Ok(back);
        }
        let code = state.mint("code");
        let given = Given {
            subject: state.subject.clone(),
            scopes: scopes.difference(&state.unticked).cloned().collect(),
            refresh: None,
            spent: BTreeSet::new(),
            alive: true,
        };
        let challenge = asked.get("code_challenge").cloned();
        state.codes.insert(code.clone(), Code { redirect, challenge, given });
        back.query_pairs_mut().append_pair("code", &code).append_pair("iss", &self.issuer());
        Ok(back)
    }

    /// Answers what goes to the token or revoke address; `None` when the request goes elsewhere.
    pub fn answer(&self, request: &Request) -> Option<Result<Response, String>> {
        let is = |url: &Url| url.host() == request.url.host() && url.path() == request.url.path();
        if is(&self.inner.token) {
            Some(self.token(request))
        } else if self.inner.revoke.as_ref().is_some_and(is) {
            Some(self.revoked(request))
        } else {
            None
        }
    }

    /// Whom the request's bearer token stands for; `None` when it is not good.
    pub fn bearer(&self, request: &Request) -> Option<Granted> {
        self.token_of(request.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?)
    }

    /// Whom this bearer token stands for, wherever it was shown; `None` when it is not good.
    pub fn token_of(&self, token: &str) -> Option<Granted> {
        let state = self.state();
        let given = &state.grants[*state.access.get(token)?];
        given.alive.then(|| Granted { subject: given.subject.clone(), scopes: given.scopes.clone() })
    }

    /// Signs as an account that has connected with all scopes, and refreshes as the engine would.
    pub fn signer(&self) -> Arc<dyn Signer> {
        let mut state = self.state();
        let scopes = self.inner.of.scopes.iter().map(|one| one.scope.clone()).collect();
        let given = Given {
            subject: state.subject.clone(),
            scopes,
            refresh: None,
            spent: BTreeSet::new(),
            alive: true,
        };
        state.grants.push(given);
        let of = state.grants.len() - 1;
        let access = state.fresh(of);
        Arc::new(Signs { desk: self.clone(), of, access: Mutex::new(access) })
    }

    fn issuer(&self) -> String {
        self.inner.authorize.origin().ascii_serialization()
    }

    fn token(&self, request: &Request) -> Result<Response, String> {
        let form = form(request)?;
        let mut state = self.state();
        let own_key = self.inner.of.grants.contains(&Grant::JwtBearer);
        if own_key && form.get("grant_type").is_some_and(|grant| grant == JWT_BEARER) {
            let judged = match &state.delegate {
                Some(delegate) => delegate.judge(&form, &self.inner.token, &state.subject)?,
                None => Err((400, "invalid_grant")),
            };
            return Ok(match judged {
                Ok(scopes) => self.unasked(request, &mut state, scopes),
                Err((status, code)) => no(request, status, code),
            });
        }
        if !self.is_client(request, &form, &mut state)? {
            return Ok(no(request, 401, "invalid_client"));
        }
        let need = |name: &str| form.get(name).ok_or_else(|| format!("{name} is missing"));
        match need("grant_type")?.as_str() {
            "authorization_code" => {
                let Some(code) = state.codes.remove(need("code")?) else {
                    return Ok(no(request, 400, "invalid_grant"));
                };
                let proven = match &code.challenge {
                    Some(challenge) => {
                        form.get("code_verifier").is_some_and(|text| pkce::challenge(text) == *challenge)
                    }
                    None => true,
                };
                if *need("redirect_uri")? != code.redirect || !proven {
                    return Ok(no(request, 400, "invalid_grant"));
                }
                state.grants.push(code.given);
                let of = state.grants.len() - 1;
                Ok(self.granted(request, &mut state, of, true))
            }
            "refresh_token" => {
                let token = need("refresh_token")?;
                let known =
                    |given: &Given| given.refresh.as_ref() == Some(token) || given.spent.contains(token);
                let Some(of) = state.grants.iter().position(known) else {
                    return Ok(no(request, 400, "invalid_grant"));
                };
                if !state.lenient && state.grants[of].spent.contains(token) {
                    // Somebody else has it: the whole family ends (RFC 9700, 4.14.2).
                    state.grants[of].alive = false;
                }
                if !state.grants[of].alive {
                    return Ok(no(request, 400, "invalid_grant"));
                }
                let rotating = state.rotating;
                Ok(self.granted(request, &mut state, of, rotating))
            }
            "account_credentials" if self.inner.of.grants.contains(&Grant::AccountCredentials) => {
                need("account_id")?;
                let scopes = self.inner.of.scopes.iter().map(|one| one.scope.clone()).collect();
                Ok(self.unasked(request, &mut state, scopes))
            }
            _ => Ok(no(request, 400, "unsupported_grant_type")),
        }
    }

    /// Tokens that nobody was asked for, and that nothing renews.
    fn unasked(&self, request: &Request, state: &mut State, scopes: BTreeSet<String>) -> Response {
        let given = Given {
            subject: state.subject.clone(),
            scopes,
            refresh: None,
            spent: BTreeSet::new(),
            alive: true,
        };
        state.grants.push(given);
        let of = state.grants.len() - 1;
        self.granted(request, state, of, false)
    }

    fn granted(&self, request: &Request, state: &mut State, of: usize, with_refresh: bool) -> Response {
        let access = state.fresh(of);
        let scopes: Vec<_> = state.grants[of].scopes.iter().cloned().collect();
        let mut body = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600,
            "scope": scopes.join(&self.inner.of.separator),
        });
        for name in &self.inner.of.keep {
            body[name.as_str()] = json!(state.grants[of].subject);
        }
        if with_refresh {
            let refresh = state.mint("refresh");
            body["refresh_token"] = json!(refresh);
            let given = &mut state.grants[of];
            given.spent.extend(given.refresh.replace(refresh));
        }
        if let Some(name) = &self.inner.of.token_in {
            body = json!({ name: body });
        }
        answer(request, 200, &[("content-type", "application/json")], body.to_string())
    }

    fn revoked(&self, request: &Request) -> Result<Response, String> {
        let form = form(request)?;
        let token = form.get("token").ok_or("token is missing")?;
        let mut state = self.state();
        let by_access = state.access.get(token).copied();
        let by_refresh = state.grants.iter().position(|given| given.refresh.as_ref() == Some(token));
        if let Some(of) = by_refresh.or(by_access) {
            state.grants[of].alive = false;
        }
        Ok(answer(request, 200, &[], ""))
    }

    fn is_client(
        &self,
        request: &Request,
        form: &BTreeMap<String, String>,
        state: &mut State,
    ) -> Result<bool, String> {
        let Client { id, proof } = &state.client;
        match (self.inner.of.client, proof) {
            (_, Some(Proof::Key(key))) => {
                let of = self.inner.of.key.as_ref().ok_or("the manifest takes no keys")?;
                let key = ClientKey::read(key, of).map_err(|unfit| unfit.to_string())?;
                let here = self.inner.audience.as_ref().unwrap_or(&self.inner.token);
                assertion::judge(form, id, &key, here, &mut state.used)
            }
            (ClientProof::Basic, Some(Proof::Secret(secret))) => {
                let encoded =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret.expose())));
                let header = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                Ok(header == Some(&format!("Basic {pair}")))
            }
            (_, secret) => Ok(form.get("client_id") == Some(id)
                && form.get("client_secret").map(String::as_str)
                    == secret.as_ref().map(|secret| secret.hidden().expose())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mint(&mut self, kind: &str) -> String {
        self.minted += 1;
        format!("played-{kind}-{:08}", self.minted)
    }

    fn fresh(&mut self, of: usize) -> String {
        let access = self.mint("access");
        self.access.insert(access.clone(), of);
        access
    }
}

fn form(request: &Request) -> Result<BTreeMap<String, String>, String> {
    let kind = request.headers.get("content-type").and_then(|value| value.to_str().ok());
    if request.method != http::Method::POST || kind != Some("application/x-www-form-urlencoded") {
        return Err("a token request is a POST of a form".into());
    }
    if request.url.query().is_some_and(|query| query.contains("token") || query.contains("secret")) {
        return Err("secrets do not belong into an address".into());
    }
    Ok(form_urlencoded::parse(&request.body).into_owned().collect())
}

fn no(request: &Request, status: u16, code: &str) -> Response {
    let body = json!({ "error": code, "error_description": "played refusal" });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}

/// An account of the played sign-in.
struct Signs {
    desk: OAuth,
    of: usize,
    access: Mutex<String>,
}

impl Signer for Signs {
    fn sign<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { Fixed::bearer(self.token().await?.expose())?.sign(request).await })
    }

    fn token(&self) -> BoxFuture<'_, Result<Secret, Error>> {
        let access = self.access.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async { Ok(Secret::new(access)) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            let mut state = self.desk.state();
            if !state.grants[self.of].alive {
                return Err(Error::new(Kind::AuthRevoked, "the provider no longer takes this sign-in"));
            }
            *self.access.lock().unwrap_or_else(PoisonError::into_inner) = state.fresh(self.of);
            Ok(true)
        })
    }
}
