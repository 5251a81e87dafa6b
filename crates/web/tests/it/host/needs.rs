//! What a host's calendars ask of them, and one click.

use http::StatusCode;
use kalends_testkit::planner::Edit;

use super::{after, notice, open};
use crate::{
    browser::Browser,
    house::{Planned, in_seconds},
};

const TEN: &str = "2026-11-25T10:00:00Z";

/// A guest's booking at ten; its uid.
async fn booked(planned: &Planned) -> String {
    booked_at(planned, TEN).await
}

async fn booked_at(planned: &Planned, start: &str) -> String {
    let mut guest = planned.server.guest();
    let kept = guest.get(&format!("/ines/consultation/book?start={start}")).await;
    let form = guest.follow(&kept).await;
    let typed = [("name", "Marta"), ("email", "marta@hollweg.example"), ("go", "book")];
    let done = guest.submit(&form, &typed).await;
    let uid = done.to().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    planned.settle().await;
    uid
}

async fn press(
    host: &mut Browser,
    page: &crate::browser::Seen,
    path: &str,
    typed: &[(&str, &str)],
) -> crate::browser::Seen {
    let done = host.submit_to(page, path, typed).await;
    after(host, &done).await
}

#[tokio::test]
async fn a_booking_moved_in_the_calendar_is_asked_about_on_the_first_page_and_moves_with_one_click() {
    let planned = Planned::start().await;
    let uid = booked(&planned).await;
    planned.planner.edit("work", &uid, Edit::At(in_seconds("2026-11-25T14:00:00Z", 1800)));
    planned.sync().await;
    let mut host = planned.server.host();
    let list = open(&mut host, "/bookings/upcoming").await;
    assert_eq!(list.texts("#needs"), ["One booking needs you"]);
    assert!(list.text.contains("it now stands on Wednesday 25 November, 14:00 to 14:30."));
    let path = list.values("form[action^='/bookings/changes/']", "action").remove(0);
    let odd = host.submit_to(&list, &path, &[("answer", "forward")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = press(&mut host, &list, &path, &[("answer", "follow")]).await;
    assert_eq!(notice(&page), "Done. The guest is told.");
    assert_eq!(page.texts("#needs"), [""; 0]);
    assert_eq!(page.texts(".agenda .when"), ["14:00–14:30"]);
    let again = host.submit_to(&list, &path, &[("answer", "follow")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "a question is answered once");
}

#[tokio::test]
async fn a_move_that_cannot_be_followed_says_why_and_is_put_back_with_one_click() {
    let planned = Planned::start().await;
    let uid = booked(&planned).await;
    planned.planner.edit("work", "dentist", Edit::At(in_seconds("2026-11-25T14:00:00Z", 3600)));
    planned.planner.edit("work", &uid, Edit::At(in_seconds("2026-11-25T14:30:00Z", 1800)));
    planned.sync().await;
    let mut host = planned.server.host();
    let page = open(&mut host, &format!("/bookings/{uid}")).await;
    let path = page.values("form[action^='/bookings/changes/']", "action").remove(0);
    let refused = host.submit_to(&page, &path, &[("answer", "follow")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(notice(&refused), "Nothing was changed.");
    let page = press(&mut host, &page, &path, &[("answer", "back")]).await;
    assert_eq!(notice(&page), "The event is written again as it was booked.");
    planned.settle().await;
    assert_eq!(planned.planner.stands("work", &uid), Some(in_seconds(TEN, 1800)));
}

#[tokio::test]
async fn events_of_an_emptied_calendar_are_put_back_together() {
    let planned = Planned::start().await;
    let mut uids = Vec::new();
    for hour in [10, 11] {
        uids.push(booked_at(&planned, &format!("2026-11-25T{hour}:00:00Z")).await);
    }
    for uid in &uids {
        planned.planner.edit("work", uid, Edit::Delete);
    }
    planned.sync().await;
    let mut host = planned.server.host();
    let list = open(&mut host, "/bookings/upcoming").await;
    assert_eq!(list.texts("#needs"), ["2 bookings need you"]);
    let page = press(&mut host, &list, "/bookings/changes", &[]).await;
    assert_eq!(notice(&page), "Every booking stays as it is. Its event is written again.");
    assert_eq!(page.texts("#needs"), [""; 0]);
    planned.settle().await;
    for uid in &uids {
        assert!(planned.planner.stands("work", uid).is_some(), "{uid}");
    }
}

#[tokio::test]
async fn an_event_over_a_booking_is_answered_with_one_click() {
    let planned = Planned::start().await;
    let uid = booked(&planned).await;
    planned.planner.edit("work", "dentist", Edit::At(in_seconds("2026-11-25T10:15:00Z", 3600)));
    planned.sync().await;
    let mut host = planned.server.host();
    let list = open(&mut host, "/bookings/upcoming").await;
    assert!(list.text.contains("10:15 to 11:15 in “work” lies over it."));
    let path = format!("/bookings/{uid}/conflict");
    for odd in ["", "do"] {
        let refused = host.submit_to(&list, &path, &[("step", odd)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd:?} is no yes to both");
    }
    let page = press(&mut host, &list, &path, &[("step", "ask")]).await;
    assert!(notice(&page).starts_with("The guest is asked"), "{}", notice(&page));
    assert!(page.text.contains("Guest was asked"));
    let page = press(&mut host, &page, &path, &[("step", "keep")]).await;
    assert_eq!((notice(&page).as_str(), page.texts("#needs").len()), ("Both stay.", 0));
}

#[tokio::test]
async fn what_becomes_of_changes_in_a_calendar_is_a_setting() {
    let planned = Planned::start().await;
    let mut host = planned.server.host();
    let page = open(&mut host, "/settings/profile").await;
    assert_eq!(page.values("[name=calendar_changes][checked]", "value"), ["ask"]);
    let done = host.submit_to(&page, "/settings/profile", &[("calendar_changes", "follow")]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(page.values("[name=calendar_changes][checked]", "value"), ["follow"]);
    let uid = booked(&planned).await;
    planned.planner.edit("work", &uid, Edit::Delete);
    planned.sync().await;
    let list = open(&mut host, "/bookings/cancelled").await;
    assert!(list.text.contains("Cancelled in the calendar."));
}
