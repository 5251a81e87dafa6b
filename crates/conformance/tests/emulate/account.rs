//! An account on the peer, connected as a browser and the engine would.

use std::collections::BTreeMap;
use std::sync::Arc;

use kalends_app::{
    AnyCalendar, AnyMessenger, App, Cx, Gateway, Secret, Secrets,
    fake::gateway,
    gateway::Patience,
    http::sign::Fixed,
    oauth::{Ask, Client, Desk, Refusal, Tokens},
};
use url::Url;

use crate::socket::{Socket, client};

/// Where the peer is said to be.
pub const PLACE: &str = "KALENDS_PEER_EMULATE_GOOGLE";
/// Where its calendar is said to be behind its description, which refuses what it does not allow.
const STRICT: &str = "KALENDS_PEER_EMULATE_STRICT";
/// Proves who asked.
pub const VERIFIER: &str = "0123456789-0123456789-0123456789-0123456789";
/// As registered in `e2e/peers/emulate.yaml`.
const REDIRECT: &str = "http://127.0.0.1:3000/apps/google-calendar/callback";

/// Our registration there.
pub fn registration() -> Client {
    Client::with_secret("kalends.apps.googleusercontent.com", "a-secret-of-the-emulator")
}

/// An instant in epoch seconds.
pub fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

/// One account of the peer's, and the way there.
pub struct Account {
    app: &'static App,
    gateway: Gateway,
    redirect: &'static str,
}

impl Account {
    /// With every address of the manifest moved to the peer (ALL-01).
    pub fn new() -> Self {
        Self::of("google-calendar", REDIRECT)
    }

    /// The same for another app of Google's, registered there with this address of ours.
    pub fn of(slug: &str, redirect: &'static str) -> Self {
        let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug);
        let app = app.expect("this build has the app");
        let peer: Url = std::env::var(PLACE).expect("the caller has looked").parse().expect("an address");
        let below = |path: &str| peer.join(path).expect("an address");
        let strict = std::env::var(STRICT).ok().map(|strict| strict.parse().expect("an address"));
        let mut moved = BTreeMap::from([
            ("authorize".to_owned(), below("o/oauth2/v2/auth")),
            ("token".to_owned(), below("oauth2/token")),
            ("revoke".to_owned(), below("oauth2/revoke")),
            ("api".to_owned(), strict.unwrap_or_else(|| below("calendar/v3/"))),
            ("account".to_owned(), below("oauth2/v2/")),
            ("upload".to_owned(), below("upload/gmail/v1/")),
        ]);
        moved.retain(|name, _| app.manifest().endpoints.contains_key(name));
        let now = "2027-03-01T08:00:00Z".parse().expect("a time");
        let gateway = gateway(Arc::new(Socket(client())), now);
        let overrides = BTreeMap::from([(app.slug.to_owned(), moved)]);
        let gateway = gateway.overriding(overrides, &[app]).expect("the manifest has these addresses");
        Self { app, gateway, redirect }
    }

    /// Where tokens are had.
    pub fn desk(&self) -> Desk {
        let desk = self.gateway.desk(self.app, "a", Patience::Job).expect("a desk");
        desk.expect("Google signs people in")
    }

    /// A person says yes: what the peer's page would post, and the code its redirect carries.
    pub async fn code(&self) -> Secret {
        let client_id = registration();
        let verifier = Secret::new(VERIFIER);
        let ask = Ask {
            client: &client_id,
            redirect: self.redirect,
            state: "0123456789abcdef0123456789",
            verifier: &verifier,
            hint: None,
        };
        let url = self.desk().authorize(&ask).expect("an address");
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.push(("email".to_owned(), "host@example.com".to_owned()));
        let mut page = url.clone();
        page.set_query(None);
        page.set_path(&format!("{}/callback", url.path()));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let post = client().post(page).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = post.send().await.expect("the peer answers");
        assert_eq!(answer.status().as_u16(), 302);
        let back =
            answer.headers()["location"].to_str().expect("an address").parse::<Url>().expect("an address");
        assert!(back.as_str().starts_with(self.redirect), "OAU-04");
        let given = |name: &str| {
            let pair = back.query_pairs().find(|(given, _)| given == name);
            pair.map(|(_, value)| value.into_owned()).expect("the redirect carries it")
        };
        assert_eq!(given("state"), ask.state, "OAU-02");
        Secret::new(given("code"))
    }

    /// Tokens for a code.
    pub async fn exchange(&self, by: &Client, code: &Secret, verifier: &str) -> Result<Tokens, Refusal> {
        self.desk().exchange(by, code, self.redirect, &Secret::new(verifier)).await
    }

    /// Tokens of an account that has just signed in.
    pub async fn signed_in(&self) -> Tokens {
        let code = self.code().await;
        self.exchange(&registration(), &code, VERIFIER).await.expect("tokens")
    }

    /// The account as calls need it.
    pub async fn connected(&self) -> (Cx, Arc<dyn AnyCalendar>) {
        let tokens = self.signed_in().await;
        (self.cx(&tokens), self.app.calendar().expect("a calendar"))
    }

    /// The app's messenger.
    pub fn messenger(&self) -> Arc<dyn AnyMessenger> {
        self.app.messenger().expect("a messenger")
    }

    /// A call of the account with these tokens.
    pub fn cx(&self, tokens: &Tokens) -> Cx {
        let account = kalends_app::Account {
            id: "a".into(),
            settings: serde_json::json!({}),
            secrets: Secrets::none(),
            zone: "Europe/Berlin".into(),
            locale: "en".into(),
            signer: Some(Arc::new(Fixed::bearer(tokens.access.expose()).expect("a token"))),
            ..kalends_app::Account::default()
        };
        self.gateway.cx(self.app, account, Patience::Job).expect("the account can be used")
    }
}
