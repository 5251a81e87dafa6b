//! A conversation with a played mail server.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use kalends_app::{
    Request,
    fake::{Bench, Fault},
};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use url::Url;

use super::{Door, tls};

/// Who may sign in.
pub const USER: &str = "kalends";
/// And with what.
pub const PASSWORD: &str = "a-password-of-the-fake";
/// More than this in one mail is refused.
const MOST: u64 = 1024 * 1024;

/// What a conversation goes over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One conversation.
pub struct Talk<'a> {
    bench: &'a Bench,
    door: &'a Door,
    stream: BufReader<Box<dyn Stream + 'a>>,
    fault: Option<Fault>,
    encrypted: bool,
    greeted: bool,
    /// Who signed in.
    user: Option<String>,
    /// A token was refused, and what is wrong with it has just been said.
    refusing: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a> Talk<'a> {
    /// A conversation over this stream.
    pub fn new(
        bench: &'a Bench,
        door: &'a Door,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'a,
    ) -> Self {
        Self {
            bench,
            door,
            stream: BufReader::new(Box::new(stream)),
            fault: bench.fault(),
            encrypted: false,
            greeted: false,
            user: None,
            refusing: false,
            from: None,
            to: vec![],
        }
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
            if (&mut self.stream).take(12_288).read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.trim_end_matches(['\r', '\n']).to_owned();
            let word = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match word.as_str() {
                "QUIT" => return self.say("221 2.0.0 bye").await,
                "STARTTLS" if self.greeted && self.wants_encryption() => self = self.upgrade().await?,
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

    /// In clear, a server that takes tokens listens to nothing else.
    fn wants_encryption(&self) -> bool {
        matches!(self.door, Door::Granted { .. }) && !self.encrypted
    }

    /// Goes on encrypted, and forgets what was said before.
    async fn upgrade(mut self) -> std::io::Result<Self> {
        self.say("220 2.0.0 go on").await?;
        let stream = tls::acceptor()?.accept(self.stream.into_inner()).await?;
        Ok(Self { stream: BufReader::new(Box::new(stream)), encrypted: true, greeted: false, ..self })
    }

    /// The answer to one command; one out of order is noted as a stray.
    fn reply(&mut self, word: &str, command: &str) -> String {
        if std::mem::take(&mut self.refusing) {
            return if command.is_empty() { "535 5.7.8 not accepted".into() } else { self.stray(command) };
        }
        match word {
            "EHLO" if command.len() > 5 => {
                self.greeted = true;
                (self.from, self.to) = (None, vec![]);
                let offers = match self.door {
                    Door::Password => "AUTH PLAIN LOGIN",
                    Door::Granted { .. } if self.encrypted => "AUTH LOGIN XOAUTH2",
                    Door::Granted { .. } => "STARTTLS",
                };
                format!(
                    "250-mail.example.com\r\n250-SIZE {MOST}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 {offers}"
                )
            }
            "AUTH" if self.greeted && !self.wants_encryption() => {
                if let Some(Fault::Status(code @ (454 | 534 | 535), said)) = &self.fault {
                    let words = said.first().map_or("5.7.8 not like this", |(_, words)| words);
                    return format!("{code} {words}");
                }
                self.sign_in(command)
            }
            "MAIL" if self.user.is_some() && self.from.is_none() => self.sender(command),
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

    fn sign_in(&mut self, command: &str) -> String {
        match self.door {
            Door::Password => {
                let expected = BASE64_STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
                if command != format!("AUTH PLAIN {expected}") {
                    return "535 5.7.8 wrong name or password".into();
                }
                self.user = Some(USER.to_owned());
            }
            Door::Granted { desk, scope } => {
                let Some((user, token)) = command.strip_prefix("AUTH XOAUTH2 ").and_then(shown) else {
                    return self.stray("AUTH");
                };
                let good = desk.token_of(&token).filter(|who| who.scopes.contains(*scope));
                if good.is_none_or(|who| who.subject != user) {
                    // What is wrong comes as a question, as Google asks it.
                    self.refusing = true;
                    let wrong = format!(r#"{{"status":"401","schemes":"Bearer","scope":"{scope}"}}"#);
                    return format!("334 {}", BASE64_STANDARD.encode(wrong));
                }
                self.user = Some(user);
            }
        }
        "235 2.7.0 welcome".into()
    }

    fn sender(&mut self, command: &str) -> String {
        let Some(from) = path(command, "MAIL FROM:") else { return self.stray(command) };
        let size =
            command.split(" SIZE=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        if size.is_some_and(|size| size > MOST) {
            return "552 5.3.4 the mail is too large".into();
        }
        if !command.is_ascii() && !command.contains(" SMTPUTF8") {
            return self.stray("MAIL without SMTPUTF8");
        }
        // Who signs in with a token sends as themselves.
        if matches!(self.door, Door::Granted { .. }) && self.user.as_deref() != Some(&from) {
            return "554 5.2.252 SendAsDenied; not allowed to send as somebody else".into();
        }
        self.from = Some(from);
        "250 2.1.0 ok".into()
    }

    fn recipient(&mut self, to: String) -> String {
        if let Some(Fault::Status(code @ (432 | 450 | 550 | 553), said)) = &self.fault {
            let words = said.first().map_or("not this one", |(_, words)| words);
            return format!("{code} {words}");
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

/// User and token as XOAUTH2 shows them.
fn shown(word: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(word).ok()?).ok()?;
    let (user, rest) = text.strip_prefix("user=")?.split_once('\x01')?;
    let token = rest.strip_prefix("auth=Bearer ")?.strip_suffix("\x01\x01")?;
    Some((user.to_owned(), token.to_owned()))
}

/// What stands in the angle brackets.
fn path(command: &str, before: &str) -> Option<String> {
    let rest = command.strip_prefix(before)?.strip_prefix('<')?;
    let (path, _) = rest.split_once('>')?;
    path.contains('@').then(|| path.to_owned())
}
