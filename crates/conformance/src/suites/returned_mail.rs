//! What every messenger must get right whose provider tells what became of a mail (EML-04).

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyMessenger, Hook, Secret, Secrets,
    fake::{Became, example::message},
    hook::{Back, MailName, Raw, Refused, SECRET, SECRET_BEFORE, Signal, What},
    kind::messenger::{Message, Receipt},
};
use url::Url;

use crate::{Check, Stage};

type On = Check<dyn AnyMessenger>;

/// Everything that can become of a mail.
const ALL: [Became; 4] = [
    Became::Delivered,
    Became::Returned(Back::ForNow),
    Became::Returned(Back::ForGood),
    Became::Returned(Back::Complaint),
];

/// The suite.
pub const CHECKS: &[On] = &[
    told("what_became_of_a_mail_is_told_by_a_name_that_finds_it", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage);
            let receipt = scene.send(&part, &message()).await;
            for became in ALL {
                let raw = scene.notice(&message(), became);
                assert_eq!(scene.verify(&raw), Ok(()), "{became:?}");
                let told = scene.told(&raw);
                let one = told.iter().find(|one| fits(one, became)).expect("says what became of it");
                let name = mail(&one.what).expect("names a mail");
                assert!(
                    finds(name, &message(), &receipt),
                    "{name:?} names neither {receipt:?} nor our own id"
                );
                assert!(name.recipient.eq_ignore_ascii_case("guest@example.com"), "{name:?}");
            }
        })
    }),
    told("a_mail_that_came_back_says_why", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            for back in [Back::ForNow, Back::ForGood] {
                let told = scene.told(&scene.notice(&message(), Became::Returned(back)));
                let why = told.iter().find_map(|one| match &one.what {
                    What::MailReturned { why, .. } => Some(why.as_str()),
                    _ => None,
                });
                assert!(why.is_some_and(|why| !why.trim().is_empty()), "{back:?}: {told:?}");
            }
        })
    }),
    told("a_notice_of_one_mail_tells_of_no_other", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage);
            let other = another();
            let first = scene.send(&part, &message()).await;
            let second = scene.send(&part, &other).await;
            assert_ne!(first.id, second.id, "two mails under one name");
            for signal in scene.told(&scene.notice(&other, Became::Returned(Back::ForGood))) {
                let name = mail(&signal.what).expect("names a mail");
                assert!(finds(name, &other, &second) && !finds(name, &message(), &first), "{name:?}");
            }
        })
    }),
    told("a_notice_without_proof_or_with_anothers_is_refused", |stage, part| {
        // INB-01, INB-03
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            let raw = scene.notice(&message(), Became::Returned(Back::ForGood));
            let not = |raw: &Raw, secrets: &Secrets| scene.hook.verify(raw, secrets, scene.now);
            assert_eq!(not(&raw, &Secrets::none()), Err(Refused::NoSecret));
            let empty = Secrets::none().with(SECRET, Secret::new(""));
            assert_eq!(not(&raw, &empty), Err(Refused::NoSecret));
            let other = Secrets::none().with(SECRET, Secret::new(another_secret(&scene.secret)));
            assert!(not(&raw, &other).is_err(), "it is believed by another's secret");
            // The proof is among the headers, or in the body.
            let told = Raw { headers: HeaderMap::new(), ..raw.clone() };
            let bare = Raw { body: Bytes::from_static(b"{}"), ..told.clone() };
            let other = Raw { headers: raw.headers.clone(), ..bare.clone() };
            assert!(not(&bare, &scene.secrets).is_err(), "it is believed without headers and body");
            let both = not(&told, &scene.secrets).is_ok() && not(&other, &scene.secrets).is_ok();
            assert!(!both, "neither of them is its proof");
            assert_eq!(not(&raw, &scene.secrets), Ok(()));
        })
    }),
    told("the_secret_before_is_believed_beside_the_current_one", |stage, part| {
        // INB-07
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            let raw = scene.notice(&message(), Became::Delivered);
            let changing = Secrets::none()
                .with(SECRET, Secret::new(another_secret(&scene.secret)))
                .with(SECRET_BEFORE, Secret::new(scene.secret.clone()));
            assert_eq!(scene.hook.verify(&raw, &changing, scene.now), Ok(()));
        })
    }),
    told("an_old_notice_is_refused_or_is_the_same_as_before", |stage, part| {
        // INB-05
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            let raw = scene.notice(&message(), Became::Returned(Back::ForGood));
            let ids = scene.ids(&raw);
            let later = scene.now + SignedDuration::from_hours(1);
            match scene.hook.verify(&raw, &scene.secrets, later) {
                Err(refused) => assert_eq!(refused, Refused::Stale),
                Ok(()) => assert_eq!(scene.ids(&raw), ids, "told apart from itself, it counts twice"),
            }
        })
    }),
    told("the_same_notice_twice_is_one_and_another_is_another", |stage, part| {
        // INB-05
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            let mut all = Vec::new();
            for became in ALL {
                let raw = scene.notice(&message(), became);
                assert_eq!(scene.ids(&raw), scene.ids(&raw.clone()));
                all.extend(scene.ids(&raw));
            }
            let before = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), before, "two things told under one id");
        })
    }),
    told("what_is_no_notice_tells_nothing_and_breaks_nothing", |stage, part| {
        // ALL-10, INB-06
        Box::pin(async move {
            let scene = Scene::of(&stage);
            scene.send(&part, &message()).await;
            let real = scene.notice(&message(), Became::Delivered);
            for body in ["", "{", "[]", "null", "{}", "[null]", "[{}]", "\u{0}", "<html>", "{\"event\":7}"] {
                let odd = Raw { body: Bytes::from_static(body.as_bytes()), ..real.clone() };
                for signal in scene.hook.signals(&odd).unwrap_or_default() {
                    assert!(matches!(signal.what, What::Other { .. }), "{body:?} tells {signal:?}");
                }
            }
        })
    }),
];

