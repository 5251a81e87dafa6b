//! Proving who we are with a private key (OAU-05): what is said, to whom, once; and which keys will do.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_domain::id::Chance;
use rstest::rstest;
use serde_json::Value;

use super::super::{Algorithm, ClientKey, KeyUse, Proof, UnfitKey};
use super::*;

const RSA: &str = include_str!("../../fake/client-rsa.pem");
const CURVE: &str = include_str!("../../fake/client-ec.pem");

/// The same provider, known to us by a key.
const KEYED: &str = r#"
slug = "keyed"
name = "Keyed"
tagline = "Rooms."
description = "Rooms."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]

[auth]
scheme = "oauth2"
client = "private_key_jwt"
revoke = "revoke"
[auth.key]
algorithms = ["PS256"]
certificate = true
audience = "audience"

[endpoints]
authorize = "https://acme.example/oauth/authorize"
token = "https://acme.example/oauth/token"
revoke = "https://acme.example/oauth/revoke"
audience = "https://acme.example/issuer"
"#;

static KEYED_APP: App = App {
    slug: "keyed",
    manifest: Declared::new(KEYED),
    icon: "",
    parts: Vec::new,
    judge: no_opinion,
    fake: || Arc::new(Keyed::new()),
};

/// Keeps what it was asked, to ask it again.
struct Keyed(Bench, fake::OAuth, std::sync::Mutex<Vec<Request>>);

impl Keyed {
    fn new() -> Self {
        Self(Bench::default(), fake::OAuth::of(KEYED_APP.manifest()), std::sync::Mutex::default())
    }

    fn asked(&self) -> Vec<Request> {
        self.2.lock().unwrap().clone()
    }
}

impl Fake for Keyed {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        self.2.lock().unwrap().push(request.clone());
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

/// Never the same twice.
#[derive(Default)]
struct Rising(std::sync::atomic::AtomicU8);
impl Chance for Rising {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    }
}

fn stage() -> (Arc<Keyed>, Desk) {
    let fake = Arc::new(Keyed::new());
    let time = Arc::new(Tokio(Arc::new(Simulated::from(Timestamp::from_second(1_000_000).unwrap()))));
    let chance = Arc::new(Rising::default());
    let gateway = Gateway::new(Arc::new(Outside), Arc::new(NoNames), time, chance, Arc::new(NoRecorder))
        .playing(&KEYED_APP, Arc::clone(&fake) as Arc<dyn Fake>);
    let desk = gateway.desk(&KEYED_APP, "1", Patience::Form).unwrap().unwrap();
    (fake, desk)
}

fn said(request: &Request) -> std::collections::BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

/// Header and claims of what a key has signed.
fn opened(assertion: &str) -> [Value; 2] {
    let parts: Vec<_> = assertion.split('.').collect();
    [parts[0], parts[1]]
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn oau_05_a_key_speaks_for_us_in_the_words_of_rfc_7523_and_anew_each_time() {
    let (fake, desk) = stage();
    let (client, verifier) = (fake.1.client(), pkce::verifier(&Same(7)));
    let code = code(&desk, &client, &verifier);
    let tokens = desk.exchange(&client, &code, BACK, &verifier).await.unwrap();
    let refresh = tokens.refresh.unwrap();
    desk.refresh(&client, &refresh).await.unwrap();
    desk.revoke(&client, &refresh).await.unwrap();

    let forms: Vec<_> = fake.asked().iter().map(said).collect();
    assert_eq!(forms.len(), 3);
    for form in &forms {
        assert_eq!(form["client_id"], "kalends");
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert!(!form.contains_key("client_secret"));
        let [header, claims] = opened(&form["client_assertion"]);
        assert_eq!((&header["alg"], &header["typ"]), (&"PS256".into(), &"JWT".into()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&"kalends".into(), &"kalends".into()));
        assert_eq!(claims["aud"], "https://acme.example/issuer");
        assert_eq!((&claims["nbf"], &claims["exp"]), (&999_940.into(), &1_000_300.into()));
    }
    let names: BTreeSet<_> =
        forms.iter().map(|form| opened(&form["client_assertion"])[1]["jti"].to_string()).collect();
    assert_eq!(names.len(), 3, "no two assertions have the same jti");
}

#[tokio::test(start_paused = true)]
async fn oau_05_an_assertion_that_comes_again_is_refused_there() {
    let (fake, desk) = stage();
    desk.knows(&fake.1.client(), BACK).await.unwrap();
    let asked = fake.asked().remove(0);
    let answer = fake.answer(&asked).unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("invalid_client"));
}

