//! A conversation with a mail server.

use std::{net::SocketAddr, sync::Arc};

use kalends_app::{
    AnyMessenger, Kind, Retry,
    fake::{Bench, Fake, Fault},
    kind::messenger::{File, Message},
};
use rstest::rstest;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use vendor_mail::fake::{Door, Talk};

use super::{account, message, on, person, send};
use crate::{Smtp, fake};

/// How a test's server encrypts.
#[derive(Clone, Copy)]
enum Encrypts {
    AtOnce,
    AfterStartTls,
    /// With an answer slipped in behind the leave to encrypt, as somebody in between would.
    AfterInjection,
}

/// The fake behind TLS, with a certificate for mail.example.com from the tests' own root.
async fn encrypted(how: Encrypts) -> (SocketAddr, Arc<Bench>) {
    let acceptor = vendor_mail::fake::acceptor().expect("a usable certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let bench = Arc::new(Bench::default());
    let kept = Arc::clone(&bench);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            if !matches!(how, Encrypts::AtOnce) {
                let mut lines = BufReader::new(&mut socket);
                let mut line = String::new();
                lines.write_all(b"220 hello\r\n").await.expect("writes");
                lines.read_line(&mut line).await.expect("EHLO");
                lines.write_all(b"250-mail.example.com\r\n250 STARTTLS\r\n").await.expect("writes");
                line.clear();
                lines.read_line(&mut line).await.expect("STARTTLS");
                assert_eq!(line, "STARTTLS\r\n", "nothing else may be said in clear");
                let slipped_in =
                    if matches!(how, Encrypts::AfterInjection) { "250 mail.evil.example\r\n" } else { "" };
                lines.write_all(format!("220 go on\r\n{slipped_in}").as_bytes()).await.expect("writes");
            }
            // A client that does not trust us goes away here.
            let Ok(stream) = acceptor.accept(socket).await else { continue };
            let talk = Talk::new(&kept, &Door::Password, stream);
            let _ = match how {
                Encrypts::AtOnce => talk.run().await,
                Encrypts::AfterStartTls | Encrypts::AfterInjection => talk.listen().await,
            };
        }
    });
    (address, bench)
}

/// A server that says these lines in turn, one after each of ours; what we said comes back.
async fn scripted(lines: &'static [&'static str]) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(socket);
        let mut heard = Vec::new();
        for line in lines {
            stream.write_all(line.as_bytes()).await.expect("writes");
            let mut said = String::new();
            if stream.read_line(&mut said).await.unwrap_or(0) == 0 {
                break;
            }
            heard.push(said.trim_end().to_owned());
        }
        heard
    });
    (address, heard)
}

#[rstest]
#[case("tls", Encrypts::AtOnce)]
#[case("starttls", Encrypts::AfterStartTls)]
#[tokio::test]
async fn eml_01_mail_goes_out_encrypted(#[case] security: &str, #[case] how: Encrypts) {
    let (address, bench) = encrypted(how).await;
    send(&account(address, &[("security", security)]), &message()).await.expect("sends");
    assert_eq!((bench.count("message"), bench.strays()), (1, vec![]));
}

#[tokio::test]
async fn eml_01_what_was_said_before_encryption_is_not_heard_after_it() {
    let (address, bench) = encrypted(Encrypts::AfterInjection).await;
    let error =
        send(&account(address, &[("security", "starttls")]), &message()).await.expect_err("slipped in");
    assert_eq!(error.kind, Kind::Down, "{error}");
    assert_eq!((bench.count("message"), bench.strays()), (0, vec![]));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let (address, bench) = encrypted(Encrypts::AtOnce).await;
    let cx = account(address, &[("security", "tls"), ("host", "other.example.com")]);
    let error = send(&cx, &message()).await.expect_err("another name");
    assert_eq!(error.kind, Kind::Down, "{error}");
    assert!(error.message().contains("certificate"), "{error}");
    assert_eq!(bench.count("message"), 0);
}

#[tokio::test]
async fn a_certificate_from_an_unknown_root_is_not_trusted() {
    let (address, bench) = encrypted(Encrypts::AtOnce).await;
    let mut cx = account(address, &[("security", "tls")]);
    cx.trust = Arc::from("");
    let error = send(&cx, &message()).await.expect_err("unknown root");
    assert_eq!((error.kind, bench.count("message")), (Kind::Down, 0));
}

#[tokio::test]
async fn eml_01_a_server_without_starttls_is_refused_before_any_password() {
    let (address, heard) = scripted(&["220 hello\r\n", "250-mail\r\n250 AUTH PLAIN\r\n"]).await;
    let error =
        send(&account(address, &[("security", "starttls")]), &message()).await.expect_err("no way down");
    assert_eq!((error.kind, error.retry), (Kind::PolicyDenied, Retry::Never));
    assert_eq!(heard.await.expect("ends"), ["EHLO example.com"]);
}

