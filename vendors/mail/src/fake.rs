//! A mail server, played on a loopback port: strict about the order of commands, and out of order on demand.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::BoxFuture;
use http::Method;
use kalends_app::{
    Error, Kind, Names, Request, Srv,
    fake::{Bench, Fault},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::OnceCell,
};
use url::Url;

/// Who may sign in.
pub const USER: &str = "kalends";
/// And with what.
pub const PASSWORD: &str = "a-password-of-the-fake";
/// More than this in one mail is refused.
const MOST: u64 = 1024 * 1024;

/// A mail server.
#[derive(Default)]
pub struct MailServer {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    bench: Bench,
    address: OnceCell<SocketAddr>,
}

impl MailServer {
    /// Its record and its faults; a mail is noted as the request `message`, its recipients in the address.
    pub fn bench(&self) -> &Bench {
        &self.inner.bench
    }

    /// A world in which every name leads to it. It listens from the first look-up on.
    pub fn names(&self) -> Arc<dyn Names> {
        Arc::new(Here(Arc::clone(&self.inner)))
    }
}

/// Every name leads to the fake.
struct Here(Arc<Inner>);

impl Names for Here {
    fn addresses<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async {
            let address = self.0.address.get_or_try_init(|| listen(Arc::clone(&self.0))).await;
            let address =
                address.map_err(|error| Error::new(Kind::Down, format!("no loopback port: {error}")))?;
            Ok(vec![*address])
        })
    }

    fn srv<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }
}

async fn listen(inner: Arc<Inner>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let inner = Arc::clone(&inner);
            tokio::spawn(async move {
                // A client that goes away mid-sentence is its own business.
                let _ = Talk::new(&inner.bench, socket).run().await;
            });
        }
    });
    Ok(address)
}

/// One conversation.
pub struct Talk<'a, S> {
    bench: &'a Bench,
    stream: BufReader<S>,
    fault: Option<Fault>,
    greeted: bool,
    signed_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    /// A conversation over this stream.
    pub fn new(bench: &'a Bench, stream: S) -> Self {
        let fault = bench.fault();
        let stream = BufReader::new(stream);
        Self { bench, stream, fault, greeted: false, signed_in: false, from: None, to: vec![] }
    }

    /// Greets, then listens until the other side is gone.
    pub async fn run(mut self) -> std::io::Result<()> {
        match &self.fault {
            Some(Fault::Refuse) => return Ok(()),
            Some(Fault::Hang) => return std::future::pending().await,
            Some(Fault::Garbage(bytes)) => {
                let bytes = bytes.clone();
                return self.stream.write_all(&bytes).await;
            }
            Some(Fault::Status(421, _)) => return self.say("421 4.3.2 try later").await,
            _ => self.say("220 mail.example.com ESMTP").await?,
        }
        self.listen().await
    }

    /// Goes on after the greeting.
    pub async fn listen(mut self) -> std::io::Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            if (&mut self.stream).take(4_096).read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.trim_end_matches(['\r', '\n']).to_owned();
            let word = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match word.as_str() {
                "QUIT" => return self.say("221 2.0.0 bye").await,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                _ => {
                    let reply = self.reply(&word, &command);
                    self.say(&reply).await?;
                }
            }
        }
    }

    /// The answer to one command; one out of order is noted as a stray.
    fn reply(&mut self, word: &str, command: &str) -> String {
        match word {
            "EHLO" if command.len() > 5 => {
                self.greeted = true;
                format!(
                    "250-mail.example.com\r\n250-SIZE {MOST}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"
                )
            }
            "AUTH" if self.greeted => {
                if let Some(Fault::Status(code @ (454 | 534 | 535), _)) = self.fault {
                    return format!("{code} 5.7.8 not like this");
                }
                let expected = BASE64_STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
                self.signed_in = command == format!("AUTH PLAIN {expected}");
                if self.signed_in { "235 2.7.0 welcome" } else { "535 5.7.8 wrong name or password" }.into()
            }
            "MAIL" if self.signed_in && self.from.is_none() => match path(command, "MAIL FROM:") {
                Some(from) => {
                    self.from = Some(from);
                    "250 2.1.0 ok".into()
                }
                None => self.stray(command),
            },
            "RCPT" if self.from.is_some() => match path(command, "RCPT TO:") {
                Some(to) => self.recipient(to),
                None => self.stray(command),
            },
            "RSET" => {
                (self.from, self.to) = (None, vec![]);
                "250 2.0.0 ok".into()
            }
            "NOOP" => "250 2.0.0 ok".into(),
            _ => self.stray(command),
        }
    }

    fn recipient(&mut self, to: String) -> String {
        if let Some(Fault::Status(code @ (450 | 550 | 553), _)) = self.fault {
            return format!("{code} not this one");
        }
        // Two mailboxes behave the same in every test.
        match to.split('@').next() {
            Some("unknown") => "550 5.1.1 no such mailbox <unknown@example.com>".into(),
            Some("busy") => "450 4.2.1 mailbox is busy".into(),
            _ => {
                self.to.push(to);
                "250 2.1.5 ok".into()
            }
        }
    }

    /// Takes a mail in. False when the conversation ends here.
    async fn data(&mut self) -> std::io::Result<bool> {
        if self.to.is_empty() {
            let reply = self.stray("DATA");
            self.say(&reply).await?;
            return Ok(true);
        }
        self.say("354 go on").await?;
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n.\r\n") && text != b".\r\n" {
            let mut line = Vec::new();
            if (&mut self.stream).take(MOST).read_until(b'\n', &mut line).await? == 0 {
                return Ok(false);
            }
            if line.len() > 1_000 {
                self.bench.stray("a line is longer than 998 bytes (RFC 5322)");
            }
            text.extend_from_slice(&line);
        }
        text.truncate(text.len() - 3);
        if let Some(Fault::Status(code @ (451 | 452 | 552 | 554), _)) = self.fault {
            self.say(&format!("{code} not this mail")).await?;
            return Ok(true);
        }
        self.keep(text);
        if self.fault == Some(Fault::Drop) {
            return Ok(false);
        }
        (self.from, self.to) = (None, vec![]);
        self.say("250 2.0.0 queued as 4711").await?;
        Ok(true)
    }

    /// The mail as the record shows it: the envelope in the address, the text as the body.
    fn keep(&self, text: Vec<u8>) {
        let Ok(mut url) = Url::parse("smtp://mail.example.com/") else { return };
        url.query_pairs_mut().extend_pairs(self.to.iter().map(|to| ("to", to)));
        let mut mail = Request::new("message", Method::POST, url);
        mail.body = text.into();
        self.bench.note(mail);
    }

    fn stray(&self, command: &str) -> String {
        let word = command.split(' ').next().unwrap_or_default();
        self.bench.stray(format!("{word} out of order or in the wrong form"));
        "503 5.5.1 not now".into()
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }
}

/// What stands in the angle brackets.
fn path(command: &str, before: &str) -> Option<String> {
    let rest = command.strip_prefix(before)?.strip_prefix('<')?;
    let (path, _) = rest.split_once('>')?;
    path.contains('@').then(|| path.to_owned())
}
