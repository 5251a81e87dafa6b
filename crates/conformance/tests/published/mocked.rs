//! Sign-in and rooms before servers that others wrote: tokens of a mock of OAuth 2, answers of a mock made of a description.
//!
//! The mock keeps nothing and makes its answers up, so they are read and not believed.

use std::{collections::BTreeMap, sync::Arc};

use futures::FutureExt;
use kalends_app::{
    App, Error, Kind, Request, Response, Secret,
    fake::gateway,
    gateway::Patience,
    http::{Answer, Signer, Transport, sign::Fixed},
    kind::conference::Side,
    oauth::{Ask, Client as Registration, Desk, Tokens},
};
use kalends_conformance::Stage;
use libtest_mimic::{Failed, Trial};
use reqwest::{Client, redirect::Policy};
use url::Url;

use super::{judge::JUDGES, rooms};

/// Apps tried here, and whether the mock's answers are the provider's own examples.
const APPS: [(&str, bool); 2] = [("zoom", true), ("gotomeeting", false)];
const REDIRECT: &str = "https://book.example/apps/sign-in";

/// One trial for each app; ignored where a peer is not there.
pub fn trials() -> Vec<Trial> {
    let trial = |(slug, own): (&'static str, bool)| {
        let name = format!("{slug}::tokens_of_a_mock_open_the_door_of_a_mock");
        let peer = JUDGES.iter().find(|judge| judge.slug == slug).map_or("", |judge| judge.peer);
        let missing = ["OAUTH2", peer].into_iter().find(|peer| address(peer).is_none());
        match missing {
            Some(peer) => {
                let name = format!("{name} - KALENDS_PEER_{peer} is not set");
                Trial::test(name, || Ok(())).with_ignored_flag(true)
            }
            None => Trial::test(name, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(through(slug, own))
            }),
        }
    };
    APPS.into_iter().map(trial).collect()
}

fn address(peer: &str) -> Option<Url> {
    std::env::var(format!("KALENDS_PEER_{peer}")).ok()?.parse().ok()
}

async fn through(slug: &'static str, own: bool) -> Result<(), Failed> {
    let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug).ok_or("no such app")?;
    let tokens = signed_in(app).await?;
    let bearer = Fixed::bearer(tokens.access.expose()).map_err(|error| error.to_string())?;
    let judge = JUDGES.iter().find(|judge| judge.slug == slug).ok_or("no such judge")?;
    let mock = Mock { base: judge.base, at: address(judge.peer).ok_or("no address")?, client: client() };
    let signer: Arc<dyn Signer> = Arc::new(bearer);
    let stage = Stage::before_signed(app, Arc::new(mock), &BTreeMap::new(), signer).await?;
    let part = app.conference().ok_or("no rooms")?;
    let (cx, first) = (&stage.cx, rooms::meeting(0));
    if !own {
        // A made-up text is no link, and nobody is sent there.
        assert_eq!(part.open(cx, &first).await.expect_err("it is no link").kind, Kind::Malformed);
        return Ok(());
    }
    assert!(!part.probe(cx).await.expect("answers").identity.is_empty());
    let room = part.open(cx, &first).await.expect("opens");
    part.update(cx, &room, &rooms::meeting(3_600)).await.expect("moves");
    // Its example of a list names the next page always, and is left at the second round (ALL-11).
    let circles = part.find(cx, &first).await.expect_err("it lists in circles");
    assert_eq!(circles.kind, Kind::Malformed, "{circles}");
    let door = app.join().ok_or("no door")?;
    let host = kalends_app::kind::conference::Visitor {
        id: "host".into(),
        person: first.host.clone(),
        part: Side::Host,
    };
    assert!(door.join(cx, &room, &first, &host).await.expect("lets the host in").starts_with("https://"));
    part.close(cx, &room).await.expect("closes");
    Ok(())
}

/// Says yes as a browser would, takes the code to the desk, and refreshes once.
async fn signed_in(app: &'static App) -> Result<Tokens, Failed> {
    let mock = address("OAUTH2").ok_or("no address")?;
    let oauth = app.manifest().auth.oauth().ok_or("no OAuth 2")?;
    let places = [(&oauth.authorize, "authorize"), (&oauth.token, "token")];
    let named = places.map(|(name, path)| Ok::<_, url::ParseError>((name.clone(), mock.join(path)?)));
    let named = named.into_iter().collect::<Result<BTreeMap<_, _>, _>>()?;
    let gateway = gateway(Arc::new(Plain(client())), jiff::Timestamp::UNIX_EPOCH);
    let gateway =
        gateway.overriding([(app.slug.to_owned(), named)].into(), &[app]).map_err(|e| e.to_string())?;
    let desk: Desk =
        gateway.desk(app, "sign-in", Patience::Form).map_err(|e| e.to_string())?.ok_or("no desk")?;
    let us = Registration::with_secret("kalends", "a & secret");
    let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let ask = Ask {
        client: &us,
        redirect: REDIRECT,
        state: "a-state-of-22-letters-",
        verifier: &verifier,
        hint: None,
    };
    let there = desk.authorize(&ask).map_err(|error| error.to_string())?;
    let answer = client().get(there).send().await?;
    let back = answer.headers().get("location").ok_or("nobody is sent back")?.to_str()?;
    let back: Url = back.parse()?;
    let code = back.query_pairs().find(|(name, _)| name == "code").ok_or("no code")?.1.into_owned();
    let tokens = desk.exchange(&us, &Secret::new(code), REDIRECT, &verifier).await?;
    let refresh = tokens.refresh.as_ref().ok_or("no refresh token")?;
    Ok(desk.refresh(&us, refresh).await?)
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client")
}

async fn sent(client: &Client, request: &Request, url: Url) -> Result<Response, Error> {
    let asked = client.request(request.method.clone(), url.clone()).headers(request.headers.clone());
    let gone = |error: reqwest::Error| Error::new(Kind::Down, error.to_string());
    let answer = asked.body(request.body.clone()).send().await.map_err(gone)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(gone)?;
    Ok(Response { status, headers, body, url })
}

struct Plain(Client);

impl Transport for Plain {
    fn send(&self, request: Request) -> Answer<'_> {
        async move { sent(&self.0, &request, request.url.clone()).await }.boxed()
    }
}

/// The provider's addresses lead to the mock.
struct Mock {
    base: &'static str,
    at: Url,
    client: Client,
}

impl Transport for Mock {
    fn send(&self, request: Request) -> Answer<'_> {
        async move {
            let rest = request.url.as_str().strip_prefix(self.base).expect("an address of the provider");
            let url = self.at.join(rest.trim_start_matches('/')).expect("an address");
            sent(&self.client, &request, url).await
        }
        .boxed()
    }
}
