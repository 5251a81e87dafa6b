//! What goes out, what comes back, and what is refused.

use std::sync::Arc;

use kalends_app::{
    Cx, Error, Kind, Messenger, Retry,
    fake::{Became, Fake, Fault, Played, answer, example, gateway},
    gateway::Patience,
    hook::{Back, Hook, Raw, What},
    kind::{
        calendar::Person,
        messenger::{File, Message},
    },
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{APP, Resend, error::judge, fake, hook};

fn stage(changes: &[(&str, &str)]) -> (Arc<fake::Resend>, Cx) {
    let resend = Arc::new(fake::Resend::default());
    let fake = Arc::clone(&resend) as Arc<dyn Fake>;
    let account = example::filled_in(&APP, &example::changed(resend.form(), changes)).expect("a form");
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).expect("a call");
    (resend, cx)
}

fn sent(resend: &fake::Resend) -> Value {
    let seen = resend.bench().seen();
    let last = seen.iter().rfind(|request| request.op.name == "message").expect("a mail");
    serde_json::from_slice(&last.body).expect("JSON")
}

async fn refused(cx: &Cx, message: &Message) -> Error {
    Resend.send(cx, message).await.expect_err("refused")
}

#[tokio::test(start_paused = true)]
async fn a_mail_carries_both_texts_its_invitation_and_whom_to_answer_eml_03() {
    let (resend, cx) = stage(&[]);
    Resend.send(&cx, &example::message()).await.expect("sends");
    let mail = sent(&resend);
    assert_eq!(mail["from"], "Example bookings <bookings@example.com>");
    assert_eq!(
        (&mail["to"], &mail["reply_to"]),
        (&json!(["Gus Guest <guest@example.com>"]), &json!("Hanna Host <host@example.com>"))
    );
    assert_eq!(
        (&mail["text"], &mail["html"]),
        (&json!("See you on Monday.\n"), &json!("<p>See you on Monday.</p>"))
    );
    let along = mail["attachments"].as_array().expect("a list");
    assert_eq!((along.len(), &along[0]["filename"]), (1, &json!("invite.ics")));
    assert_eq!(along[0]["content_type"], "text/calendar; charset=utf-8; method=REQUEST");
    assert_eq!(mail["headers"]["Auto-Submitted"], "auto-generated");
}

#[tokio::test(start_paused = true)]
async fn a_message_may_name_its_own_sender_and_files() {
    let (resend, cx) = stage(&[]);
    let from = Person { name: "Doe, Jane".into(), email: "jane@one.example".into() };
    let file =
        File { name: "a.pdf".into(), media_type: "application/pdf".into(), body: b"x".as_slice().into() };
    let message =
        Message { from: Some(from), files: vec![file], html: None, invite: None, ..example::message() };
    Resend.send(&cx, &message).await.expect("sends");
    let mail = sent(&resend);
    assert_eq!(mail["from"], "\"Doe, Jane\" <jane@one.example>");
    assert_eq!(
        mail["attachments"],
        json!([{ "filename": "a.pdf", "content_type": "application/pdf", "content": "eA==" }])
    );
    assert_eq!(mail.get("html"), None);
}

