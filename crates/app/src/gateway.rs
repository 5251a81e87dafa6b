//! The gateway: every call to another server goes through it and gets its layers, credentials and addresses there.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use kalends_domain::id::Chance;
use serde_json::Value;
use url::Url;

use crate::{
    App, Cx, Endpoints, Error, Names, Secrets,
    fake::{Fake, Played},
    http::{Lines, Recorder, Signer, Silence, Time, Transport, line::Line, sign},
    manifest::OwnPace,
    oauth::{Client, Desk},
};

/// Overrides of base addresses: app, then name.
pub type Overrides = BTreeMap<String, BTreeMap<String, Url>>;

/// The operator's own paces, by app.
pub type Paces = BTreeMap<String, OwnPace>;

/// Transport, names, time and lines, shared by all calls of a process.
pub struct Gateway {
    transport: Arc<dyn Transport>,
    names: Arc<dyn Names>,
    time: Arc<dyn Time>,
    chance: Arc<dyn Chance>,
    lines: Lines,
    trust: Arc<str>,
    overrides: Overrides,
    paces: Paces,
    played: BTreeMap<&'static str, Arc<dyn Fake>>,
}

/// One installation as a call needs it.
#[derive(Clone, Default)]
pub struct Account {
    /// Unique among all accounts of the app.
    pub id: String,
    /// Its settings.
    pub settings: Value,
    /// Its secrets, unsealed for this call.
    pub secrets: Secrets,
    /// Its owner's zone.
    pub zone: String,
    /// Its owner's language.
    pub locale: String,
    /// Its owner's mail addresses, as far as they are known here.
    pub addresses: Vec<String>,
    /// Signs its requests, where tokens are granted at the provider and refreshed by the engine.
    pub signer: Option<Arc<dyn Signer>>,
    /// Its provider asked to hear nothing before then, as far as is known beyond this process.
    pub silent_until: Option<Timestamp>,
    /// Keeps such a wish beyond this process.
    pub silence: Option<Arc<dyn Silence>>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}

/// How long a call may take with all its tries (ALL-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Somebody looks at a page: a connect form, a test button.
    Form,
    /// Nobody waits.
    Job,
}

impl Patience {
    const fn duration(self) -> Duration {
        match self {
            Self::Form => Duration::from_secs(15),
            Self::Job => Duration::from_secs(90),
        }
    }
}

impl Gateway {
    /// A gate that goes out by this transport.
    pub fn new(
        transport: Arc<dyn Transport>,
        names: Arc<dyn Names>,
        time: Arc<dyn Time>,
        chance: Arc<dyn Chance>,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        let lines = Lines::new(Arc::clone(&time), Arc::clone(&chance), recorder);
        Self {
            transport,
            names,
            time,
            chance,
            lines,
            trust: Arc::from(""),
            overrides: Overrides::new(),
            paces: Paces::new(),
            played: BTreeMap::new(),
        }
    }

