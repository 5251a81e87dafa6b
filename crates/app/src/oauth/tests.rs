//! What goes to the desk and what comes back.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use rstest::rstest;

use super::{Ask, Class, Client, Desk, OAuth, Refusal, Tokens, pkce};
use crate::{
    App, Declared, Gateway, Kind, NoNames, Request, Response, Retry, Secret,
    fake::{self, Bench, Fake, Fault, Same},
    gateway::Patience,
    http::{NoRecorder, Simulated, Tokio},
    no_opinion,
};

const MANIFEST: &str = r#"
slug = "acme"
name = "Acme"
tagline = "Rooms."
description = "Rooms."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]

[auth]
scheme = "oauth2"
revoke = "revoke"
params = { access_type = "offline" }
[[auth.scopes]]
scope = "rooms"
for = ["make rooms"]
required = true
[[auth.scopes]]
scope = "people"
for = ["show names"]
also = ["directory"]
[[auth.scopes]]
scope = "offline_access"
unlisted = true

[endpoints]
api = "https://api.acme.example/"
authorize = "https://acme.example/oauth/authorize"
token = "https://acme.example/oauth/token"
revoke = "https://acme.example/oauth/revoke"
"#;

static APP: App = App {
    slug: "acme",
    manifest: Declared::new(MANIFEST),
    icon: "",
    parts: Vec::new,
    judge: no_opinion,
    fake: || Arc::new(Acme::new()),
};

struct Acme(Bench, fake::OAuth);

impl Acme {
    fn new() -> Self {
        Self(Bench::default(), fake::OAuth::of(APP.manifest()))
    }
}

impl Fake for Acme {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        self.1.answer(request).unwrap_or_else(|| Err("there is no such path".into()))
    }
    fn bench(&self) -> &Bench {
        &self.0
    }
    fn form(&self) -> std::collections::BTreeMap<String, String> {
        std::collections::BTreeMap::new()
    }
    fn oauth(&self) -> Option<&fake::OAuth> {
        Some(&self.1)
    }
}

/// A way out that no test may take.
struct Outside;
impl crate::http::Transport for Outside {
    fn send(&self, _: Request) -> crate::http::Answer<'_> {
        panic!("a played app must not leave the process")
    }
}

const BACK: &str = "https://meet.example.com/apps/acme/callback";
const STATE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn stage() -> (Arc<Acme>, Desk) {
    let fake = Arc::new(Acme::new());
    let time = Arc::new(Tokio(Arc::new(Simulated::from(Timestamp::UNIX_EPOCH))));
    let gateway =
        Gateway::new(Arc::new(Outside), Arc::new(NoNames), time, Arc::new(Same(7)), Arc::new(NoRecorder))
            .playing(&APP, Arc::clone(&fake) as Arc<dyn Fake>);
    let desk = gateway.desk(&APP, "1", Patience::Form).unwrap().unwrap();
    (fake, desk)
}

/// A person said yes: the code they bring back.
fn code(desk: &Desk, client: &Client, verifier: &Secret) -> Secret {
    let ask = Ask { client, redirect: BACK, state: STATE, verifier, hint: None };
    let back = desk.authorize(&ask).unwrap();
    assert!(back.as_str().starts_with(BACK), "{back}");
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    Secret::new(code)
}

#[tokio::test(start_paused = true)]
async fn oau_01_a_code_is_worth_tokens_only_with_its_verifier_and_only_once() {
    let (fake, desk) = stage();
    let (client, verifier) = (fake.1.client(), pkce::verifier(&Same(7)));
    let stolen = code(&desk, &client, &verifier);
    let refused = desk.exchange(&client, &stolen, BACK, &Secret::new("another")).await.unwrap_err();
    assert_eq!(refused.class, Class::Grant);

    let code = code(&desk, &client, &verifier);
    let tokens = desk.exchange(&client, &code, BACK, &verifier).await.unwrap();
    assert!(tokens.refresh.is_some());
    assert_eq!(tokens.expires_at.unwrap().as_second(), 3600, "OAU-19: counted from our own clock");
    assert_eq!(desk.exchange(&client, &code, BACK, &verifier).await.unwrap_err().class, Class::Grant);
}

#[tokio::test(start_paused = true)]
async fn oau_04_a_code_for_another_redirect_is_worth_nothing() {
    let (fake, desk) = stage();
    let (client, verifier) = (fake.1.client(), pkce::verifier(&Same(7)));
    let code = code(&desk, &client, &verifier);
    let other = "https://meet.example.com/apps/acme/callback/";
    assert_eq!(desk.exchange(&client, &code, other, &verifier).await.unwrap_err().class, Class::Grant);
}

