use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures::future::BoxFuture;
use http::{HeaderValue, header::AUTHORIZATION};

use super::{
    super::{
        Http, Layer, Request, Signer,
        judge::Judged,
        sign::{Fixed, Signing, signer},
    },
    Script, Step, http, kind, read, time,
};
use crate::{Error, Kind, Secret, Secrets, manifest::Auth, no_opinion};

fn signed(script: &Arc<Script>, signer: Arc<dyn Signer>) -> Http {
    let layers: [Arc<dyn Layer>; 2] =
        [Arc::new(Signing::by(signer)), Arc::new(Judged { app: no_opinion, time: time() })];
    http(script, layers)
}

/// Tokens that count up with each refresh.
#[derive(Default)]
struct Fresh(AtomicU32);

impl Signer for Fresh {
    fn sign<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        request.headers.insert(AUTHORIZATION, HeaderValue::from(self.0.load(Ordering::Relaxed)));
        Box::pin(async { Ok(()) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(true) })
    }
}

fn tokens(script: &Script) -> Vec<String> {
    let text =
        |request: &Request| request.headers.get(AUTHORIZATION).map(|v| v.to_str().expect("text").to_owned());
    script.seen().iter().filter_map(text).collect()
}

#[tokio::test(start_paused = true)]
async fn a_basic_credential_goes_along_and_never_prints() {
    let script = Script::of([]);
    let basic = Fixed::basic("hanna", "canary-pässword").expect("usable");
    signed(&script, Arc::new(basic)).send(read()).await.expect("passes");
    assert_eq!(tokens(&script), ["Basic aGFubmE6Y2FuYXJ5LXDDpHNzd29yZA=="]);
    assert!(!format!("{:?} {:?}", script.seen(), script.seen()[0].headers).contains("aGFubmE6"));
}

#[tokio::test(start_paused = true)]
async fn a_key_goes_along_as_the_manifest_says_it_does() {
    let secrets = Secrets::none().with("key", Secret::new("canary"));
    for (auth, name, value) in [
        (Auth::BasicKey { name: "api".into(), key: "key".into() }, "authorization", "Basic YXBpOmNhbmFyeQ=="),
        (Auth::Header { header: "Api-Key".into(), token: "key".into() }, "api-key", "canary"),
    ] {
        let script = Script::of([]);
        let by = signer(&auth, &serde_json::json!({}), &secrets).expect("usable");
        signed(&script, by).send(read()).await.expect("passes");
        let sent = script.seen()[0].headers[name].clone();
        assert!(sent == value && sent.is_sensitive(), "{auth:?}");
        let missing = signer(&auth, &serde_json::json!({}), &Secrets::none()).err().expect("no key");
        assert_eq!(missing.kind, Kind::AuthRevoked);
    }
}

#[tokio::test(start_paused = true)]
async fn an_anonymous_request_goes_without() {
    let script = Script::of([]);
    let basic = Fixed::basic("hanna", "secret").expect("usable");
    signed(&script, Arc::new(basic)).send(read().anonymous()).await.expect("passes");
    assert_eq!(tokens(&script), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn all_02_a_spent_token_is_refreshed_once_and_tried_again() {
    let script = Script::of([Step::Status(401)]);
    signed(&script, Arc::new(Fresh::default())).send(read()).await.expect("with the fresh token");
    assert_eq!(tokens(&script), ["0", "1"]);
}

#[tokio::test(start_paused = true)]
async fn all_02_a_fresh_token_that_is_refused_is_revoked() {
    let script = Script::of([Step::Status(401), Step::Status(401), Step::Status(401)]);
    assert_eq!(kind(signed(&script, Arc::new(Fresh::default())).send(read()).await), Kind::AuthRevoked);
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_refused_is_revoked_at_once() {
    let script = Script::of([Step::Status(401)]);
    let basic = Fixed::basic("hanna", "wrong").expect("usable");
    assert_eq!(kind(signed(&script, Arc::new(basic)).send(read()).await), Kind::AuthRevoked);
    assert_eq!(script.count(), 1);
}

#[test]
fn a_credential_that_no_header_can_hold_is_refused_without_showing_it() {
    for wrong in [Fixed::bearer("canary\r\nx: y"), Fixed::basic("han:na", "canary")] {
        let error = wrong.expect_err("not a header");
        assert_eq!(error.kind, Kind::Invalid);
        assert!(!format!("{error:?}").contains("canary"));
    }
}
