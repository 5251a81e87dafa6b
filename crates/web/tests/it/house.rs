//! A server for one test: Inês in Lisbon, whose clock stands at Monday 23 November 2026, 09:00.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{App, fake::Fake, oauth::Client};
use kalends_domain::{
    Id, Span,
    event_type::{EventType, Location, Owner, Settings},
    people::{Role, User},
};
use kalends_engine::{
    Engine, Member, connect::Configured, event_types::EventTypeDraft, job, sign_in::OwnerAsk,
};
use kalends_store::repo::Installation;
use kalends_testkit::{
    House, TestDb, make,
    planner::{PLANNER, Planner},
    postbox,
};
use kalends_web::{Site, Web, router};
use secrecy::ExposeSecret;

use crate::browser::Browser;

/// The server and its owner.
pub struct Server {
    pub house: House,
    pub owner: User,
    session: String,
    router: axum::Router,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Site::new("http://book.example/".parse().unwrap())).await
    }

    pub async fn start_with(site: Site) -> Self {
        Self::of(House::sqlite().await, site).await
    }

    /// With these apps, whose providers nobody can reach.
    pub async fn start_with_apps(apps: &[&'static App]) -> Self {
        let house = House::with(TestDb::sqlite().await, apps);
        Self::of(house, Site::new("http://book.example/".parse().unwrap())).await
    }

    /// With an app whose provider knows this server by this id.
    pub async fn start_registered(app: &'static App, id: &str) -> Self {
        let test = TestDb::sqlite().await;
        let client = Client::with_secret(id, "our-secret");
        let known = BTreeMap::from([(
            app.slug.to_owned(),
            Configured { client, webhook_secret: None, webhook_secret_before: None },
        )]);
        let outside = House::outside(&test, &[app], |gateway| gateway).with_registrations(known).unwrap();
        let house = House { engine: Engine::new(test.db.clone(), outside), test };
        Self::of(house, Site::new("http://book.example/".parse().unwrap())).await
    }

    /// An app, its provider played, registered there.
    pub async fn start_playing(app: &'static App) -> Self {
        let test = TestDb::sqlite().await;
        let fake = (app.fake)();
        let client = fake.oauth().expect("it has a sign-in").client();
        let known = Configured { client, webhook_secret: None, webhook_secret_before: None };
        let outside = House::outside(&test, &[app], |gateway| gateway.playing(app, fake))
            .with_registrations(BTreeMap::from([(app.slug.to_owned(), known)]))
            .unwrap();
        Self::around(House { engine: Engine::new(test.db.clone(), outside), test }).await
    }

    /// With a mail server for everybody.
    pub async fn start_with_mail() -> Self {
        let test = TestDb::sqlite().await;
        let outside = House::outside(&test, &[], |gateway| gateway).with_post(postbox::post()).unwrap();
        Self::around(House { engine: Engine::new(test.db.clone(), outside), test }).await
    }

    /// Around a house that is there.
    pub async fn around(house: House) -> Self {
        Self::of(house, Site::new("http://book.example/".parse().unwrap())).await
    }

    async fn of(house: House, site: Site) -> Self {
        let entered = house.owner().await;
        let router = router(Web { site: Arc::new(site), engine: house.engine.clone() });
        let session = entered.token.expose_secret().to_owned();
        Self { house, owner: entered.user, session, router }
    }

    /// The whole server, for what is no browser.
    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    /// A guest's browser.
    pub fn guest(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// The owner's browser.
    pub fn host(&self) -> Browser {
        self.guest().with_cookie("kalends_session", &self.session)
    }

    pub fn member(&self) -> Member {
        Member { user: self.owner.id, organization: self.owner.organization, role: self.owner.role }
    }

    /// Something of the owner's to book, at `/ines/{slug}`.
    pub async fn offer(&self, slug: &str, settings: Settings) -> EventType {
        let draft = EventTypeDraft {
            slug: slug.into(),
            settings,
            ..EventTypeDraft::new(Owner::User(self.owner.id), "Project consultation")
        };
        self.house.engine.create_event_type(&self.member(), &draft).await.unwrap()
    }
}

impl Server {
    /// A team of the owner alone, with something to book.
    pub async fn team(&self, slug: &str) -> EventType {
        let team = make::team(&self.house.test.ids, self.owner.organization, slug);
        let (stored, owner) = (team.clone(), self.owner.id);
        let done: Result<(), kalends_store::Error> = self
            .house
            .test
            .db
            .write(move |tx| {
                let team = stored.clone();
                Box::pin(async move {
                    tx.people().add_team(&team).await?;
                    tx.people().set_member(&team, owner, Role::Owner).await
                })
            })
            .await;
        done.unwrap();
        let draft = EventTypeDraft {
            hosts: vec![make::host(self.owner.id)],
            ..EventTypeDraft::new(Owner::Team(team.id), "First call")
        };
        self.house.engine.create_event_type(&self.member(), &draft).await.unwrap()
    }
}

/// The usual rules, in a studio.
pub fn plain() -> Settings {
    Settings {
        locations: vec![Location::InPerson { address: "Rua da Boavista 84".into(), public: true }],
        ..Settings::default()
    }
}

impl Server {
    /// Another member of the organization, signed in.
    pub async fn colleague(&self, name: &str) -> Browser {
        let ask = OwnerAsk {
            name: name.into(),
            email: format!("{name}@example.com"),
            username: name.into(),
            password: PASSWORD.into(),
            zone: "Europe/Lisbon".into(),
            locale: "en".into(),
        };
        self.house.engine.add_user(&ask, Role::Member).await.unwrap();
        self.signed_in(name).await
    }

    /// One more browser in which somebody is signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.guest();
        let door = browser.get("/login").await;
        let email = format!("{name}@example.com");
        let done = browser.submit(&door, &[("email", email.as_str()), ("password", PASSWORD)]).await;
        assert_eq!(done.to(), "/bookings");
        browser
    }
}

