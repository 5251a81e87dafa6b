//! An account that signed in at a desk nobody here wrote, before answers as the provider has published them.

use std::{collections::BTreeMap, sync::Arc};

use futures::FutureExt;
use kalends_app::{
    App, Error, Kind, Request, Response, Secret,
    fake::{Counted, gateway},
    gateway::Patience,
    http::{Answer, Signer, Transport, sign::Fixed},
    oauth::{Ask, Client, pkce},
};
use kalends_conformance::Stage;
use libtest_mimic::Failed;
use reqwest::redirect::Policy;

use crate::judge::Judge;

const REDIRECT: &str = "https://kalends.example.com/sign-in/answer";
const STATE: &str = "a-state-that-comes-back-as-it-was";

/// The whole way: yes at the desk, a code, tokens, fresh ones, and with them the account's own words about itself.
pub async fn reads_its_account(judge: &'static Judge) -> Result<(), Failed> {
    let app =
        kalends_catalog::APPS.iter().copied().find(|app| app.slug == judge.slug).ok_or("no such app")?;
    let signer = sign_in(app).await?;
    if !judge.has_answers() {
        return Ok(());
    }
    let there = Arc::new(Socket { client: client()?, moved: Some((judge.base, judge.address()?)) });
    let form = (app.fake)().form();
    let stage = Stage::before_signed(app, there, &form, signer).await?;
    if let Some(calendar) = app.calendar() {
        let all = calendar.calendars(&stage.cx).await.map_err(|error| error.to_string())?;
        assert!(!all.is_empty() && all.iter().all(|one| !one.name.is_empty()));
    }
    if let Some(rooms) = app.conference() {
        let probe = rooms.probe(&stage.cx).await.map_err(|error| error.to_string())?;
        assert!(!probe.identity.is_empty());
    }
    Ok(())
}

async fn sign_in(app: &'static App) -> Result<Arc<dyn Signer>, Failed> {
    let at = std::env::var("KALENDS_PEER_OAUTH2")?;
    let oauth = app.manifest().auth.oauth().ok_or("it has no OAuth 2")?;
    let addresses = BTreeMap::from([
        (oauth.authorize.clone(), format!("{at}/authorize").parse()?),
        (oauth.token.clone(), format!("{at}/token").parse()?),
    ]);
    let begin = kalends_conformance::BEGIN.parse()?;
    let gateway = gateway(Arc::new(Socket { client: client()?, moved: None }), begin);
    let gateway = gateway
        .overriding(BTreeMap::from([(app.slug.to_owned(), addresses)]), kalends_catalog::APPS)
        .map_err(|error| error.to_string())?;
    let desk = gateway.desk(app, "account", Patience::Form).map_err(|error| error.to_string())?;
    let desk = desk.ok_or("it has no OAuth 2")?;
    let registered = Client::with_secret("kalends", "a-client-secret");
    let verifier = pkce::verifier(&Counted::default());
    let ask = Ask { client: &registered, redirect: REDIRECT, state: STATE, verifier: &verifier, hint: None };
    let yes = client()?.get(desk.authorize(&ask).map_err(|error| error.to_string())?).send().await?;
    let back = yes.headers().get("location").ok_or("it sends nobody back")?.to_str()?;
    let back: reqwest::Url = back.parse()?;
    let said =
        |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(said("state").as_deref(), Some(STATE), "OAU-02");
    let code = Secret::new(said("code").ok_or("it gives no code")?);
    let tokens = desk.exchange(&registered, &code, REDIRECT, &verifier).await.map_err(|no| no.to_string())?;
    let refresh = tokens.refresh.ok_or("it gives no refresh token")?;
    let fresh = desk.refresh(&registered, &refresh).await.map_err(|no| no.to_string())?;
    let signer = Fixed::bearer(fresh.access.expose()).map_err(|error| error.to_string())?;
    Ok(Arc::new(signer))
}

fn client() -> Result<reqwest::Client, Failed> {
    Ok(reqwest::Client::builder().redirect(Policy::none()).no_proxy().build()?)
}

/// A socket; what begins in one way goes elsewhere.
struct Socket {
    client: reqwest::Client,
    moved: Option<(&'static str, String)>,
}

impl Transport for Socket {
    fn send(&self, request: Request) -> Answer<'_> {
        async move {
            let mut url = request.url.to_string();
            if let Some((from, to)) = &self.moved
                && let Some(rest) = url.strip_prefix(from)
            {
                url = format!("{to}{rest}");
            }
            let asked = self.client.request(request.method, url).headers(request.headers).body(request.body);
            let lost = |error: reqwest::Error| Error::new(Kind::UnknownOutcome, error.to_string());
            let answer = asked.send().await.map_err(lost)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.map_err(lost)?;
            Ok(Response { status, headers, body, url: request.url })
        }
        .boxed()
    }
}
