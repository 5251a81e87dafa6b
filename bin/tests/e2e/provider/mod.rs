//! An app's provider as its fake plays it, behind a socket, and with a loose tongue: in a bad mood it says back all it was
//! told.

mod tongue;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use kalends_app::App;
use kalends_app::fake::Fake;
use kalends_app::hook::Raw;
use kalends_app::oauth::Client;
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

pub use tongue::Mood;

/// A played provider on a free port; it serves until the process ends.
pub struct Provider {
    /// Whose.
    pub app: &'static App,
    /// What it is played by.
    pub fake: Arc<dyn Fake>,
    /// Where it listens.
    pub address: SocketAddr,
    inner: Mutex<Inner>,
}

struct Inner {
    mood: Mood,
    /// What callers say, and what the fake wants to hear instead.
    swaps: Vec<(String, String)>,
    /// Tokens as callers know them, and as the fake does.
    minted: BTreeMap<String, String>,
    heard: Vec<Heard>,
    /// The secret of the registration it knows; a key proves the same.
    secret: String,
}

/// A request, as it was told.
#[derive(Clone)]
pub struct Heard {
    /// Where to.
    pub path: String,
    /// What it says.
    pub body: String,
}

impl Provider {
    /// Starts the provider of this app.
    pub fn open(slug: &str) -> Result<Arc<Self>> {
        let app = kalends_catalog::APPS.iter().find(|app| app.slug == slug).context("no such app")?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let inner = Inner {
            mood: Mood::Well,
            swaps: vec![],
            minted: BTreeMap::new(),
            heard: vec![],
            secret: String::new(),
        };
        let (address, inner) = (listener.local_addr()?, Mutex::new(inner));
        let provider = Arc::new(Self { app, fake: (app.fake)(), address, inner });
        let serving = Router::new().fallback(answer).with_state(Arc::clone(&provider));
        let (sender, started) = mpsc::channel();
        std::thread::spawn(move || -> Result<()> {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                sender.send(())?;
                Ok(axum::serve(listener, serving).await?)
            })
        });
        started.recv()?;
        Ok(provider)
    }

    /// How it answers from now on.
    pub fn mood(&self, mood: Mood) {
        self.inner().mood = mood;
    }

    /// Takes `said` from callers where the fake wants `wanted`.
    pub fn takes(&self, said: &str, wanted: &str) {
        self.inner().swaps.push((said.to_owned(), wanted.to_owned()));
    }

    /// Knows this registration, and no other. Who proves to be it by a key is not looked at closely.
    pub fn knows(&self, id: &str, secret: &str) -> Result<()> {
        secret.clone_into(&mut self.inner().secret);
        let client = Client::with_secret(id, secret);
        self.fake.oauth().context("no sign-in there")?.knows(client);
        Ok(())
    }

    /// Everything it was told so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.inner().heard.clone()
    }

    /// Every token it gave out.
    pub fn minted(&self) -> Vec<String> {
        self.inner().minted.keys().cloned().collect()
    }

    /// Its part of the operator's settings: its addresses are here.
    pub fn settings(&self) -> String {
        let mut text = format!("[apps.{}.endpoints]\n", self.app.slug);
        for (name, url) in &self.app.manifest().endpoints {
            let slash = if url.path().ends_with('/') { "/" } else { "" };
            let _ = writeln!(text, "{name} = \"http://{}/{name}{slash}\"", self.address);
        }
        text
    }

    /// Somebody says yes at this authorize address: where their browser goes then.
    pub fn consent(&self, url: &Url) -> Result<Url> {
        let there = self.theirs(url.path(), url.query())?;
        let desk = self.fake.oauth().context("no sign-in there")?;
        let back = desk.consent(&there).map_err(anyhow::Error::msg)?;
        let mut ours = back.clone();
        ours.query_pairs_mut().clear();
        for (name, value) in back.query_pairs() {
            let value = match &*name {
                "iss" => format!("http://{}", self.address),
                _ => self.outward(&value),
            };
            ours.query_pairs_mut().append_pair(&name, &value);
        }
        Ok(ours)
    }

    /// Notices it would send now, as our server would get them.
    pub fn notices(&self) -> Vec<Raw> {
        self.fake.notices()
    }

    /// The address the fake knows, of one of ours.
    fn theirs(&self, path: &str, query: Option<&str>) -> Result<Url> {
        let manifest = self.app.manifest();
        let mut url = if manifest.endpoints.is_empty() {
            let form = self.fake.form();
            let typed = form.get("server").or_else(|| form.get("url")).context("no address in the form")?;
            let mut root = Url::parse(&typed.replace("webcal://", "https://"))?;
            root.set_path(path);
            root
        } else {
            let (name, rest) =
                path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
            let base = manifest.endpoints.get(name).with_context(|| format!("no endpoint at {path}"))?;
            Url::parse(&format!("{base}{rest}"))?
        };
        url.set_query(query);
        Ok(Url::parse(&self.inward(url.as_str()))?)
    }

    fn inward(&self, text: &str) -> String {
        let inner = self.inner();
        let swapped =
            inner.swaps.iter().fold(text.to_owned(), |text, (said, wanted)| text.replace(said, wanted));
        inner.minted.iter().fold(swapped, |text, (ours, theirs)| text.replace(ours, theirs))
    }

    /// The fake's tokens are told apart by a number; real ones cannot be guessed.
    fn outward(&self, text: &str) -> String {
        let mut parts = text.split("played-");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part
                .char_indices()
                .find(|(_, c)| !(c.is_alphanumeric() || *c == '-'))
                .map_or(part.len(), |(at, _)| at);
            let theirs = format!("played-{}", &part[..end]);
            let ours = tongue::token(self.app.slug, &theirs);
            out.push_str(&ours);
            out.push_str(&part[end..]);
            self.inner().minted.insert(ours, theirs);
        }
        for (name, url) in &self.app.manifest().endpoints {
            if url.path().ends_with('/') {
                out = out.replace(url.as_str(), &format!("http://{}/{name}/", self.address));
            }
        }
        out
    }

    fn play(&self, request: &Request<()>, body: &[u8]) -> Result<(u16, HeaderMap, String)> {
        let url = self.theirs(request.uri().path(), request.uri().query())?;
        let mut asked = kalends_app::Request::new("any", request.method().clone(), url);
        asked.headers = request.headers().clone();
        asked.headers.remove("host");
        if let Some(sent) = asked.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            let sent = self.inward(&match tongue::pair(sent) {
                Some(pair) => format!("Basic {}", BASE64_STANDARD.encode(self.inward(&pair))),
                None => sent.to_owned(),
            });
            asked.headers.insert(AUTHORIZATION, HeaderValue::from_str(&sent)?);
        }
        asked.body = match std::str::from_utf8(body) {
            Ok(text) => self.inward(&self.proven(text)).into(),
            Err(_) => body.to_vec().into(),
        };
        let played = self.fake.answer(&asked);
        let played =
            played.map_err(|why| anyhow!("not understood: {} {}: {why}", asked.method, asked.url.path()))?;
        let mut text = self.outward(&String::from_utf8_lossy(&played.body));
        if let Ok(mut json) = serde_json::from_str::<serde_json::Value>(&text)
            && json.get("access_token").is_some()
        {
            let id = tongue::token(self.app.slug, "id");
            self.inner().minted.insert(id.clone(), "an-id-token".into());
            json["id_token"] = format!("eyJhbGciOiJSUzI1NiJ9.{id}.c2lnbmF0dXJl").into();
            text = json.to_string();
        }
        let mut headers = played.headers.clone();
        headers.remove("content-length");
        Ok((played.status.as_u16(), headers, text))
    }

    /// The fake is told the secret where a key's assertion was sent: that is made out to this address and not to the fake's.
    fn proven(&self, text: &str) -> String {
        if !text.contains("client_assertion=") {
            return text.to_owned();
        }
        let mut fields = form(text);
        fields.retain(|name, _| !name.starts_with("client_"));
        let known = [("client_id", "kalends"), ("client_secret", &self.inner().secret)];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).extend_pairs(known).finish()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let request = Request::from_parts(parts, ());
    let text = String::from_utf8_lossy(&body).into_owned();
    let mood = {
        let mut inner = provider.inner();
        inner.heard.push(Heard { path: request.uri().path().to_owned(), body: text.clone() });
        inner.mood
    };
    if mood == Mood::Silent {
        tokio::time::sleep(Duration::from_mins(5)).await;
    }
    if mood != Mood::Well {
        return tongue::says(mood, provider.app.slug, &request, &text);
    }
    let (status, headers, text) =
        provider.play(&request, &body).unwrap_or_else(|error| (500, HeaderMap::new(), format!("{error:#}")));
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    *response.headers_mut() = headers;
    response
}

/// The fields of a form in a body.
pub fn form(body: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}
