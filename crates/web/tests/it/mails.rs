//! What became of a mail (EML-04), all the way, by every app of the build whose provider tells: sent, told at the account's own
//! address, shown with the booking, and said to its host.

use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use kalends_app::{
    App,
    fake::{Became, Fake},
    hook::{Back, Raw},
};
use kalends_domain::{
    Clock, Span,
    booking::{Booking, Message},
};
use kalends_engine::{
    Engine,
    job::{self, Notify},
};
use kalends_store::{repo::Delivery, sql};
use kalends_testkit::{House, TestDb, make};
use tower::ServiceExt;
use url::Url;

use crate::house::{Server, plain};

/// A server whose mails this app sends, and a booking whose guest has one.
struct World {
    server: Server,
    fake: Arc<dyn Fake>,
    address: Url,
    booking: Booking,
}

impl World {
    async fn of(app: &'static App) -> Self {
        let test = TestDb::sqlite().await;
        let fake = (app.fake)();
        let outside = House::outside(&test, &[app], |gateway| gateway.playing(app, Arc::clone(&fake)));
        let house = House { engine: Engine::new(test.db.clone(), outside), test };
        let server = Server::around(house).await;
        let member = server.member();
        let id = server.house.engine.connect(&member, app.slug, &fake.form()).await.unwrap();
        let view = server.house.engine.connection(&member, id).await.unwrap();
        let address = view.notices.expect("an address to give to the provider").parse().unwrap();
        let event_type = server.offer("call", plain()).await;
        let test = &server.house.test;
        let start = test.clock.now().as_second() + 86_400;
        let booking =
            make::booking(&test.ids, &event_type, Span::new(start, start + 1_800), test.clock.now());
        let new = booking.clone();
        let stored = test.db.write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                tx.bookings().add(&new).await?;
                job::add(tx, &Notify::of(&new, Message::Confirmed, tx.now())).await
            })
        });
        stored.await.map_err(|error: kalends_store::Error| error).unwrap();
        let world = Self { server, fake, address, booking };
        world.settle().await;
        world
    }

    async fn settle(&self) {
        let engine = &self.server.house.engine;
        let mut was_idle = false;
        while !was_idle {
            // Providers take so many calls a second, and the clock stands.
            self.server.house.test.clock.advance(SignedDuration::from_secs(2));
            was_idle = true;
            for kind in ["notify", "deliver", "letter", "apply_inbound"] {
                was_idle &= !job::drain_one(engine, kind).await.unwrap();
            }
        }
        assert_eq!(self.fake.bench().strays(), Vec::<String>::new());
    }

    async fn guests(&self) -> Delivery {
        let mut tx = self.server.house.test.db.read().await.unwrap();
        let all = tx.deliveries().of_booking(&self.booking).await.unwrap();
        all.into_iter().find(|one| one.what.recipient.starts_with("gus")).unwrap()
    }

    /// The provider tells; what is answered, when all is done that follows.
    async fn told(&self, raw: &Raw) -> StatusCode {
        let path = raw.url.as_str().strip_prefix("https://book.example").expect("our own address");
        let mut request =
            Request::builder().method(raw.method.clone()).uri(path).header(header::HOST, "book.example");
        for (name, value) in &raw.headers {
            request = request.header(name, value);
        }
        let answer =
            self.server.router().oneshot(request.body(Body::from(raw.body.clone())).unwrap()).await.unwrap();
        self.settle().await;
        answer.status()
    }

    async fn became(&self, became: Became) -> Raw {
        let name = self.guests().await.message_id.unwrap();
        let now = self.server.house.test.clock.now();
        self.fake.tell_of_mail(&name, became, &self.address, now).expect("it took the mail")
    }

    async fn page(&self) -> String {
        self.server.host().get(&format!("/bookings/{}", self.booking.uid)).await.text
    }

    async fn heard(&self) -> usize {
        let mut tx = self.server.house.test.db.read().await.unwrap();
        tx.rows(sql("SELECT id FROM inbound_events")).await.unwrap().len()
    }
}

/// The apps of the build whose providers tell.
fn telling() -> Vec<&'static App> {
    let tells = |app: &&&'static App| app.messenger().is_some_and(|part| part.can().told);
    let all: Vec<_> = kalends_catalog::APPS.iter().filter(tells).copied().collect();
    assert!(!all.is_empty());
    all
}

#[tokio::test]
async fn eml_04_a_mail_that_arrived_and_one_that_came_back_stand_with_their_booking() {
    for app in telling() {
        let world = World::of(app).await;
        assert!(world.page().await.contains("Confirmation sent"), "{}", app.slug);
        let raw = world.became(Became::Delivered).await;
        assert!(world.told(&raw).await.is_success(), "{}", app.slug);
        assert!(world.page().await.contains("Confirmation delivered"), "{}", app.slug);
        let raw = world.became(Became::Returned(Back::ForGood)).await;
        for _ in 0..3 {
            assert!(world.told(&raw).await.is_success(), "{}", app.slug);
        }
        let page = world.page().await;
        assert!(page.contains("Confirmation came back") && page.contains("takes no mails"), "{}", app.slug);
        assert_eq!(world.heard().await, 2, "{}: told three times, it is one", app.slug);
        let letters = world
            .fake
            .bench()
            .seen()
            .into_iter()
            .filter(|sent| world.fake.mail(sent).contains("did not arrive"));
        assert_eq!(letters.count(), 1, "{}: the host hears of it once", app.slug);
    }
}

#[tokio::test]
async fn eml_04_inb_03_what_is_forged_or_sent_elsewhere_changes_nothing() {
    for app in telling() {
        let world = World::of(app).await;
        let raw = world.became(Became::Returned(Back::ForGood)).await;
        // Some prove themselves in the headers, some in the body.
        let bare = Raw { headers: http::HeaderMap::new(), body: "{}".into(), ..raw.clone() };
        assert_eq!(world.told(&bare).await, StatusCode::UNAUTHORIZED, "{}", app.slug);
        let mut elsewhere = raw.clone();
        elsewhere.url.set_path(&format!("/hooks/{}/anotherkey", app.slug));
        assert_eq!(world.told(&elsewhere).await, StatusCode::NOT_FOUND, "{}", app.slug);
        assert_eq!(world.heard().await, 0, "{}", app.slug);
        assert!(world.page().await.contains("Confirmation sent"), "{}", app.slug);
    }
}
