//! What every messenger must get right.

use std::time::Duration;

use kalends_app::{
    AnyMessenger, Kind, Retry,
    fake::{Fault, example::message},
    kind::{calendar::Person, messenger::Message},
};

use super::faults;
use crate::Check;

type On = Check<dyn AnyMessenger>;

/// Those for whoever is asked by HTTP.
pub const READING: &[On] = &faults::reading();

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
            let sent = seen.iter().filter(|request| request.op.name == "message");
            let mails: Vec<_> = sent.map(|request| stage.fake.mail(request)).collect();
            let id = message().message_id;
            assert_eq!(mails.len(), 2);
            assert!(mails.iter().all(|mail| mail.contains(&id)));
        })
    }),
    On::new("a_lost_answer_is_an_unknown_outcome", |stage, part| {
        // ALL-07
        Box::pin(async move {
            stage.bench().next([Fault::Drop]);
            let error = part.send(&stage.cx, &message()).await.expect_err("its answer was lost");
            assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
        })
    })
    .only(|part| if part.can().once { Err("its provider is asked again") } else { Ok(()) }),
    On::new("a_lost_answer_is_asked_for_again_and_one_message_goes_out", |stage, part| {
        // ALL-07, EML-03
        Box::pin(async move {
            stage.bench().next([Fault::Drop, Fault::Status(502, vec![])]);
            let first = part.send(&stage.cx, &message()).await.expect("asks again");
            let again = part.send(&stage.cx, &message()).await.expect("sends again");
            assert_eq!(first.id, again.id, "the provider takes it for another one");
            let other = Message { message_id: "other.0@kalends.example".into(), ..message() };
            let other = part.send(&stage.cx, &other).await.expect("sends");
            assert_ne!(first.id, other.id);
        })
    })
    .only(|part| if part.can().once { Ok(()) } else { Err("its provider knows no second try") }),
    On::new("a_provider_that_hangs_is_given_up_at_the_deadline", |stage, part| {
        // ALL-06
        Box::pin(async move {
            stage.bench().next([Fault::Hang]);
            // Longer than any pace makes the second call of an account wait.
            let cx = stage.patient(Duration::from_millis(900));
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
    On::new("a_spent_token_is_freshened_and_the_message_goes_out", |stage, part| {
        // OAU-14
        Box::pin(async move {
            let Some(oauth) = stage.fake.oauth() else { return };
            oauth.expire();
            part.send(&stage.cx, &message()).await.expect("one refresh, one more try");
        })
    }),
    On::new("a_grant_taken_back_is_for_its_owner_to_mend", |stage, part| {
        // OAU-12
        Box::pin(async move {
            let Some(oauth) = stage.fake.oauth() else { return };
            oauth.take_back();
            let error = part.send(&stage.cx, &message()).await.expect_err("it was taken back");
            assert_eq!(error.kind, Kind::AuthRevoked);
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
