mod bound;

use std::time::Duration;

use kalends_app::{Names, http::Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use url::Url;

use super::*;

/// A server that answers each connection with these bytes, then closes it or keeps it open.
async fn server(answer: impl Into<Vec<u8>>, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(&answer).await;
            if then == Then::Hang {
                std::future::pending::<()>().await;
            }
        }
    });
    address
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Close,
    Hang,
}

fn net(allow: &[&str]) -> (Arc<Net>, Arc<Dns>) {
    let allow: Vec<IpNet> = allow.iter().map(|net| net.parse().unwrap()).collect();
    open(&allow, "").unwrap()
}

async fn get(allow: &[&str], address: &str, limits: Limits) -> Result<Response, Error> {
    let request = Request::get("test", Url::parse(address).unwrap()).limits(limits);
    net(allow).0.send(request).await
}

const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

/// Short enough for a test that runs into it.
const SHORT: Limits =
    Limits { first_byte: Duration::from_millis(200), total: Duration::from_millis(400), body: 1_000 };

#[tokio::test]
async fn an_open_network_is_called() {
    let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Then::Close).await;
    let answer = get(LOOPBACK, &address, Limits::USUAL).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text().as_ref()), (200, "hi"));
}

#[tokio::test]
async fn dav_13_a_private_network_is_called_only_where_the_operator_opened_it() {
    let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Then::Close).await;
    let port = Url::parse(&address).unwrap().port().unwrap();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0", "localhost"] {
        let error = get(&[], &format!("http://{host}:{port}/"), Limits::USUAL).await.expect_err(host);
        assert_eq!(error.kind, Kind::Invalid, "{host}: {error}");
        assert!(error.message().contains("net.allow"), "{host}: {error}");
    }
    // Some resolvers know no such name, others do; none gets through.
    get(&[], &format!("http://localhost.:{port}/"), Limits::USUAL).await.unwrap_err();
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let inner = server("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret", Then::Close).await;
    let outer = format!("HTTP/1.1 302 Found\r\nlocation: {inner}/x\r\ncontent-length: 0\r\n\r\n");
    let answer = get(LOOPBACK, &server(outer, Then::Close).await, Limits::USUAL).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(answer.location().unwrap().as_str(), format!("{inner}/x"));
}

#[tokio::test]
async fn all_06_an_answer_without_end_is_cut_off() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.extend(std::iter::repeat_n(b'x', 5_000));
    let error = get(LOOPBACK, &server(endless, Then::Hang).await, SHORT).await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
}

#[tokio::test]
async fn all_06_a_gzip_bomb_is_cut_off_after_decompression() {
    // 200,000 zeros in 230 bytes.
    let bomb = include_bytes!("bomb.gz");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let answer = [head.as_bytes(), bomb].concat();
    let error = get(LOOPBACK, &server(answer.clone(), Then::Close).await, SHORT).await.unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
    let whole = get(LOOPBACK, &server(answer, Then::Close).await, Limits::USUAL).await.unwrap();
    assert_eq!(whole.body.len(), 200_000);
}

#[tokio::test]
async fn all_06_a_server_that_hangs_is_given_up() {
    let error = get(LOOPBACK, &server("", Then::Hang).await, SHORT).await.unwrap_err();
    assert_eq!(error.kind, Kind::UnknownOutcome);
    let trickling = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nslow";
    let error = get(LOOPBACK, &server(trickling, Then::Hang).await, SHORT).await.unwrap_err();
    assert_eq!(error.kind, Kind::UnknownOutcome);
}

#[tokio::test]
async fn all_07_an_answer_that_breaks_off_leaves_the_outcome_unknown() {
    for cut in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"] {
        let error = get(LOOPBACK, &server(cut, Then::Close).await, Limits::USUAL).await.unwrap_err();
        assert_eq!(error.kind, Kind::UnknownOutcome, "{cut:?}: {error}");
    }
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = get(LOOPBACK, &format!("http://{unused}/"), Limits::USUAL).await.unwrap_err();
    assert_eq!(error.kind, Kind::Down, "{error}");
}

#[tokio::test]
async fn all_08_an_error_names_no_path_query_or_password() {
    let address = server("", Then::Close).await.replace("http://", "http://user:canary-1@");
    let error =
        get(LOOPBACK, &format!("{address}/canary-2?token=canary-3"), Limits::USUAL).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn names_for_other_protocols_are_guarded_too() {
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "::1", "[::1]", "::ffff:127.0.0.1", "localhost"] {
        let error = net(&[]).1.addresses(host, 25).await.expect_err(host);
        assert_eq!(error.kind, Kind::Invalid, "{host}: {error}");
    }
    let open = net(LOOPBACK).1.addresses("localhost", 2525).await.unwrap();
    assert!(open.iter().all(|address| address.ip().is_loopback() && address.port() == 2525));
}

#[test]
fn root_certificates_must_be_pem() {
    assert!(open(&[], "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n").is_err());
}

/// A server for `localhost` with a certificate from the tests' own root; its port.
async fn secure() -> u16 {
    let chain =
        CertificateDer::pem_slice_iter(include_bytes!("server.pem")).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust us goes away here.
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn ews_11_the_operators_root_certificates_are_trusted_and_no_others() {
    let address = format!("https://localhost:{}/", secure().await);
    let request = || Request::get("test", Url::parse(&address).unwrap());
    let allow: Vec<IpNet> = LOOPBACK.iter().map(|net| net.parse().unwrap()).collect();
    let answer = open(&allow, include_str!("ca.pem")).unwrap().0.send(request()).await.unwrap();
    assert_eq!(answer.text(), "hi");
    let error = open(&allow, "").unwrap().0.send(request()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Down);
    assert!(error.message().starts_with("the server's certificate is not trusted"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let address = format!("https://127.0.0.1:{}/", secure().await);
    let allow: Vec<IpNet> = LOOPBACK.iter().map(|net| net.parse().unwrap()).collect();
    let net = open(&allow, include_str!("ca.pem")).unwrap().0;
    let error = net.send(Request::get("test", Url::parse(&address).unwrap())).await.unwrap_err();
    assert_eq!(error.kind, Kind::Down);
    assert!(error.message().starts_with("the server's certificate is not trusted"), "{error}");
}
