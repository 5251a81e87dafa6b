//! Signing in by question and answer on one connection, as NTLM does.

use std::sync::Arc;

use http::StatusCode;

use super::{Answer, Connection, Layer, Next, Request, Response};
use crate::{Error, Kind};

/// A sign-in in three steps: we say hello, the server asks back, we answer together with the request.
///
/// It only finds the words; the layer sends them, all on one connection, and again for each try.
pub trait Handshake: Send + Sync + 'static {
    /// The first value of `Authorization`.
    fn hello(&self) -> Result<String, Error>;

    /// The value that answers what the server asked back. The certificate is the one at the other end of the connection.
    fn answer(&self, asked: &Response, certificate: Option<&[u8]>) -> Result<String, Error>;
}

/// The layer that signs in on a request's own connection, once for all the requests on it.
pub struct Shaking;

impl Layer for Shaking {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        let Some(handshake) = request.handshake.take() else { return next.run(request) };
        Box::pin(async move {
            let connection = request.connection.get_or_insert_default().clone();
            let mut signed_in = connection.turn().lock().await;
            let request = request.challenged();
            if signed_in.is_some() && *signed_in == Some(connection.opening()) {
                let answer = next.run(request.clone()).await?;
                if answer.status != StatusCode::UNAUTHORIZED {
                    return Ok(answer);
                }
                // The connection was opened anew, or the server wants to see us again: nothing was done yet.
            }
            *signed_in = None;
            let answer = shake(handshake, request, &connection, next).await?;
            *signed_in = Some(connection.opening());
            Ok(answer)
        })
    }
}

