//! What every channel must get right: notices that are believed for a reason, and a mirror that ends up right whatever
//! becomes of them.

use std::sync::Arc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyCalendar, AnyWatch, Hook, Kind, RemoteId, Secret, Secrets,
    fake::{Fault, Mirror},
    hook::{Raw, Refused, SECRET, SECRET_BEFORE, Signal, What},
    kind::{
        calendar::{Changes, Draft, Written},
        watch::{Channel, Wish},
    },
};

use super::calendar::{draft, moved, place, window};
use crate::{Check, Stage};

type On = Check<dyn AnyWatch>;

const THEIRS: &str = "a-secret-nobody-can-guess-000001";

/// The suite.
pub const CHECKS: &[On] = &[
    On::new("a_change_is_told_by_the_channel", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let channel = scene.watch(&part, "one").await;
            scene.heard();
            scene.create("told", 0).await;
            let told = scene.heard();
            assert!(told.iter().any(|signal| is_change(signal, &channel)), "{told:?}");
        })
    }),
    On::new("a_channel_lives_as_long_as_it_says_and_no_longer_than_it_may", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let channel = scene.watch(&part, "one").await;
            let now = stage.cx.now;
            let most = now.checked_add(part.longest()).expect("a time");
            assert!(channel.expires_at > now && channel.expires_at <= most, "{channel:?}");
            let soon = Wish { until: now + SignedDuration::from_hours(5), ..scene.wish("two") };
            let channel = part.watch(&stage.cx, &scene.of, &soon).await.expect("opens");
            assert!(channel.expires_at > now && channel.expires_at <= most);
        })
    }),
    On::new("a_notice_is_believed_by_its_secret_alone", |stage, part| {
        // GCAL-18, MSG-22
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            scene.watch(&part, "one").await;
            scene.create("told", 0).await;
            let notices = scene.notices();
            assert!(!notices.is_empty());
            let not = |secrets: &Secrets, raw: &Raw| scene.hook.verify(raw, secrets, stage.cx.now);
            for raw in &notices {
                assert_eq!(not(&Secrets::none(), raw), Err(Refused::NoSecret));
                let empty = Secrets::none().with(SECRET, Secret::new(""));
                assert_eq!(not(&empty, raw), Err(Refused::NoSecret));
                let longer = format!("{THEIRS}x");
                for other in ["another-secret", &THEIRS[1..], &longer] {
                    let other = Secrets::none().with(SECRET, Secret::new(other));
                    assert!(not(&other, raw).is_err(), "a notice is believed by another's secret");
                }
                let changing = Secrets::none()
                    .with(SECRET, Secret::new("the-next-one"))
                    .with(SECRET_BEFORE, Secret::new(THEIRS));
                assert_eq!(not(&changing, raw), Ok(()), "INB-07");
            }
        })
    }),
    On::new("what_is_no_notice_is_refused", |stage, part| {
        // INB-01, ALL-10
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            scene.watch(&part, "one").await;
            scene.create("told", 0).await;
            let real = scene.notices().pop().expect("a notice");
            let bare = Raw { headers: http::HeaderMap::new(), body: bytes::Bytes::new(), ..real.clone() };
            assert!(scene.hook.verify(&bare, &secrets(), stage.cx.now).is_err());
            for body in ["", "{", "[]", "null", "{\"value\":null}", "\u{0}", "<html>"] {
                let odd = Raw { body: body.into(), headers: http::HeaderMap::new(), ..real.clone() };
                assert!(scene.hook.verify(&odd, &secrets(), stage.cx.now).is_err(), "{body:?}");
            }
        })
    }),
    On::new("the_same_notice_twice_tells_the_same_and_another_tells_another", |stage, part| {
        // INB-03
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            scene.watch(&part, "one").await;
            scene.notices();
            scene.create("first", 0).await;
            scene.create("second", 3600).await;
            let notices = scene.notices();
            let ids = |raw: &Raw| -> Vec<String> {
                scene.hook.signals(raw).expect("reads").into_iter().map(|signal| signal.id).collect()
            };
            let mut all: Vec<String> = notices.iter().flat_map(ids).collect();
            let again: Vec<String> = notices.iter().flat_map(ids).collect();
            assert_eq!(all, again);
            let before = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), before, "two things told under one id");
        })
    }),
    On::new("a_renewed_channel_goes_on_telling", |stage, part| {
        // GCAL-20
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let old = scene.watch(&part, "one").await;
            let new = part.renew(&stage.cx, &old, &scene.wish("two")).await.expect("renews");
            assert!(new.expires_at >= old.expires_at);
            scene.notices();
            scene.create("later", 0).await;
            let told = scene.heard();
            assert!(told.iter().any(|signal| is_change(signal, &new)), "{told:?}");
            let once =
                told.iter().filter(|signal| matches!(signal.what, What::CalendarChanged { .. })).count();
            assert_eq!(once, 1, "the channel before it tells, too");
        })
    }),
    On::new("a_closed_channel_is_silent_and_closes_once", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let channel = scene.watch(&part, "one").await;
            part.unwatch(&stage.cx, &channel).await.expect("closes");
            scene.notices();
            scene.create("unheard", 0).await;
            assert!(scene.heard().iter().all(|signal| !is_change(signal, &channel)));
            let error = part.unwatch(&stage.cx, &channel).await.expect_err("it is gone");
            assert!(error.is_missing(), "{error:?}");
        })
    }),
    On::new("a_calendar_that_is_not_there_has_no_channel", |stage, part| {
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let nowhere = RemoteId::new("no-such-calendar");
            let error = part.watch(&stage.cx, &nowhere, &scene.wish("one")).await.expect_err("there is none");
            assert!(error.is_missing() || error.kind == Kind::Invalid, "{error:?}");
        })
    }),
    On::new("a_channel_that_may_not_be_opened_says_so", |stage, part| {
        // ALL-03: the mirror goes on by the clock.
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            stage.bench().next_write([Fault::Status(403, vec![])]);
            let error =
                part.watch(&stage.cx, &scene.of, &scene.wish("one")).await.expect_err("it is turned away");
            assert_eq!(error.kind, Kind::PolicyDenied);
        })
    }),
    On::new("the_mirror_ends_right_whatever_becomes_of_the_notices", |stage, part| {
        // GCAL-19, GCAL-20: lost, doubled, late and out of order.
        Box::pin(async move {
            let scene = Scene::of(&stage).await;
            let channel = scene.watch(&part, "one").await;
            let mut chance = Rng::with_seed(7);
            let mut mirror = Mirror::default();
            scene.follow(&mut mirror).await;
            let mut there: Vec<(Draft, Written)> = Vec::new();
            let mut late: Vec<Raw> = Vec::new();
            for n in 0..1_000 {
                scene.edit(n, &mut there, &mut chance).await;
                for raw in scene.notices() {
                    match chance.u8(..4) {
                        0 => {}
                        1 => late.extend([raw.clone(), raw]),
                        _ => late.push(raw),
                    }
                }
                if chance.u8(..5) == 0 {
                    chance.shuffle(&mut late);
                    for raw in late.drain(..) {
                        if scene.told(&raw).iter().any(|signal| is_change(signal, &channel)) {
                            scene.follow(&mut mirror).await;
                        }
                    }
                }
            }
            // What the last lost notices did not tell, the clock finds.
            scene.follow(&mut mirror).await;
            let mut whole = Mirror::default();
            scene.follow(&mut whole).await;
            assert_eq!(mirror.events, whole.events);
            assert_eq!(mirror.events.len(), there.len());
        })
    }),
];

