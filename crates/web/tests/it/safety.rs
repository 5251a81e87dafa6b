//! What holds for every answer: headers, limits, words that are never markup.

use http::StatusCode;
use kalends_domain::event_type::Settings;
use kalends_web::Site;

use crate::house::{Server, plain};

const NASTY: &str = "<script>alert(1)</script>\" onmouseover=\"x' & </textarea>";

#[tokio::test]
async fn every_page_is_strict_about_what_it_runs_and_who_frames_it() {
    let server = Server::start().await;
    let mut guest = server.guest();
    for path in ["/login", "/ines", "/nobody", "/healthz"] {
        let page = guest.get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert!(!page.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn booking_pages_are_framed_only_where_the_operator_says() {
    let mut site = Site::new("https://book.example/".parse().unwrap());
    site.embed_on.push("https://studio.example".into());
    let server = Server::start_with(site).await;
    let mut guest = server.guest();
    let page = guest.get("/ines").await;
    assert!(page.header("content-security-policy").ends_with("frame-ancestors https://studio.example"));
    assert_eq!(page.header("x-frame-options"), "");
    assert_eq!(guest.get("/login").await.header("x-frame-options"), "DENY");
    assert!(page.header("strict-transport-security").contains("max-age"));
}

#[tokio::test]
async fn guests_get_no_cookie() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    for path in ["/ines", "/ines/consultation", "/ines/consultation/book?start=2026-11-25T10:00:00Z"] {
        assert_eq!(guest.get(path).await.header("set-cookie"), "", "{path}");
    }
}

#[tokio::test]
async fn another_sites_page_books_nothing() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    guest.from = "cross-site";
    let refused = guest.post("/ines/consultation/book", &[("go", "book")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_guest_writes_is_never_markup_on_any_page() {
    let server = Server::start().await;
    let settings = Settings { confirmation: kalends_domain::event_type::Confirmation::Always, ..plain() };
    server.offer("consultation", settings).await;
    let (mut guest, mut host) = (server.guest(), server.host());
    let kept = guest.get("/ines/consultation/book?start=2026-11-25T10:00:00Z").await;
    let form = guest.follow(&kept).await;
    let answers = [("name", NASTY), ("email", "m@example.org"), ("notes", NASTY), ("go", "book")];
    let booking = guest.submit(&form, &answers).await.to();
    let path = booking.split('?').next().unwrap();
    let uid = path.rsplit('/').next().unwrap();
    let mut pages =
        vec![guest.get(&booking).await, guest.get(&format!("{path}/cancel?note=%3Cscript%3E")).await];
    pages.push(host.get(&format!("/bookings/{uid}/confirm")).await);
    pages.push(host.get(&format!("/bookings/{uid}/decline?note=%3C%2Ftextarea%3E%3Cscript%3E")).await);
    pages.push(guest.get("/ines/consultation?find=%3Cscript%3Ealert(1)%3C/script%3E").await);
    pages.push(guest.get("/login?email=%22%3E%3Cscript%3E&next=%22%3E%3Cscript%3E").await);
    for page in pages {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert_eq!(
            page.values("script", "src").len(),
            page.texts("script").len(),
            "only files: {}",
            page.text
        );
        assert_eq!(page.texts("script").len(), 1, "{}", page.text);
        assert_eq!(page.values("[onmouseover]", "onmouseover").len(), 0, "{}", page.text);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_clearly() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let huge = "x".repeat(1 << 20);
    let refused = guest.post("/ines/consultation/book", &[("notes", &huge)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.texts(".lede")[0].contains("512 KB"));
}

#[tokio::test]
async fn one_guest_cannot_keep_a_whole_calendar() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let mut last = guest.get("/ines/consultation/book").await;
    for _ in 0..30 {
        last = guest.get("/ines/consultation/book").await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.texts("h1")[0].contains("Wait 10 seconds"), "{}", last.text);
    assert!(!last.header("retry-after").is_empty());
    assert_eq!(guest.get("/ines/consultation").await.status, StatusCode::OK, "looking is free");
}

#[tokio::test]
async fn assets_are_kept_for_a_year_and_pages_name_their_content() {
    let server = Server::start().await;
    let mut guest = server.guest();
    let page = guest.get("/ines").await;
    for address in page.values("link[rel=stylesheet]", "href").into_iter().chain(page.values("script", "src"))
    {
        let asset = guest.get(&address).await;
        assert_eq!(asset.status, StatusCode::OK, "{address}");
        assert!(asset.header("cache-control").contains("immutable"), "{address}");
    }
    assert_eq!(guest.get("/assets/kalends.000000000000.css").await.status, StatusCode::NOT_FOUND);
}

/// The budget: page, style and behaviour together below 100 KB, before compression.
#[tokio::test]
async fn a_booking_page_is_light() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let page = guest.get("/ines/consultation").await;
    let mut weight = page.text.len();
    for address in
        page.values("link[href^='/assets']", "href").into_iter().chain(page.values("script", "src"))
    {
        weight += guest.get(&address).await.text.len();
    }
    assert!(weight < 100_000, "{weight} bytes");
}
