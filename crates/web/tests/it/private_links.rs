//! Private links: used, used up, and used up while somebody types.

use http::StatusCode;
use kalends_engine::event_types::PrivateLinkDraft;

use crate::{
    guest::{ANSWERS, ELEVEN, TEN, book, open_form},
    house::{Server, plain},
};

/// A link that books once, and its address.
async fn good_once() -> (Server, String) {
    let server = Server::start().await;
    let event_type = server.offer("consultation", plain()).await;
    let draft = PrivateLinkDraft { expires_at: None, most_uses: Some(1) };
    let link = server.house.engine.create_private_link(&server.member(), event_type.id, draft).await.unwrap();
    (server, format!("/d/{}", link.uid))
}

#[tokio::test]
async fn a_private_link_books_so_often_and_no_more() {
    let (server, path) = good_once().await;
    let mut guest = server.guest();
    book(&mut guest, &path, TEN).await;
    let used = guest.get(&path).await;
    assert_eq!(
        (used.status, used.texts("h1")),
        (StatusCode::GONE, vec!["This link has been used".to_owned()])
    );
    assert_eq!(guest.get("/d/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_last_use_of_a_link_sent_twice_leads_to_its_booking_both_times() {
    let (server, path) = good_once().await;
    let mut guest = server.guest();
    let form = open_form(&mut guest, &path, TEN).await;
    let first = guest.submit(&form, &ANSWERS).await.to();
    assert!(first.starts_with("/booking/"), "{first}");
    assert_eq!(guest.submit(&form, &ANSWERS).await.to(), first);
}

#[tokio::test]
async fn a_link_that_ends_while_the_form_is_open_gives_back_what_was_typed() {
    let (server, path) = good_once().await;
    let (mut slow, mut quick) = (server.guest(), server.guest());
    let form = open_form(&mut slow, &path, ELEVEN).await;
    book(&mut quick, &path, TEN).await;
    let typed = [("name", "Ben"), ("email", "ben@example.org"), ("notes", "Third floor, <ring> twice.")];
    let gone = slow.submit(&form, &typed).await;
    assert_eq!(
        (gone.status, gone.texts("h1")),
        (StatusCode::GONE, vec!["This link has been used".to_owned()])
    );
    assert_eq!(gone.texts("dl.kv dd"), ["Ben", "ben@example.org", "Third floor, <ring> twice."]);
    assert!(gone.text.contains("Nothing was booked"), "{}", gone.text);
}
