//! The flight recorder's pages: what was called stands there, a button does a failed step again, and others see nothing.

use axum::body::Body;
use http::{Request, StatusCode, header};
use jiff::{SignedDuration, tz::TimeZone};
use kalends_app::fake::{Fake, Fault};
use kalends_domain::Clock;
use kalends_testkit::planner::Edit;
use tower::ServiceExt;

use super::{after, notice, open};
use crate::{
    browser::{Browser, Seen},
    house::{Planned, in_seconds},
};

const TEN: &str = "2026-11-25T10:00:00Z";

/// A guest books while the calendar refuses; the booking's page on the host's side.
async fn refused(planned: &Planned) -> String {
    let mut guest = planned.server.guest();
    let kept = guest.get(&format!("/ines/consultation/book?start={TEN}")).await;
    let form = guest.follow(&kept).await;
    let typed = [("name", "Marta"), ("email", "marta@hollweg.example"), ("go", "book")];
    let done = guest.submit(&form, &typed).await;
    planned.planner.bench().next_write([Fault::Status(400, vec![])]);
    planned.settle().await;
    done.to().split('?').next().unwrap().replacen("/booking/", "/bookings/", 1)
}

async fn press(planned: &Planned, host: &mut Browser, page: &Seen, action: &str) -> Seen {
    let done = host.submit_to(page, action, &[]).await;
    planned.settle().await;
    after(host, &done).await
}

/// Where the forms inside the page lead that do something again.
fn buttons(page: &Seen) -> Vec<String> {
    page.values("main form", "action").into_iter().filter(|to| to.ends_with("/again")).collect()
}

#[tokio::test]
async fn a_failed_step_stands_on_the_bookings_page_and_its_button_does_it_once() {
    let planned = Planned::start().await;
    let path = refused(&planned).await;
    let mut host = planned.server.host();
    let page = open(&mut host, &path).await;
    assert!(page.text.contains("400, request refused"), "{}", page.text);
    let done = press(&planned, &mut host, &page, &format!("{path}/again")).await;
    assert_eq!(notice(&done), "It is done again now. What comes of it stands here in a moment.");
    assert_eq!(planned.planner.bench().count("create"), 2);
    let page = open(&mut host, &path).await;
    // What waits for a mail server has no button: it needs one first.
    assert_eq!(buttons(&page), [] as [String; 0], "{}", page.text);
    assert!(page.texts(".chip.ok").contains(&"Create: 200".to_owned()), "{}", page.text);
}

#[tokio::test]
async fn a_failed_call_is_replayed_from_the_time_line_and_says_why_not_a_second_time() {
    let planned = Planned::start().await;
    let path = refused(&planned).await;
    let mut host = planned.server.host();
    let line = format!("{path}/calls");
    let page = open(&mut host, &line).await;
    assert_eq!(page.texts("h1"), ["Calls"]);
    assert!(page.text.contains("Times are Lisbon time."));
    let [button] = buttons(&page).try_into().unwrap();
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    press(&planned, &mut host, &page, &button).await;
    assert_eq!(planned.planner.bench().count("create"), 2);
    let after = open(&mut host, &line).await;
    assert_eq!(buttons(&after), [] as [String; 0]);
    assert!(after.text.contains("It was done since."), "{}", after.text);
    let late = host.post(&button, &[("csrf", csrf.as_str())]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.text.contains("Nothing was done."), "{}", late.text);
    assert_eq!(planned.planner.bench().count("create"), 2);
}

#[tokio::test]
async fn an_accounts_calls_and_notices_stand_on_its_pages() {
    let planned = Planned::start().await;
    planned.planner.edit("work", "dentist", Edit::At(in_seconds(TEN, 3600)));
    let told = planned.planner.notices().pop().unwrap();
    for body in [told.body.to_vec(), b"{}".to_vec()] {
        let mut request = Request::post(told.url.path()).header(header::HOST, "book.example");
        for (name, value) in &told.headers {
            request = request.header(name, value);
        }
        planned.server.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    }
    planned.settle().await;
    let mut host = planned.server.host();
    let installed = open(&mut host, "/apps/installed").await;
    let calls = format!("/apps/installed/{}/calls", planned.installation);
    assert!(installed.values("main a", "href").contains(&calls));
    let page = open(&mut host, &calls).await;
    assert!(page.text.contains("Changes") && page.text.contains("planner.example"), "{}", page.text);
    let notices = format!("/apps/installed/{}/notices", planned.installation);
    assert!(page.values(".tabs a", "href").contains(&notices));
    let page = open(&mut host, &notices).await;
    assert!(page.texts(".chip").contains(&"Verified and applied".to_owned()), "{}", page.text);
    assert!(page.texts(".notice")[0].starts_with("1 notice was refused"), "{}", page.text);
    let onward =
        page.values("main a", "href").into_iter().find(|to| to.starts_with(&format!("{notices}/"))).unwrap();
    let page = open(&mut host, &onward).await;
    assert_eq!(page.texts(".entry .what"), ["Changes"]);
}

#[tokio::test]
async fn all_04_an_account_says_until_when_its_provider_asked_us_to_wait() {
    let planned = Planned::start().await;
    let mut host = planned.server.host();
    let before = open(&mut host, "/apps/installed").await;
    assert!(!before.text.contains("asked us to wait"), "{}", before.text);
    let until = planned.server.house.test.clock.now() + SignedDuration::from_secs(3599);
    planned.planner.bench().next([Fault::too_many("3599")]);
    planned.sync().await;
    let eye = until.to_zoned(TimeZone::get("Europe/Lisbon").unwrap());
    assert_eq!(eye.strftime("%H:%M:%S").to_string(), "09:59:59");
    let said = open(&mut host, "/apps/installed").await;
    assert!(
        said.texts("main p")
            .contains(&"Planner asked us to wait until 10:00. It goes on by itself then.".into()),
        "{}",
        said.text
    );
    planned.server.house.test.clock.set(until);
    assert!(!open(&mut host, "/apps/installed").await.text.contains("asked us to wait"));
}

#[tokio::test]
async fn nobody_elses_calls_are_there() {
    let planned = Planned::start().await;
    let path = refused(&planned).await;
    let account = format!("/apps/installed/{}", planned.installation);
    let mut jonas = planned.server.colleague("jonas").await;
    for page in [format!("{path}/calls"), format!("{account}/calls"), format!("{account}/notices")] {
        assert_eq!(jonas.get(&page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
    let mut guest = planned.server.guest();
    assert!(guest.get(&format!("{path}/calls")).await.to().starts_with("/login"));
    for odd in ["/bookings/nobodys/calls", "/apps/installed/7/calls", "/apps/installed/7/notices/7"] {
        assert_eq!(planned.server.host().get(odd).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
}

#[tokio::test]
async fn a_place_that_is_none_is_the_beginning() {
    let planned = Planned::start().await;
    let path = refused(&planned).await;
    let mut host = planned.server.host();
    let whole = open(&mut host, &format!("{path}/calls")).await.texts(".entry");
    assert!(!whole.is_empty());
    assert_eq!(open(&mut host, &format!("{path}/calls?before=%3Cscript%3E")).await.texts(".entry"), whole);
}
