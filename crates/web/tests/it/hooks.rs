//! Inbound webhooks: size first, then who, then an answer at once (INB-01 to INB-04).

use axum::body::Body;
use http::{Request, StatusCode, header};
use kalends_app::hook::Raw;
use kalends_testkit::planner::Edit;
use tower::ServiceExt;

use crate::house::{Planned, in_seconds};

/// The path a provider would call.
fn path(raw: &Raw) -> String {
    raw.url.path().to_owned()
}

async fn call(
    planned: &Planned,
    method: &str,
    path: &str,
    raw: Option<&Raw>,
    body: Vec<u8>,
) -> axum::response::Response {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "book.example");
    for (name, value) in raw.iter().flat_map(|raw| &raw.headers) {
        request = request.header(name, value);
    }
    planned.server.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

async fn text(response: axum::response::Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_notice_is_taken_at_once_and_the_change_is_there_after_the_job() {
    let planned = Planned::start().await;
    planned.planner.notices();
    planned.planner.edit("work", "dentist", Edit::At(in_seconds("2026-11-25T10:00:00Z", 3600)));
    let notice = planned.planner.notices().remove(0);
    let answer = call(&planned, "POST", &path(&notice), Some(&notice), notice.body.to_vec()).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert!(answer.headers().get(header::SET_COOKIE).is_none());
    assert_eq!(text(answer).await, "");
    planned.settle().await;
    let times = planned.server.guest().get("/ines/consultation?month=2026-11&date=2026-11-25").await;
    assert!(!times.text.contains("2026-11-25T10:00:00Z"), "the dentist's hour is not offered any more");
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_anything_is_looked_at_inb_01() {
    let planned = Planned::start().await;
    let answer = call(&planned, "POST", "/hooks/planner/guessed", None, vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let notice = planned.planner.notices().remove(0);
    let answer = call(&planned, "POST", &path(&notice), None, vec![b'x'; 1 << 20]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a megabyte is read, and then not believed");
}

#[tokio::test]
async fn strangers_and_forgers_get_an_empty_no_inb_03() {
    let planned = Planned::start().await;
    let notice = planned.planner.notices().remove(0);
    let guessed = call(&planned, "POST", "/hooks/planner/guessed", Some(&notice), notice.body.to_vec()).await;
    assert_eq!((guessed.status(), text(guessed).await), (StatusCode::NOT_FOUND, String::new()));
    let forged = call(&planned, "POST", &path(&notice), Some(&notice), b"{}".to_vec()).await;
    assert_eq!((forged.status(), text(forged).await), (StatusCode::UNAUTHORIZED, String::new()));
    let other = call(&planned, "DELETE", &path(&notice), Some(&notice), vec![]).await;
    assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_handshake_gets_its_word_back_and_no_browser_takes_it_for_a_page_inb_04() {
    let planned = Planned::start().await;
    let notice = planned.planner.notices().remove(0);
    let asked = format!("{}?challenge=%3Cscript%3E", path(&notice));
    let answer = call(&planned, "GET", &asked, None, vec![]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/plain");
    assert_eq!(text(answer).await, "<script>");
}

#[tokio::test]
async fn a_notice_that_never_ends_does_not_hold_the_door_msg_16_inb_02() {
    let planned = Planned::start().await;
    let path = path(&planned.planner.notices().remove(0));
    let endless = futures::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
    let request =
        Request::post(path).header(header::HOST, "book.example").body(Body::from_stream(endless)).unwrap();
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let answer = planned.server.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(begun.elapsed().as_secs(), 3, "providers wait no longer");
}
