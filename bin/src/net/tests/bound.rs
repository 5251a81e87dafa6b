//! Requests that share one connection.

use std::sync::Mutex;

use kalends_app::http::{Connection, Handshake};

use super::*;

/// Answers with the number of the connection and of the request on it; hangs up after so many requests.
async fn counting(most: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for connection in 1.. {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                for request in 1..=most {
                    if socket.read(&mut [0; 4096]).await.unwrap_or(0) == 0 {
                        return;
                    }
                    let said = format!("{connection}.{request}");
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", said.len());
                    socket.write_all((head + &said).as_bytes()).await.unwrap();
                }
            });
        }
    });
    address
}

/// A handshake that says nothing; the transport does not care.
struct Silent;
impl Handshake for Silent {
    fn hello(&self) -> Result<String, Error> {
        Ok(String::new())
    }
    fn answer(&self, _: &Response, _: Option<&[u8]>) -> Result<String, Error> {
        Ok(String::new())
    }
}

async fn ask(net: &Net, address: &str, over: &Connection) -> Result<String, Error> {
    let request = Request::get("test", Url::parse(address).unwrap()).over(over, Arc::new(Silent));
    Ok(net.send(request).await?.text().into_owned())
}

#[tokio::test]
async fn requests_on_one_connection_share_its_socket_and_others_have_their_own() {
    let (address, net) = (counting(usize::MAX).await, net(LOOPBACK).0);
    let (one, other) = (Connection::new(), Connection::new());
    let mut said = vec![];
    for over in [&one, &one, &other, &one] {
        said.push(ask(&net, &address, over).await.unwrap());
    }
    assert_eq!(said, ["1.1", "1.2", "2.1", "1.3"]);
    assert_eq!((one.opening(), one.certificate()), (1, None));
}

#[tokio::test]
async fn a_connection_the_server_closed_is_opened_anew_and_tells() {
    let (address, net, over) = (counting(1).await, net(LOOPBACK).0, Connection::new());
    assert_eq!(ask(&net, &address, &over).await.unwrap(), "1.1");
    // Whether we have noticed yet or not: it answers on another socket, or not at all, and never twice.
    let second = match ask(&net, &address, &over).await {
        Err(error) if error.kind == Kind::UnknownOutcome => ask(&net, &address, &over).await,
        answer => answer,
    };
    assert_eq!((second.unwrap().as_str(), over.opening()), ("2.1", 2));
}

#[tokio::test]
async fn a_connection_of_ones_own_is_guarded_too() {
    let address = counting(1).await;
    for allowed in [&["10.0.0.0/8"][..], &[]] {
        let error = ask(&net(allowed).0, &address, &Connection::new()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error}");
        let named = address.replace("127.0.0.1", "localhost");
        let error = ask(&net(allowed).0, &named, &Connection::new()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error}");
    }
}

#[tokio::test]
async fn all_06_the_limits_hold_on_a_connection_of_ones_own() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.extend(std::iter::repeat_n(b'x', 5_000));
    for (answer, kind) in [
        (endless, Kind::Malformed),
        (vec![], Kind::UnknownOutcome),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nslow".to_vec(), Kind::UnknownOutcome),
    ] {
        let address = server(answer, Then::Hang).await;
        let request = Request::get("test", Url::parse(&address).unwrap()).limits(SHORT);
        let over = Connection::new();
        let error = net(LOOPBACK).0.send(request.over(&over, Arc::new(Silent))).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[tokio::test]
async fn the_servers_certificate_is_checked_and_shown() {
    let address = format!("https://localhost:{}/", secure().await);
    let allow: Vec<IpNet> = LOOPBACK.iter().map(|net| net.parse().unwrap()).collect();
    let over = Connection::new();
    let trusting = open(&allow, include_str!("ca.pem")).unwrap().0;
    assert_eq!(ask(&trusting, &address, &over).await.unwrap(), "hi");
    let own = CertificateDer::from_pem_slice(include_bytes!("server.pem")).unwrap();
    assert_eq!(over.certificate().as_deref(), Some(own.as_ref()));
    let error = ask(&open(&allow, "").unwrap().0, &address, &Connection::new()).await.unwrap_err();
    assert!(error.kind == Kind::Down && error.message().contains("not trusted"), "{error}");
}

/// What a server that demands a sign-in on the connection sees, request by request.
#[tokio::test]
async fn what_is_sent_is_plain_http_with_a_host_and_a_length() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/path?x=1", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = socket.read(&mut request).await.unwrap();
        *kept.lock().unwrap() = String::from_utf8_lossy(&request[..read]).to_ascii_lowercase();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    });
    let request = Request::new("test", http::Method::POST, Url::parse(&address).unwrap());
    net(LOOPBACK).0.send(request.over(&Connection::new(), Arc::new(Silent))).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.starts_with("post /path?x=1 http/1.1\r\n"), "{seen}");
    for header in ["host: 127.0.0.1:", "content-length: 0\r\n", "user-agent: kalends/"] {
        assert_eq!(seen.matches(header).count(), 1, "{header} in {seen}");
    }
}
