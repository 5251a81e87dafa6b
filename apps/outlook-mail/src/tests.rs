//! What is Microsoft's own.

use std::sync::Arc;

use kalends_app::{
    Account, AnyMessenger, Cx, Error, Gateway, Kind, Retry,
    fake::{Fake, Fault, OAuth, Played, example, gateway},
    gateway::{Overrides, Patience},
    kind::{
        calendar::Person,
        messenger::{Message, Receipt},
    },
};
use rstest::rstest;
use vendor_mail::fake::{Door, MailServer};

use crate::{APP, OutlookMail, fake::Outlook};

/// A mailbox that was connected, and the way there.
struct Played365 {
    fake: Arc<Outlook>,
    cx: Cx,
}

impl Played365 {
    fn new() -> Self {
        Self::typed(&[])
    }

    fn typed(changes: &[(&str, &str)]) -> Self {
        let fake = Arc::new(Outlook::default());
        let cx = cx(&fake, |gateway| gateway, changes);
        Self { fake, cx }
    }

    fn sign_in(&self) -> &OAuth {
        self.fake.oauth().expect("it has one")
    }

    async fn send(&self, message: &Message) -> Result<Receipt, Error> {
        AnyMessenger::send(&OutlookMail, &self.cx, message).await
    }

    async fn refused(&self, code: u16, words: &'static str) -> Error {
        self.fake.bench().next([Fault::Status(code, vec![("", words.to_owned())])]);
        self.send(&message()).await.expect_err("refused")
    }
}

fn cx(fake: &Arc<Outlook>, with: impl FnOnce(Gateway) -> Gateway, changes: &[(&str, &str)]) -> Cx {
    let form = example::changed(fake.form(), changes);
    let filled = example::filled_in(&APP, &form).expect("the form takes it");
    let account = Account { signer: Some(fake.oauth().expect("it has one").signer()), ..filled };
    let played: Arc<dyn Fake> = Arc::clone(fake) as Arc<dyn Fake>;
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&played))), example::begin());
    with(gateway.playing(&APP, played)).cx(&APP, account, Patience::Form).expect("the account is usable")
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

#[tokio::test]
async fn eml_01_a_mail_goes_out_with_a_token_and_never_in_clear() {
    let there = Played365::new();
    there.send(&message()).await.expect("sends");
    let seen = there.fake.bench().seen();
    let text = String::from_utf8_lossy(&seen[0].body).into_owned();
    assert!(text.contains("From: \"Example bookings\" <ines@example.com>\r\n"), "{text}");
    assert_eq!(there.fake.bench().strays(), Vec::<String>::new(), "nothing was said before encryption");
}

#[tokio::test]
async fn a_mail_comes_from_the_mailbox_whatever_its_sender_says() {
    let there = Played365::new();
    let message = Message { from: Some(person("Hanna Host", "hanna@elsewhere.example")), ..message() };
    there.send(&message).await.expect("sends");
    let text = String::from_utf8_lossy(&there.fake.bench().seen()[0].body).into_owned();
    assert!(text.contains("From: \"Hanna Host\" <ines@example.com>\r\n"), "{text}");
    assert!(!text.contains("elsewhere"), "{text}");
}

#[tokio::test]
async fn oau_14_a_spent_token_is_renewed_once_and_the_mail_goes_out_once() {
    let there = Played365::new();
    there.sign_in().expire();
    there.send(&message()).await.expect("one renewal, one more try");
    assert_eq!(there.fake.bench().count("message"), 1);
}

