//! A mail server that takes every mail, and remembers what it took.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

/// One mail, as it was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom it is for.
    pub to: String,
    /// What names it, whoever sends it and however often.
    pub id: String,
}

/// A mail server on a free port; it serves until the process ends.
#[derive(Clone)]
pub struct Mailbox {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Mailbox {
    /// Starts it.
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mailbox = Self { address: listener.local_addr()?, mails: Arc::default() };
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

    /// Everything taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn serve(&self, mut stream: &TcpStream) -> Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let mut to = Vec::new();
        stream.write_all(b"220 mailbox ESMTP\r\n")?;
        while let Some(line) = lines.next().transpose()? {
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match word.as_str() {
                "EHLO" => "250-mailbox\r\n250 8BITMIME\r\n",
                "RCPT" => {
                    to.extend(between(&line, '<', '>'));
                    "250 OK\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n")?;
                    self.take(&mut lines, &mut to)?;
                    "250 taken\r\n"
                }
                "QUIT" => return Ok(stream.write_all(b"221 bye\r\n")?),
                _ => "250 OK\r\n",
            };
            stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    /// Reads one mail to its dot; only a whole one counts.
    fn take(
        &self,
        lines: &mut impl Iterator<Item = std::io::Result<String>>,
        to: &mut Vec<String>,
    ) -> Result<()> {
        let mut id = String::new();
        for line in lines {
            let line = line?;
            if line == "." {
                let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
                mails.extend(to.drain(..).map(|to| Mail { to, id: id.clone() }));
                break;
            }
            if id.is_empty() && line.to_ascii_lowercase().starts_with("message-id:") {
                id = between(&line, '<', '>').unwrap_or_default();
            }
        }
        Ok(())
    }
}

fn between(text: &str, start: char, end: char) -> Option<String> {
    Some(text.split_once(start)?.1.split_once(end)?.0.to_owned())
}