#[tokio::test]
async fn plain_text_goes_to_this_machine_only() {
    let elsewhere: SocketAddr = "203.0.113.5:25".parse().expect("an address");
    let error = send(&account(elsewhere, &[("security", "plain")]), &message()).await.expect_err("elsewhere");
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message().starts_with("security: "), "{error}");
}

#[tokio::test]
async fn a_server_that_knows_only_login_is_signed_in_to() {
    let script = &[
        "220 hello\r\n",
        "250-mail\r\n250 AUTH LOGIN\r\n",
        "334 VXNlcm5hbWU6\r\n",
        "334 UGFzc3dvcmQ6\r\n",
        "235 welcome\r\n",
        "221 bye\r\n",
    ];
    let (address, heard) = scripted(script).await;
    AnyMessenger::probe(&Smtp, &account(address, &[])).await.expect("signs in");
    let heard = heard.await.expect("ends");
    assert_eq!(heard[1], "AUTH LOGIN");
    assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
}

#[rstest]
#[case(421, Kind::Down, Retry::Backoff)]
#[case(450, Kind::Down, Retry::Backoff)]
#[case(451, Kind::Down, Retry::Backoff)]
#[case(454, Kind::Down, Retry::Backoff)]
#[case(452, Kind::QuotaExhausted { resets: None }, Retry::Backoff)]
#[case(535, Kind::AuthRevoked, Retry::Never)]
#[case(550, Kind::Invalid, Retry::Never)]
#[case(552, Kind::Invalid, Retry::Never)]
#[case(554, Kind::Invalid, Retry::Never)]
#[tokio::test]
async fn eml_01_4xx_may_pass_and_5xx_stays(#[case] code: u16, #[case] kind: Kind, #[case] retry: Retry) {
    let fake = fake::Smtp::default();
    fake.bench().next([Fault::Status(code, vec![])]);
    let error = send(&on(fake.names(), &[]), &message()).await.expect_err("refused");
    assert_eq!((error.kind.clone(), error.retry, error.http_status()), (kind, retry, Some(code)));
    assert_eq!(fake.bench().count("message"), 0);
}

#[tokio::test]
async fn eml_01_each_recipient_has_a_result_of_its_own() {
    let fake = fake::Smtp::default();
    let to = ["guest@example.com", "unknown@example.com", "busy@example.com"]
        .map(|email| person("", email))
        .to_vec();
    let receipt = send(&on(fake.names(), &[]), &Message { to, ..message() }).await.expect("reaches one");
    let refused: Vec<_> = receipt.refused.iter().map(|(who, why)| (who.email.as_str(), why.retry)).collect();
    assert_eq!(refused, [("unknown@example.com", Retry::Never), ("busy@example.com", Retry::Backoff)]);
    let seen = fake.bench().seen();
    assert_eq!(seen[0].url.query(), Some("to=guest%40example.com"));
}

#[tokio::test]
async fn all_08_a_refusal_shows_no_address_and_no_password() {
    let fake = fake::Smtp::default();
    let to = vec![person("", "unknown@example.com")];
    let error = send(&on(fake.names(), &[]), &Message { to, ..message() }).await.expect_err("refused");
    assert!(error.provider_said().is_some_and(|said| said.contains("no such mailbox")), "{error:?}");
    assert!(!format!("{error:?}").contains("unknown@"), "{error:?}");
    let wrong = on(fake.names(), &[("password", "canary-77ab")]);
    let error = send(&wrong, &message()).await.expect_err("wrong password");
    assert_eq!(error.kind, Kind::AuthRevoked);
    assert!(!format!("{error:?} {wrong:?}").contains("canary"));
}

#[tokio::test]
async fn what_does_not_speak_smtp_is_said_so() {
    let fake = fake::Smtp::default();
    fake.bench().next([Fault::Garbage("HTTP/1.1 400 Bad Request\r\n\r\n".into())]);
    let error = AnyMessenger::probe(&Smtp, &on(fake.names(), &[])).await.expect_err("a web server");
    assert_eq!(error.kind, Kind::Malformed, "{error}");
}

#[tokio::test]
async fn a_server_that_closes_before_the_mail_has_sent_nothing() {
    let fake = fake::Smtp::default();
    fake.bench().next([Fault::Refuse]);
    let error = send(&on(fake.names(), &[]), &message()).await.expect_err("closed");
    assert_eq!((error.kind, error.retry), (Kind::Down, Retry::Backoff));
}

