//! What goes out, what comes back, and what is refused.

use std::sync::Arc;

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

use crate::{APP, AmazonSes, error::judge, fake, hook};

fn stage(changes: &[(&str, &str)]) -> (Arc<fake::AmazonSes>, Cx) {
    let ses = Arc::new(fake::AmazonSes::default());
    let fake = Arc::clone(&ses) as Arc<dyn Fake>;
    let account = example::filled_in(&APP, &example::changed(ses.form(), changes)).expect("a form");
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).expect("a call");
    (ses, cx)
}

async fn refused(cx: &Cx, message: &Message) -> Error {
    AmazonSes.send(cx, message).await.expect_err("refused")
}

#[tokio::test(start_paused = true)]
async fn the_mail_is_the_text_we_made_with_its_invitation_and_our_name_of_it_eml_03_itip_01() {
    let (ses, cx) = stage(&[]);
    let receipt = AmazonSes.send(&cx, &example::message()).await.expect("sends");
    let request = ses.bench().seen().pop().expect("a mail");
    assert_eq!(request.url.as_str(), "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails");
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body["Destination"]["ToAddresses"], json!(["guest@example.com"]));
    assert_eq!(body["ConfigurationSetName"], "bookings");
    let (mail, to) = ses.state().mails[&receipt.id].clone();
    assert_eq!(to, ["guest@example.com"]);
    for part in [
        "Message-ID: <booking.confirmed.guest.0@kalends.example>\r\n",
        "X-Entity-Ref-ID: booking.confirmed.guest.0@kalends.example\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_configuration_set_is_said_where_none_is_set() {
    let (ses, cx) = stage(&[("configuration_set", "")]);
    AmazonSes.send(&cx, &example::message()).await.expect("sends");
    let body: Value = serde_json::from_slice(&ses.bench().seen()[0].body).expect("JSON");
    assert_eq!(body.get("ConfigurationSetName"), None);
}

