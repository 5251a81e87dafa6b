//! A mail server that takes every mail, and remembers what it took.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};

/// One mail, as it was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom it is for.
    pub to: String,
    /// What names it, whoever sends it and however often.
    pub id: String,
    /// When it was taken, before its sender could hear of it.
    pub at: Instant,
    /// All of it, as it came.
    pub text: String,
}

/// A mail server on a free port; it serves until the process ends.
#[derive(Clone)]
pub struct Mailbox {
    /// Where it listens.
    pub address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
    forgets: usize,
}

#[derive(Default)]
struct Taken {
    mails: Vec<Mail>,
    forgotten: usize,
    /// The one password it takes; any where there is none.
    password: Option<String>,
}

impl Mailbox {
    /// Starts it. Of every so many-th mail it never says that it has taken it; at 0 it always does.
    pub fn open(forgets: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mailbox = Self { address: listener.local_addr()?, taken: Arc::default(), forgets };
        let taking = mailbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let taking = taking.clone();
                // A client that was killed breaks off; what it had not finished is no mail.
                std::thread::spawn(move || drop(taking.serve(&stream)));
            }
        });
        Ok(mailbox)
    }

    /// From now on it wants this password, and says back what was tried instead.
    pub fn wants(&self, password: &str) {
        self.taken().password = Some(password.to_owned());
    }

    /// Everything taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.taken().mails.clone()
    }

    /// So many senders never heard that their mail was taken.
    pub fn forgotten(&self) -> usize {
        self.taken().forgotten
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: &TcpStream) -> Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let mut to = Vec::new();
        stream.write_all(b"220 mailbox ESMTP\r\n")?;
        while let Some(line) = lines.next().transpose()? {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match word.as_str() {
                "EHLO" if self.taken().password.is_some() => {
                    "250-mailbox\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"
                }
                "EHLO" => "250-mailbox\r\n250 8BITMIME\r\n",
                "AUTH" => {
                    let refusal = self.refusal(&line);
                    stream.write_all(refusal.as_deref().unwrap_or("235 welcome\r\n").as_bytes())?;
                    continue;
                }
                "RCPT" => {
                    to.extend(between(&line, '<', '>'));
                    "250 OK\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n")?;
                    if !self.take(&mut lines, &mut to)? {
                        return Ok(());
                    }
                    "250 taken\r\n"
                }
                "QUIT" => return Ok(stream.write_all(b"221 bye\r\n")?),
                _ => "250 OK\r\n",
            };
            stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    /// What it says to a wrong password: too much.
    fn refusal(&self, line: &str) -> Option<String> {
        let sent = line.rsplit(' ').next().unwrap_or_default();
        let pair = BASE64_STANDARD.decode(sent).unwrap_or_default();
        let tried = String::from_utf8_lossy(&pair).rsplit('\0').next().unwrap_or_default().to_owned();
        (Some(&tried) != self.taken().password.as_ref())
            .then(|| format!("535 5.7.8 {tried} is not the password of {sent}\r\n"))
    }

    /// Reads one mail to its dot; only a whole one counts. False when its sender is not to hear of it.
    fn take(
        &self,
        lines: &mut impl Iterator<Item = std::io::Result<String>>,
        to: &mut Vec<String>,
    ) -> Result<bool> {
        let (mut id, mut text) = (String::new(), String::new());
        for line in lines {
            let line = line?;
            if line == "." {
                let mut taken = self.taken();
                let mail = |to| Mail { to, id: id.clone(), at: Instant::now(), text: text.clone() };
                taken.mails.extend(to.drain(..).map(mail));
                let forget = self.forgets > 0 && taken.mails.len().is_multiple_of(self.forgets);
                taken.forgotten += usize::from(forget);
                return Ok(!forget);
            }
            text.push_str(&line);
            text.push('\n');
            if id.is_empty() && line.to_ascii_lowercase().starts_with("message-id:") {
                id = between(&line, '<', '>').unwrap_or_default();
            }
        }
        bail!("it broke off")
    }
}

fn between(text: &str, start: char, end: char) -> Option<String> {
    Some(text.split_once(start)?.1.split_once(end)?.0.to_owned())
}