const fn told(
    name: &'static str,
    run: fn(Arc<Stage>, Arc<dyn AnyMessenger>) -> BoxFuture<'static, ()>,
) -> On {
    On::new(name, run).only(|part| {
        if part.can().told { Ok(()) } else { Err("its provider tells nobody what became of a mail") }
    })
}

/// The app's hook, and the secret the account was set up with.
struct Scene {
    stage: Arc<Stage>,
    hook: Arc<dyn Hook>,
    secret: String,
    secrets: Secrets,
    now: Timestamp,
    address: Url,
}

impl Scene {
    fn of(stage: &Arc<Stage>) -> Self {
        let hook = stage.app.hook().expect("who is told has a hook");
        let secret = stage.cx.secrets.get(SECRET).expect("the fake's form says the secret of its notices");
        let secret = secret.expose().to_owned();
        let secrets = Secrets::none().with(SECRET, Secret::new(secret.clone()));
        let address = format!("https://book.example/hooks/{}/key", stage.app.slug);
        let address = address.parse().expect("an address");
        Self { stage: Arc::clone(stage), hook, secret, secrets, now: stage.now(), address }
    }

    async fn send(&self, part: &Arc<dyn AnyMessenger>, message: &Message) -> Receipt {
        part.send(&self.stage.cx, message).await.expect("sends")
    }

    fn notice(&self, of: &Message, became: Became) -> Raw {
        let notice = self.stage.fake.tell_of_mail(&of.message_id, became, &self.address, self.now);
        notice.expect("the fake tells what became of a mail it has taken")
    }

    fn verify(&self, raw: &Raw) -> Result<(), Refused> {
        self.hook.verify(raw, &self.secrets, self.now)
    }

    fn told(&self, raw: &Raw) -> Vec<Signal> {
        let raw = self.hook.believed(raw.clone(), &self.secrets);
        self.hook.signals(&raw).expect("reads")
    }

    fn ids(&self, raw: &Raw) -> Vec<String> {
        self.told(raw).into_iter().map(|signal| signal.id).collect()
    }
}

fn another() -> Message {
    Message { message_id: "other.confirmed.guest.0@kalends.example".into(), ..message() }
}

/// Another secret that is shaped as this one is: one character is another, away from both ends.
fn another_secret(secret: &str) -> String {
    let middle = secret.len() / 2;
    let swap = |(at, c): (usize, char)| match c {
        _ if at != middle => c,
        'A' => 'B',
        _ => 'A',
    };
    secret.chars().enumerate().map(swap).collect()
}

const fn mail(what: &What) -> Option<&MailName> {
    match what {
        What::MailDelivered { mail } | What::MailReturned { mail, .. } => Some(mail),
        _ => None,
    }
}

fn fits(signal: &Signal, became: Became) -> bool {
    match (&signal.what, became) {
        (What::MailDelivered { .. }, Became::Delivered) => true,
        (What::MailReturned { back, .. }, Became::Returned(as_told)) => *back == as_told,
        _ => false,
    }
}

/// As the engine looks for it: our own name wins.
fn finds(name: &MailName, message: &Message, receipt: &Receipt) -> bool {
    match (&name.message_id, &name.id) {
        (Some(ours), _) => *ours == message.message_id,
        (None, Some(id)) => id.as_str() == receipt.id,
        (None, None) => false,
    }
}
