//! What every calendar must get right, on its fake and on a real server alike.

use std::sync::Arc;

use kalends_app::{
    AnyCalendar, Kind, RemoteId,
    fake::example,
    kind::calendar::{Attendance, Attendee, Busy, Draft, Keeps, Person, RemoteEvent, Shown},
};
use kalends_domain::{
    Span,
    event_type::{Hue, Visibility},
};

use crate::{Check, Stage, stage};

type On = Check<dyn AnyCalendar>;

/// The suite. What it says of faults stands in [`super::calendar_faults`].
pub const CHECKS: &[On] = &[
    On::new("a_probe_changes_nothing_and_names_the_account", |stage, part| {
        // ALL-13
        Box::pin(async move {
            let probe = part.probe(&stage.cx).await.expect("the form connects");
            assert!(!probe.identity.trim().is_empty());
            assert!(stage.bench().seen().iter().all(kalends_app::Request::is_reading));
        })
    }),
    On::new("calendars_have_names_of_their_own_and_one_is_the_main_one", |stage, part| {
        Box::pin(async move {
            let calendars = part.calendars(&stage.cx).await.expect("lists");
            assert!(calendars.iter().all(|calendar| !calendar.name.trim().is_empty()));
            assert_eq!(calendars.iter().filter(|calendar| calendar.primary).count(), 1);
            assert_eq!(calendars.iter().any(|calendar| calendar.writable), part.can().writes);
            let mut ids: Vec<_> = calendars.iter().map(|calendar| &calendar.id).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), calendars.len());
        })
    }),
    On::new("an_event_blocks_its_time", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("blocks", 0));
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            let busy = busy(&stage, &part, &into).await;
            assert_eq!(spans(&busy), [draft.span]);
            if part.can().names_busy {
                assert_eq!(busy[0].uid.as_deref(), Some(draft.uid.as_str()), "FB-07");
            }
        })
    })
    .only(writes),
    On::new("a_time_outside_the_window_is_not_asked_for", |stage, part| {
        Box::pin(async move {
            let into = place(&stage, &part).await;
            part.create(&stage.cx, &into, &draft("outside", 90 * 86_400)).await.expect("creates");
            assert_eq!(spans(&busy(&stage, &part, &into).await), []);
        })
    })
    .only(writes),
    On::new("an_event_keeps_its_time_in_every_zone", |stage, part| {
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let zones =
                ["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"];
            let mut expected = vec![];
            for (day, zone) in (0..).zip(zones) {
                let draft = Draft {
                    zone: zone.into(),
                    ..draft(zone.rsplit('/').next().unwrap_or(zone), day * 86_400)
                };
                part.create(&stage.cx, &into, &draft).await.expect("creates");
                expected.push(draft.span);
            }
            assert_eq!(spans(&busy(&stage, &part, &into).await), expected, "ITIP-03");
        })
    })
    .only(writes),
    On::new("whatever_people_type_arrives_as_one_event", |stage, part| {
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let rough = "Ünïcödé 🎈, \"quotes\"; back\\slash\r\nBEGIN:VEVENT\r\nUID:x\r\n\t<b>&amp;";
            let person = Person { name: rough.into(), email: "gus.o'guest+x@example.com".into() };
            let draft = Draft {
                title: rough.into(),
                description: rough.repeat(40),
                location: Some(rough.into()),
                url: Some("https://example.com/?a=1&b=2;c=3,4".into()),
                attendees: vec![Attendee { person, status: Attendance::Accepted, optional: false }],
                shown: Shown { visibility: Visibility::Private, ..Shown::default() },
                ..draft("rough", 0)
            };
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            part.create(&stage.cx, &into, &draft).await.expect("is our own earlier try, word for word");
            assert_eq!(spans(&busy(&stage, &part, &into).await), [draft.span], "DAV-12");
        })
    })
    .only(writes),
    On::new("what_is_wished_of_an_event_stands_in_it_as_far_as_it_is_kept", |stage, part| {
        // GCAL-26
        Box::pin(async move {
            let (into, keeps) = (place(&stage, &part).await, part.can().keeps);
            let plain = Draft { shown: Shown { guests_see: false, ..Shown::default() }, ..draft("plain", 0) };
            part.create(&stage.cx, &into, &plain).await.expect("creates");
            let Some(stands) = stage.fake.shown(&plain.uid) else { return };
            assert_eq!((stands.colour, stands.visibility), (None, Visibility::Usual), "nothing is wished");
            let wishes = |visibility, colour, guests, reminders: &[u32]| Shown {
                colour: Some(colour),
                visibility,
                guests_see: guests,
                guests_invite: guests,
                reminders: Some(reminders.to_vec()),
            };
            let first = Draft {
                shown: wishes(Visibility::Private, Hue::Orange, true, &[10, 60, 10]),
                ..draft("wished", 7200)
            };
            let written = part.create(&stage.cx, &into, &first).await.expect("creates");
            stands_as_wished(&stage, keeps, &first);
            part.create(&stage.cx, &into, &first).await.expect("is our own earlier try");
            let shown = wishes(Visibility::Public, Hue::Purple, false, &[5]);
            let second = Draft { shown, ..moved(&first, 0) };
            part.update(&stage.cx, &into, &written, &second).await.expect("updates");
            stands_as_wished(&stage, keeps, &second);
        })
    })
    .only(writes),
    On::new("creating_the_same_again_is_the_same_event", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("twice", 0));
            let first = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let again = part.create(&stage.cx, &into, &draft).await.expect("is our own earlier try");
            assert_eq!(first.id, again.id);
            assert_eq!(spans(&busy(&stage, &part, &into).await), [draft.span]);
        })
    })
    .only(writes),
    On::new("another_event_under_the_same_uid_is_a_conflict", |stage, part| {
        // DAV-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("taken", 0));
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            let other = moved(&draft, 7200);
            let error = part.create(&stage.cx, &into, &other).await.expect_err("the uid is taken");
            assert_eq!(error.kind, Kind::Conflict);
            assert_eq!(spans(&busy(&stage, &part, &into).await), [draft.span]);
        })
    })
    .only(writes),
    On::new("an_update_moves_the_event_and_keeps_its_name", |stage, part| {
        // ITIP-02
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("moves", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let later = moved(&draft, 7200);
            let again = part.update(&stage.cx, &into, &written, &later).await.expect("updates");
            assert_eq!(written.id, again.id);
            assert_eq!(spans(&busy(&stage, &part, &into).await), [later.span]);
            let back = Draft { span: draft.span, ..moved(&later, 0) };
            part.update(&stage.cx, &into, &again, &back).await.expect("updates with the new version");
            assert_eq!(spans(&busy(&stage, &part, &into).await), [draft.span]);
        })
    })
    .only(writes),
    On::new("an_update_over_somebody_elses_is_a_conflict", |stage, part| {
        // DAV-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("guarded", 0));
            let old = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let theirs = moved(&draft, 7200);
            part.update(&stage.cx, &into, &old, &theirs).await.expect("updates");
            let error = part.update(&stage.cx, &into, &old, &moved(&theirs, 7200)).await;
            assert_eq!(error.expect_err("the version is old").kind, Kind::Conflict);
            assert_eq!(spans(&busy(&stage, &part, &into).await), [theirs.span]);
        })
    })
    .only(guarded),
    On::new("repeating_an_update_is_success", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("repeats", 0));
            let old = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let later = moved(&draft, 7200);
            let first = part.update(&stage.cx, &into, &old, &later).await.expect("updates");
            let again = part.update(&stage.cx, &into, &old, &later).await.expect("is our own earlier try");
            assert_eq!(first.id, again.id);
        })
    })
    .only(writes),
    On::new("a_link_that_arrives_late_is_not_taken_for_written", |stage, part| {
        // ALL-07: the same revision with another place is not our earlier try.
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("link", 0));
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            let linked = Draft { location: Some("https://meet.example.com/late".into()), ..draft };
            let error = part.create(&stage.cx, &into, &linked).await.expect_err("it says something else");
            assert_eq!(error.kind, Kind::Conflict);
            let written = part.find(&stage.cx, &into, &linked.uid).await.expect("looks").expect("is there");
            part.update(&stage.cx, &into, &written, &linked).await.expect("updates");
            part.create(&stage.cx, &into, &linked).await.expect("now it is there");
        })
    })
    .only(writes),
    On::new("updating_what_is_gone_says_so", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("gone", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            part.delete(&stage.cx, &into, &written).await.expect("deletes");
            let error =
                part.update(&stage.cx, &into, &written, &moved(&draft, 60)).await.expect_err("it is gone");
            assert!(error.is_missing(), "{error:?}");
            assert_eq!(spans(&busy(&stage, &part, &into).await), []);
        })
    })
    .only(writes),
    On::new("a_deleted_event_blocks_no_more", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("deleted", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            part.delete(&stage.cx, &into, &written).await.expect("deletes");
            assert_eq!(spans(&busy(&stage, &part, &into).await), []);
            let error = part.delete(&stage.cx, &into, &written).await.expect_err("it is gone");
            assert!(error.is_missing(), "{error:?}");
        })
    })
    .only(writes),
    On::new("deleting_does_not_mind_somebody_elses_change", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("whatever", 0));
            let old = part.create(&stage.cx, &into, &draft).await.expect("creates");
            part.update(&stage.cx, &into, &old, &moved(&draft, 7200)).await.expect("updates");
            part.delete(&stage.cx, &into, &old).await.expect("deletes by the old version");
            assert_eq!(spans(&busy(&stage, &part, &into).await), []);
        })
    })
    .only(writes),
    On::new("an_event_is_found_by_its_uid_alone", |stage, part| {
        // ALL-07
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("found", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let found = part.find(&stage.cx, &into, &draft.uid).await.expect("looks");
            assert_eq!(found.expect("it is there").id, written.id);
            assert_eq!(part.find(&stage.cx, &into, "nobody-has-this-uid").await.expect("looks"), None);
        })
    })
    .only(writes),
    On::new("without_a_cursor_everything_is_listed", |stage, part| {
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let (near, far) = (draft("near", 0), draft("far", 400 * 86_400));
            for draft in [&near, &far] {
                part.create(&stage.cx, &into, draft).await.expect("creates");
            }
            let all = part.changes(&stage.cx, &into, None, window()).await.expect("lists");
            assert!(all.full && all.removed.is_empty());
            let (near, far) = (event(&all.upserts, &near.uid), event(&all.upserts, &far.uid));
            assert_eq!(
                (near.busy.as_slice(), near.span),
                ([draft("near", 0).span].as_slice(), Some(draft("near", 0).span))
            );
            // It is there, though it blocks nothing in the window: a far booking must not look deleted.
            assert_eq!((far.busy.as_slice(), far.span.is_some()), ([].as_slice(), true));
        })
    })
    .only(writes),
    On::new("changes_tell_what_is_new_different_and_gone", |stage, part| {
        // DAV-06
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let (first, second) = (draft("first", 0), draft("second", 7200));
            let written = part.create(&stage.cx, &into, &first).await.expect("creates");
            let other = part.create(&stage.cx, &into, &second).await.expect("creates");
            let all = part.changes(&stage.cx, &into, None, window()).await.expect("lists");
            let cursor = all.cursor.expect("a cursor");
            let none = part.changes(&stage.cx, &into, Some(&cursor), window()).await.expect("asks");
            assert!(!none.full && none.upserts.is_empty() && none.removed.is_empty(), "{none:?}");

            let later = moved(&first, 3600);
            part.update(&stage.cx, &into, &written, &later).await.expect("updates");
            part.delete(&stage.cx, &into, &other).await.expect("deletes");
            let third = draft("third", 4 * 3600);
            part.create(&stage.cx, &into, &third).await.expect("creates");
            let some = part.changes(&stage.cx, &into, none.cursor.as_deref(), window()).await.expect("asks");
            assert!(!some.full);
            let changed = event(&some.upserts, &first.uid);
            assert_eq!(
                (changed.span, changed.sequence, changed.busy.as_slice()),
                (Some(later.span), 1, [later.span].as_slice())
            );
            assert_eq!(event(&some.upserts, &third.uid).span, Some(third.span));
            assert_eq!((some.upserts.len(), some.removed.as_slice()), (2, [other.id].as_slice()));
        })
    })
    .only(incremental),
    On::new("a_forgotten_cursor_asks_for_a_new_start", |stage, part| {
        // DAV-06
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let cursor = part.changes(&stage.cx, &into, None, window()).await.expect("lists").cursor;
            let never = cursor.expect("a cursor").replace(|c: char| c.is_ascii_digit(), "9");
            for lost in [never.as_str(), "nonsense", ""] {
                let error =
                    part.changes(&stage.cx, &into, Some(lost), window()).await.expect_err("it is lost");
                assert_eq!(error.kind, Kind::CursorExpired, "{lost:?}: {error}");
            }
        })
    })
    .only(incremental),
];