#[rstest]
#[case(Fault::Drop)]
#[case(Fault::SlowLoris)]
#[case(Fault::Status(500, vec![]))]
#[case(Fault::Refuse)]
#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_the_answer_one_mail_goes_out_all_07_eml_03(#[case] fault: Fault) {
    let (resend, cx) = stage(&[]);
    resend.bench().next([fault.clone(), fault]);
    Resend.send(&cx, &example::message()).await.expect("sends");
    assert_eq!(resend.state().mails.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_words_changed_is_another_mail() {
    let (resend, cx) = stage(&[]);
    Resend.send(&cx, &example::message()).await.expect("sends");
    Resend.send(&cx, &example::message()).await.expect("is the same");
    let changed = Message { text: "See you on Tuesday.\n".into(), ..example::message() };
    Resend.send(&cx, &changed).await.expect("sends");
    assert_eq!(resend.state().mails.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_call_is_made_before_resend_wants_one_all_04() {
    let (resend, cx) = stage(&[]);
    resend.bench().next([Fault::too_many("7")]);
    let begin = tokio::time::Instant::now();
    Resend.send(&cx, &example::message()).await.expect("sends");
    assert!(begin.elapsed() >= std::time::Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_probe_looks_for_the_senders_domain_on_every_page_and_sends_nothing_all_11_all_13() {
    let (resend, cx) = stage(&[]);
    assert_eq!(crate::Resend.probe(&cx).await.expect("verified").identity, "bookings@example.com by Resend");
    assert_eq!((resend.bench().count("domains"), resend.bench().count("message")), (2, 0));
    for email in ["x@new.example", "x@two.example", "x@nowhere.example"] {
        let (_, cx) = stage(&[("from_email", email)]);
        let error = Resend.probe(&cx).await.expect_err("not verified");
        assert_eq!(error.kind, Kind::PolicyDenied);
        let domain = email.trim_start_matches("x@");
        assert!(error.message().contains(domain) && error.message().contains("Domains"), "{error}");
    }
    let (_, cx) = stage(&[("from_email", "onboarding@resend.dev")]);
    Resend.probe(&cx).await.expect("their own domain for trials");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_only_send_is_a_good_key() {
    let (_, cx) = stage(&[("key", fake::SENDING_KEY)]);
    Resend.probe(&cx).await.expect("it sends");
    Resend.send(&cx, &example::message()).await.expect("sends");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_for_its_owner_to_mend_and_stands_in_no_error_all_08() {
    let (_, cx) = stage(&[("key", "re_canary")]);
    for error in [Resend.probe(&cx).await.expect_err("wrong"), refused(&cx, &example::message()).await] {
        assert_eq!((&error.kind, error.retry), (&Kind::AuthRevoked, Retry::Never));
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_resend_refuses_says_what_is_wrong_all_02() {
    let (resend, cx) = stage(&[("from_email", "x@new.example")]);
    let error = refused(&cx, &example::message()).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("verified"), "{error}");
    let (_, cx) = stage(&[]);
    let to = Person { email: "refused@example.com".into(), ..example::guest() };
    let error = refused(&cx, &Message { to: vec![to], ..example::message() }).await;
    assert!(error.kind == Kind::Invalid && error.message().contains("recipient"), "{error}");
    let (resend_full, cx) = stage(&[]);
    resend_full.state().left = 0;
    assert_eq!(refused(&cx, &example::message()).await.kind, Kind::QuotaExhausted { resets: None });
    assert_eq!(resend.state().mails.len() + resend_full.state().mails.len(), 0);
}

#[rstest]
#[case(401, "missing_api_key", "auth_revoked")]
#[case(401, "restricted_api_key", "scope_missing")]
#[case(403, "invalid_api_key", "auth_revoked")]
#[case(409, "concurrent_idempotent_requests", "provider_down")]
#[case(429, "monthly_quota_exceeded", "quota_exhausted")]
#[case(422, "invalid_from_address", "invalid_request")]
#[case(422, "missing_required_field", "invalid_request")]
#[case(451, "security_error", "invalid_request")]
fn every_documented_refusal_has_its_kind_all_02(#[case] status: u16, #[case] name: &str, #[case] kind: &str) {
    let url = url::Url::parse("https://api.resend.com/emails").expect("an address");
    let body = json!({ "statusCode": status, "name": name, "message": "no" }).to_string();
    let no = answer(&kalends_app::Request::get("x", url), status, &[], body);
    assert_eq!(judge(&no).expect("a refusal").kind.name(), kind);
}

#[rstest]
#[case(429, "rate_limit_exceeded")]
#[case(500, "internal_server_error")]
#[case(404, "not_found")]
fn the_status_says_the_rest(#[case] status: u16, #[case] name: &str) {
    let url = url::Url::parse("https://api.resend.com/emails").expect("an address");
    let body = json!({ "statusCode": status, "name": name, "message": "no" }).to_string();
    assert_eq!(judge(&answer(&kalends_app::Request::get("x", url), status, &[], body)), None);
}

fn told(kind: &str, more: &Value) -> Vec<What> {
    let mut data = json!({ "email_id": "e1", "to": ["Gus <gus@example.com>", "other@example.com"] });
    data.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
    let raw = Raw {
        method: http::Method::POST,
        url: url::Url::parse("https://book.example/hooks/resend/key").expect("an address"),
        headers: http::HeaderMap::new(),
        body: json!({ "type": kind, "data": data }).to_string().into(),
    };
    hook::Resend.signals(&raw).expect("reads").into_iter().map(|signal| signal.what).collect()
}

#[test]
fn each_recipient_is_told_of_by_the_bare_address_eml_04() {
    let what = told("email.delivered", &json!({}));
    let named: Vec<&str> = what
        .iter()
        .map(|one| match one {
            What::MailDelivered { mail } => mail.recipient.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, ["gus@example.com", "other@example.com"]);
}

#[rstest]
#[case("email.suppressed", json!({ "suppressed": { "message": "it bounced before" } }), Back::ForGood, "it bounced before")]
#[case("email.failed", json!({ "failed": { "reason": "reached_daily_quota" } }), Back::ForNow, "reached_daily_quota")]
#[case("email.bounced", json!({ "bounce": { "type": "Undetermined", "message": "who knows" } }), Back::ForNow, "who knows")]
fn mails_that_do_not_arrive_say_why_eml_04(
    #[case] kind: &str,
    #[case] more: Value,
    #[case] as_told: Back,
    #[case] says: &str,
) {
    let what = told(kind, &more);
    assert!(
        matches!(&what[0], What::MailReturned { back, why, .. } if *back == as_told && why == says),
        "{what:?}"
    );
}

#[test]
fn what_does_not_concern_us_is_ignored_inb_06() {
    for kind in ["email.sent", "email.opened", "email.delivery_delayed", "domain.updated"] {
        assert!(told(kind, &json!({})).iter().all(|what| matches!(what, What::Other { .. })), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_notice_names_the_mail_by_our_own_name_inb_08() {
    let (resend, cx) = stage(&[]);
    Resend.send(&cx, &example::message()).await.expect("sends");
    let address = url::Url::parse("https://book.example/hooks/resend/key").expect("an address");
    let raw =
        resend.tell_of_mail(&example::message().message_id, Became::Delivered, &address, example::begin());
    let told = hook::Resend.signals(&raw.expect("a notice")).expect("reads");
    assert!(
        matches!(&told[0].what, What::MailDelivered { mail } if mail.message_id.as_deref() == Some("booking.confirmed.guest.0@kalends.example"))
    );
}
