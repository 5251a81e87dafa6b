//! What is Gmail's own.

use std::sync::Arc;

use bytes::Bytes;
use kalends_app::{
    Account, AnyMessenger, Cx, Error, Kind, Request, Response, Retry,
    fake::{self, Fake, Fault, example, gateway},
    gateway::Patience,
    kind::{
        calendar::Person,
        messenger::{File, Message, Receipt},
    },
};
use rstest::rstest;

use crate::{APP, Gmail, judge::judge};

/// An account that was connected, and the way there.
struct There {
    fake: Arc<crate::fake::Gmail>,
    cx: Cx,
}

impl There {
    async fn connected() -> Self {
        let fake = Arc::new(crate::fake::Gmail::default());
        let filled = example::filled_in(&APP, &fake.form()).expect("the form takes it");
        let account = Account { signer: Some(fake.oauth().expect("it has one").signer()), ..filled };
        let played: Arc<dyn Fake> = Arc::clone(&fake) as Arc<dyn Fake>;
        let gateway = gateway(Arc::new(fake::Played::new(Arc::clone(&played))), example::begin());
        let mut cx = gateway.cx(&APP, account, Patience::Form).expect("the account is usable");
        let probe = AnyMessenger::probe(&Gmail, &cx).await.expect("connects");
        assert_eq!((probe.identity.as_str(), probe.subject.as_deref()), ("ines@example.com", Some("115001")));
        cx.settings.as_object_mut().expect("settings").extend(probe.found);
        Self { fake, cx }
    }

    async fn send(&self, message: &Message) -> Result<Receipt, Error> {
        AnyMessenger::send(&Gmail, &self.cx, message).await
    }
}

fn person(name: &str, email: &str) -> Person {
    Person { name: name.into(), email: email.into() }
}

fn message() -> Message {
    Message {
        from: None,
        to: vec![person("Gus Guest", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Introduction".into(),
        text: "See you on Monday.\n".into(),
        html: None,
        invite: None,
        files: vec![],
        message_id: "b1.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    }
}

fn refusal(status: u16, reason: &str, message: &str) -> Response {
    let url =
        "https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send".parse().expect("an address");
    let one = serde_json::json!({ "domain": "usageLimits", "reason": reason, "message": message });
    let body = serde_json::json!({ "error": { "code": status, "message": message, "errors": [one] } });
    fake::answer(&Request::get("x", url), status, &[], body.to_string())
}

#[tokio::test]
async fn a_mail_comes_from_the_account_whatever_its_sender_says() {
    let there = There::connected().await;
    there.send(&message()).await.expect("sends");
    let from = Some(person("Hanna Host", "hanna@elsewhere.example"));
    there.send(&Message { from, ..message() }).await.expect("sends");
    let seen = there.fake.bench().seen();
    let texts: Vec<_> = seen
        .iter()
        .filter(|one| one.op.name == "message")
        .map(|one| String::from_utf8_lossy(&one.body))
        .collect();
    assert!(texts[0].contains("From: \"Example bookings\" <ines@example.com>\r\n"), "{}", texts[0]);
    assert!(texts[1].contains("From: \"Hanna Host\" <ines@example.com>\r\n"), "{}", texts[1]);
}

#[tokio::test]
async fn all_07_an_answer_that_makes_no_sense_is_no_reason_to_send_again() {
    let there = There::connected().await;
    there.fake.bench().next([Fault::Garbage("<html>".into())]);
    let error = there.send(&message()).await.expect_err("no sense");
    assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
    assert_eq!(there.fake.bench().count("message"), 1);
}

#[test]
fn oau_07_without_the_permission_to_send_the_connection_says_which() {
    let error =
        judge(&refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes."));
    let scope = "https://www.googleapis.com/auth/gmail.send".to_owned();
    assert_eq!(error.expect("a reason").kind, Kind::ScopeMissing { scope });
    let asked = APP.manifest().auth.oauth().expect("OAuth 2").asked();
    assert!(!asked.contains("mail.google.com"), "only what is needed: {asked}");
}

#[rstest]
#[case(429, "rateLimitExceeded")]
#[case(403, "userRateLimitExceeded")]
fn the_limit_of_the_day_ends_when_gmail_says(#[case] status: u16, #[case] reason: &str) {
    let said = "User-rate limit exceeded.  Retry after 2027-03-01T20:15:00.000Z (Mail sending)";
    let error = judge(&refusal(status, reason, said)).expect("a reason");
    let until = Some("2027-03-01T20:15:00Z".parse().expect("an instant"));
    assert_eq!(error.kind, Kind::RateLimited { until });
    let error = judge(&refusal(status, reason, "Too many concurrent requests for user")).expect("a reason");
    assert_eq!(error.kind, Kind::RateLimited { until: None });
}

#[rstest]
#[case(400, "failedPrecondition", "Mail service not enabled", Kind::PolicyDenied)]
#[case(400, "invalidArgument", "Invalid To header", Kind::Invalid)]
#[case(403, "accessNotConfigured", "Gmail API has not been used in project", Kind::PolicyDenied)]
#[case(413, "uploadTooLarge", "Message too large", Kind::Invalid)]
fn every_refusal_of_gmails_has_its_meaning(
    #[case] status: u16,
    #[case] reason: &str,
    #[case] said: &str,
    #[case] kind: Kind,
) {
    assert_eq!(judge(&refusal(status, reason, said)).expect("a reason").kind, kind);
}

#[tokio::test]
async fn eml_01_a_mail_too_large_is_refused_before_it_is_sent() {
    let there = There::connected().await;
    let body = Bytes::from(vec![0; 20_000_000]);
    let file = File { name: "plan.pdf".into(), media_type: "application/pdf".into(), body };
    let error = there.send(&Message { files: vec![file], ..message() }).await.expect_err("too large");
    assert_eq!((error.kind.clone(), there.fake.bench().count("message")), (Kind::Invalid, 0));
    assert!(error.message().contains("at most 25"), "{error}");
}
