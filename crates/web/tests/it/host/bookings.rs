//! Bookings: the four lists, one booking, and what is done with it.

use http::StatusCode;
use jiff::SignedDuration;
use kalends_domain::event_type::{Confirmation, Settings};

use super::{NASTY, after, is_harmless, notice, open};
use crate::{
    browser::{Browser, Seen},
    house::{Server, plain},
};

const TEN: &str = "2026-11-25T10:00:00Z";

/// A guest books; the path of the booking on the host's side.
async fn booked(server: &Server, settings: Settings, name: &str) -> String {
    server.offer("consultation", settings).await;
    let mut guest = server.guest();
    let kept = guest.get(&format!("/ines/consultation/book?start={TEN}")).await;
    let form = guest.follow(&kept).await;
    let done = guest
        .submit(
            &form,
            &[("name", name), ("email", "marta@hollweg.example"), ("notes", NASTY), ("go", "book")],
        )
        .await;
    let to = done.to();
    let path = to.split('?').next().unwrap().replacen("/booking/", "/bookings/", 1);
    assert!(path.starts_with("/bookings/"), "{to}");
    path
}

async fn act(host: &mut Browser, path: &str, step: &str, typed: &[(&str, &str)]) -> Seen {
    let page = open(host, path).await;
    let done = host.submit_to(&page, &format!("{path}/{step}"), typed).await;
    after(host, &done).await
}

fn asks() -> Settings {
    Settings { confirmation: Confirmation::Always, ..plain() }
}

#[tokio::test]
async fn a_booking_stands_in_its_list_and_on_its_page_as_text() {
    let server = Server::start().await;
    let path = booked(&server, plain(), NASTY).await;
    let mut host = server.host();
    let list = open(&mut host, "/bookings/upcoming").await;
    assert_eq!(list.values(".agenda h3 a", "href"), [path.as_str()]);
    assert_eq!(list.texts(".agenda .when"), ["10:00–10:30"]);
    assert!(is_harmless(&list));
    let page = open(&mut host, &path).await;
    assert_eq!(page.texts("h1"), ["Project consultation"]);
    assert!(is_harmless(&page) && page.text.contains("marta@hollweg.example"));
    for empty in ["unconfirmed", "past", "cancelled"] {
        assert_eq!(open(&mut host, &format!("/bookings/{empty}")).await.texts(".agenda > li").len(), 0);
    }
}

#[tokio::test]
async fn a_list_is_searched_by_name_and_address() {
    let server = Server::start().await;
    booked(&server, plain(), "Marta Hollweg").await;
    let mut host = server.host();
    for (asked, found) in [("hollweg", 1), ("marta%40hollweg.example", 1), ("nikos", 0)] {
        let list = open(&mut host, &format!("/bookings/upcoming?q={asked}")).await;
        assert_eq!(list.texts(".agenda h3").len(), found, "{asked}");
    }
    assert!(is_harmless(&open(&mut host, "/bookings/upcoming?q=%3Cscript%3Ealert(1)").await));
}

#[tokio::test]
async fn a_host_accepts_what_waits() {
    let server = Server::start().await;
    let path = booked(&server, asks(), "Marta Hollweg").await;
    let mut host = server.host();
    let list = open(&mut host, "/bookings/unconfirmed").await;
    assert_eq!(list.texts(".side .count")[0], "1 to confirm");
    let done = host.submit_to(&list, &format!("{path}/answer"), &[("answer", "yes")]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(notice(&page), "Accepted. The guest is told.");
    assert_eq!(open(&mut host, "/bookings/upcoming").await.texts(".agenda h3").len(), 1);
}

#[tokio::test]
async fn a_host_declines_with_a_reason() {
    let server = Server::start().await;
    let path = booked(&server, asks(), "Marta Hollweg").await;
    let mut host = server.host();
    let page = act(&mut host, &path, "answer", &[("answer", "no"), ("reason", NASTY)]).await;
    assert!(notice(&page).starts_with("Declined."));
    assert!(is_harmless(&page));
    let list = open(&mut host, "/bookings/cancelled").await;
    assert!(list.text.contains("Declined: “&#60;script&#62;"), "{}", list.text);
}

#[tokio::test]
async fn a_host_cancels_once() {
    let server = Server::start().await;
    let path = booked(&server, plain(), "Marta Hollweg").await;
    let mut host = server.host();
    let page = open(&mut host, &path).await;
    let cancel = format!("{path}/cancel");
    let done = host.submit_to(&page, &cancel, &[("reason", "Flu")]).await;
    let gone = after(&mut host, &done).await;
    assert!(gone.text.contains("Cancelled by a host: “Flu”"), "{}", gone.text);
    assert_eq!(gone.texts("#off").len(), 0);
    let answer = format!("{path}/answer");
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let late = host.post(&answer, &[("csrf", csrf.as_str()), ("answer", "yes")]).await;
    assert!(late.status.is_client_error(), "{}", late.status);
}

#[tokio::test]
async fn who_did_not_come_is_marked_and_unmarked() {
    let server = Server::start().await;
    let path = booked(&server, plain(), "Marta Hollweg").await;
    let mut host = server.host();
    assert_eq!(open(&mut host, &path).await.values("[name=absent]", "value").len(), 0, "not over yet");
    server.house.test.clock.advance(SignedDuration::from_hours(72));
    let page = act(&mut host, &path, "absent", &[("absent", "yes")]).await;
    assert_eq!(page.values("[name=absent]", "value"), ["no"]);
    let page = act(&mut host, &path, "absent", &[("absent", "no")]).await;
    assert_eq!(page.values("[name=absent]", "value"), ["yes"]);
    assert_eq!(open(&mut host, "/bookings/past").await.texts(".agenda h3").len(), 1);
}

#[tokio::test]
async fn what_is_outside_is_tried_again_when_asked() {
    let server = Server::start().await;
    let path = booked(&server, plain(), "Marta Hollweg").await;
    let mut host = server.host();
    let page = open(&mut host, &path).await;
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let done = host.post(&format!("{path}/again"), &[("csrf", csrf.as_str())]).await;
    assert_eq!(
        notice(&after(&mut host, &done).await),
        "It is done again now. What comes of it stands here in a moment."
    );
    let odd = [("csrf", csrf.as_str()), ("step", "x")];
    assert_eq!(host.post(&format!("{path}/again"), &odd).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_booking_that_is_anothers_or_none_is_not_found() {
    let server = Server::start().await;
    let path = booked(&server, plain(), "Marta Hollweg").await;
    let mut other = server.colleague("bruno").await;
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    for odd in ["/bookings/x", "/bookings/aaaaaaaaaaaaaaaaaaaaaa", "/bookings/%00"] {
        assert_eq!(other.get(odd).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
    let page = open(&mut other, "/settings/keys").await;
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let refused = other.post(&format!("{path}/cancel"), &[("csrf", csrf.as_str())]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}