#[tokio::test(start_paused = true)]
async fn oau_16_a_token_given_back_is_worth_nothing_and_can_be_given_back_again() {
    let (fake, desk) = stage();
    let (client, verifier) = (fake.1.client(), pkce::verifier(&Same(7)));
    let code = code(&desk, &client, &verifier);
    let tokens = desk.exchange(&client, &code, BACK, &verifier).await.unwrap();
    let refresh = tokens.refresh.unwrap();
    desk.revoke(&client, &refresh).await.unwrap();
    assert_eq!(fake.1.standing(), 0);
    desk.revoke(&client, &refresh).await.unwrap();
    assert_eq!(desk.refresh(&client, &refresh).await.unwrap_err().class, Class::Grant);
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_knows_us_is_told_from_one_that_does_not_without_any_harm() {
    let (fake, desk) = stage();
    desk.knows(&fake.1.client(), BACK).await.unwrap();
    let wrong = Client::with_secret("kalends", "canary");
    let refused = desk.knows(&wrong, BACK).await.unwrap_err();
    assert_eq!(refused.class, Class::Client);
    assert!(!format!("{refused:?} {refused}").contains("canary"), "ALL-08");
    assert_eq!(fake.1.standing(), 0);
}

#[tokio::test(start_paused = true)]
async fn oau_12_an_outage_is_no_refusal_and_a_lost_answer_may_have_spent_the_token() {
    let (fake, desk) = stage();
    let client = fake.1.client();
    let token = Secret::new("r");
    for (fault, class) in [
        (Fault::Status(503, vec![]), Class::Later),
        (Fault::too_many("7"), Class::Later),
        (Fault::Refuse, Class::Later),
        (Fault::Drop, Class::Unknown),
        (Fault::Hang, Class::Unknown),
        (Fault::SlowLoris, Class::Unknown),
        (Fault::Garbage("<html>".into()), Class::Request),
    ] {
        fake.0.next([fault.clone()]);
        assert_eq!(desk.refresh(&client, &token).await.unwrap_err().class, class, "{fault:?}");
    }
    assert_eq!(fake.0.count("oauth_refresh"), 5, "nothing is sent twice");
}

#[test]
fn oau_01_the_address_asks_for_everything_the_provider_needs() {
    let (fake, desk) = stage();
    let real = Desk { played: None, ..desk };
    let client = fake.1.client();
    let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let ask = Ask { client: &client, redirect: BACK, state: STATE, verifier: &verifier, hint: Some("ines") };
    assert_eq!(
        real.authorize(&ask).unwrap().as_str(),
        "https://acme.example/oauth/authorize?response_type=code&client_id=kalends\
         &redirect_uri=https%3A%2F%2Fmeet.example.com%2Fapps%2Facme%2Fcallback\
         &state=AAAAAAAAAAAAAAAAAAAAAAAAAAAA&scope=rooms+people+offline_access\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
         &access_type=offline&login_hint=ines"
    );
}

#[test]
fn oau_03_an_answer_is_from_there_only_when_it_says_exactly_so() {
    let (_, desk) = stage();
    assert!(desk.is_from("https://acme.example").unwrap());
    for other in ["https://acme.example/", "https://acme.example.evil", "http://acme.example", ""] {
        assert!(!desk.is_from(other).unwrap(), "{other}");
    }
}

fn descriptor(more: &str) -> OAuth {
    toml::from_str(more).unwrap()
}

fn read(of: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Tokens, Refusal> {
    let request = Request::get("x", "https://acme.example/".parse().unwrap());
    let answer = fake::answer(&request, status, headers, body.to_owned());
    Tokens::read(&descriptor(of), &answer, Timestamp::from_second(1000).unwrap())
}

#[rstest]
#[case(r#"{"access_token":"a","expires_in":3600}"#, Some(4600))]
#[case(r#"{"access_token":"a","expires_in":"3600"}"#, Some(4600))]
#[case(r#"{"access_token":"a","expires_in":3599.9}"#, Some(4599))]
#[case(r#"{"access_token":"a","expires_in":-5}"#, Some(1000))]
#[case(r#"{"access_token":"a","expires_in":"soon"}"#, None)]
#[case(r#"{"access_token":"a"}"#, None)]
#[case("access_token=a&expires_in=60&token_type=bearer", Some(1060))]
fn oau_06_a_life_may_be_a_number_a_text_or_not_said(#[case] body: &str, #[case] ends: Option<i64>) {
    let tokens = read("", 200, &[], body).unwrap();
    assert_eq!(tokens.access.expose(), "a");
    assert_eq!(tokens.expires_at.map(Timestamp::as_second), ends);
}

#[rstest]
#[case("", r#""rooms people""#)]
#[case("separator = \",\"", r#""rooms,people""#)]
#[case("separator = \",\"", r#""rooms, people""#)]
#[case("separator = \"+\"", r#""rooms+people""#)]
#[case("", r#"["rooms", "people"]"#)]
fn oau_06_scopes_are_parted_as_the_provider_parts_them(#[case] of: &str, #[case] scope: &str) {
    let tokens = read(of, 200, &[], &format!(r#"{{"access_token":"a","scope":{scope}}}"#)).unwrap();
    assert_eq!(tokens.scopes, Some(BTreeSet::from(["rooms".to_owned(), "people".to_owned()])));
}

#[test]
fn oau_06_tokens_may_lie_deeper_in_the_answer() {
    let body = r#"{"ok":true,"authed_user":{"access_token":"a","scope":"rooms"},"access_token":"bot"}"#;
    assert_eq!(read("token_in = \"authed_user\"", 200, &[], body).unwrap().access.expose(), "a");
    let missing = read("token_in = \"authed_user\"", 200, &[], r#"{"access_token":"a"}"#).unwrap_err();
    assert_eq!(missing.class, Class::Unknown);
}

#[rstest]
#[case(400, r#"{"error":"invalid_grant"}"#, Class::Grant)]
#[case(200, r#"{"error":"bad_refresh_token"}"#, Class::Grant)]
#[case(200, "error=bad_verification_code&error_description=x", Class::Grant)]
#[case(401, r#"{"error":"invalid_client"}"#, Class::Client)]
#[case(400, r#"{"error":"unauthorized_client"}"#, Class::Client)]
#[case(401, "", Class::Client)]
#[case(400, r#"{"error":"temporarily_unavailable"}"#, Class::Later)]
#[case(503, "", Class::Later)]
#[case(500, r#"{"error":"invalid_grant"}"#, Class::Later)]
#[case(429, r#"{"error":"invalid_grant"}"#, Class::Later)]
#[case(400, r#"{"error":"invalid_request"}"#, Class::Request)]
#[case(404, "<html>", Class::Request)]
#[case(200, "<html>", Class::Unknown)]
#[case(200, "{}", Class::Unknown)]
#[case(200, r#"{"access_token":""}"#, Class::Unknown)]
#[case(200, r#"{"access_token":7}"#, Class::Unknown)]
fn oau_12_a_refusal_says_whose_problem_it_is(#[case] status: u16, #[case] body: &str, #[case] class: Class) {
    assert_eq!(read("", status, &[], body).unwrap_err().class, class);
}

#[test]
fn oau_12_a_rate_limit_is_honoured() {
    let refusal = read("", 429, &[("retry-after", "7")], "").unwrap_err();
    assert_eq!(refusal.error.retry, Retry::After(std::time::Duration::from_secs(7)));
    assert!(matches!(refusal.error.kind, Kind::RateLimited { .. }));
}

#[test]
fn oau_07_what_is_missing_is_told_apart_and_other_names_count() {
    let Some(of) = APP.manifest().auth.oauth() else { panic!("it has OAuth") };
    let granted = |scopes: &[&str]| Some(scopes.iter().map(|&scope| scope.to_owned()).collect());
    let missing = |scopes: &[&str]| {
        let granted: Option<BTreeSet<String>> = granted(scopes);
        let missing = of.missing(granted.as_ref());
        (missing.required.len(), missing.optional.len())
    };
    assert_eq!(missing(&["rooms", "people"]), (0, 0));
    assert_eq!(missing(&["rooms", "directory", "openid"]), (0, 0));
    assert_eq!(missing(&["rooms"]), (0, 1));
    assert_eq!(missing(&["people"]), (1, 0));
    assert_eq!(of.missing(None), super::Missing::default(), "RFC 6749, 5.1");
}

mod keys;

mod manifests {
    use super::*;
    use crate::Manifest;

    #[rstest]
    #[case("token = \"https://acme.example/oauth/token\"", "tokn = \"https://acme.example/\"", "auth.token")]
    #[case("for = [\"make rooms\"]", "for = []", "auth.scopes.rooms")]
    #[case("access_type = \"offline\"", "state = \"x\"", "auth.params.state")]
    #[case("scope = \"people\"", "scope = \"rooms\"", "auth.scopes.rooms")]
    #[case("revoke = \"revoke\"", "revoke = \"revok\"", "auth.revoke")]
    #[case("revoke = \"revoke\"", "grants = [\"account_credentials\"]", "auth.grants")]
    #[case("revoke = \"revoke\"", "grants = [\"jwt_bearer\"]", "auth.grants")]
    #[case("revoke = \"revoke\"", "grants = []", "auth.grants")]
    fn a_sign_in_that_does_not_hold_together_is_refused_by_place(
        #[case] before: &str,
        #[case] after: &str,
        #[case] place: &str,
    ) {
        Manifest::parse(MANIFEST).unwrap();
        let error = Manifest::parse(&MANIFEST.replace(before, after)).unwrap_err();
        assert!(error.to_string().starts_with(place), "{error}");
    }
}