/// Only for apps that write.
pub fn writes(part: &dyn AnyCalendar) -> Result<(), &'static str> {
    if part.can().writes { Ok(()) } else { Err("it is only read") }
}

fn guarded(part: &dyn AnyCalendar) -> Result<(), &'static str> {
    writes(part)?;
    if part.can().guarded { Ok(()) } else { Err("it keeps no versions") }
}

fn incremental(part: &dyn AnyCalendar) -> Result<(), &'static str> {
    if part.can().incremental { Ok(()) } else { Err("it lists everything each time") }
}

/// The calendar to work on: the stage's own, else the first that lets us write if the app can.
pub async fn place(stage: &Stage, part: &Arc<dyn AnyCalendar>) -> RemoteId {
    let calendars = part.calendars(&stage.cx).await.expect("lists");
    let fits = |id: &RemoteId| stage.calendar.as_deref().is_none_or(|own| id.as_str().contains(own));
    calendars
        .into_iter()
        .find(|c| (c.writable || !part.can().writes) && fits(&c.id))
        .expect("a calendar to work on")
        .id
}

/// When a calendar is busy in the suite's [`window`], by time.
pub async fn busy(stage: &Stage, part: &Arc<dyn AnyCalendar>, of: &RemoteId) -> Vec<Busy> {
    let mut busy =
        part.busy(&stage.cx, std::slice::from_ref(of), window()).await.expect("says when it is busy");
    busy.sort_by_key(|busy| busy.span);
    busy
}

