//! The door: sign-in, sign-out, a new password, the first owner.

use std::sync::Arc;

use http::StatusCode;
use kalends_testkit::House;
use kalends_web::{Site, Web, router};

use crate::{browser::Browser, house::Server};

const RIGHT: [(&str, &str); 2] = [("email", "INES@example.com"), ("password", "a long enough password")];

#[tokio::test]
async fn a_host_signs_in_goes_on_and_out() {
    let server = Server::start().await;
    let mut host = server.guest();
    let door = host.get("/login?next=/bookings?x=1").await;
    let done = host.submit(&door, &RIGHT).await;
    assert_eq!(done.to(), "/bookings?x=1");
    let cookie = done.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    assert_eq!(host.get("/login").await.to(), "/bookings");
    assert_eq!(host.get("/").await.to(), "/bookings");
}

#[tokio::test]
async fn a_wrong_password_keeps_the_address_and_says_nothing_about_it() {
    let server = Server::start().await;
    let mut host = server.guest();
    let door = host.get("/login").await;
    let known = host.submit(&door, &[("email", "ines@example.com"), ("password", "wrong")]).await;
    let unknown = host.submit(&door, &[("email", "nobody@example.com"), ("password", "wrong")]).await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(known.texts("#errors"), unknown.texts("#errors"));
    assert_eq!(known.values("#email", "value"), ["ines@example.com"]);
    assert_eq!(known.values("#pw", "value").len(), 0);
}

#[tokio::test]
async fn guessing_is_stopped() {
    let server = Server::start().await;
    let mut host = server.guest();
    let door = host.get("/login").await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses
            .push(host.submit(&door, &[("email", "ines@example.com"), ("password", "wrong")]).await.status);
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn nobody_is_led_to_another_site_after_signing_in() {
    let server = Server::start().await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let mut host = server.guest();
        let door = host.get("/login").await;
        let mut fields = RIGHT.to_vec();
        fields.push(("next", next));
        assert_eq!(host.submit(&door, &fields).await.to(), "/bookings", "{next}");
    }
}

#[tokio::test]
async fn a_form_without_its_browsers_token_is_refused() {
    let server = Server::start().await;
    let (mut host, mut other) = (server.guest(), server.guest());
    let refused = host.post("/login", &RIGHT).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let theirs = other.get("/login").await;
    host.get("/login").await;
    let refused = host.submit(&theirs, &RIGHT).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "another browser's token");
    host.from = "cross-site";
    let door = host.get("/login").await;
    let refused = host.submit(&door, &RIGHT).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "another site's page");
    assert!(refused.text.contains("came from another site"));
}

#[tokio::test]
async fn a_forgotten_password_says_the_same_for_everybody() {
    let server = Server::start_with_mail().await;
    let mut host = server.guest();
    let page = host.get("/login/forgot").await;
    for email in ["ines@example.com", "nobody@example.com"] {
        let sent = host.submit(&page, &[("email", email)]).await;
        assert_eq!((sent.status, sent.texts("h1")), (StatusCode::OK, vec!["Look at your mail".to_owned()]));
    }
    let odd = host.submit(&page, &[("email", "ines")]).await;
    assert_eq!(
        (odd.status, odd.values("#email", "value")),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["ines".to_owned()])
    );
    let over = host.get("/login/reset/made-up").await;
    assert_eq!(over.status, StatusCode::GONE);
    assert_eq!(host.get("/login/verify/made-up").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn the_first_visitor_of_a_fresh_server_becomes_its_owner() {
    let house = House::sqlite().await;
    let site = Site::new("https://book.example/".parse().unwrap());
    let mut browser = Browser::new(router(Web { site: Arc::new(site), engine: house.engine.clone() }));
    assert_eq!(browser.get("/").await.to(), "/setup");
    assert_eq!(browser.get("/login").await.to(), "/setup");
    let page = browser.get("/setup").await;
    let short = [
        ("name", "Inês Carvalho"),
        ("email", "ines"),
        ("username", ""),
        ("password", "short"),
        ("zone", "Europe/Lisbon"),
    ];
    let back = browser.submit(&page, &short).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#errors a", "href"), ["#email", "#password"], "all at once");
    assert!(back.text.contains("set mail.host"), "what is missing is said before anybody waits for a mail");
    assert_eq!(back.values("#name", "value"), ["Inês Carvalho"]);
    assert_eq!(back.values("#zone [selected]", "value"), ["Europe/Lisbon"]);
    assert_eq!(back.values("#password", "value"), [""]);
    let good = [("email", "ines@example.com"), ("username", "ines"), ("password", "a long enough password")];
    let done = browser.submit(&back, &good).await;
    assert_eq!(done.to(), "/event-types");
    let cookie = done.header("set-cookie");
    assert!(cookie.starts_with("__Host-kalends_session=") && cookie.contains("Secure"), "{cookie}");
    assert_eq!(browser.get("/setup").await.to(), "/login");
    let forgot = browser.get("/login/forgot").await;
    assert_eq!(forgot.texts("h1"), ["This server sends no mails"]);
}
