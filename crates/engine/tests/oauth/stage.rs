//! Two nodes on one database, a club, and somebody who signs in there.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{
    Gateway, Kind, NoNames,
    fake::{Fake, OAuth},
};
use kalends_domain::{
    Id,
    people::{Role, User},
};
use kalends_engine::{
    Engine, Member,
    connect::{Answer, Begin, Configured, ConnectError, Finished, Outside},
    job,
    notify::Links,
    sign_in::Session,
};
use kalends_store::{
    Db,
    repo::{Connection, Grant, Installation},
    seal::Keys,
};
use kalends_testkit::{
    Counting, TestDb,
    postbox::{self, POSTBOX},
};
use url::Url;

use crate::{
    club::{CLUB, Provider},
    node::{Patient, Stops, Watching, Way},
};

pub struct Stage<'t> {
    pub t: &'t TestDb,
    pub provider: Arc<Provider>,
    /// The node people work on, and where it stops.
    pub engine: Engine,
    pub stops: Arc<Stops>,
    /// Another one.
    pub other: Engine,
    pub host: User,
    pub member: Member,
    pub keys: Arc<Keys>,
    /// Their browser.
    pub session: Id<Session>,
}

pub fn node(
    t: &TestDb,
    db: Db,
    provider: &Arc<Provider>,
    keys: &Arc<Keys>,
    registered: bool,
) -> (Engine, Arc<Stops>) {
    let stops = Arc::new(Stops::default());
    let way = Way::to(Arc::clone(provider) as Arc<dyn Fake>, &stops);
    let recorder = Arc::new(Watching(Arc::clone(&stops)));
    let time = Arc::new(Patient(t.clock.clone()));
    let gateway =
        Gateway::new(Arc::new(way), Arc::new(NoNames), time, Arc::new(Counting::default()), recorder);
    let links = Links::new(&"https://book.example/".parse().unwrap());
    let outside = Outside::new(vec![&CLUB, &POSTBOX], gateway, links, Arc::clone(keys));
    let known =
        Configured { client: provider.sign_in.client(), webhook_secret: None, webhook_secret_before: None };
    let known = if registered { BTreeMap::from([("club".to_owned(), known)]) } else { BTreeMap::new() };
    let outside = outside.with_post(postbox::post()).unwrap();
    (Engine::new(db, outside.with_registrations(known).unwrap()), stops)
}

impl<'t> Stage<'t> {
    /// A server that the club knows, and nobody connected.
    pub async fn new(t: &'t TestDb) -> Self {
        Self::before(t, Provider::new(), true).await
    }

    /// A server before this sign-in.
    pub async fn at(t: &'t TestDb, sign_in: OAuth) -> Self {
        Self::before(t, Provider::with(sign_in), true).await
    }

    pub async fn before(t: &'t TestDb, provider: Provider, registered: bool) -> Self {
        let provider = Arc::new(provider);
        let keys = Arc::new(Keys::new(("k1", &Keys::fresh(&t.ids)), &[]).unwrap());
        let (engine, stops) = node(t, t.db.clone(), &provider, &keys, registered);
        // One SQLite file has one server; two engines in it are as near as it comes.
        let db = if t.db.is_postgres() { t.another_node().await } else { t.db.clone() };
        let (other, _) = node(t, db, &provider, &keys, registered);
        let mut people = t.people(&["ines", "jonas"]).await;
        let (host, jonas) = (people.remove(0), User { role: Role::Admin, ..people.remove(0) });
        t.db.write(move |tx| {
            let jonas = jonas.clone();
            Box::pin(async move { tx.people().save(&jonas).await })
        })
        .await
        .unwrap();
        let member = Member { user: host.id, organization: host.organization, role: host.role };
        Self { t, provider, engine, stops, other, host, member, keys, session: t.ids.id() }
    }

    /// A node that has just been started: it knows what the database knows.
    pub fn started(&self) -> Engine {
        self.started_with_stops().0
    }

    /// The same, and where it stops.
    pub fn started_with_stops(&self) -> (Engine, Arc<Stops>) {
        node(self.t, self.t.db.clone(), &self.provider, &self.keys, true)
    }

    pub async fn begin(&self, what: Begin) -> Url {
        let typed = BTreeMap::new();
        self.engine.begin_sign_in(&self.member, self.session, "club", &typed, what).await.unwrap()
    }

    /// What the browser brings back when somebody follows this address.
    pub fn follow(&self, url: &Url) -> Answer {
        let back = self.provider.sign_in.consent(url).unwrap();
        assert_eq!(back.path(), "/apps/club/callback");
        let part =
            |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Answer {
            state: part("state").unwrap(),
            code: part("code").map(kalends_app::Secret::new),
            error: part("error"),
            description: part("error_description"),
            issuer: part("iss"),
            approved: part("admin_consent"),
        }
    }

    pub async fn finish(&self, answer: &Answer) -> Result<Finished, ConnectError> {
        self.engine.finish_sign_in(&self.member, self.session, "club", answer).await
    }

    /// Signs in, all the way.
    pub async fn connect(&self) -> Id<Installation> {
        let answer = self.follow(&self.begin(Begin::Usual).await);
        match self.finish(&answer).await.unwrap() {
            Finished::Connected(id) => id,
            Finished::AskSwitch(_) => panic!("there is nothing to switch"),
        }
    }

    /// A call that works, at the latest when a renewal under way is done: waits take no time here, so it is made again.
    pub async fn works(&self, node: &Engine, id: Id<Installation>) {
        for _ in 0..100_000 {
            match node.test_connection(&self.member, id).await {
                Ok(()) => return,
                Err(ConnectError::Probe(error)) if error.kind == Kind::Down => tokio::task::yield_now().await,
                Err(error) => panic!("this should work: {error:?}"),
            }
        }
        panic!("the renewal never ends");
    }

    pub async fn connection(&self, id: Id<Installation>) -> Connection {
        let mut tx = self.t.db.read().await.unwrap();
        tx.installations().connections(&[id]).await.unwrap().remove(0)
    }

    pub async fn grant(&self, id: Id<Installation>) -> Grant {
        let connection = self.connection(id).await;
        self.t.db.read().await.unwrap().oauth().grant(&connection).await.unwrap().unwrap()
    }

    /// Runs what is due.
    pub async fn drain(&self) {
        job::drain(&self.engine).await.unwrap();
    }

    pub async fn audited(&self) -> Vec<String> {
        let log = self.t.db.read().await.unwrap().audit().list(self.member.organization, 50).await.unwrap();
        log.into_iter().rev().map(|(_, deed)| format!("{} {}", deed.action, deed.subject)).collect()
    }
}
