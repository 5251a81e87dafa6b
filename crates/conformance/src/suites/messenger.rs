//! What every messenger must get right.

use std::time::Duration;

use kalends_app::{
    AnyMessenger, Kind, Retry,
    fake::Fault,
    kind::{
        calendar::Person,
        messenger::{Invite, Message, Method},
    },
};

use crate::Check;

type On = Check<dyn AnyMessenger>;

/// The suite.
pub const CHECKS: &[On] = &[
    On::new("a_probe_signs_in_and_sends_nothing", |stage, part| {
        // ALL-13
        Box::pin(async move {
            let probe = part.probe(&stage.cx).await.expect("the fake's own form connects");
            assert!(!probe.identity.trim().is_empty());
            assert_eq!(stage.bench().count("message"), 0);
        })
    }),
    On::new("a_message_arrives_once", |stage, part| {
        Box::pin(async move {
            let receipt = part.send(&stage.cx, &message()).await.expect("sends");
            assert_eq!(receipt.refused, []);
            assert_eq!(stage.bench().count("message"), 1);
        })
    }),
    On::new("a_second_try_is_the_same_message", |stage, part| {
        // EML-03
        Box::pin(async move {
            part.send(&stage.cx, &message()).await.expect("sends");
            part.send(&stage.cx, &message()).await.expect("sends again");
            let seen = stage.bench().seen();
            let bodies: Vec<_> =
                seen.iter().filter(|request| request.op.name == "message").map(|r| &r.body).collect();
            let id = message().message_id;
            assert_eq!(bodies.len(), 2);
            assert!(bodies.iter().all(|body| String::from_utf8_lossy(body).contains(&id)));
        })
    }),
    On::new("a_lost_answer_is_an_unknown_outcome", |stage, part| {
        // ALL-07
        Box::pin(async move {
            stage.bench().next([Fault::Drop]);
            let error = part.send(&stage.cx, &message()).await.expect_err("its answer was lost");
            assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
        })
    }),
    On::new("a_provider_that_hangs_is_given_up_at_the_deadline", |stage, part| {
        // ALL-06
        Box::pin(async move {
            stage.bench().next([Fault::Hang]);
            let cx = stage.patient(Duration::from_millis(300));
            let error = part.send(&cx, &message()).await.expect_err("nobody answers");
            assert!(matches!(error.kind, Kind::Down | Kind::UnknownOutcome), "{error:?}");
        })
    }),
    On::new("a_line_break_in_a_header_is_refused", |stage, part| {
        // EML-02
        Box::pin(async move {
            let sneaky = "Hello\r\nBcc: everyone@example.com";
            let person = |name: &str| Person { name: name.into(), email: "guest@example.com".into() };
            for message in [
                Message { subject: sneaky.into(), ..message() },
                Message { to: vec![person(sneaky)], ..message() },
                Message { reply_to: Some(person(sneaky)), ..message() },
                Message { message_id: sneaky.into(), ..message() },
                Message { headers: vec![("List-Unsubscribe".into(), sneaky.into())], ..message() },
            ] {
                let error = part.send(&stage.cx, &message).await.expect_err("a line break must not pass");
                assert_eq!((error.kind, error.retry), (Kind::Invalid, Retry::Never));
            }
            assert_eq!(stage.bench().count("message"), 0);
        })
    }),
    On::new("a_message_to_nobody_is_refused", |stage, part| {
        Box::pin(async move {
            let error =
                part.send(&stage.cx, &Message { to: vec![], ..message() }).await.expect_err("to nobody");
            assert_eq!(error.kind, Kind::Invalid);
        })
    }),
];

pub(super) fn message() -> Message {
    let ics =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kalends//EN\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
    Message {
        from: None,
        to: vec![Person { name: "Gus Guest".into(), email: "guest@example.com".into() }],
        reply_to: Some(Person { name: "Hanna Host".into(), email: "host@example.com".into() }),
        subject: "Introduction, Monday at 9:00".into(),
        text: "See you on Monday.\n".into(),
        html: Some("<p>See you on Monday.</p>".into()),
        invite: Some(Invite { method: Method::Request, ics: ics.into() }),
        files: vec![],
        message_id: "booking.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    }
}