#[tokio::test(start_paused = true)]
async fn oau_05_another_key_or_a_secret_is_not_us_and_neither_is_said() {
    let (fake, desk) = stage();
    let known = fake.1.client();
    let other = Client { id: "another".into(), ..known.clone() };
    for wrong in [other, Client::with_secret("kalends", "canary"), Client { proof: None, ..known.clone() }] {
        let refused = desk.knows(&wrong, BACK).await.unwrap_err();
        assert_eq!(refused.class, Class::Client, "{wrong:?}");
        let shown = format!("{refused:?} {refused} {wrong:?}");
        assert!(!shown.contains("canary") && !shown.contains("PRIVATE KEY"), "ALL-08: {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn oau_05_a_key_where_only_secrets_are_taken_is_an_administrators_affair() {
    let (_, desk) = super::stage();
    let client = Client { id: "kalends".into(), proof: Some(Proof::Key(Secret::new(RSA))) };
    assert_eq!(desk.knows(&client, BACK).await.unwrap_err().class, Class::Client);
}

fn takes(algorithms: &[Algorithm], certificate: bool) -> KeyUse {
    KeyUse { algorithms: algorithms.to_vec(), certificate, audience: None }
}

#[test]
fn the_thumbprint_is_that_of_the_certificate() {
    // As `openssl x509 -fingerprint -sha256` says it.
    const THUMBPRINT: &str = "KXSHVFLR3yB0sqVdsOAAr3iwxikj62O1M2hZ6N49Bo4";
    let key = ClientKey::read(&Secret::new(RSA), &takes(&[Algorithm::PS256], true)).unwrap();
    assert_eq!(key.public().unwrap().2, Some(THUMBPRINT));
    let unnamed = ClientKey::read(&Secret::new(RSA), &takes(&[Algorithm::RS256], false)).unwrap();
    assert_eq!(unnamed.public().unwrap().2, None);
}

#[rstest]
#[case(RSA, &[Algorithm::RS256], "RS256")]
#[case(RSA, &[Algorithm::ES256, Algorithm::PS256], "PS256")]
#[case(CURVE, &[Algorithm::RS256, Algorithm::ES256], "ES256")]
fn of_what_a_provider_takes_the_first_that_the_key_can_do_is_used(
    #[case] key: &str,
    #[case] algorithms: &[Algorithm],
    #[case] used: &str,
) {
    let key = ClientKey::read(&Secret::new(key), &takes(algorithms, true)).unwrap();
    assert_eq!(format!("{:?}", key.public().unwrap().1), used);
}

#[rstest]
#[case(String::new(), UnfitKey::Pem)]
#[case("canary".into(), UnfitKey::Pem)]
#[case(RSA[..200].to_owned(), UnfitKey::Pem)]
#[case(RSA.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), UnfitKey::Password)]
#[case(RSA.replace("MII", "MMM"), UnfitKey::Family("an RSA key of 2048 bits or more"))]
#[case(CURVE.to_owned(), UnfitKey::Family("an RSA key of 2048 bits or more"))]
#[case(RSA.split("-----BEGIN CERT").next().unwrap().to_owned(), UnfitKey::Certificate)]
#[case(RSA.replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\n!"), UnfitKey::Certificate)]
#[case(format!("{}{CURVE}", RSA.split("-----BEGIN CERT").next().unwrap()), UnfitKey::Pair)]
fn a_key_that_will_not_do_says_what_will(#[case] pasted: String, #[case] expected: UnfitKey) {
    let Err(unfit) = ClientKey::read(&Secret::new(pasted), &takes(&[Algorithm::PS256], true)) else {
        panic!("{expected}")
    };
    assert_eq!(unfit, expected);
}

#[rstest]
#[case("[auth.key]\nalgorithms = [\"PS256\"]\ncertificate = true\naudience = \"audience\"\n", "", "auth.key")]
#[case("algorithms = [\"PS256\"]", "algorithms = []", "auth.key.algorithms")]
#[case("audience = \"audience\"", "audience = \"issuer\"", "auth.key.audience")]
fn a_use_of_keys_that_does_not_hold_together_is_refused_by_place(
    #[case] before: &str,
    #[case] after: &str,
    #[case] place: &str,
) {
    let error = crate::Manifest::parse(&KEYED.replace(before, after)).unwrap_err();
    assert!(error.to_string().starts_with(place), "{error}");
}