#[rstest]
#[case(Fault::Drop)]
#[case(Fault::SlowLoris)]
#[case(Fault::Status(500, vec![]))]
#[tokio::test(start_paused = true)]
async fn a_mail_that_may_be_out_is_not_handed_over_again_all_07(#[case] fault: Fault) {
    let (ses, cx) = stage(&[]);
    ses.bench().next([fault]);
    let error = refused(&cx, &example::message()).await;
    assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
    assert_eq!(ses.bench().count("message"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_says_until_when_all_04() {
    for said in ["30", "Mon, 01 Mar 2027 08:00:30 GMT"] {
        let (ses, cx) = stage(&[]);
        ses.bench().next([Fault::too_many(said)]);
        let error = refused(&cx, &example::message()).await;
        let until = example::begin() + SignedDuration::from_secs(30);
        assert_eq!(error.kind, Kind::RateLimited { until: Some(until) }, "{said}");
    }
}

#[rstest]
#[case("bookings@example.com", &["bookings%40example.com", "example.com"])]
#[case("bookings@mail.example.com", &["bookings%40mail.example.com", "mail.example.com", "example.com"])]
#[case("one@single.example", &["one%40single.example"])]
#[tokio::test(start_paused = true)]
async fn a_sender_is_verified_by_its_address_its_domain_or_one_above_all_13(
    #[case] email: &str,
    #[case] asked: &[&str],
) {
    let (ses, cx) = stage(&[("from_email", email)]);
    let probe = AmazonSes.probe(&cx).await.expect("verified");
    assert_eq!(probe.identity, format!("{email} by Amazon SES in eu-west-1"));
    let seen = ses.bench().seen();
    let paths: Vec<_> =
        seen.iter().filter_map(|one| one.url.path().strip_prefix("/v2/email/identities/")).collect();
    assert_eq!((paths, ses.bench().count("message")), (asked.to_vec(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_what_would_keep_mails_from_going_out() {
    for email in ["x@new.example", "x@nowhere.example"] {
        let (_, cx) = stage(&[("from_email", email)]);
        let error = AmazonSes.probe(&cx).await.expect_err("not verified");
        assert!(
            error.kind == Kind::PolicyDenied && error.message().contains("verified in eu-west-1"),
            "{error}"
        );
    }
    let (ses, cx) = stage(&[]);
    ses.state().trial = true;
    assert!(
        AmazonSes
            .probe(&cx)
            .await
            .expect("may send")
            .identity
            .ends_with("on trial: to verified addresses only")
    );
    ses.state().enabled = false;
    let error = AmazonSes.probe(&cx).await.expect_err("may not send");
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("Account dashboard"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_only_send_is_a_good_key() {
    let (ses, cx) = stage(&[]);
    ses.state().may_look = false;
    AmazonSes.probe(&cx).await.expect("it sends");
    AmazonSes.send(&cx, &example::message()).await.expect("sends");
}

#[rstest]
#[case(&[("access_key_id", "AKIAIOSFODNN7OTHERKEY")])]
#[case(&[("secret_access_key", "canary")])]
#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_for_its_owner_to_mend_and_stands_in_no_error_all_02_all_08(
    #[case] changes: &[(&str, &str)],
) {
    let (_, cx) = stage(changes);
    for error in [AmazonSes.probe(&cx).await.expect_err("wrong"), refused(&cx, &example::message()).await] {
        assert_eq!((&error.kind, error.retry), (&Kind::AuthRevoked, Retry::Never));
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_amazon_refuses_says_what_is_wrong_all_02() {
    let (_, cx) = stage(&[("from_email", "x@new.example")]);
    let error = refused(&cx, &example::message()).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("not verified"), "{error}");
    let (_, cx) = stage(&[("configuration_set", "other")]);
    let error = refused(&cx, &example::message()).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("configuration set"), "{error}");
    let (ses, cx) = stage(&[]);
    let to = Person { email: "refused@example.com".into(), ..example::guest() };
    let error = refused(&cx, &Message { to: vec![to], ..example::message() }).await;
    assert!(error.kind == Kind::Invalid && error.message().contains("address"), "{error}");
    ses.state().trial = true;
    let stranger = Person { email: "gus@elsewhere.example".into(), ..example::guest() };
    let error = refused(&cx, &Message { to: vec![stranger], ..example::message() }).await;
    assert!(error.kind == Kind::PolicyDenied && error.message().contains("on trial"), "{error}");
    ses.state().spent = true;
    assert_eq!(refused(&cx, &example::message()).await.kind, Kind::QuotaExhausted { resets: None });
    ses.state().enabled = false;
    assert_eq!(refused(&cx, &example::message()).await.kind, Kind::PolicyDenied);
    assert!(ses.state().mails.is_empty());
}

#[rstest]
#[case(
    403,
    "InvalidSignatureException",
    "Signature expired: 20270301T080000Z is now earlier than",
    Some("provider_down")
)]
#[case(
    403,
    "InvalidSignatureException",
    "The request signature we calculated does not match",
    Some("auth_revoked")
)]
#[case(403, "com.amazonaws.ses#ExpiredTokenException", "", Some("auth_revoked"))]
#[case(403, "AccessDeniedException:http://internal.amazon.com/", "", Some("scope_missing"))]
#[case(400, "MailFromDomainNotVerifiedException", "", Some("policy_denied"))]
#[case(400, "AccountSuspendedException", "", Some("policy_denied"))]
#[case(400, "MessageRejected", "Message length is more than 41943040 bytes long", Some("invalid_request"))]
#[case(400, "Throttling", "Maximum sending rate exceeded.", Some("rate_limited"))]
#[case(400, "LimitExceededException", "Daily message quota exceeded", Some("quota_exhausted"))]
#[case(500, "InternalServiceErrorException", "", None)]
#[case(404, "NotFoundException", "Email identity x does not exist.", None)]
fn every_refusal_has_its_kind_all_02(
    #[case] status: u16,
    #[case] name: &str,
    #[case] message: &str,
    #[case] kind: Option<&str>,
) {
    let url = Url::parse("https://email.eu-west-1.amazonaws.com/").expect("an address");
    let request = kalends_app::Request::get("x", url);
    let in_header =
        answer(&request, status, &[("x-amzn-errortype", name)], json!({ "message": message }).to_string());
    let in_body = answer(&request, status, &[], json!({ "__type": name, "Message": message }).to_string());
    for no in [in_header, in_body] {
        assert_eq!(judge(&no).map(|error| error.kind.name()), kind);
    }
}

#[test]
fn a_missing_permission_is_named_all_02() {
    let url = Url::parse("https://email.eu-west-1.amazonaws.com/").expect("an address");
    let message =
        "User: arn:aws:iam::1:user/mail is not authorized to perform: ses:SendRawEmail on resource: x";
    let no = answer(
        &kalends_app::Request::get("x", url),
        403,
        &[("x-amzn-errortype", "AccessDeniedException")],
        json!({ "message": message }).to_string(),
    );
    let error = judge(&no).expect("a refusal");
    assert_eq!(error.kind, Kind::ScopeMissing { scope: "ses:SendRawEmail".into() });
}

fn told(detail: &Value) -> Vec<What> {
    let raw = Raw {
        method: http::Method::POST,
        url: Url::parse("https://book.example/hooks/amazon-ses/key").expect("an address"),
        headers: http::HeaderMap::new(),
        body: json!({ "id": "e1", "detail": detail }).to_string().into(),
    };
    hook::AmazonSes.signals(&raw).expect("reads").into_iter().map(|signal| signal.what).collect()
}

#[test]
fn the_published_example_of_a_bounce_is_read_by_amazons_name_of_the_mail_eml_04() {
    let what = told(&json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [{
                "emailAddress": "recipient@example.com", "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
            "timestamp": "2017-08-05T00:41:02.669Z", "reportingMTA": "dsn; mta.example.com",
        },
        "mail": {
            "timestamp": "2017-08-05T00:40:02.012Z", "source": "Sender Name <sender@example.com>",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": ["recipient@example.com"], "headersTruncated": false,
            "headers": [{ "name": "From", "value": "Sender Name <sender@example.com>" }],
        },
    }));
    let [What::MailReturned { mail, back: Back::ForGood, why }] = what.as_slice() else { panic!("{what:?}") };
    assert_eq!(why, "smtp; 550 5.1.1 user unknown");
    let id = mail.id.as_ref().map(kalends_app::RemoteId::as_str);
    assert_eq!(id, Some("EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"));
    assert_eq!((mail.message_id.as_deref(), mail.recipient.as_str()), (None, "recipient@example.com"));
}

#[test]
fn what_does_not_concern_us_is_ignored_inb_06() {
    for detail in [
        json!({ "eventType": "Send", "mail": { "destination": ["a@example.com"] } }),
        json!({ "eventType": "DeliveryDelay", "deliveryDelay": { "delayedRecipients": [{ "emailAddress": "a@example.com" }] } }),
        json!({ "eventType": "Bounce" }),
        json!({ "eventType": "Delivery", "delivery": { "recipients": [7, null] } }),
        json!(null),
    ] {
        assert!(told(&detail).iter().all(|what| matches!(what, What::Other { .. })), "{detail}");
    }
    let rejected = told(
        &json!({ "eventType": "Reject", "reject": { "reason": "Bad content" }, "mail": { "destination": ["A <a@example.com>"] } }),
    );
    assert!(
        matches!(&rejected[0], What::MailReturned { mail, why, .. } if mail.recipient == "a@example.com" && why == "Bad content")
    );
}
