//! What goes out, what comes back, and what is told afterwards.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kalends_app::{
    Cx, Kind, Messenger, Request, Response, Retry, Secret, Secrets,
    fake::{Fake, Fault, Played, answer, example, gateway},
    gateway::Patience,
    hook::{Hook, Raw, Refused, SECRET, SECRET_BEFORE, What, carried},
    kind::{calendar::Person, messenger::Message},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{APP, Postmark, error::judge, fake, hook};

fn stage(typed: &[(&str, &str)]) -> (Arc<fake::Postmark>, Cx) {
    let there = Arc::new(fake::Postmark::default());
    let form = example::changed(there.form(), typed);
    let account = example::filled_in(&APP, &form).unwrap();
    let fake = Arc::clone(&there) as Arc<dyn Fake>;
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), example::begin());
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).unwrap();
    (there, cx)
}

async fn sent(message: &Message) -> Value {
    let (there, cx) = stage(&[]);
    Postmark.send(&cx, message).await.unwrap();
    assert_eq!(there.bench().strays(), Vec::<String>::new());
    serde_json::from_slice(&there.bench().seen()[0].body).unwrap()
}

fn to(emails: &[&str]) -> Message {
    let person = |email: &&str| Person { name: "Somebody".into(), email: (*email).to_owned() };
    Message { to: emails.iter().map(person).collect(), ..example::message() }
}

#[tokio::test]
async fn itip_01_an_invitation_goes_along_as_postmark_documents_it() {
    let message = example::message();
    let body = sent(&message).await;
    let file = &body["Attachments"][0];
    assert_eq!(file["ContentType"], "text/calendar; charset=utf-8; method=REQUEST");
    assert_eq!((&file["Name"], &body["Attachments"][1]), (&json!("invite.ics"), &Value::Null));
    let ics = BASE64_STANDARD.decode(file["Content"].as_str().unwrap()).unwrap();
    assert_eq!(ics, message.invite.unwrap().ics.as_bytes());
    let bare = sent(&Message { html: None, invite: None, ..example::message() }).await;
    assert!(bare.get("Attachments").is_none() && bare.get("HtmlBody").is_none());
}

#[tokio::test]
async fn eml_03_our_message_id_goes_along_and_answers_go_to_the_host() {
    let body = sent(&example::message()).await;
    let id = &example::message().message_id;
    let header = |name: &str| {
        let all = body["Headers"].as_array().unwrap();
        all.iter().find(|one| one["Name"] == name).map(|one| one["Value"].as_str().unwrap().to_owned())
    };
    assert_eq!(header("Message-ID").unwrap(), format!("<{id}>"));
    assert_eq!(header("X-PM-KeepID").as_deref(), Some("true"));
    assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(body["Metadata"], json!({ "kalends-mail-1": id }));
    assert_eq!(body["From"], "Bookings <bookings@example.com>");
    assert!(body["ReplyTo"].as_str().unwrap().ends_with(&format!("<{}>", example::host().email)));
    assert_eq!((&body["TrackLinks"], &body["MessageStream"]), (&json!("None"), &json!("outbound")));
}

#[tokio::test]
async fn eml_03_a_long_name_of_ours_comes_back_whole_from_its_pieces() {
    let long = format!("{}@{}.example", "b".repeat(64), "kalends".repeat(20));
    let body = sent(&Message { message_id: long.clone(), ..example::message() }).await;
    assert_eq!(body["Metadata"].as_object().unwrap().len(), 3);
    let metadata = serde_json::from_value(body["Metadata"].clone()).unwrap();
    assert_eq!(crate::api::our_name(&metadata), Some(long));
}

#[tokio::test]
async fn the_account_says_which_server_and_which_address() {
    let (_, cx) = stage(&[]);
    assert_eq!(Postmark.probe(&cx).await.unwrap().identity, "bookings@example.com by Bookings");
    let (_, cx) = stage(&[("server_token", "another")]);
    assert_eq!(Postmark.probe(&cx).await.unwrap_err().kind, Kind::AuthRevoked);
}

#[tokio::test]
async fn eml_01_a_recipient_that_is_inactive_is_refused_and_the_others_are_not() {
    let (_, cx) = stage(&[]);
    let receipt = Postmark.send(&cx, &to(&["inactive@example.com"])).await.unwrap();
    let (whom, error) = &receipt.refused[0];
    assert_eq!(
        (whom.email.as_str(), &error.kind, error.retry),
        ("inactive@example.com", &Kind::Gone, Retry::Never)
    );
    let receipt = Postmark.send(&cx, &to(&["gus@example.com", "Inactive-2@example.com"])).await.unwrap();
    assert_eq!(receipt.refused, []);
    let receipt = Postmark.send(&cx, &to(&["gus@example.com", "inactive-2@example.com"])).await.unwrap();
    let refused: Vec<_> = receipt.refused.iter().map(|(whom, _)| whom.email.as_str()).collect();
    assert_eq!(refused, ["inactive-2@example.com"]);
    assert!(receipt.id.starts_with("b7bc2f4a-"));
}