/// Everybody's password.
const PASSWORD: &str = "a long enough password";

/// A server whose owner has a calendar connected, and something to book at `/ines/consultation`.
pub struct Planned {
    pub server: Server,
    pub planner: Arc<Planner>,
    pub installation: Id<Installation>,
}

impl Planned {
    pub async fn start() -> Self {
        let test = TestDb::sqlite().await;
        let planner = Arc::new(Planner::new(&test.clock, &["work"]));
        let outside =
            House::outside(&test, &[&PLANNER], |gateway| gateway.playing(&PLANNER, planner.played()));
        let house = House { engine: Engine::new(test.db.clone(), outside), test };
        let entered = house.owner().await;
        let site = Site::new("http://book.example/".parse().unwrap());
        let router = router(Web { site: Arc::new(site), engine: house.engine.clone() });
        let session = entered.token.expose_secret().to_owned();
        let server = Server { house, owner: entered.user, session, router };
        server.offer("consultation", plain()).await;
        let engine = &server.house.engine;
        let installation = engine.connect(&server.member(), "planner", &planner.form()).await.unwrap();
        let there = Self { server, planner, installation };
        there.settle().await;
        there
    }

    /// Does what is due now.
    pub async fn settle(&self) {
        job::drain(&self.server.house.engine).await.unwrap();
        self.server.house.engine.write_flights().await.unwrap();
        assert!(self.planner.bench().strays().is_empty(), "{:?}", self.planner.bench().strays());
    }

    /// Reads the calendar now.
    pub async fn sync(&self) {
        let engine = &self.server.house.engine;
        engine.sync_now(&self.server.member(), self.installation).await.unwrap();
        self.settle().await;
    }
}

/// From an instant, so many seconds.
pub fn in_seconds(start: &str, seconds: i64) -> Span {
    let start = start.parse::<jiff::Timestamp>().unwrap().as_second();
    Span::new(start, start + seconds)
}