async fn shake(
    handshake: Arc<dyn Handshake>,
    request: Request,
    connection: &Connection,
    next: Next<'_>,
) -> Result<Response, Error> {
    let hello = request.clone().greeting().secret_header("authorization", &handshake.hello()?)?;
    let asked = next.run(hello).await?;
    let signed = if asked.status == StatusCode::UNAUTHORIZED {
        let word = handshake.answer(&asked, connection.certificate().as_deref())?;
        request.secret_header("authorization", &word)?
    } else {
        request // this server lets everybody in
    };
    let opening = connection.opening();
    let answer = next.run(signed).await?;
    if answer.status != StatusCode::UNAUTHORIZED {
        return Ok(answer);
    }
    Err(if connection.opening() == opening {
        Error::new(Kind::AuthRevoked, "the server refuses the user name or the password").status(401)
    } else {
        Error::new(Kind::Down, "the connection broke in the middle of signing in")
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use jiff::Timestamp;
    use url::Url;

    use super::*;
    use crate::{
        App, Cx, Declared, Gateway, NoNames, Secrets,
        fake::{self, Bench, Fake, Fault, Same},
        gateway::{Account, Patience},
        http::{NoRecorder, Simulated, Tokio},
        no_opinion,
    };

    const MANIFEST: &str = r#"
slug = "acme"
name = "Acme"
tagline = "Rooms."
description = "Rooms."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]
"#;

    /// Lets in whoever answers "2" to its "1" on the same connection.
    #[derive(Default)]
    struct Server {
        bench: Bench,
        asked: Mutex<Vec<u64>>,
        signed_in: Mutex<Vec<u64>>,
    }

    impl Fake for Server {
        fn answer(&self, request: &Request) -> Result<Response, String> {
            let number = fake::connection(request).ok_or("a request that belongs to no connection")?;
            let said = request.headers.get("authorization").and_then(|value| value.to_str().ok());
            let (mut asked, mut signed_in) = (self.asked.lock().unwrap(), self.signed_in.lock().unwrap());
            match said {
                Some("hello") if request.body.is_empty() => {
                    asked.push(number);
                    Ok(fake::answer(request, 401, &[("www-authenticate", "1")], ""))
                }
                Some("2") if asked.contains(&number) => {
                    signed_in.push(number);
                    Ok(fake::answer(request, 200, &[], "in"))
                }
                None if signed_in.contains(&number) => Ok(fake::answer(request, 200, &[], "in")),
                _ => Ok(fake::answer(request, 401, &[], "")),
            }
        }

        fn bench(&self) -> &Bench {
            &self.bench
        }

        fn form(&self) -> BTreeMap<String, String> {
            BTreeMap::new()
        }
    }

    static APP: App = App {
        slug: "acme",
        manifest: Declared::new(MANIFEST),
        icon: "",
        parts: Vec::new,
        judge: no_opinion,
        fake: || Arc::new(Server::default()),
    };

    struct Says(&'static str);
    impl Handshake for Says {
        fn hello(&self) -> Result<String, Error> {
            Ok("hello".to_owned())
        }

        fn answer(&self, asked: &Response, _: Option<&[u8]>) -> Result<String, Error> {
            match asked.header("www-authenticate") {
                Some("1") => Ok(self.0.to_owned()),
                _ => Err(Error::new(Kind::AuthRevoked, "it asks nothing back")),
            }
        }
    }

    fn cx(server: &Arc<Server>) -> Cx {
        let time = Arc::new(Tokio(Arc::new(Simulated::from(Timestamp::UNIX_EPOCH))));
        let played = Arc::new(fake::Played::new(Arc::clone(server) as Arc<dyn Fake>));
        let gateway = Gateway::new(played, Arc::new(NoNames), time, Arc::new(Same(0)), Arc::new(NoRecorder));
        let account = Account {
            id: "1".into(),
            settings: serde_json::json!({}),
            secrets: Secrets::none(),
            zone: "UTC".into(),
            locale: "en".into(),
            ..Account::default()
        };
        gateway.cx(&APP, account, Patience::Job).unwrap()
    }

    fn ask(over: &Connection, word: &'static str) -> Request {
        let url = Url::parse("https://acme.example/x").unwrap();
        Request::new("ask", http::Method::POST, url)
            .body("text/plain", "what")
            .reading()
            .over(over, Arc::new(Says(word)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_signs_in_once_for_all_its_requests() {
        let (server, connection) = (Arc::<Server>::default(), Connection::new());
        let cx = cx(&server);
        for _ in 0..3 {
            assert_eq!(cx.http.send(ask(&connection, "2")).await.unwrap().text(), "in");
        }
        assert_eq!((server.bench.count("sign_in"), server.bench.count("ask")), (1, 3));
        cx.http.send(ask(&Connection::new(), "2")).await.unwrap();
        assert_eq!(server.bench.count("sign_in"), 2, "another connection is another sign-in");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_broke_signs_in_anew() {
        let (server, connection) = (Arc::<Server>::default(), Connection::new());
        let cx = cx(&server);
        cx.http.send(ask(&connection, "2")).await.unwrap();
        server.bench.next([Fault::Refuse]);
        assert_eq!(cx.http.send(ask(&connection, "2")).await.unwrap().text(), "in");
        // In the middle of it: the answer is not for the connection that asked.
        let fresh = Connection::new();
        server.bench.next([Fault::Drop, Fault::Refuse]);
        assert_eq!(cx.http.send(ask(&fresh, "2")).await.unwrap().text(), "in");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_word_is_said_once_and_not_again() {
        // Servers lock accounts.
        let (server, connection) = (Arc::<Server>::default(), Connection::new());
        let error = cx(&server).http.send(ask(&connection, "3")).await.unwrap_err();
        assert_eq!((error.kind.clone(), error.http_status()), (Kind::AuthRevoked, Some(401)));
        assert_eq!(server.bench.count("ask"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_on_one_connection_go_one_after_the_other() {
        let (server, connection) = (Arc::<Server>::default(), Connection::new());
        let cx = cx(&server);
        let all = (0..8).map(|_| cx.http.send(ask(&connection, "2")));
        assert!(futures::future::join_all(all).await.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(server.bench.count("sign_in"), 1);
    }
}
