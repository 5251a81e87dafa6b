//! What is asked of channels here: every sort of request once.

use jiff::SignedDuration;
use kalends_app::{AnyWatch, Secret, kind::watch::Wish};
use kalends_conformance::{Check, suites::calendar::place};

/// The checks.
pub const CHECKS: &[Check<dyn AnyWatch>] =
    &[Check::new("a_channel_is_opened_renewed_and_closed", |stage, part| {
        Box::pin(async move {
            let calendar = stage.app.calendar().expect("who tells of changes has calendars");
            let of = place(&stage, &calendar).await;
            let wish = |name: &str| Wish {
                id: format!("0190f4c2-7e1a-7000-8000-{name:0>12}"),
                address: "https://kalends.example.com/hooks/channel/0190f4c2".parse().expect("an address"),
                secret: Secret::new("a-secret-nobody-can-guess"),
                until: stage.cx.now + SignedDuration::from_hours(48),
            };
            let channel = part.watch(&stage.cx, &of, &wish("one")).await.expect("opens");
            let channel = part.renew(&stage.cx, &channel, &wish("two")).await.expect("renews");
            part.unwatch(&stage.cx, &channel).await.expect("closes");
        })
    })];
