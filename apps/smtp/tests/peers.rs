//! Mail seen by a mail server that others wrote: maildev, where `KALENDS_PEER_MAILDEV_SMTP` and
//! `KALENDS_PEER_MAILDEV` say where it is. Without them the checks are reported ignored.

use std::{
    env,
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
};

use kalends_app::{
    Account, Cx, Secret, Secrets,
    fake::{Dns, Played, example, gateway},
    gateway::Patience,
    kind::{
        calendar::Person,
        messenger::{Invite, Message, Method},
    },
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use url::Url;

type Check = fn(&Peer) -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let peer = Peer::found();
    let checks: [(&str, Check); 4] = [
        ("itip_01_the_parts_arrive_as_mail_programs_want_them", parts_arrive),
        ("eml_03_the_headers_arrive", headers_arrive),
        ("eml_02_names_and_texts_beyond_ascii_arrive", texts_arrive),
        ("a_server_without_sign_in_is_asked_for_none", no_sign_in),
    ];
    let trials = checks.map(|(name, check)| match peer.clone() {
        Some(peer) => Trial::test(format!("maildev::{name}"), move || check(&peer)),
        None => Trial::test(format!("maildev::{name} - KALENDS_PEER_MAILDEV is not set"), || Ok(()))
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

#[derive(Clone)]
struct Peer {
    smtp: Url,
    web: Url,
}

impl Peer {
    fn found() -> Option<Self> {
        let read = |name: &str| env::var(name).ok()?.parse().ok();
        Some(Self { smtp: read("KALENDS_PEER_MAILDEV_SMTP")?, web: read("KALENDS_PEER_MAILDEV")? })
    }

    /// Sends the message and returns what arrived, as maildev's interface shows it, with its source.
    fn through(&self, message: &Message) -> Result<(Value, String), Failed> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let messenger = app_smtp::APP.messenger().ok_or("smtp is a messenger")?;
            let receipt =
                messenger.send(&self.account()?, message).await.map_err(|error| error.to_string())?;
            if receipt.refused.is_empty() { Ok(()) } else { Err(Failed::from("somebody was refused")) }
        })?;
        let mails: Vec<Value> = serde_json::from_str(&self.get("/api/email")?)?;
        let wanted = format!("<{}>", message.message_id);
        let id = |mail: &Value| {
            mail["headers"]["message-id"].as_str() == Some(&wanted) || mail["messageId"] == wanted
        };
        let found = mails.into_iter().find(id).ok_or("the mail did not arrive")?;
        let source = self.get(&format!("/api/email/{}/source", found["id"].as_str().unwrap_or_default()))?;
        Ok((found, source))
    }

    fn get(&self, path: &str) -> Result<String, Failed> {
        let host = format!("{}:{}", self.web.host_str().unwrap_or_default(), self.web.port().unwrap_or(80));
        let mut stream = TcpStream::connect(&host)?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split_once("\r\n\r\n").ok_or("no answer")?.1.to_owned())
    }

    fn account(&self) -> Result<Cx, Failed> {
        let at = (self.smtp.host_str().unwrap_or_default(), self.smtp.port().unwrap_or(25));
        let at = at.to_socket_addrs()?.next().ok_or("no address")?;
        let net = Arc::new(Played::new((app_smtp::APP.fake)()));
        let gateway = gateway(net, example::begin()).naming(Arc::new(Dns::leading_to(at)));
        let settings = json!({
            "host": "mail.example.com", "port": 25, "security": "plain",
            "from_email": "bookings@example.com", "from_name": "Büro, Beispiel",
        });
        let secrets = Secrets::none().with("password", Secret::new("unused"));
        let account = Account { settings, secrets, ..example::account() };
        Ok(gateway.cx(&app_smtp::APP, account, Patience::Form).map_err(|error| error.to_string())?)
    }
}

fn message(id: &str) -> Message {
    let person = |name: &str, email: &str| Person { name: name.into(), email: email.into() };
    let ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kalends//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:b1\r\n\
               DTSTAMP:20270301T080000Z\r\nDTSTART:20270302T080000Z\r\nSUMMARY:Grüße\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    Message {
        from: None,
        to: vec![person("Gus Güst", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Grüße 🎉 am Montag".into(),
        text: "Bis Montag, schöne Grüße.\n.\nA line with one dot stands above.\n".into(),
        html: Some("<p>Schöne Grüße</p>".into()),
        invite: Some(Invite { method: Method::Request, ics: ics.into() }),
        files: vec![],
        message_id: format!("{id}.{}@kalends.example", std::process::id()),
        headers: vec![("List-Unsubscribe".into(), "<https://kalends.example/u/1>".into())],
    }
}

fn parts_arrive(peer: &Peer) -> Result<(), Failed> {
    let (mail, source) = peer.through(&message("parts"))?;
    same(&source.contains("text/calendar; method=REQUEST; charset=utf-8"), &true, "the calendar part")?;
    let files = mail["attachments"].as_array().cloned().unwrap_or_default();
    let named: Vec<&str> =
        files.iter().filter_map(|file| file["fileName"].as_str().or(file["filename"].as_str())).collect();
    same(&named.contains(&"invite.ics"), &true, &format!("invite.ics among {named:?}"))
}

fn headers_arrive(peer: &Peer) -> Result<(), Failed> {
    let (_, source) = peer.through(&message("headers"))?;
    for header in [
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe: <https://kalends.example/u/1>",
        "Reply-To: \"Hanna Host\" <host@example.com>",
        "Date: Mon, 01 Mar 2027 08:00:00 +0000",
    ] {
        same(&source.lines().any(|line| line == header), &true, &format!("{header} in\n{source}"))?;
    }
    Ok(())
}

fn texts_arrive(peer: &Peer) -> Result<(), Failed> {
    let (mail, _) = peer.through(&message("texts"))?;
    same(&mail["subject"], &json!("Grüße 🎉 am Montag"), "the subject")?;
    same(&mail["from"][0]["name"], &json!("Büro, Beispiel"), "the sender's name")?;
    same(&mail["to"][0]["name"], &json!("Gus Güst"), "the recipient's name")?;
    let text = mail["text"].as_str().unwrap_or_default().replace("\r\n", "\n");
    same(&text.contains("Grüße.\n.\nA line with one dot"), &true, &format!("the text {text:?}"))?;
    same(&mail["html"].to_string().contains("Schöne Grüße"), &true, "the HTML")
}

fn no_sign_in(peer: &Peer) -> Result<(), Failed> {
    let (mail, _) = peer.through(&message("sign-in"))?;
    same(&mail["envelope"]["from"]["address"], &json!("bookings@example.com"), "the envelope's sender")
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Result<(), Failed> {
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found:?}, not {wanted:?}").into()) }
}
