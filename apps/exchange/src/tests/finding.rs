use std::sync::Arc;

use kalends_app::{
    Kind,
    fake::{Fake, Fault},
};
use rstest::rstest;

use super::{Server, asked, connected, fails, part, typed};

#[tokio::test(start_paused = true)]
async fn ews_03_the_server_is_found_by_the_mail_address() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[("server", "")]).await;
    assert_eq!(cx.settings["found"]["endpoint"], "https://ews.example.test/EWS/Exchange.asmx");
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn ews_03_a_house_that_answers_by_soap_alone_is_asked_so() {
    let server = Arc::new(Server::default());
    server.bench().next([Fault::Status(404, vec![])]);
    let cx = connected(&server, &[("server", "")]).await;
    assert_eq!(cx.settings["found"]["endpoint"], "https://ews.example.test/EWS/Exchange.asmx");
    let paths: Vec<String> = server.bench().seen().iter().map(|one| one.url.path().to_owned()).collect();
    assert_eq!(&paths[..2], ["/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"]);
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn ews_03_a_refused_password_is_not_tried_in_the_other_way_nor_elsewhere() {
    let server = Arc::new(Server::default());
    let error = fails(&server, "", &[("server", ""), ("password", "wrong")]).await;
    assert_eq!(error.kind, Kind::AuthRevoked);
    assert_eq!(asked(&server, "autodiscover.example.com"), 2, "once to hear how, once to be refused");
}

#[rstest]
#[case::elsewhere(
    "https://evil.example.test/autodiscover/autodiscover.xml",
    "type this as the server: evil.example.test"
)]
#[case::unprotected("http://autodiscover.example.com/autodiscover/autodiscover.xml", "mail.example.com")]
#[tokio::test(start_paused = true)]
async fn ews_03_no_redirect_takes_the_password_elsewhere(#[case] to: &str, #[case] says: &str) {
    let server = Arc::new(Server::default());
    // The second place to look knows nothing, in either way of asking.
    server.bench().next([Fault::Status(302, vec![("location", to.to_owned())])]);
    server.bench().next([Fault::Status(404, vec![]), Fault::Status(404, vec![])]);
    let error = fails(&server, "", &[("server", "")]).await;
    assert!(error.message().contains(says), "{error}");
    assert_eq!(server.bench().strays(), Vec::<String>::new(), "nothing was sent there");
}

#[tokio::test(start_paused = true)]
async fn ews_03_the_names_of_a_domain_do_not_send_the_password_to_a_stranger() {
    let server = Arc::new(Server::default());
    let nowhere = || std::iter::repeat_n(Fault::Status(404, vec![]), 4);
    server.bench().next(nowhere());
    let error = fails(&server, "evil.example.test", &[("server", "")]).await;
    assert!(error.message().contains("type this as the server: evil.example.test"), "{error}");
    server.bench().next(nowhere());
    let cx = typed(&server, "autodiscover.example.com", &[("server", "")]);
    part().probe(&cx).await.expect("a server of the same house is asked");
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}
