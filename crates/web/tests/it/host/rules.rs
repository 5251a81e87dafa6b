//! What holds for every page and form of the signed-in side.

use http::StatusCode;

use super::open;
use crate::house::{Server, plain};

const PAGES: [&str; 14] = [
    "/bookings/upcoming",
    "/bookings/unconfirmed",
    "/bookings/past",
    "/bookings/cancelled",
    "/event-types",
    "/availability",
    "/teams",
    "/apps",
    "/apps/installed",
    "/settings",
    "/settings/profile",
    "/settings/security",
    "/settings/keys",
    "/settings/audit",
];

const FORMS: [&str; 14] = [
    "/bookings/aaaaaaaaaaaaaaaaaaaaaa/answer",
    "/bookings/aaaaaaaaaaaaaaaaaaaaaa/cancel",
    "/bookings/aaaaaaaaaaaaaaaaaaaaaa/absent",
    "/bookings/aaaaaaaaaaaaaaaaaaaaaa/again",
    "/event-types",
    "/event-types/1/basics",
    "/event-types/1/delete",
    "/event-types/1/links",
    "/availability/new",
    "/availability/away",
    "/teams",
    "/settings/profile",
    "/settings/password",
    "/settings/keys",
];

#[tokio::test]
async fn every_page_asks_who_is_there_and_comes_back() {
    let server = Server::start().await;
    let mut stranger = server.guest();
    for path in PAGES {
        let to = stranger.get(path).await.to();
        assert_eq!(to, format!("/login?next={}", path.replace('/', "%2F")));
    }
}

#[tokio::test]
async fn no_form_acts_for_a_stranger() {
    let server = Server::start().await;
    let mut stranger = server.guest();
    for path in FORMS {
        assert_eq!(stranger.post(path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn no_form_acts_without_its_pages_token() {
    let server = Server::start().await;
    let mut host = server.host();
    for path in FORMS {
        let refused = host.post(path, &[("csrf", "AAAA"), ("title", "Mine now")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn every_page_is_there_and_marks_its_place_in_the_menu() {
    let server = Server::start().await;
    let mut host = server.host();
    for path in PAGES {
        let mut page = host.get(path).await;
        if page.status.is_redirection() {
            page = host.follow(&page).await;
        }
        if page.status.is_redirection() {
            page = host.follow(&page).await;
        }
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert_eq!(page.texts("h1").len(), 1, "{path}");
        assert_eq!(page.texts(".side [aria-current]").len(), 1, "{path}");
    }
}

#[tokio::test]
async fn what_is_anothers_does_not_exist() {
    let server = Server::start().await;
    let event_type = server.offer("consultation", plain()).await;
    let availability = server.host().get("/availability").await.to();
    let mut other = server.colleague("bruno").await;
    for path in [
        format!("/event-types/{}/basics", event_type.number),
        format!("/event-types/{}/why", event_type.number),
        availability,
    ] {
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = open(&mut other, "/settings/keys").await;
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let gone =
        other.post(&format!("/event-types/{}/delete", event_type.number), &[("csrf", csrf.as_str())]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    open(&mut server.guest(), "/ines/consultation").await;
}
