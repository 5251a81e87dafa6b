//! Mail signed in to by a token, before a mail server that others wrote: npm's smtp-server, where `KALENDS_PEER_XOAUTH2_SMTP` and
//! `KALENDS_PEER_XOAUTH2` say where it is. Without them the checks are reported ignored.

use std::{
    env,
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
};

use app_outlook_mail::APP;
use bytes::Bytes;
use futures::future::BoxFuture;
use kalends_app::{
    Account, Cx, Error, Kind, Request, Retry, Secret,
    fake::{Dns, Played, example, gateway},
    gateway::Patience,
    http::Signer,
    kind::{
        calendar::Person,
        messenger::{File, Invite, Message, Method, Receipt},
    },
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use url::Url;

type Check = fn(&Peer) -> Result<(), Failed>;

const GOOD: &str = "a-good-token";

fn main() {
    let arguments = Arguments::from_args();
    let peer = Peer::found();
    let checks: [(&str, Check); 6] = [
        ("eml_01_a_mail_goes_out_encrypted_and_signed_in_by_token", goes_out),
        ("oau_14_a_refused_token_is_renewed_once_and_shown_again", renewed),
        ("a_token_that_is_not_good_for_the_mailbox_is_refused_for_good", for_good),
        ("eml_01_each_recipient_has_a_result_of_its_own", each),
        ("eml_01_a_mail_larger_than_it_takes_is_not_sent", too_large),
        ("eml_01_an_address_beyond_ascii_arrives", beyond_ascii),
    ];
    let trials = checks.map(|(name, check)| match peer.clone() {
        Some(peer) => Trial::test(format!("smtp-server::{name}"), move || check(&peer)),
        None => Trial::test(format!("smtp-server::{name} - KALENDS_PEER_XOAUTH2 is not set"), || Ok(()))
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

#[derive(Clone)]
struct Peer {
    smtp: Url,
    web: Url,
}

/// Tokens in the order in which they are granted.
struct Tokens(Mutex<Vec<&'static str>>);

impl Signer for Tokens {
    fn sign<'a>(&'a self, _: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let more = left.len() > 1;
        if more {
            left.remove(0);
        }
        Box::pin(async move { Ok(more) })
    }

    fn token(&self) -> BoxFuture<'_, Result<Secret, Error>> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner)[0];
        Box::pin(async move { Ok(Secret::new(token)) })
    }
}

impl Peer {
    fn found() -> Option<Self> {
        let read = |name: &str| env::var(name).ok()?.parse().ok();
        Some(Self { smtp: read("KALENDS_PEER_XOAUTH2_SMTP")?, web: read("KALENDS_PEER_XOAUTH2")? })
    }

    /// Sends the message from ines@example.com, with these tokens granted in turn.
    fn send(&self, tokens: &[&'static str], message: &Message) -> Result<Result<Receipt, Error>, Failed> {
        let cx = self.account(tokens)?;
        let messenger = APP.messenger().ok_or("outlook-mail is a messenger")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(messenger.send(&cx, message)))
    }

    /// Every name leads to the peer, whose certificate the tests' own root vouches for.
    fn account(&self, tokens: &[&'static str]) -> Result<Cx, Failed> {
        let at = (self.smtp.host_str().unwrap_or_default(), self.smtp.port().unwrap_or(587));
        let at = at.to_socket_addrs()?.next().ok_or("no address")?;
        let net = Arc::new(Played::new((APP.fake)()));
        let gateway = gateway(net, example::begin())
            .naming(Arc::new(Dns::leading_to(at)))
            .trusting(vendor_mail::fake::ROOT);
        let account = Account {
            settings: json!({ "mailbox": "ines@example.com", "from_name": "Büro, Beispiel" }),
            signer: Some(Arc::new(Tokens(Mutex::new(tokens.to_vec())))),
            ..example::account()
        };
        Ok(gateway.cx(&APP, account, Patience::Form).map_err(|error| error.to_string())?)
    }

    /// What it got.
    fn seen(&self) -> Result<Value, Failed> {
        let host = format!("{}:{}", self.web.host_str().unwrap_or_default(), self.web.port().unwrap_or(80));
        let mut stream = TcpStream::connect(&host)?;
        write!(stream, "GET / HTTP/1.0\r\nhost: {host}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(serde_json::from_str(answer.split_once("\r\n\r\n").ok_or("no answer")?.1)?)
    }

    /// The mail of this message, if it arrived.
    fn mail(&self, message: &Message) -> Result<Option<Value>, Failed> {
        let mark = format!("Message-ID: <{}>", message.message_id);
        let seen = self.seen()?;
        let mails = seen["mails"].as_array().cloned().unwrap_or_default();
        Ok(mails.into_iter().find(|mail| mail["text"].as_str().is_some_and(|text| text.contains(&mark))))
    }
}

fn message(id: &str) -> Message {
    let person = |name: &str, email: &str| Person { name: name.into(), email: email.into() };
    let ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n".into();
    Message {
        from: None,
        to: vec![person("Gus Güst", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Grüße am Montag".into(),
        text: "Bis Montag.\n".into(),
        html: None,
        invite: Some(Invite { method: Method::Request, ics }),
        files: vec![],
        message_id: format!("{id}.{}@kalends.example", std::process::id()),
        headers: vec![],
    }
}

fn goes_out(peer: &Peer) -> Result<(), Failed> {
    let message = message("goes-out");
    let receipt = peer.send(&[GOOD], &message)?.map_err(|error| error.to_string())?;
    same(&receipt.id.contains("4711"), &true, &receipt.id)?;
    let mail = peer.mail(&message)?.ok_or("the mail did not arrive")?;
    same(&mail["from"]["address"], &json!("ines@example.com"), "the envelope's sender")?;
    let seen = peer.seen()?;
    let all = seen["signIns"].as_array().cloned().unwrap_or_default();
    let fit = all.iter().all(|one| one["method"] == "XOAUTH2" && one["encrypted"] == true);
    same(&(fit, all.is_empty()), &(true, false), &format!("by token, encrypted: {seen}"))
}

fn renewed(peer: &Peer) -> Result<(), Failed> {
    let message = message("renewed");
    peer.send(&["a-spent-token", GOOD], &message)?.map_err(|error| error.to_string())?;
    same(&peer.mail(&message)?.is_some(), &true, "it arrived")
}

fn for_good(peer: &Peer) -> Result<(), Failed> {
    let message = message("for-good");
    for tokens in [&["wrong"][..], &["wrong", "wrong too"]] {
        let Err(error) = peer.send(tokens, &message)? else { return Err("it was let in".into()) };
        same(
            &(error.kind.clone(), error.http_status()),
            &(Kind::AuthRevoked, Some(535)),
            &error.to_string(),
        )?;
        same(&error.provider_said(), &Some("status 401, scope send"), "what it said")?;
    }
    same(&peer.mail(&message)?, &None, "nothing arrived")
}

fn each(peer: &Peer) -> Result<(), Failed> {
    let to = ["guest@example.com", "unknown@example.com", "busy@example.com"];
    let to = to.map(|email| Person { name: String::new(), email: email.into() }).to_vec();
    let message = Message { to, ..message("each") };
    let receipt = peer.send(&[GOOD], &message)?.map_err(|error| error.to_string())?;
    let refused: Vec<_> = receipt.refused.iter().map(|(who, why)| (who.email.as_str(), why.retry)).collect();
    let wanted = vec![("unknown@example.com", Retry::Never), ("busy@example.com", Retry::Backoff)];
    same(&refused, &wanted, "each by itself")?;
    let mail = peer.mail(&message)?.ok_or("the mail did not arrive")?;
    same(&mail["to"], &json!(["guest@example.com"]), "who got it")
}

fn too_large(peer: &Peer) -> Result<(), Failed> {
    let file = |size: usize| File {
        name: "plan.pdf".into(),
        media_type: "application/pdf".into(),
        body: Bytes::from(vec![7; size]),
    };
    let large = Message { files: vec![file(180_000)], ..message("too-large") };
    let Err(error) = peer.send(&[GOOD], &large)? else { return Err("it takes 200,000 bytes".into()) };
    same(&error.kind, &Kind::Invalid, &error.to_string())?;
    same(&error.message().contains("at most 200 kB"), &true, error.message())?;
    same(&error.http_status(), &None, "it was not even asked")?;
    let fits = Message { files: vec![file(100_000)], ..message("fits") };
    peer.send(&[GOOD], &fits)?.map_err(|error| error.to_string())?;
    same(&peer.mail(&fits)?.is_some(), &true, "it arrived, its size said")
}

fn beyond_ascii(peer: &Peer) -> Result<(), Failed> {
    let to = ["gäst@example.com", "gast@bücher.example"];
    let to = to.map(|email| Person { name: String::new(), email: email.into() }).to_vec();
    let message = Message { to, ..message("beyond") };
    let receipt = peer.send(&[GOOD], &message)?.map_err(|error| error.to_string())?;
    same(&receipt.refused, &vec![], "nobody is refused")?;
    let mail = peer.mail(&message)?.ok_or("the mail did not arrive")?;
    same(&mail["to"][0], &json!("gäst@example.com"), "SMTPUTF8")
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Result<(), Failed> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}").into()) }
}
