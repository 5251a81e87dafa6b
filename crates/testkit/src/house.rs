//! The engine over a test's database, with no way out.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Gateway, NoNames,
    hook::Raw,
    http::{self, Request, Tokio, Transport},
};
use kalends_domain::{Clock, availability::Schedule, id::Chance, people::User, zone::Zone};
use kalends_engine::{
    Engine, Member,
    connect::Outside,
    flights::FlightLog,
    hooks_in::{Arrived, Heard},
    job,
    notify::Links,
    schedules::ScheduleDraft,
    sign_in::{Client, Entered, OwnerAsk},
};
use kalends_store::seal::Keys;
use secrecy::SecretString;
use url::Url;

use crate::{Counting, TestDb, make};

/// A server's inside: what pages and the API stand on.
#[derive(Debug)]
pub struct House {
    /// Its database, clock and ids.
    pub test: TestDb,
    /// Its verbs.
    pub engine: Engine,
}

/// A way out that no test may take.
struct NoWay;

impl Transport for NoWay {
    fn send(&self, request: Request) -> http::Answer<'_> {
        panic!("a test must not leave the process: {request:?}")
    }
}

impl House {
    /// On SQLite, with no apps.
    pub async fn sqlite() -> Self {
        Self::with(TestDb::sqlite().await, &[])
    }

    /// On this database, with these apps; those that are not played by a fake cannot be reached.
    ///
    /// # Panics
    /// When the keys for secrets cannot be made.
    pub fn with(test: TestDb, apps: &[&'static App]) -> Self {
        let outside = Self::outside(&test, apps, |gateway| gateway);
        Self { engine: Engine::new(test.db.clone(), outside), test }
    }

    /// The outside of a test; `dress` may put fakes into the way.
    ///
    /// # Panics
    /// When the keys for secrets cannot be made.
    pub fn outside(test: &TestDb, apps: &[&'static App], dress: impl FnOnce(Gateway) -> Gateway) -> Outside {
        let time = Arc::new(Tokio(Arc::new(test.clock.clone())));
        let chance: Arc<dyn Chance> = Arc::new(Counting::default());
        let log = Arc::new(FlightLog::default());
        let recorder = Arc::clone(&log);
        let gateway = Gateway::new(Arc::new(NoWay), Arc::new(NoNames), time, chance, recorder);
        let key = Keys::fresh(&test.ids);
        let (Ok(base), Ok(keys)) = (Url::parse("https://book.example/"), Keys::new(("test", &key), &[]))
        else {
            panic!("no keys for the test")
        };
        Outside::new(apps.to_vec(), dress(gateway), Links::new(&base), Arc::new(keys)).with_flights(log)
    }

    /// The first owner: `ines@example.com`, whose page is `/ines`, in Lisbon, Monday to Friday, signed in.
    ///
    /// # Panics
    /// When they cannot be made.
    pub async fn owner(&self) -> Entered {
        let ask = OwnerAsk {
            name: "Inês Carvalho".into(),
            email: "ines@example.com".into(),
            username: "ines".into(),
            password: SecretString::from("a long enough password".to_owned()),
            zone: "Europe/Lisbon".into(),
            locale: "en".into(),
        };
        let client = Client { ip: std::net::Ipv4Addr::LOCALHOST.into(), user_agent: "test".into() };
        match self.engine.create_owner(&ask, &client).await {
            Ok(entered) => entered,
            Err(error) => panic!("no owner: {error}"),
        }
    }

    /// One more member of the owner's organization: their page is `/name`, their hours nine to five in UTC, Monday to Friday.
    ///
    /// # Panics
    /// When they cannot be made.
    pub async fn colleague(&self, owner: &User, name: &str) -> User {
        let user = make::user(&self.test.ids, owner.organization, name, self.engine.now());
        let stored = user.clone();
        let added: Result<(), kalends_store::Error> = self
            .test
            .db
            .write(move |tx| {
                let user = stored.clone();
                Box::pin(async move { tx.people().add(&user).await })
            })
            .await;
        assert!(added.is_ok(), "no colleague: {added:?}");
        let member = Member { user: user.id, organization: user.organization, role: user.role };
        let draft = ScheduleDraft { name: "Hours".into(), hours: Schedule::nine_to_five(Zone::utc()) };
        let made = match self.engine.create_schedule(&member, user.id, &draft).await {
            Ok(made) => self.engine.set_default_schedule(&member, made.id).await,
            Err(error) => Err(error),
        };
        assert!(made.is_ok(), "no hours for a colleague: {made:?}");
        user
    }
}

/// A provider's notice arrives, at the key that ends its address.
///
/// # Panics
/// When it cannot be written down.
pub async fn hear(engine: &Engine, app: &str, notice: &Raw) -> Heard {
    let key = notice.url.path().rsplit('/').next().unwrap_or_default();
    let arrived = Arrived {
        method: notice.method.clone(),
        query: notice.url.query().map(str::to_owned),
        headers: notice.headers.clone(),
        body: notice.body.clone(),
    };
    match engine.receive(app, key, arrived).await {
        Ok(heard) => heard,
        Err(error) => panic!("a notice cannot be received: {error}"),
    }
}

/// Lets time pass until no job waits that is due within so long.
///
/// # Panics
/// When that never comes, or the jobs cannot be read.
pub async fn settle(test: &TestDb, engine: &Engine, within: SignedDuration) {
    for _ in 0..2000 {
        let next = async {
            job::drain(engine).await?;
            test.db.read().await?.jobs().next_at().await
        };
        let next = match next.await {
            Ok(next) => next,
            Err(error) => panic!("jobs cannot be done: {error}"),
        };
        let now = test.clock.now();
        match next {
            Some(next) if next.duration_since(now) <= within => test.clock.set(next.max(now)),
            _ => return,
        }
    }
    panic!("jobs are still waiting");
}