fn is_change(signal: &Signal, by: &Channel) -> bool {
    signal.what == What::CalendarChanged { channel: by.id.clone() }
}

/// What the scene's channels were opened with.
fn secrets() -> Secrets {
    Secrets::none().with(SECRET, Secret::new(THEIRS))
}

/// A calendar that can be watched, and the ear that hears its notices.
struct Scene {
    stage: Arc<Stage>,
    calendar: Arc<dyn AnyCalendar>,
    hook: Arc<dyn Hook>,
    of: RemoteId,
}

impl Scene {
    async fn of(stage: &Arc<Stage>) -> Self {
        let calendar = stage.app.calendar().expect("who tells of changes has calendars");
        let hook = stage.app.hook().expect("who opens channels understands their notices");
        let of = place(stage, &calendar).await;
        Self { stage: Arc::clone(stage), calendar, hook, of }
    }

    fn wish(&self, name: &str) -> Wish {
        Wish {
            id: format!("0190f4c2-7e1a-7000-8000-{name:0>12}"),
            address: "https://kalends.example.com/hooks/channel/0190f4c2".parse().expect("an address"),
            secret: Secret::new(THEIRS),
            until: self.stage.cx.now + SignedDuration::from_hours(48),
        }
    }

    async fn watch(&self, part: &Arc<dyn AnyWatch>, name: &str) -> Channel {
        part.watch(&self.stage.cx, &self.of, &self.wish(name)).await.expect("opens a channel")
    }

    /// The notices since last time, handshakes answered.
    fn notices(&self) -> Vec<Raw> {
        let (all, secrets) = (self.stage.fake.notices(), secrets());
        all.into_iter().filter(|raw| self.hook.handshake(raw, &secrets).is_none()).collect()
    }

    /// What one notice tells, once it is believed.
    fn told(&self, raw: &Raw) -> Vec<Signal> {
        let now: Timestamp = self.stage.cx.now;
        self.hook.verify(raw, &secrets(), now).expect("the notice is theirs");
        let raw = self.hook.believed(raw.clone(), &secrets());
        self.hook.signals(&raw).expect("the notice can be read")
    }

    /// What was told since last time.
    fn heard(&self) -> Vec<Signal> {
        self.notices().iter().flat_map(|raw| self.told(raw)).collect()
    }

    async fn create(&self, uid: &str, later: i64) -> Written {
        let draft = draft(uid, later);
        self.calendar.create(&self.stage.cx, &self.of, &draft).await.expect("creates")
    }

    /// One edit: a new event, another time, or none.
    async fn edit(&self, n: i64, there: &mut Vec<(Draft, Written)>, chance: &mut Rng) {
        let (cx, of) = (&self.stage.cx, &self.of);
        let count = there.len();
        match chance.u8(..3) {
            1 if count > 0 => {
                let (event, written) = &mut there[chance.usize(..count)];
                *event = moved(event, 1800);
                *written = self.calendar.update(cx, of, written, event).await.expect("updates");
            }
            2 if count > 0 => {
                let (_, written) = there.swap_remove(chance.usize(..count));
                self.calendar.delete(cx, of, &written).await.expect("deletes");
            }
            _ => {
                let event = draft(&format!("edit-{n}"), n * 60);
                let written = self.calendar.create(cx, of, &event).await.expect("creates");
                there.push((event, written));
            }
        }
    }

    /// Brings the mirror to where the calendar is now.
    async fn follow(&self, mirror: &mut Mirror) {
        mirror.heed(self.changes(mirror.cursor.as_deref()).await);
    }

    async fn changes(&self, since: Option<&str>) -> Changes {
        self.calendar.changes(&self.stage.cx, &self.of, since, window()).await.expect("says what changed")
    }
}