#[rstest]
#[case(401, 10, Some(Kind::AuthRevoked))]
#[case(503, 100, Some(Kind::Down))]
#[case(422, 300, Some(Kind::Invalid))]
#[case(422, 400, Some(Kind::PolicyDenied))]
#[case(422, 405, Some(Kind::QuotaExhausted { resets: None }))]
#[case(422, 406, Some(Kind::Gone))]
#[case(422, 413, Some(Kind::PolicyDenied))]
#[case(429, 429, Some(Kind::RateLimited { until: None }))]
#[case::all_09(200, 300, Some(Kind::Invalid))]
#[case(200, 0, None)]
#[case(422, 999, None)]
fn what_postmark_says_no_with_has_its_meaning(
    #[case] status: u16,
    #[case] code: i64,
    #[case] kind: Option<Kind>,
) {
    let error = judge(&said(status, &json!({ "ErrorCode": code, "Message": "Because." }).to_string()));
    assert_eq!(error.map(|error| error.kind), kind);
    assert!(judge(&said(status, "<html>")).is_none());
}

fn said(status: u16, body: &str) -> Response {
    let request = Request::get("server", "https://api.postmarkapp.com/server".parse().unwrap());
    answer(&request, status, &[], body.to_owned())
}

#[tokio::test]
async fn all_07_trouble_there_that_may_have_sent_it_is_a_doubt() {
    let (there, cx) = stage(&[]);
    there.bench().next([Fault::Status(500, vec![])]);
    let error = Postmark.send(&cx, &example::message()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::UnknownOutcome, Retry::LookFirst));
}

/// A notice with this header and body.
fn notice(header: Option<(&'static str, &str)>, body: &Value) -> Raw {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let url = "https://book.example/hooks/postmark/key".parse().unwrap();
    Raw { method: Method::POST, url, headers, body: body.to_string().into() }
}

#[test]
fn eml_04_whoever_sends_a_notice_signs_in_with_the_password_whatever_their_name() {
    let secrets = Secrets::none().with(SECRET, Secret::new("a:new")).with(SECRET_BEFORE, Secret::new("old"));
    let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let verify = |name, value: &str| {
        hook::Postmark.verify(&notice(Some((name, value)), &json!({})), &secrets, example::begin())
    };
    for (value, is) in [
        (basic("anybody:a:new"), Ok(())),
        (basic(":old"), Ok(())),
        (basic("a:new"), Err(Refused::Forged)),
        (basic("anybody:"), Err(Refused::Forged)),
        (basic("anybody"), Err(Refused::Unsigned)),
        ("Bearer old".to_owned(), Ok(())),
        ("Basic ???".to_owned(), Err(Refused::Unsigned)),
    ] {
        assert_eq!(verify("authorization", &value), is, "{value}");
    }
    assert_eq!(verify(carried::HEADER, "old"), Ok(()));
    assert_eq!(verify(carried::HEADER, "olde"), Err(Refused::Forged));
    let bare = notice(None, &json!({}));
    assert_eq!(hook::Postmark.verify(&bare, &secrets, example::begin()), Err(Refused::Unsigned));
    assert_eq!(hook::Postmark.verify(&bare, &Secrets::none(), example::begin()), Err(Refused::NoSecret));
}

#[rstest]
#[case("HardBounce", true, "ForGood")]
#[case("SoftBounce", false, "ForNow")]
#[case("DnsError", false, "ForNow")]
#[case("SoftBounce", true, "ForGood")]
#[case("SpamComplaint", true, "Complaint")]
#[case("SomethingNew", false, "ForNow")]
#[case("AutoResponder", false, "nothing")]
#[case("Transient", false, "nothing")]
fn eml_04_a_bounce_is_read_by_its_type(#[case] kind: &str, #[case] inactive: bool, #[case] is: &str) {
    let body = json!({
        "RecordType": "Bounce", "ID": 42, "Type": kind, "TypeCode": 1, "Name": "Hard bounce", "Tag": "Test",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": { "a_key": "a_value" }, "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "Test bounce details", "Email": "john@example.com", "From": "sender@example.com",
        "BouncedAt": "2019-11-05T16:33:54.9070259Z", "DumpAvailable": true, "Inactive": inactive,
        "CanActivate": true, "Subject": "Test subject", "Content": "<Full dump of bounce>",
    });
    let told = hook::Postmark.signals(&notice(None, &body)).unwrap().remove(0);
    assert_eq!(told.id, "Bounce:42");
    let word = match &told.what {
        What::MailReturned { mail, back, why } => {
            assert_eq!((mail.recipient.as_str(), &mail.message_id), ("john@example.com", &None));
            assert_eq!(mail.id.as_ref().unwrap().as_str(), "883953f4-6105-42a2-a16a-77a8eac79483");
            assert!(why.ends_with("Test bounce details"), "{why}");
            format!("{back:?}")
        }
        _ => "nothing".to_owned(),
    };
    assert_eq!(word, is);
}
