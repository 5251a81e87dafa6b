//! What goes out, what comes back, and what is refused.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    Cx, Error, Kind, Messenger, Retry, Secret, Secrets,
    fake::{Became, Fake, Fault, Played, answer, example, gateway},
    gateway::Patience,
    hook::{Back, Hook, Raw, Refused, SECRET, What},
    kind::{calendar::Person, messenger::Message},
};
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::{APP, Mailgun, error::judge, fake, hook};

fn stage(changes: &[(&str, &str)]) -> (Arc<fake::Mailgun>, Cx) {
    let mailgun = Arc::new(fake::Mailgun::default());
    let fake = Arc::clone(&mailgun) as Arc<dyn Fake>;
    let account = example::filled_in(&APP, &example::changed(mailgun.form(), changes)).expect("a form");
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).expect("a call");
    (mailgun, cx)
}

async fn refused(cx: &Cx, message: &Message) -> Error {
    Mailgun.send(cx, message).await.expect_err("refused")
}

fn address() -> Url {
    Url::parse("https://book.example/hooks/mailgun/key").expect("an address")
}

#[tokio::test(start_paused = true)]
async fn the_mail_is_the_text_we_made_with_its_invitation_and_its_own_name_eml_03_itip_01() {
    let (mailgun, cx) = stage(&[]);
    let receipt = Mailgun.send(&cx, &example::message()).await.expect("sends");
    assert_eq!(receipt.id, example::message().message_id, "as notices will say it");
    let request = mailgun.bench().seen().pop().expect("a mail");
    assert_eq!(request.url.as_str(), "https://api.eu.mailgun.net/v3/mg.example.com/messages.mime");
    let body = String::from_utf8(request.body.to_vec()).expect("text");
    for part in [
        "name=\"to\"\r\n\r\nguest@example.com\r\n",
        "name=\"o:tracking\"\r\n\r\nno\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "Auto-Submitted: auto-generated",
        "From: \"Example bookings\" <bookings@mg.example.com>",
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_try_is_the_same_mail_byte_for_byte_eml_03() {
    let (mailgun, cx) = stage(&[]);
    for _ in 0..2 {
        Mailgun.send(&cx, &example::message()).await.expect("sends");
    }
    let seen = mailgun.bench().seen();
    assert_eq!(seen[0].body, seen[1].body);
}

#[rstest]
#[case(Fault::Drop)]
#[case(Fault::SlowLoris)]
#[case(Fault::Status(500, vec![]))]
#[tokio::test(start_paused = true)]
async fn a_mail_that_may_be_out_is_not_handed_over_again_all_07(#[case] fault: Fault) {
    let (mailgun, cx) = stage(&[]);
    mailgun.bench().next([fault]);
    let error = refused(&cx, &example::message()).await;
    assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
    assert_eq!(mailgun.bench().count("message"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_says_until_when_all_04() {
    for said in ["30", "Mon, 01 Mar 2027 08:00:30 GMT"] {
        let (mailgun, cx) = stage(&[]);
        mailgun.bench().next([Fault::too_many(said)]);
        let error = refused(&cx, &example::message()).await;
        let until = example::begin() + SignedDuration::from_secs(30);
        assert_eq!(error.kind, Kind::RateLimited { until: Some(until) }, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_looks_at_the_domain_and_sends_nothing_all_13() {
    let (mailgun, cx) = stage(&[]);
    assert_eq!(Mailgun.probe(&cx).await.expect("active").identity, "bookings@mg.example.com by Mailgun");
    for (state, says) in [("unverified", "DNS records"), ("disabled", "disabled")] {
        mailgun.state().domain = state;
        let error = Mailgun.probe(&cx).await.expect_err(state);
        assert!(error.kind == Kind::PolicyDenied && error.message().contains(says), "{error}");
        assert!(error.message().contains("mg.example.com"), "{error}");
    }
    assert_eq!(mailgun.bench().count("message"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_only_send_is_a_good_key_and_its_probe_sends_nothing() {
    let (mailgun, cx) = stage(&[("key", fake::SENDING_KEY)]);
    Mailgun.probe(&cx).await.expect("it sends");
    assert_eq!((mailgun.bench().count("may_send"), mailgun.state().mails.len()), (1, 0));
    Mailgun.send(&cx, &example::message()).await.expect("sends");
}

#[rstest]
#[case(&[("key", "key-canary")], "auth_revoked", "another key")]
#[case(&[("region", "us")], "auth_revoked", "region")]
#[case(&[("domain", "other.example.com")], "policy_denied", "no such domain")]
#[tokio::test(start_paused = true)]
async fn a_wrong_setting_is_said_by_its_name_all_02_all_08(
    #[case] changes: &[(&str, &str)],
    #[case] kind: &str,
    #[case] says: &str,
) {
    let (_, cx) = stage(changes);
    for error in [Mailgun.probe(&cx).await.expect_err("wrong"), refused(&cx, &example::message()).await] {
        assert_eq!((error.kind.name(), error.retry), (kind, Retry::Never));
        assert!(error.message().contains(says), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_mailgun_refuses_says_what_is_wrong_all_02() {
    let (mailgun, cx) = stage(&[]);
    let to = Person { email: "refused@example.com".into(), ..example::guest() };
    let error = refused(&cx, &Message { to: vec![to], ..example::message() }).await;
    assert!(error.kind == Kind::Invalid && error.message().contains("recipient"), "{error}");
    mailgun.state().domain = "unverified";
    let error = refused(&cx, &example::message()).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("verified"), "{error}");
    assert_eq!(mailgun.state().mails, []);
}

#[rstest]
#[case(400, "from parameter is missing", Some("invalid_request"))]
#[case(402, "Request failed", Some("policy_denied"))]
#[case(
    403,
    "Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients",
    Some("policy_denied")
)]
#[case(
    403,
    "Domain mg.example.com is not allowed to send: recipient limit exceeded",
    Some("quota_exhausted")
)]
#[case(413, "", Some("invalid_request"))]
#[case(429, "", None)]
#[case(404, "", None)]
#[case(500, "Internal Server Error", None)]
fn every_refusal_has_its_kind_all_02(#[case] status: u16, #[case] message: &str, #[case] kind: Option<&str>) {
    let request = kalends_app::Request::get("x", Url::parse("https://api.mailgun.net/").expect("an address"));
    let no = answer(&request, status, &[], json!({ "message": message }).to_string());
    assert_eq!(judge(&no).map(|error| error.kind.name()), kind);
}

fn told(event: &Value) -> What {
    let raw = fake::notice("token", event, &address(), example::begin());
    hook::Mailgun.signals(&raw).expect("reads").remove(0).what
}

#[test]
fn what_became_of_a_mail_is_told_by_its_own_name_eml_04() {
    let event = |name: &str, more: Value| {
        let mut event = json!({
            "event": name, "recipient": "gus@example.com", "reject": null,
            "message": { "headers": { "message-id": "<m1@kalends.example>" } },
        });
        event.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        event
    };
    let failed = |severity: &str, reason: &str| {
        event(
            "failed",
            json!({ "severity": severity, "reason": reason, "delivery-status": { "message": null, "description": "full" } }),
        )
    };
    assert!(
        matches!(told(&event("delivered", json!({}))), What::MailDelivered { mail } if mail.message_id.as_deref() == Some("m1@kalends.example") && mail.recipient == "gus@example.com")
    );
    assert!(
        matches!(told(&failed("permanent", "bounce")), What::MailReturned { back: Back::ForGood, why, .. } if why == "full")
    );
    assert!(matches!(told(&failed("permanent", "old")), What::MailReturned { back: Back::ForNow, .. }));
    assert!(
        matches!(told(&event("rejected", json!({ "reject": { "reason": "a virus" } }))), What::MailReturned { back: Back::ForNow, why, .. } if why == "a virus")
    );
    assert!(matches!(
        told(&event("complained", json!({}))),
        What::MailReturned { back: Back::Complaint, .. }
    ));
    // Mailgun tries again by itself; the others are none of ours (INB-06).
    assert!(matches!(told(&failed("temporary", "generic")), What::Other { .. }));
    for other in [
        event("opened", json!({})),
        json!({ "event": "delivered", "recipient": "gus@example.com" }),
        json!(7),
    ] {
        assert!(matches!(told(&other), What::Other { .. }), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_counts_once_whatever_is_told_with_it_eml_04_inb_05() {
    let (mailgun, cx) = stage(&[]);
    Mailgun.send(&cx, &example::message()).await.expect("sends");
    let tell =
        |became| mailgun.tell_of_mail(&example::message().message_id, became, &address(), example::begin());
    let raw = tell(Became::Delivered).expect("a notice");
    let secrets = Secrets::none().with(SECRET, Secret::new(mailgun.form()["webhook_secret"].as_str()));
    let mut body: Value = serde_json::from_slice(&raw.body).expect("JSON");
    body["event-data"]["event"] = "complained".into();
    let forged = Raw { body: body.to_string().into(), ..raw.clone() };
    // The signature is not over what is told, so this is believed, and is nothing new.
    assert_eq!(hook::Mailgun.verify(&forged, &secrets, example::begin()), Ok(()));
    let id = |raw: &Raw| hook::Mailgun.signals(raw).expect("reads").remove(0).id;
    assert_eq!(id(&forged), id(&raw));
    assert_ne!(id(&tell(Became::Delivered).expect("a notice")), id(&raw));
}

#[test]
fn a_signature_is_over_time_and_token_and_lasts_half_a_day_eml_04() {
    // Made apart from this code: openssl dgst -sha256 -hmac key over "1770920772" and the token.
    let body = json!({
        "signature": {
            "token": "e0b5477167110d68991efc6b9f89f0a11066af27834600e123", "timestamp": "1770920772",
            "signature": "e8f5d8f1bd9ce26cc6e78f1cbde9e93cc2bba777a3d3005819ca8de26128118d",
        },
        "event-data": {},
    });
    let raw = |body: &Value| Raw {
        method: http::Method::POST,
        url: address(),
        headers: http::HeaderMap::new(),
        body: body.to_string().into(),
    };
    let secrets = Secrets::none().with(SECRET, Secret::new("key"));
    let at = |later: i64| jiff::Timestamp::from_second(1_770_920_772 + later).expect("a time");
    let verify = |body: &Value, later| hook::Mailgun.verify(&raw(body), &secrets, at(later));
    assert_eq!(verify(&body, 0), Ok(()));
    assert_eq!(verify(&body, 12 * 3_600), Ok(()));
    assert_eq!(verify(&body, 12 * 3_600 + 1), Err(Refused::Stale));
    assert_eq!(verify(&body, -301), Err(Refused::Stale));
    let changed = |field: &str, value: &str| {
        let mut changed = body.clone();
        changed["signature"][field] = value.into();
        changed
    };
    for (field, value) in [
        ("token", "f0b5477167110d68991efc6b9f89f0a11066af27834600e123"),
        ("timestamp", "1770920773"),
        ("signature", ""),
        ("signature", "e8f5d8f1bd9ce26cc6e78f1cbde9e93cc2bba777a3d3005819ca8de26128118d "),
    ] {
        assert_eq!(verify(&changed(field, value), 0), Err(Refused::Forged), "{field}");
    }
    assert_eq!(verify(&changed("token", ""), 0), Err(Refused::Unsigned));
    assert_eq!(verify(&json!({ "event-data": {} }), 0), Err(Refused::Unsigned));
    let mut parent = changed("signature", "of another key");
    parent["signature"]["parent-signature"] =
        "e8f5d8f1bd9ce26cc6e78f1cbde9e93cc2bba777a3d3005819ca8de26128118d".into();
    assert_eq!(verify(&parent, 0), Ok(()), "a subaccount's notice carries the account's signature, too");
}
