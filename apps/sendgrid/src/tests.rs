//! What goes out, what comes back, and what is told afterwards.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use jiff::SignedDuration;
use kalends_app::{
    Cx, Kind, Messenger, Response, Retry,
    fake::{Became, Fake, Fault, P256, Played, answer, example, gateway},
    gateway::Patience,
    hook::{Back, Hook, Raw, Refused, SECRET, What, signature},
    kind::messenger::{File, Message},
};
use kalends_app::{Request, Secret, Secrets};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{APP, SendGrid, error::judge, fake, hook};

fn stage(typed: &[(&str, &str)]) -> (Arc<fake::SendGrid>, Cx) {
    let there = Arc::new(fake::SendGrid::default());
    let form = example::changed(there.form(), typed);
    let account = example::filled_in(&APP, &form).unwrap();
    let fake = Arc::clone(&there) as Arc<dyn Fake>;
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).unwrap();
    (there, cx)
}

async fn sent(message: &Message) -> Value {
    let (there, cx) = stage(&[]);
    SendGrid.send(&cx, message).await.unwrap();
    assert_eq!(there.bench().strays(), Vec::<String>::new());
    serde_json::from_slice(&there.bench().seen()[0].body).unwrap()
}

#[tokio::test]
async fn itip_01_an_invitation_stands_among_the_alternatives_and_as_a_file() {
    let message = example::message();
    let body = sent(&message).await;
    let kinds: Vec<&str> =
        body["content"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text/plain", "text/html", "text/calendar; method=REQUEST"]);
    assert_eq!(body["content"][2]["value"], message.invite.unwrap().ics);
    let file = &body["attachments"][0];
    assert_eq!((&file["type"], &file["filename"]), (&json!("application/ics"), &json!("invite.ics")));
}

#[tokio::test]
async fn a_mail_without_html_invitation_and_files_has_none_and_a_file_goes_along() {
    let text = Message { html: None, invite: None, reply_to: None, ..example::message() };
    let body = sent(&text).await;
    assert_eq!(body["content"].as_array().unwrap().len(), 1);
    assert!(body.get("attachments").is_none() && body.get("reply_to").is_none());
    let file =
        File { name: "a.txt".into(), media_type: "text/plain; charset=utf-8".into(), body: "a".into() };
    let body = sent(&Message { files: vec![file], ..text }).await;
    let expected =
        json!({ "filename": "a.txt", "type": "text/plain", "content": "YQ==", "disposition": "attachment" });
    assert_eq!(body["attachments"], json!([expected]));
}

#[tokio::test]
async fn eml_03_our_message_id_goes_along_twice_and_answers_go_to_the_host() {
    let body = sent(&example::message()).await;
    let id = &example::message().message_id;
    assert_eq!(body["headers"]["Message-ID"], format!("<{id}>"));
    assert_eq!(body["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(body["personalizations"][0]["custom_args"]["kalends_mail"], json!(id));
    assert_eq!(body["reply_to"]["email"], example::host().email);
    assert_eq!(body["from"], json!({ "email": "bookings@example.com", "name": "Bookings" }));
    assert_eq!(body["tracking_settings"]["click_tracking"]["enable"], false);
}

#[tokio::test]
async fn eml_01_the_receipt_is_what_sendgrid_calls_it() {
    let (_, cx) = stage(&[]);
    let receipt = SendGrid.send(&cx, &example::message()).await.unwrap();
    assert_eq!((receipt.id.as_str(), receipt.refused), ("mail000000000000000001", vec![]));
}

#[tokio::test]
async fn eml_01_an_account_in_the_european_union_is_reached_there() {
    let (there, cx) = stage(&[("region", "eu")]);
    SendGrid.probe(&cx).await.unwrap();
    SendGrid.send(&cx, &example::message()).await.unwrap();
    let hosts: Vec<_> = there.bench().seen().iter().map(|one| one.url.to_string()).collect();
    assert_eq!(hosts, ["https://api.eu.sendgrid.com/v3/scopes", "https://api.eu.sendgrid.com/v3/mail/send"]);
}

#[tokio::test]
async fn a_wrong_key_and_one_that_may_not_send_are_told_apart() {
    let (_, cx) = stage(&[("api_key", "SG.other")]);
    assert_eq!(SendGrid.probe(&cx).await.unwrap_err().kind, Kind::AuthRevoked);
    let (there, cx) = stage(&[]);
    there.bench().next([Fault::Garbage(r#"{"scopes":["alerts.read"]}"#.into())]);
    let error = SendGrid.probe(&cx).await.unwrap_err();
    assert_eq!(error.kind, Kind::ScopeMissing { scope: "mail.send".into() });
}

#[tokio::test]
async fn a_verification_key_that_is_none_is_said_when_it_is_typed() {
    let (there, cx) = stage(&[(SECRET, "a password")]);
    let error = SendGrid.probe(&cx).await.unwrap_err();
    assert!(error.kind == Kind::Invalid && error.message().contains("verification key"), "{error}");
    assert_eq!(there.bench().seen().len(), 0);
    let (_, cx) = stage(&[(SECRET, "")]);
    SendGrid.probe(&cx).await.unwrap();
}

#[rstest]
#[case::wrong(401, "The provided authorization grant is invalid, expired, or revoked", None)]
#[case::used_up(401, "Maximum credits exceeded", Some(Kind::QuotaExhausted { resets: None }))]
#[case::sender(403, "The from address does not match a verified Sender Identity.", Some(Kind::PolicyDenied))]
#[case::scope(403, "access forbidden", Some(Kind::ScopeMissing { scope: "mail.send".into() }))]
#[case::invalid(400, "Does not contain a valid address.", Some(Kind::Invalid))]
#[case::large(413, "The payload is too large", Some(Kind::Invalid))]
#[case::busy(429, "too many requests", None)]
fn what_sendgrid_says_no_with_has_its_meaning(
    #[case] status: u16,
    #[case] message: &str,
    #[case] kind: Option<Kind>,
) {
    let body = json!({ "errors": [{ "message": message, "field": "from" }] }).to_string();
    let error = judge(&said(status, &body));
    assert_eq!(error.as_ref().map(|error| &error.kind), kind.as_ref());
    assert!(error.is_none_or(|error| error.provider_said().unwrap().contains("from: ")));
}

#[test]
fn an_answer_that_is_no_json_is_left_to_its_status() {
    assert!(judge(&said(403, "<html>")).is_none() && judge(&said(200, "{}")).is_none());
}

fn said(status: u16, body: &str) -> Response {
    let request = Request::get("scopes", "https://api.sendgrid.com/v3/scopes".parse().unwrap());
    answer(&request, status, &[], body.to_owned())
}

#[tokio::test]
async fn all_04_too_many_calls_wait_as_long_as_sendgrid_says() {
    let (there, cx) = stage(&[]);
    there.bench().next([Fault::too_many("3600")]);
    let error = SendGrid.send(&cx, &example::message()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::RateLimited { until: Some(_) }), "{error:?}");
}

#[rstest]
#[case(500, Kind::UnknownOutcome)]
#[case(503, Kind::Down)]
#[tokio::test(start_paused = true)]
async fn all_07_trouble_there_that_may_have_sent_it_is_a_doubt(#[case] status: u16, #[case] kind: Kind) {
    let (there, cx) = stage(&[]);
    there.bench().next(vec![Fault::Status(status, vec![]); 10]);
    let error = SendGrid.send(&cx, &example::message()).await.unwrap_err();
    assert_eq!(error.kind, kind);
    assert_eq!(error.retry == Retry::LookFirst, kind == Kind::UnknownOutcome);
}

/// A notice of these events, signed now.
fn notice(events: &Value) -> Raw {
    let body = events.to_string();
    let time = example::begin().as_second().to_string();
    let mut headers = HeaderMap::new();
    let signed = P256::default().sign(&[time.as_bytes(), body.as_bytes()]);
    headers.insert(hook::TIME, HeaderValue::from_str(&time).unwrap());
    headers.insert(hook::SIGNATURE, HeaderValue::from_str(&signed).unwrap());
    let url = "https://book.example/hooks/sendgrid/key".parse().unwrap();
    Raw { method: Method::POST, url, headers, body: body.into() }
}

fn key() -> Secrets {
    Secrets::none().with(SECRET, Secret::new(P256::default().public()))
}

#[test]
fn eml_04_a_notice_is_believed_for_the_day_for_which_sendgrid_tries() {
    let raw = notice(&json!([]));
    let hook = hook::SendGrid;
    for (hours, is) in [(0, Ok(())), (25, Ok(())), (26, Err(Refused::Stale)), (-1, Err(Refused::Stale))] {
        let now = example::begin() + SignedDuration::from_hours(hours);
        assert_eq!(hook.verify(&raw, &key(), now), is, "{hours} h");
    }
    let mut other = raw.clone();
    other.body = "[ ]".into();
    assert_eq!(hook.verify(&other, &key(), example::begin()), Err(Refused::Forged));
    let mut later = raw.clone();
    let time = HeaderValue::from_str(&(example::begin().as_second() + 1).to_string()).unwrap();
    later.headers.insert(hook::TIME, time);
    assert_eq!(hook.verify(&later, &key(), example::begin()), Err(Refused::Forged));
    later.headers.remove(hook::TIME);
    assert_eq!(hook.verify(&later, &key(), example::begin()), Err(Refused::Unsigned));
    assert!(signature::check_time("soon", example::begin()).is_err());
}

#[test]
fn eml_04_each_event_of_a_notice_is_read_as_sendgrid_documents_it() {
    let event = |name: &str, more: Value| {
        let mut event = json!({
            "email": "gus@example.com", "timestamp": 1_513_299_569, "event": name,
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "category": ["cat facts"],
            "sg_event_id": format!("{name}{}", more["type"].as_str().unwrap_or_default()),
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let events = json!([
        event("processed", json!({})),
        event("deferred", json!({ "response": "400 try again later", "attempt": "5" })),
        event("delivered", json!({ "response": "250 OK" })),
        event("bounce", json!({ "type": "bounce", "reason": "500 unknown recipient", "status": "5.0.0" })),
        event("bounce", json!({ "type": "blocked", "reason": "452 full", "kalends_mail": "b1@kalends.example" })),
        event("dropped", json!({ "reason": "Bounced Address", "status": "5.0.0" })),
        event("spamreport", json!({})),
        event("open", json!({ "useragent": "Mozilla/4.0" })),
        { "event": 7 },
        "odd",
    ]);
    let told = hook::SendGrid.signals(&notice(&events)).unwrap();
    let words: Vec<String> = told
        .iter()
        .map(|one| match &one.what {
            What::MailDelivered { .. } => "delivered".to_owned(),
            What::MailReturned { back, why, .. } => format!("{back:?}: {why}"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        r#"Other { kind: "processed" }"#,
        r#"Other { kind: "deferred" }"#,
        "delivered",
        "ForGood: 5.0.0 500 unknown recipient",
        "ForNow: 452 full",
        "ForGood: SendGrid does not send to this address: Bounced Address",
        "Complaint: ",
        r#"Other { kind: "open" }"#,
    ];
    assert_eq!(words, expected);
    let What::MailReturned { mail, .. } = &told[3].what else { panic!("{:?}", told[3]) };
    assert_eq!(mail.id.as_ref().unwrap().as_str(), "14c5d75ce93.dfd.64b469");
    assert_eq!((&mail.message_id, mail.recipient.as_str()), (&None, "gus@example.com"));
    let What::MailReturned { mail, .. } = &told[4].what else { panic!("{:?}", told[4]) };
    assert_eq!(mail.message_id.as_deref(), Some("b1@kalends.example"));
}

#[tokio::test]
async fn eml_04_a_mail_that_nobody_handed_over_is_not_told_of() {
    let (there, cx) = stage(&[]);
    SendGrid.send(&cx, &example::message()).await.unwrap();
    let address = "https://book.example/hooks/sendgrid/key".parse().unwrap();
    let became = Became::Returned(Back::ForGood);
    assert!(there.tell_of_mail("another@kalends.example", became, &address, cx.now).is_none());
}
