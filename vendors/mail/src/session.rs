//! One conversation with a mail server.

use std::{
    fmt::{self, Display, Formatter},
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kalends_app::{Cx, Error, Kind, http::CONNECT, kind::messenger::Receipt};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail as MailFrom, Rcpt},
    extension::{ClientId, Extension, MailBodyParameter, MailParameter},
};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    Mail, Security, Server, SignIn,
    error::{Step, judge},
    server::Judge,
    size, token,
    wary::Wary,
};

/// A conversation, signed in.
pub struct Session {
    connection: AsyncSmtpConnection,
    hello: ClientId,
    judge: Judge,
}

impl Session {
    /// Connects, encrypts and signs in, as the server is said to be and never less.
    pub async fn open(cx: &Cx, server: &Server) -> Result<Self, Error> {
        let addresses = cx.names.addresses(&server.host, server.port).await?;
        if server.security == Security::Plain && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let message = "security: mail goes unencrypted to this machine only; choose TLS or STARTTLS";
            return Err(Error::new(Kind::Invalid, message));
        }
        let hello = server.hello();
        let reach = || Self::reach(cx, server, &addresses, &hello);
        let connection = match &server.sign_in {
            SignIn::Nothing => reach().await?,
            SignIn::Password { user, password } => {
                let mut connection = reach().await?;
                let credentials = Credentials::new(user.clone(), password.expose().to_owned());
                let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
                signed_in.map_err(|error| judge(Step::SignIn, &error, server.judge))?;
                connection
            }
            // Each token in a conversation of its own: some servers hang up on one they refuse.
            SignIn::Token { user } => {
                let shown = cx.with_token(|token| async move {
                    let mut connection = reach().await?;
                    token::show(&mut connection, user, &token, server.judge).await?;
                    Ok(connection)
                });
                shown.await?
            }
        };
        Ok(Self { connection, hello, judge: server.judge })
    }

    /// Tries the addresses in turn.
    async fn reach(
        cx: &Cx,
        server: &Server,
        addresses: &[SocketAddr],
        hello: &ClientId,
    ) -> Result<AsyncSmtpConnection, Error> {
        let mut last = Error::new(Kind::Down, "the mail server's name has no address");
        for address in addresses {
            let reached = match server.security {
                Security::Tls => at_once(*address, Some(server.tls(cx)?), hello, server.judge).await,
                Security::Plain => at_once(*address, None, hello, server.judge).await,
                Security::StartTls => upgraded(*address, server.tls(cx)?, hello, server.judge).await,
            };
            match reached {
                // Another address of the same server would say the same.
                Err(error) if error.kind == Kind::Down => last = error,
                settled => return settled,
            }
        }
        Err(last)
    }

    /// Hands one mail over. `handed_over` is set once its text may have arrived.
    pub async fn send(&mut self, mail: &Mail, handed_over: &AtomicBool) -> Result<Receipt, Error> {
        let parameters = self.parameters(mail).await?;
        let from = self.connection.command(MailFrom::new(Some(mail.from.clone()), parameters)).await;
        from.map_err(|error| judge(Step::Envelope, &error, self.judge))?;
        let mut refused = Vec::new();
        for (person, address) in &mail.to {
            if let Err(error) = self.connection.command(Rcpt::new(address.clone(), vec![])).await {
                let error = judge(Step::Envelope, &error, self.judge);
                // Without a status the connection is gone, and everybody with it.
                if error.http_status().is_none() {
                    return Err(error);
                }
                refused.push((person.clone(), error));
            }
        }
        if refused.len() == mail.to.len() {
            let (_, error) = refused.swap_remove(0);
            return Err(error);
        }
        self.connection.command(Data).await.map_err(|error| judge(Step::Envelope, &error, self.judge))?;
        handed_over.store(true, Ordering::Relaxed);
        let accepted = self.connection.command(ToTheDot(&mail.text)).await;
        let accepted = accepted.map_err(|error| judge(Step::Text, &error, self.judge))?;
        let queue_id = accepted.first_line().unwrap_or_default().trim();
        Ok(Receipt { id: if queue_id.is_empty() { mail.id.clone() } else { queue_id.to_owned() }, refused })
    }

    /// What the server must be told, and must know, about this mail.
    async fn parameters(&mut self, mail: &Mail) -> Result<Vec<MailParameter>, Error> {
        let size = size::parameter(&mut self.connection, &self.hello, mail, self.judge).await?;
        let mut parameters = Vec::from_iter(size);
        if mail.needs_utf8_addresses() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let message = "the mail server cannot send to addresses beyond plain letters (SMTPUTF8)";
                return Err(Error::new(Kind::Invalid, message));
            }
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// Says goodbye while nobody waits: whoever sent a mail writes down at once that it is theirs, so that a
    /// process that dies now does not hand it over again.
    pub fn leave(self) {
        tokio::spawn(self.close());
    }

    /// Says goodbye. The mail is already theirs, so whatever happens here changes nothing.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.connection.quit()).await;
    }
}

/// A mail's text as it is sent (RFC 5321, 4.5.2), its end with it.
///
/// The library writes the end by itself, and the system then keeps it back until the other side has confirmed what came
/// before: 40 ms for each mail, in which a mail of a process that dies still goes out, and nobody notes it.
struct ToTheDot<'m>(&'m str);

impl Display for ToTheDot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            if line.starts_with('.') {
                f.write_str(".")?;
            }
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// Encrypted from the first byte, or not at all.
async fn at_once(
    address: SocketAddr,
    tls: Option<TlsParameters>,
    hello: &ClientId,
    of: Judge,
) -> Result<AsyncSmtpConnection, Error> {
    let connected = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), hello, tls, None).await;
    connected.map_err(|error| judge(Step::Connect, &error, of))
}

/// Encrypted before anything is said; a server that does not offer it is refused.
async fn upgraded(
    address: SocketAddr,
    tls: TlsParameters,
    hello: &ClientId,
    of: Judge,
) -> Result<AsyncSmtpConnection, Error> {
    let unreachable = || Error::new(Kind::Down, "no connection to the mail server: check host and port");
    let connected = timeout(CONNECT, TcpStream::connect(address)).await.map_err(|_| unreachable())?;
    let (stream, eased) = Wary::new(connected.map_err(|error| unreachable().said(error.to_string()))?);
    let connected = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await;
    let mut connection = connected.map_err(|error| judge(Step::Connect, &error, of))?;
    if !connection.can_starttls() {
        // Somebody in between may have taken the offer out: no mail and no password goes down in clear.
        let message = "the mail server offers no STARTTLS; choose TLS, usually on port 465";
        return Err(Error::new(Kind::PolicyDenied, message));
    }
    connection.starttls(tls, hello).await.map_err(|error| judge(Step::Connect, &error, of))?;
    eased.now();
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_can_end_it() {
        let sent = |text: &str| ToTheDot(text).to_string();
        assert_eq!(sent("Hello\r\n.\r\n..\r\n.x\r\n"), "Hello\r\n..\r\n...\r\n..x\r\n.\r\n");
        assert_eq!(sent(".Hello"), "..Hello\r\n.\r\n", "the last line is ended, too");
        assert_eq!(sent("a.\r\nb. c"), "a.\r\nb. c\r\n.\r\n");
    }
}
