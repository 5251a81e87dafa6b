//! What of other people's events takes time, by the same rules for every calendar (FB-01 to FB-08).
//!
//! Each row is laid into the provider in its own words, then asked for twice: as busy times, and as the mirror keeps it.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::civil::{Date, date};
use kalends_app::{
    AnyCalendar, RemoteId,
    fake::{Laid, LaidWhen, Says},
    kind::calendar::RemoteEvent,
};
use kalends_domain::{Span, Zone};

use super::calendar::{busy, draft, place, spans, window, writes};
use crate::{Check, Stage};

type On = Check<dyn AnyCalendar>;

/// The suite.
pub const CHECKS: &[On] = &[
    On::new("fb_01_what_its_owner_calls_free_takes_no_time", |stage, part| {
        table(stage, part, &[(Says::Busy, At(2), TAKEN), (Says::Free, At(3), FREE), (Says::Free, DAY, FREE)])
    }),
    On::new("fb_02_what_is_cancelled_takes_no_time", |stage, part| {
        table(stage, part, &[(Says::Busy, At(2), TAKEN), (Says::Cancelled, At(3), FREE)])
    }),
    On::new("fb_03_only_the_owners_own_no_frees_a_time", |stage, part| {
        let rows = &[(Says::Declined, At(2), FREE), (Says::DeclinedByAnother, At(3), TAKEN)];
        table(stage, part, rows)
    }),
    On::new("fb_04_what_is_not_certain_takes_its_time_and_says_so", |stage, part| {
        let rows = &[
            (Says::Busy, At(2), TAKEN),
            (Says::Tentative, At(3), PERHAPS),
            (Says::NotAnswered, At(4), PERHAPS),
        ];
        table(stage, part, rows)
    }),
    On::new("fb_05_whole_days_are_days_of_the_owner_also_where_the_clock_changes", |stage, part| {
        const ROWS: &[Row] = &[
            (Says::Busy, DAY, TAKEN),
            (Says::Busy, Days(date(2027, 3, 12), date(2027, 3, 15)), TAKEN),
            // In Berlin this day has 23 hours.
            (Says::Busy, Days(date(2027, 3, 28), date(2027, 3, 29)), TAKEN),
            (Says::OutOfOffice, Days(date(2027, 3, 22), date(2027, 3, 24)), TAKEN),
        ];
        table(stage, part, ROWS)
    }),
    On::new("fb_06_what_has_no_length_takes_no_time", |stage, part| {
        table(stage, part, &[(Says::Busy, At(2), TAKEN), (Says::Busy, Moment(3), FREE)])
    }),
    On::new("gcal_07_msg_05_ews_09_being_away_takes_time_and_working_elsewhere_does_not", |stage, part| {
        table(stage, part, &[(Says::OutOfOffice, At(2), TAKEN), (Says::WorkingElsewhere, At(3), FREE)])
    }),
    On::new("fb_07_our_own_event_is_told_by_our_own_name", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("own", 0));
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            let all = part.changes(&stage.cx, &into, None, window()).await.expect("tells");
            let uids: Vec<&str> = all.upserts.iter().map(|event| event.uid.as_str()).collect();
            assert_eq!(uids, [draft.uid.as_str()]);
        })
    })
    .only(writes),
    On::new("fb_08_a_private_event_takes_its_time_and_says_nothing_more", |stage, part| {
        Box::pin(async move {
            let when = LaidWhen::At(at(2).0);
            assert!(stage.fake.lay(&Laid { name: "canary-title", when, says: Says::Private }), "{LAY}");
            let into = place(&stage, &part).await;
            let busy = busy(&stage, &part, &into).await;
            assert_eq!(spans(&busy), [at(2).0]);
            let all = part.changes(&stage.cx, &into, None, window()).await.expect("tells");
            for event in all.upserts {
                // What its maker calls it is no title.
                let kept = RemoteEvent { id: RemoteId::new(""), uid: String::new(), ..event };
                assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
            }
        })
    }),
];

const LAY: &str = "the fake can be given events of others: write Fake::lay";

/// When an event of the table takes place.
#[derive(Clone, Copy)]
enum When {
    /// For an hour on this day of the window.
    At(i64),
    /// At noon of this day, without length.
    Moment(i64),
    /// Whole days.
    Days(Date, Date),
}
use When::{At, Days, Moment};

const DAY: When = Days(date(2027, 3, 10), date(2027, 3, 11));

/// What becomes of its time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Taken,
    Perhaps,
    Free,
}

const TAKEN: Becomes = Becomes::Taken;
const PERHAPS: Becomes = Becomes::Perhaps;
const FREE: Becomes = Becomes::Free;

type Row = (Says, When, Becomes);

/// An hour on this day of the window, and when it begins.
fn at(day: i64) -> (Span, i64) {
    let start = window().start + day * 86_400;
    (Span::new(start, start + 3_600), start)
}

fn laid(when: When) -> (LaidWhen, Span) {
    match when {
        At(day) => (LaidWhen::At(at(day).0), at(day).0),
        Moment(day) => {
            let empty = Span::new(at(day).1, at(day).1);
            (LaidWhen::At(empty), empty)
        }
        Days(first, until) => {
            let zone = Zone::parse("Europe/Berlin").expect("the stage's zone");
            (LaidWhen::Days(first, until), Span::new(zone.midnight(first), zone.midnight(until)))
        }
    }
}

fn table(stage: Arc<Stage>, part: Arc<dyn AnyCalendar>, rows: &'static [Row]) -> BoxFuture<'static, ()> {
    const NAMES: [&str; 4] = ["row-one", "row-two", "row-three", "row-four"];
    Box::pin(async move {
        let (mut taken, mut perhaps, mut any) = (vec![], vec![], false);
        for ((says, when, becomes), name) in rows.iter().zip(NAMES) {
            let (when, span) = laid(*when);
            if !stage.fake.lay(&Laid { name, when, says: *says }) {
                assert_ne!(*says, Says::Busy, "{LAY}");
                continue; // the provider has no word for it
            }
            any = true;
            if *becomes != Becomes::Free {
                taken.push(span);
            }
            if *becomes == Becomes::Perhaps {
                perhaps.push(span);
            }
        }
        assert!(any, "{LAY}");
        taken.sort();
        let into = place(&stage, &part).await;
        assert_eq!(spans(&busy(&stage, &part, &into).await), taken, "as busy times");
        let all = part.changes(&stage.cx, &into, None, window()).await.expect("tells");
        let mut kept: Vec<Span> = all.upserts.iter().flat_map(|event| event.busy.clone()).collect();
        kept.sort();
        assert_eq!(kept, taken, "as the mirror keeps it");
        let mut unsure: Vec<Span> =
            all.upserts.iter().filter(|event| event.tentative).flat_map(|event| event.busy.clone()).collect();
        unsure.sort();
        assert_eq!(unsure, perhaps, "not certain yet");
    })
}
