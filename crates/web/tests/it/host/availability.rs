//! Availability: weekly hours, dates that differ, time away, several schedules.

use http::StatusCode;

use super::{NASTY, after, is_harmless, notice, open};
use crate::{
    browser::{Browser, Seen},
    house::{Server, plain},
};

/// The page of the default schedule, and its path.
async fn front(host: &mut Browser) -> (Seen, String) {
    let mut to = host.get("/availability").await.to();
    to.truncate(to.find('?').unwrap_or(to.len()));
    (open(host, &to).await, to)
}

#[tokio::test]
async fn hours_are_added_copied_and_removed_without_javascript_and_saved() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, path) = front(&mut host).await;
    let typed = [("Monday-1-to", "12:00"), ("add", "Monday")];
    let page = host.submit_to(&page, &path, &typed).await;
    assert_eq!(notice(&page), "Not saved yet.");
    assert_eq!(page.values("#Monday-2-from", "value"), ["12:00"]);
    let page = host.submit_to(&page, &path, &[("Monday-2-from", "13:30"), ("copy", "Monday")]).await;
    assert_eq!(page.values("#Friday-2-from", "value"), ["13:30"]);
    let page = host.submit_to(&page, &path, &[("remove", "Friday-2")]).await;
    assert_eq!(page.values("#Friday-2-from", "value").len(), 0);
    let saved = host.submit_to(&page, &path, &[("name", NASTY)]).await;
    let page = after(&mut host, &saved).await;
    assert_eq!(notice(&page), "Hours saved.");
    assert_eq!(page.texts(".savebar .fine"), ["29 hours a week"]);
    assert!(is_harmless(&page));
}

#[tokio::test]
async fn hours_that_make_no_sense_are_kept_and_said_at_their_day() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, path) = front(&mut host).await;
    let back = host.submit_to(&page, &path, &[("Tuesday-1-to", "08:00")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.texts("#Tuesday-problem").len(), 1);
    assert_eq!(back.values("#Tuesday-1-to", "value"), ["08:00"]);
    let back = host.submit_to(&page, &path, &[("name", " ")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = host.submit_to(&page, &path, &[("zone", "Moon/Crater")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_date_that_differs_is_added_and_removed() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut host = server.host();
    let (page, path) = front(&mut host).await;
    let add = format!("{path}/overrides");
    let done = host.submit_to(&page, &add, &[("date", "2026-11-25"), ("closed", "on")]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(page.texts("#ov ~ ul h3"), ["Wed 25 November"]);
    let day = "/ines/consultation?date=2026-11-25";
    assert_eq!(server.guest().get(day).await.values(".slots button", "value").len(), 0);
    let remove = format!("{path}/overrides/2026-11-25/remove");
    let done = host.submit_to(&page, &remove, &[]).await;
    assert_eq!(after(&mut host, &done).await.texts("#ov ~ ul h3").len(), 0);
    assert_ne!(server.guest().get(day).await.values(".slots button", "value").len(), 0);
}

#[tokio::test]
async fn a_date_without_sense_is_kept_in_its_open_form() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, path) = front(&mut host).await;
    let add = format!("{path}/overrides");
    let back =
        host.submit_to(&page, &add, &[("date", "2026-11-25"), ("from", "17:00"), ("to", "09:00")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#date", "value"), ["2026-11-25"]);
    assert_eq!(back.texts("details[open] .error").len(), 1);
}

#[tokio::test]
async fn time_away_is_planned_and_called_off() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, _) = front(&mut host).await;
    let away = "/availability/away";
    let typed = [("first", "2026-12-24"), ("last", "2026-12-31"), ("note", NASTY)];
    let done = host.submit_to(&page, away, &typed).await;
    let page = after(&mut host, &done).await;
    assert_eq!(page.texts("#ooo ~ ul h3"), ["Thu 24 December – Thu 31 December"]);
    assert!(is_harmless(&page));
    let backwards = [("first", "2026-12-31"), ("last", "2026-12-24"), ("note", "Snow")];
    let back = host.submit_to(&page, away, &backwards).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#note", "value"), ["Snow"]);
    let remove = page.values("#ooo ~ ul form", "action").remove(0);
    host.submit_to(&page, &remove, &[]).await.to();
    assert_eq!(front(&mut host).await.0.texts("#ooo ~ ul h3").len(), 0);
}

#[tokio::test]
async fn a_stay_elsewhere_moves_the_hours_to_the_clock_there() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut host = server.host();
    let (page, _) = front(&mut host).await;
    let stays = "/availability/stays";
    let day = "/ines/consultation?date=2026-11-25&zone=UTC";
    let first = async || server.guest().get(day).await.values(".slots button", "value").remove(0);
    let at_home = first().await;
    let typed = [("first", "2026-11-25"), ("last", "2026-11-26"), ("zone", "Asia/Tokyo")];
    let done = host.submit_to(&page, stays, &typed).await;
    let page = after(&mut host, &done).await;
    assert_eq!(page.texts("#travel ~ ul h3"), ["Wed 25 November – Thu 26 November"]);
    assert_eq!(page.texts("#travel ~ ul p"), ["Hours are Tokyo time"]);
    assert_eq!((at_home.get(11..16), first().await.get(11..16)), (Some("09:00"), Some("00:00")));
    for wrong in [
        [("first", "2026-12-31"), ("last", "2026-12-24"), ("zone", "Asia/Tokyo")],
        [("first", ""), ("last", ""), ("zone", "Asia/Tokyo")],
        [("first", "2026-12-31"), ("last", ""), ("zone", "Moon/Base")],
    ] {
        let back = host.submit_to(&page, stays, &wrong).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(back.values("#stay-first", "value"), [wrong[0].1], "what was typed is kept");
        assert_eq!(back.texts("details[open] .error").len(), 1);
    }
    let remove = page.values("#travel ~ ul form", "action").remove(0);
    host.submit_to(&page, &remove, &[]).await.to();
    assert_eq!(first().await, at_home);
}

#[tokio::test]
async fn a_second_schedule_becomes_the_default_and_the_first_is_deleted() {
    let server = Server::start().await;
    let mut host = server.host();
    let (page, first) = front(&mut host).await;
    let made = host.submit_to(&page, "/availability/new", &[]).await;
    let second = made.to().split('?').next().unwrap().to_owned();
    let page = after(&mut host, &made).await;
    assert_eq!(page.texts(".tabs a").len(), 2);
    let done = host.submit_to(&page, &format!("{second}/default"), &[]).await;
    assert_eq!(after(&mut host, &done).await.texts(".tabs [aria-current] span"), ["default"]);
    let page = open(&mut host, &first).await;
    let done = host.submit_to(&page, &format!("{first}/delete"), &[]).await;
    assert_eq!(done.to(), "/availability?did=deleted");
    let (page, path) = front(&mut host).await;
    assert_eq!(path, second);
    assert_eq!(page.texts(".tabs a").len(), 1);
    assert_eq!(host.get(&first).await.status, StatusCode::NOT_FOUND);
}