#[tokio::test]
async fn eml_01_an_address_beyond_ascii_needs_a_server_that_can() {
    let script = &["220 hello\r\n", "250-mail\r\n250 AUTH PLAIN\r\n", "235 welcome\r\n", "250 ok\r\n"];
    let (address, _) = scripted(script).await;
    let wide = Message { to: vec![person("", "gäst@example.com")], ..message() };
    let error = send(&account(address, &[]), &wide).await.expect_err("cannot");
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message().contains("SMTPUTF8"), "{error}");
    let fake = fake::Smtp::default();
    send(&on(fake.names(), &[]), &wide).await.expect("the fake can");
    assert_eq!(fake.bench().strays(), Vec::<String>::new(), "it was told of the letters beforehand");
}

#[tokio::test]
async fn eml_01_a_host_beyond_ascii_needs_nothing_for_it_has_another_name() {
    let script = &[
        "220 hello\r\n",
        "250-mail\r\n250 AUTH PLAIN\r\n",
        "235 welcome\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go on\r\n",
    ];
    let (address, heard) = scripted(script).await;
    let wide = Message { to: vec![person("", "gast@bücher.example")], ..message() };
    let sent = tokio::spawn(async move { send(&account(address, &[]), &wide).await });
    let heard = heard.await.expect("ends");
    assert_eq!(
        heard[2..5],
        ["MAIL FROM:<bookings@example.com>", "RCPT TO:<gast@xn--bcher-kva.example>", "DATA"]
    );
    sent.abort();
}

/// A message with a file that makes a mail of about so many bytes.
fn weighing(bytes: usize) -> Message {
    let body = vec![7; bytes / 4 * 3].into();
    let file = File { name: "plan.pdf".into(), media_type: "application/pdf".into(), body };
    Message { files: vec![file], ..message() }
}

#[tokio::test]
async fn eml_01_a_mail_larger_than_the_server_takes_is_refused_before_it_is_sent() {
    let script = &[
        "220 hello\r\n",
        "250-mail\r\n250 AUTH PLAIN\r\n",
        "235 welcome\r\n",
        "250-mail\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n",
        "221 bye\r\n",
    ];
    let (address, heard) = scripted(script).await;
    let error = send(&account(address, &[]), &weighing(1_200_000)).await.expect_err("too large");
    assert_eq!((error.kind.clone(), error.retry), (Kind::Invalid, Retry::Never));
    assert!(error.message().contains("at most 1.0 MB"), "{error}");
    let heard = heard.await.expect("ends");
    assert_eq!(heard.iter().filter(|line| line.starts_with("EHLO")).count(), 2, "{heard:?}");
    assert!(heard.iter().all(|line| !line.starts_with("MAIL")), "{heard:?}");
}

#[tokio::test]
async fn eml_01_a_large_mail_says_its_size_and_a_small_one_asks_nothing() {
    let fake = fake::Smtp::default();
    send(&on(fake.names(), &[]), &weighing(800_000)).await.expect("it takes a million");
    assert_eq!((fake.bench().count("message"), fake.bench().strays()), (1, vec![]));
    let script =
        &["220 hello\r\n", "250-mail\r\n250-SIZE 10\r\n250 AUTH PLAIN\r\n", "235 welcome\r\n", "250 ok\r\n"];
    let (address, heard) = scripted(script).await;
    let _ = send(&account(address, &[]), &message()).await;
    // Every server takes 64 kB, whatever it says.
    assert_eq!(heard.await.expect("ends")[2], "MAIL FROM:<bookings@example.com>");
}

#[tokio::test]
async fn eml_01_an_allowance_of_the_day_that_is_used_up_is_no_refusal_of_the_mail() {
    let script = &[
        "220 hello\r\n",
        "250-mail\r\n250 AUTH PLAIN\r\n",
        "235 welcome\r\n",
        "250 ok\r\n",
        "550 5.4.5 Daily user sending quota exceeded\r\n",
    ];
    let (address, _) = scripted(script).await;
    let error = send(&account(address, &[]), &message()).await.expect_err("for today");
    assert_eq!(error.kind, Kind::QuotaExhausted { resets: None });
    assert!(matches!(error.retry, Retry::After(wait) if wait.as_secs() >= 3_600), "{error:?}");
}

#[tokio::test]
async fn eml_01_each_command_waits_for_its_answer() {
    // Where a server offers PIPELINING, nothing is sent ahead all the same: each recipient's answer is its own.
    let script = &[
        "220 hello\r\n",
        "250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
        "235 welcome\r\n",
        "250 ok\r\n",
        "550 5.1.1 unknown\r\n",
        "250 ok\r\n",
        "354 go on\r\n",
    ];
    let (address, heard) = scripted(script).await;
    let to = vec![person("", "unknown@example.com"), person("", "guest@example.com")];
    let sent = tokio::spawn(async move { send(&account(address, &[]), &Message { to, ..message() }).await });
    let heard = heard.await.expect("ends");
    assert_eq!(heard[3..6], ["RCPT TO:<unknown@example.com>", "RCPT TO:<guest@example.com>", "DATA"]);
    sent.abort();
}