/// The times alone.
pub fn spans(busy: &[Busy]) -> Vec<Span> {
    busy.iter().map(|busy| busy.span).collect()
}

fn event<'a>(events: &'a [RemoteEvent], uid: &str) -> &'a RemoteEvent {
    events.iter().find(|event| event.uid == uid).expect("the event is listed")
}

/// Thirty days from the stage's beginning.
pub fn window() -> Span {
    let start = begin();
    Span::new(start, start + 30 * 86_400)
}

fn begin() -> i64 {
    stage::BEGIN.parse::<jiff::Timestamp>().expect("a constant").as_second()
}

/// Half an hour, so many seconds after ten o'clock of the stage's first day.
pub fn draft(uid: &str, later: i64) -> Draft {
    let start = begin() + 3600 + later;
    Draft {
        location: Some("https://meet.example.com/room".into()),
        url: Some("https://kalends.example.com/booking/x".into()),
        attendees: vec![Attendee { person: example::guest(), status: Attendance::Accepted, optional: false }],
        stamp: jiff::Timestamp::from_second(begin()).expect("a constant"),
        ..example::draft(&format!("kalends-{uid}"), Span::new(start, start + 1800))
    }
}

fn stands_as_wished(stage: &Stage, keeps: Keeps, draft: &Draft) {
    let (wished, stands) = (&draft.shown, stage.fake.shown(&draft.uid).expect("it stands there"));
    if keeps.colour {
        assert_eq!(stands.colour, wished.colour);
    }
    let visibility = match wished.visibility {
        Visibility::Private if keeps.private => Visibility::Private,
        Visibility::Public if keeps.public => Visibility::Public,
        _ => Visibility::Usual,
    };
    assert_eq!(stands.visibility, visibility);
    if keeps.guests {
        assert_eq!((stands.guests_see, stands.guests_invite), (wished.guests_see, wished.guests_invite));
    }
    if keeps.reminders > 0 {
        assert_eq!(stands.reminders, wished.nearest(keeps.reminders));
    }
}

/// The next revision, so much later.
pub fn moved(draft: &Draft, later: i64) -> Draft {
    let span = Span::new(draft.span.start + later, draft.span.end + later);
    Draft { span, sequence: draft.sequence + 1, ..draft.clone() }
}