    /// With the operator's base addresses (ALL-01). One for an app or name that does not exist is refused.
    pub fn overriding(mut self, overrides: Overrides, apps: &[&'static App]) -> Result<Self, Error> {
        for (slug, named) in &overrides {
            Endpoints::new(&known(slug, apps)?.manifest().endpoints, named)?;
        }
        self.overrides = overrides;
        Ok(self)
    }

    /// At the operator's paces. One for an app that does not exist is refused.
    pub fn pacing(mut self, paces: Paces, apps: &[&'static App]) -> Result<Self, Error> {
        for slug in paces.keys() {
            known(slug, apps)?;
        }
        self.paces = paces;
        Ok(self)
    }

    /// With this way to look names up, for what is not HTTP.
    #[must_use]
    pub fn naming(mut self, names: Arc<dyn Names>) -> Self {
        self.names = names;
        self
    }

    /// With further root certificates, PEM, for what is not HTTP; the transport has its own.
    #[must_use]
    pub fn trusting(mut self, pem: &str) -> Self {
        self.trust = Arc::from(pem);
        self
    }

    /// With this app's provider played in memory: nothing of it leaves the process.
    #[must_use]
    pub fn playing(mut self, app: &'static App, fake: Arc<dyn Fake>) -> Self {
        self.played.insert(app.slug, fake);
        self
    }

    /// The surroundings of one call for this account.
    pub fn cx(&self, app: &'static App, account: Account, patience: Patience) -> Result<Cx, Error> {
        let manifest = app.manifest();
        let none = BTreeMap::new();
        let endpoints = Endpoints::new(&manifest.endpoints, self.overrides.get(app.slug).unwrap_or(&none))?;
        let line = self.line(app, &account.id).keeping(&account.secrets);
        let line = line.hushed(account.silent_until, account.silence);
        let signer = match account.signer {
            Some(signer) => signer,
            None => sign::signer(&manifest.auth, &account.settings, &account.secrets)?,
        };
        let (transport, names, trust) = self.way(app);
        Ok(Cx {
            http: line.stack(app, Arc::clone(&signer), transport).patient(patience.duration()),
            line,
            now: self.time.now(),
            settings: account.settings,
            secrets: account.secrets,
            account: account.id,
            endpoints,
            zone: account.zone,
            locale: account.locale,
            addresses: account.addresses,
            names,
            trust,
            chance: Arc::clone(&self.chance),
            signer,
        })
    }

    /// The provider's sign-in desk, for this account; none where it has no OAuth 2.
    pub fn desk(&self, app: &'static App, account: &str, patience: Patience) -> Result<Option<Desk>, Error> {
        let manifest = app.manifest();
        let Some(of) = manifest.auth.oauth() else { return Ok(None) };
        let none = BTreeMap::new();
        let endpoints = Endpoints::new(&manifest.endpoints, self.overrides.get(app.slug).unwrap_or(&none))?;
        let (transport, _, _) = self.way(app);
        let http = self.line(app, account).desk(transport).patient(patience.duration());
        let (time, chance) = (Arc::clone(&self.time), Arc::clone(&self.chance));
        let played = self.played.get(app.slug).cloned();
        Ok(Some(Desk { of, http, endpoints, time, chance, played }))
    }

    /// The time its layers live by.
    pub fn time(&self) -> &Arc<dyn Time> {
        &self.time
    }

    /// The registration a played provider knows; none where the provider is real.
    pub fn played_client(&self, app: &App) -> Option<Client> {
        self.played.get(app.slug)?.oauth().map(crate::fake::OAuth::client)
    }

    fn line(&self, app: &App, account: &str) -> Line {
        let own = self.paces.get(app.slug).copied().unwrap_or_default();
        self.lines.line(app.slug, account, app.manifest().quota.at(own))
    }

    /// How an app's provider is reached, where its names lead, and which roots vouch for it.
    fn way(&self, app: &App) -> (Arc<dyn Transport>, Arc<dyn Names>, Arc<str>) {
        match self.played.get(app.slug) {
            Some(fake) => (Arc::new(Played::new(Arc::clone(fake))), fake.names(), Arc::from(fake.root())),
            None => (Arc::clone(&self.transport), Arc::clone(&self.names), Arc::clone(&self.trust)),
        }
    }

    /// Lets an account's next call through whatever failed before: its owner has just mended it.
    pub fn mended(&self, app: &'static App, account: &str) {
        self.lines.mended(app.slug, account);
    }

    /// Forgets an account that is gone.
    pub fn forget(&self, app: &'static App, account: &str) {
        self.lines.forget(app.slug, account);
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("overrides", &self.overrides.len()).finish_non_exhaustive()
    }
}

fn known(slug: &str, apps: &[&'static App]) -> Result<&'static App, Error> {
    apps.iter()
        .copied()
        .find(|app| app.slug == slug)
        .ok_or_else(|| Error::new(crate::Kind::Invalid, format!("apps.{slug}: there is no app of that name")))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use serde_json::json;

    use super::*;
    use crate::{
        Declared, Kind, NoNames, Request, Response, Secret,
        fake::{self, Bench, Fault, Same},
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
auth = { scheme = "bearer", token = "token" }
endpoints = { api = "https://api.acme.example/" }
setup = [{ name = "token", label = "Token", type = "password", required = true }]
"#;

    #[derive(Default)]
    struct Acme(Bench);

    impl Fake for Acme {
        fn answer(&self, request: &Request) -> Result<Response, String> {
            match fake::parts(request.url.path(), "/rooms/{}") {
                Some(id) => Ok(fake::answer(request, 200, &[], id[0].to_owned())),
                None => Err("there is no such path".into()),
            }
        }
        fn bench(&self) -> &Bench {
            &self.0
        }
        fn form(&self) -> BTreeMap<String, String> {
            BTreeMap::from([("token".into(), "t".into())])
        }
    }

    static APP: App = App {
        slug: "acme",
        manifest: Declared::new(MANIFEST),
        icon: "",
        parts: Vec::new,
        judge: no_opinion,
        fake: || Arc::new(Acme::default()),
    };

    /// A way out that no test may take.
    struct Outside;
    impl Transport for Outside {
        fn send(&self, _: Request) -> crate::http::Answer<'_> {
            panic!("a played app must not leave the process")
        }
    }

    fn gateway(fake: &Arc<Acme>) -> Gateway {
        let time = Arc::new(Tokio(Arc::new(Simulated::from(Timestamp::UNIX_EPOCH))));
        Gateway::new(Arc::new(Outside), Arc::new(NoNames), time, Arc::new(Same(0)), Arc::new(NoRecorder))
            .playing(&APP, Arc::clone(fake) as Arc<dyn Fake>)
    }

    fn account() -> Account {
        let secrets = Secrets::none().with("token", Secret::new("canary-token"));
        Account {
            id: "1".into(),
            settings: json!({}),
            secrets,
            zone: "UTC".into(),
            locale: "en".into(),
            ..Account::default()
        }
    }

    fn cx(fake: &Arc<Acme>) -> Cx {
        gateway(fake).cx(&APP, account(), Patience::Job).unwrap()
    }

    fn room(cx: &Cx, path: &str) -> Request {
        Request::get("room", cx.endpoints.get("api").unwrap().join(path).unwrap())
    }

    fn overrides(app: &str, name: &str) -> Overrides {
        let url = Url::parse("http://127.0.0.1:9/").unwrap();
        Overrides::from([(app.to_owned(), BTreeMap::from([(name.to_owned(), url)]))])
    }

    #[tokio::test]
    async fn all_01_an_operator_moves_a_base_address() {
        let gateway = gateway(&Arc::default()).overriding(overrides("acme", "api"), &[&APP]).unwrap();
        let cx = gateway.cx(&APP, account(), Patience::Job).unwrap();
        assert_eq!(cx.endpoints.get("api").unwrap().as_str(), "http://127.0.0.1:9/");
    }

    #[tokio::test]
    async fn all_01_an_override_for_nothing_is_refused_by_name() {
        for (app, name, says) in [("acme", "apo", "\"apo\""), ("acne", "api", "apps.acne")] {
            let error = gateway(&Arc::default()).overriding(overrides(app, name), &[&APP]).unwrap_err();
            assert!(error.message().contains(says), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_operator_sets_the_pace_of_an_account() {
        let fake = Arc::<Acme>::default();
        let one = NonZeroU32::MIN;
        let own = OwnPace { per_second: Some(one), burst: Some(one), ..OwnPace::default() };
        let gateway = gateway(&fake).pacing(Paces::from([("acme".to_owned(), own)]), &[&APP]).unwrap();
        let cx = gateway.cx(&APP, account(), Patience::Job).unwrap();
        let began = gateway.time().now();
        for _ in 0..3 {
            cx.http.send(room(&cx, "rooms/7")).await.unwrap();
        }
        assert_eq!(gateway.time().now().duration_since(began).as_secs(), 2);
        let elsewhere = Paces::from([("acne".to_owned(), own)]);
        assert!(gateway.pacing(elsewhere, &[&APP]).unwrap_err().message().contains("apps.acne"));
    }

    #[tokio::test]
    async fn a_played_app_is_signed_and_answered_in_memory() {
        let fake = Arc::<Acme>::default();
        let cx = cx(&fake);
        let answer = cx.http.send(room(&cx, "rooms/7")).await.unwrap();
        assert_eq!(answer.text(), "7");
        let seen = fake.bench().seen();
        assert_eq!(seen[0].headers["authorization"], "Bearer canary-token");
        assert!(!format!("{seen:?} {cx:?}").contains("canary"), "ALL-08");
    }

    #[tokio::test]
    async fn a_fake_that_is_asked_for_something_unknown_notes_it() {
        let fake = Arc::<Acme>::default();
        let cx = cx(&fake);
        assert_eq!(cx.http.send(room(&cx, "doors")).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(fake.bench().strays(), ["GET /doors: there is no such path"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fake_goes_wrong_in_the_order_it_was_told() {
        let fake = Arc::<Acme>::default();
        let cx = cx(&fake);
        fake.bench().next([Fault::too_many("1"), Fault::Refuse, Fault::Garbage("[".into())]);
        assert_eq!(cx.http.send(room(&cx, "rooms/7")).await.unwrap().text(), "[");
        assert_eq!(fake.bench().count("room"), 2, "a refused connection brings nothing");
        fake.bench().next([Fault::expired()]);
        assert_eq!(cx.http.send(room(&cx, "rooms/7")).await.unwrap_err().kind, Kind::AuthRevoked);
    }

    #[tokio::test]
    async fn an_account_without_its_secret_says_which() {
        let error = gateway(&Arc::default()).cx(
            &APP,
            Account { secrets: Secrets::none(), ..account() },
            Patience::Job,
        );
        let error = error.unwrap_err();
        assert_eq!(error.kind, Kind::AuthRevoked);
        assert!(error.message().contains("\"token\""), "{error}");
    }

    #[test]
    fn a_pattern_fits_whole_paths_only() {
        assert_eq!(fake::parts("/rooms/7", "/rooms/{}"), Some(vec!["7"]));
        for path in ["/rooms/", "/rooms", "/rooms/7/x", "/roomz/7", "/x/rooms/7"] {
            assert_eq!(fake::parts(path, "/rooms/{}"), None, "{path}");
        }
    }
}
