//! What new rules of local time did to bookings, and one click (TZ-02).

use http::StatusCode;
use kalends_domain::event_type::EventType;
use kalends_store::sql;
use kalends_testkit::make;

use super::{after, notice, open};
use crate::house::{Server, in_seconds, plain};

const LIST: &str = "/settings/zones";

/// A guest's booking at this instant of 25 November; its uid.
async fn booked(server: &Server, hour: &str) -> String {
    let mut guest = server.guest();
    let start = format!("2026-11-25T{hour}:00Z");
    let kept = guest.get(&format!("/ines/consultation/book?start={start}")).await;
    let form = guest.follow(&kept).await;
    let typed = [("name", "Marta"), ("email", "marta@hollweg.example"), ("go", "book")];
    let done = guest.submit(&form, &typed).await;
    done.to().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// On their walls stands what clocks showed while Lisbon had summer time all year: an hour more than by the rules of now.
async fn new_rules(server: &Server, bookings: &[(&str, &str)]) {
    for (uid, hour) in bookings {
        let (uid, wall) = ((*uid).to_owned(), format!("2026-11-25T{hour}:00"));
        let done: Result<_, kalends_store::Error> = server
            .house
            .test
            .db
            .write(move |tx| {
                let change = sql("UPDATE bookings SET wall = $1 WHERE uid = $2").bind(&wall).bind(&uid);
                Box::pin(async move { tx.run(change).await })
            })
            .await;
        assert_eq!(done.unwrap(), 1);
    }
    server.house.engine.follow_clock_rules("2026b").await.unwrap();
}

#[tokio::test]
async fn a_booking_that_new_rules_moved_is_listed_and_moves_with_one_click_tz_02() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let uid = booked(&server, "10:00").await;
    let mut host = server.host();
    let quiet = open(&mut host, LIST).await;
    assert!(quiet.text.contains("not been compared"), "{}", quiet.text);
    new_rules(&server, &[(&uid, "11:00")]).await;

    let list = open(&mut host, LIST).await;
    assert!(
        list.text.contains("Local times go by release 2026b of the rules, since Monday 23 November, 09:00.")
    );
    assert_eq!(list.texts("#needs"), ["One booking needs you"]);
    assert_eq!(list.texts(".rows .muted"), ["Marta, Wednesday 25 November, 10:00 to 10:30"]);
    assert!(
        list.text.contains(
            "Agreed for 11:00 in Lisbon time; by the new rules it is at 10:00. If moved: 11:00 to 11:30."
        ),
        "{}",
        list.text
    );
    assert_eq!(open(&mut host, "/bookings/upcoming").await.texts("#needs"), ["One booking needs you"]);

    let path = format!("/bookings/{uid}/clock");
    let done = host.submit_to(&list, &path, &[("answer", "move")]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(notice(&page), "Moved to the local time that was agreed. Everybody is told.");
    assert!(page.text.contains("Every booking to come is at the local time that was agreed."));
    assert_eq!(open(&mut host, "/bookings/upcoming").await.texts(".agenda .when"), ["11:00–11:30"]);
    let again = host.submit_to(&list, &path, &[("answer", "keep")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "a question is answered once");
}

#[tokio::test]
async fn a_booking_that_new_rules_moved_keeps_its_instant_with_one_click_tz_02() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let uid = booked(&server, "10:00").await;
    new_rules(&server, &[(&uid, "11:00")]).await;
    let mut host = server.host();
    let one = open(&mut host, &format!("/bookings/{uid}")).await;
    assert_eq!(one.texts("#needs"), ["This booking needs you"]);
    let done = host.submit_to(&one, &format!("/bookings/{uid}/clock"), &[("answer", "keep")]).await;
    let page = after(&mut host, &done).await;
    assert_eq!(notice(&page), "It stays at the same instant. Everybody is told the local time.");
    assert_eq!(page.texts("#needs"), [""; 0]);
    assert!(page.text.contains("Instant kept by a host"));
    assert_eq!(open(&mut host, "/bookings/upcoming").await.texts(".agenda .when"), ["10:00–10:30"]);
}

#[tokio::test]
async fn a_booking_whose_agreed_time_is_taken_says_so_and_stays_in_the_list_tz_02() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let uid = booked(&server, "10:00").await;
    booked(&server, "11:00").await;
    new_rules(&server, &[(&uid, "11:00")]).await;
    let mut host = server.host();
    let list = open(&mut host, LIST).await;
    let refused = host.submit_to(&list, &format!("/bookings/{uid}/clock"), &[("answer", "move")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(notice(&refused), "Nothing was changed.");
    assert!(refused.text.contains("Something else takes the time that was agreed."));
    assert_eq!(open(&mut host, LIST).await.texts("#needs"), ["One booking needs you"]);
}

#[tokio::test]
async fn all_move_with_one_click_and_those_that_cannot_are_said_tz_02() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let (first, second) = (booked(&server, "10:00").await, booked(&server, "11:00").await);
    new_rules(&server, &[(&first, "11:00"), (&second, "12:00")]).await;
    let mut host = server.host();
    let list = open(&mut host, LIST).await;
    let done = host.submit_to(&list, LIST, &[]).await;
    assert_eq!(
        notice(&after(&mut host, &done).await),
        "All moved to the local time that was agreed. Everybody is told."
    );
    let moved = open(&mut host, "/bookings/upcoming").await;
    assert_eq!(moved.texts(".agenda .when"), ["11:00–11:30", "12:00–12:30"]);
}

#[tokio::test]
async fn colleagues_neither_see_nor_answer_what_concerns_others_tz_02() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let uid = booked(&server, "10:00").await;
    new_rules(&server, &[(&uid, "11:00")]).await;
    let mut jonas = server.colleague("jonas").await;
    let page = open(&mut jonas, LIST).await;
    assert_eq!(page.texts("#needs"), [""; 0]);
    let csrf = page.values("[name=csrf]", "value").remove(0);
    let typed = [("csrf", csrf.as_str()), ("answer", "keep")];
    let refused = jonas.post(&format!("/bookings/{uid}/clock"), &typed).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(open(&mut server.host(), LIST).await.texts("#needs"), ["One booking needs you"]);
}

/// So many bookings an hour apart, without anybody's time.
async fn many(server: &Server, of: &EventType, count: i64) {
    for hour in 0..count {
        let start = in_seconds("2026-12-01T10:00:00Z", 0).start + hour * 3600;
        let span = kalends_domain::Span::new(start, start + 1800);
        let mut one = make::booking(&server.house.test.ids, of, span, server.house.engine.now());
        one.wall = one.wall.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let added: Result<(), kalends_store::Error> = server
            .house
            .test
            .db
            .write(move |tx| {
                let one = one.clone();
                Box::pin(async move { tx.bookings().add(&one).await })
            })
            .await;
        added.unwrap();
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages_tz_02() {
    let server = Server::start().await;
    let of = server.offer("consultation", plain()).await;
    many(&server, &of, 51).await;
    server.house.engine.follow_clock_rules("2026b").await.unwrap();
    let mut host = server.host();
    let first = open(&mut host, LIST).await;
    assert_eq!(first.texts(".rows > li").len(), 50);
    let more = first.values("a.btn[href*='skip=']", "href");
    assert_eq!(more, ["/settings/zones?skip=50"]);
    let rest = open(&mut host, &more[0]).await;
    assert_eq!(rest.texts(".rows > li").len(), 1);
}