#[tokio::test]
async fn oau_12_a_grant_taken_back_says_to_connect_again_and_why() {
    let there = Played365::new();
    there.sign_in().take_back();
    let error = there.send(&message()).await.expect_err("taken back");
    assert_eq!((error.kind, error.retry), (Kind::AuthRevoked, Retry::Never));
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_is_for_good_and_says_what_the_server_said() {
    // Somebody else's mailbox: the token is good, and not for this.
    let there = Played365::typed(&[("mailbox", "office@example.com")]);
    let error = AnyMessenger::probe(&OutlookMail, &there.cx).await.expect_err("not theirs");
    assert_eq!((error.kind.clone(), error.http_status()), (Kind::AuthRevoked, Some(535)));
    assert!(error.message().contains("this mailbox"), "{error:?}");
    assert!(error.provider_said().is_some_and(|said| said.starts_with("status 401, scope")), "{error:?}");
}

#[tokio::test]
async fn all_08_no_error_says_the_token_back() {
    let there = Played365::new();
    let token = there.cx.with_token(|token| async move { Ok(token) }).await.expect("a token");
    let error = there
        .cx
        .with_token(|token| async move {
            let words = format!("no such token {}", token.expose());
            Err::<(), _>(Error::new(Kind::Down, &words).said(&words))
        })
        .await
        .expect_err("said back");
    assert!(!format!("{error:?}").contains(token.expose()), "{error:?}");
}

#[rstest]
#[case(
    535,
    "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
    Kind::PolicyDenied
)]
#[case(535, "5.7.3 Authentication unsuccessful", Kind::AuthRevoked)]
#[case(454, "4.7.0 Temporary authentication failure", Kind::Down)]
#[case(432, "4.3.2 Concurrent connections limit exceeded", Kind::RateLimited { until: None })]
#[case(550, "5.2.251 the sender has reached its limit", Kind::QuotaExhausted { resets: None })]
#[case(550, "5.1.8 Access denied, bad outbound sender", Kind::PolicyDenied)]
#[case(550, "5.1.1 no such mailbox", Kind::Invalid)]
#[tokio::test]
async fn every_refusal_of_microsofts_has_its_meaning(
    #[case] code: u16,
    #[case] words: &'static str,
    #[case] kind: Kind,
) {
    let there = Played365::new();
    // A refused token is shown twice, the second time fresh.
    there.fake.bench().next([Fault::Status(code, vec![("", words.to_owned())])]);
    let error = there.refused(code, words).await;
    assert_eq!((error.kind.clone(), error.http_status()), (kind, Some(code)), "{error}");
    assert_eq!(there.fake.bench().count("message"), 0);
}

#[tokio::test]
async fn nobody_sends_as_somebody_else() {
    let there = Played365::new();
    let other = Message { from: None, ..message() };
    let sender = person("", "office@example.com");
    let mail = vendor_mail::Mail::compose(&other, &sender, there.cx.now).expect("composes");
    let server = crate::server(&there.cx, "ines@example.com").expect("a server");
    let error = vendor_mail::smtp::send(&there.cx, &server, &mail).await.expect_err("not theirs");
    assert_eq!(error.kind, Kind::PolicyDenied, "{error}");
    assert!(error.message().contains("Send as"), "{error}");
}

#[tokio::test]
async fn eml_01_a_server_that_takes_no_tokens_is_told_none() {
    let fake = Arc::new(Outlook::default());
    let plain = MailServer::behind(Door::Password);
    let mut cx = cx(&fake, |gateway| gateway, &[]);
    cx.names = plain.names();
    let error = AnyMessenger::probe(&OutlookMail, &cx).await.expect_err("no STARTTLS there");
    assert_eq!((error.kind.clone(), plain.bench().strays()), (Kind::PolicyDenied, vec![]), "{error}");
}

#[tokio::test]
async fn all_01_an_operator_moves_the_mail_server_to_another_cloud() {
    let fake = Arc::new(Outlook::default());
    let moved = |to: &str| {
        let to = to.parse().expect("an address");
        Overrides::from([("outlook-mail".to_owned(), [("smtp".to_owned(), to)].into())])
    };
    let over =
        |gateway: Gateway, to: &str| gateway.overriding(moved(to), &[&APP]).expect("it has this endpoint");
    let elsewhere = cx(&fake, |gateway| over(gateway, "smtp://smtp.partner.outlook.cn"), &[]);
    let error =
        AnyMessenger::probe(&OutlookMail, &elsewhere).await.expect_err("the certificate is for another");
    assert!(error.message().contains("certificate"), "{error}");
    let odd = cx(&fake, |gateway| over(gateway, "https://smtp.office365.com"), &[]);
    let error = AnyMessenger::probe(&OutlookMail, &odd).await.expect_err("not a mail server");
    assert_eq!(error.kind, Kind::Invalid, "{error}");
}

#[test]
fn msg_01_nothing_of_graph_is_asked_for_beside_the_mail_server() {
    let asked = APP.manifest().auth.oauth().expect("OAuth 2").asked();
    assert_eq!(asked, "offline_access https://outlook.office.com/SMTP.Send");
}
