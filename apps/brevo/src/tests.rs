//! What goes out, what comes back, and what is refused.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use kalends_app::{
    Cx, Error, Kind, Messenger, Retry,
    fake::{Fake, Fault, Played, answer, example, gateway},
    gateway::Patience,
    hook::{Back, Hook, Raw, What},
    kind::{calendar::Person, messenger::Message},
};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::{APP, Brevo, error::judge, fake, hook};

fn stage(changes: &[(&str, &str)]) -> (Arc<fake::Brevo>, Cx) {
    let brevo = Arc::new(fake::Brevo::default());
    let fake = Arc::clone(&brevo) as Arc<dyn Fake>;
    let account = example::filled_in(&APP, &example::changed(brevo.form(), changes)).expect("a form");
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).expect("a call");
    (brevo, cx)
}

fn sent(brevo: &fake::Brevo) -> Value {
    let seen = brevo.bench().seen();
    let last = seen.iter().rfind(|request| request.op.name == "message").expect("a mail");
    serde_json::from_slice(&last.body).expect("JSON")
}

async fn refused(cx: &Cx, message: &Message) -> Error {
    Brevo.send(cx, message).await.expect_err("refused")
}

#[tokio::test(start_paused = true)]
async fn a_mail_carries_both_texts_its_invitation_and_our_name_of_it_eml_03() {
    let (brevo, cx) = stage(&[]);
    Brevo.send(&cx, &example::message()).await.expect("sends");
    let mail = sent(&brevo);
    assert_eq!(mail["sender"], json!({ "name": "Example bookings", "email": "bookings@example.com" }));
    assert_eq!(mail["to"], json!([{ "name": "Gus Guest", "email": "guest@example.com" }]));
    assert_eq!(mail["replyTo"], json!({ "name": "Hanna Host", "email": "host@example.com" }));
    assert_eq!(
        (&mail["textContent"], &mail["htmlContent"]),
        (&json!("See you on Monday.\n"), &json!("<p>See you on Monday.</p>"))
    );
    assert_eq!(mail["attachment"][0]["name"], "invite.ics");
    assert_eq!(mail["headers"]["X-Mailin-custom"], example::message().message_id.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_left_out_where_there_is_none_and_cut_where_it_is_too_long() {
    let (brevo, cx) = stage(&[("from_name", "")]);
    let long = Person { name: "ü".repeat(71), ..example::guest() };
    Brevo.send(&cx, &Message { to: vec![long], ..example::message() }).await.expect("sends");
    let mail = sent(&brevo);
    assert_eq!(mail["sender"], json!({ "email": "bookings@example.com" }));
    assert_eq!(mail["to"][0]["name"], "ü".repeat(70));
}

#[rstest]
#[case(Fault::Drop)]
#[case(Fault::SlowLoris)]
#[case(Fault::Status(500, vec![]))]
#[case(Fault::Refuse)]
#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_answer_one_mail_goes_out_all_07_eml_03(#[case] fault: Fault) {
    let (brevo, cx) = stage(&[]);
    brevo.bench().next([fault.clone(), fault]);
    Brevo.send(&cx, &example::message()).await.expect("sends");
    assert_eq!(brevo.state().mails.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_later_call_or_other_words_are_another_mail() {
    let (brevo, cx) = stage(&[]);
    let first = Brevo.send(&cx, &example::message()).await.expect("sends");
    assert!(first.id.ends_with("@smtp-relay.mailin.fr") && !first.id.starts_with('<'), "{first:?}");
    let again = Brevo.send(&cx, &example::message()).await.expect("is the same");
    assert_eq!(again.id, example::message().message_id, "Brevo's own name for it is not told twice");
    let changed = Message { text: "See you on Tuesday.\n".into(), ..example::message() };
    Brevo.send(&cx, &changed).await.expect("sends");
    let mut later = cx.clone();
    later.now += SignedDuration::from_secs(1);
    Brevo.send(&later, &example::message()).await.expect("sends");
    assert_eq!(brevo.state().mails.len(), 3);
}

#[rstest]
#[case("retry-after", "7")]
#[case("x-sib-ratelimit-reset", "7")]
#[tokio::test(start_paused = true)]
async fn no_call_is_made_before_brevo_wants_one_all_04(#[case] header: &'static str, #[case] value: &str) {
    let (brevo, cx) = stage(&[]);
    brevo.bench().next([Fault::Status(429, vec![(header, value.to_owned())])]);
    let begin = tokio::time::Instant::now();
    Brevo.send(&cx, &example::message()).await.expect("sends");
    assert!(begin.elapsed() >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_probe_knows_senders_and_domains_and_sends_nothing_all_13() {
    for email in ["bookings@example.com", "ONE@single.example"] {
        let (brevo, cx) = stage(&[("from_email", email)]);
        let probe = Brevo.probe(&cx).await.expect("known");
        assert_eq!(probe.identity, format!("{email} by Brevo, account owner@example.com"));
        assert_eq!(brevo.bench().count("message"), 0);
    }
    for email in ["new@new.example", "x@nowhere.example"] {
        let (_, cx) = stage(&[("from_email", email)]);
        let error = Brevo.probe(&cx).await.expect_err("not verified");
        assert!(error.kind == Kind::PolicyDenied && error.message().contains("under Senders"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_for_its_owner_to_mend_and_stands_in_no_error_all_02_all_08() {
    let (brevo, cx) = stage(&[("key", "xkeysib-canary")]);
    for error in [Brevo.probe(&cx).await.expect_err("wrong"), refused(&cx, &example::message()).await] {
        assert_eq!((&error.kind, error.retry), (&Kind::AuthRevoked, Retry::Never));
        assert!(!format!("{error:?}").contains("canary"));
    }
    assert!(brevo.state().mails.is_empty());
    let (brevo, cx) = stage(&[]);
    brevo.state().knows_us = false;
    let error = Brevo.probe(&cx).await.expect_err("another address");
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("Authorized IPs"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_brevo_refuses_says_what_is_wrong_all_02() {
    let (_, cx) = stage(&[("from_email", "x@new.example")]);
    let error = refused(&cx, &example::message()).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("sender"), "{error}");
    let (brevo, cx) = stage(&[]);
    let to = Person { email: "refused@example.com".into(), ..example::guest() };
    let error = refused(&cx, &Message { to: vec![to], ..example::message() }).await;
    assert!(error.kind == Kind::Invalid && error.message().contains("recipient"), "{error}");
    brevo.state().credits = 0;
    assert_eq!(refused(&cx, &example::message()).await.kind, Kind::QuotaExhausted { resets: None });
    assert!(brevo.state().mails.is_empty());
}

#[rstest]
#[case(400, "missing_parameter", Some("invalid_request"))]
#[case(400, "account_under_validation", Some("policy_denied"))]
#[case(403, "permission_denied", Some("policy_denied"))]
#[case(406, "not_acceptable", Some("invalid_request"))]
#[case(404, "document_not_found", None)]
#[case(500, "", None)]
fn every_refusal_has_its_kind_all_02(#[case] status: u16, #[case] code: &str, #[case] kind: Option<&str>) {
    let request =
        kalends_app::Request::get("x", Url::parse("https://api.brevo.com/v3/").expect("an address"));
    let no = answer(&request, status, &[], json!({ "code": code, "message": "no" }).to_string());
    assert_eq!(judge(&no).map(|error| error.kind.name()), kind);
}

fn told(body: &Value) -> Vec<What> {
    let raw = Raw {
        method: http::Method::POST,
        url: Url::parse("https://book.example/hooks/brevo/key").expect("an address"),
        headers: http::HeaderMap::new(),
        body: body.to_string().into(),
    };
    hook::Brevo.signals(&raw).expect("reads").into_iter().map(|signal| signal.what).collect()
}

#[rstest]
#[case("hard_bounce", Some(Back::ForGood))]
#[case("invalid_email", Some(Back::ForGood))]
#[case("blocked", Some(Back::ForGood))]
#[case("soft_bounce", Some(Back::ForNow))]
#[case("error", Some(Back::ForNow))]
#[case("spam", Some(Back::Complaint))]
#[case("deferred", None)]
#[case("request", None)]
#[case("unique_opened", None)]
fn each_event_has_its_meaning_eml_04_inb_06(#[case] event: &str, #[case] is: Option<Back>) {
    let notice = json!({
        "event": event, "email": "gus@example.com", "id": 1, "ts_event": 1_604_933_654,
        "message-id": "<m1@smtp-relay.mailin.fr>", "reason": "full",
    });
    let what = told(&notice).remove(0);
    match (what, is) {
        (What::MailReturned { mail, back, why }, Some(is)) => {
            assert_eq!((back, why.as_str()), (is, "full"));
            assert_eq!(mail.id.as_ref().map(kalends_app::RemoteId::as_str), Some("m1@smtp-relay.mailin.fr"));
            assert_eq!(mail.message_id, None, "another program's mail has no name of ours");
        }
        (What::Other { kind }, None) => assert_eq!(kind, event),
        (what, _) => panic!("{what:?}"),
    }
}

#[test]
fn several_notices_may_come_in_one_list() {
    let one = |email: &str| json!({ "event": "delivered", "email": email, "message-id": "m1", "ts": 1 });
    let what = told(&json!([one("a@example.com"), 7, one("b@example.com")]));
    let to: Vec<&str> = what
        .iter()
        .map(|one| match one {
            What::MailDelivered { mail } => mail.recipient.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(to, ["a@example.com", "b@example.com"]);
}
