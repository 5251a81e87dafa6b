//! iCloud, beyond what the suite asks of every calendar.

use std::sync::Arc;

use kalends_app::fake::{Fake, Fault, Played, example, gateway};
use kalends_app::gateway::Patience;
use kalends_app::kind::calendar::{Attendance, Attendee, Draft, Person};
use kalends_app::{AnyCalendar, Cx, Kind, RemoteId};
use kalends_domain::Span;
use rstest::rstest;

use super::fake::{Cloud, Old};
use super::{APP, ICloud};

fn typed(cloud: &Arc<Cloud>, changes: &[(&str, &str)]) -> Cx {
    let account =
        example::filled_in(&APP, &example::changed(cloud.form(), changes)).expect("the form takes it");
    let net = Arc::new(Played::new(Arc::clone(cloud) as Arc<dyn Fake>));
    gateway(net, example::begin()).cx(&APP, account, Patience::Job).expect("the app takes the account")
}

async fn connected(cloud: &Arc<Cloud>) -> Cx {
    let mut cx = typed(cloud, &[]);
    let probe = part().probe(&cx).await.expect("connects");
    cx.settings.as_object_mut().expect("settings").extend(probe.found);
    cx
}

fn part() -> &'static dyn AnyCalendar {
    &ICloud
}

fn work() -> RemoteId {
    RemoteId::new("/8000042/calendars/work/")
}

fn march() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn draft() -> Draft {
    example::draft("booking", Span::new(at("2027-03-02T10:00:00Z"), at("2027-03-02T11:00:00Z")))
}

/// Requests to a host so far.
fn asked(cloud: &Cloud, host: &str) -> usize {
    cloud.bench().seen().iter().filter(|request| request.url.host_str() == Some(host)).count()
}

#[tokio::test(start_paused = true)]
async fn icl_03_the_account_is_found_on_its_server_and_the_next_call_goes_there_at_once() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    let door = asked(&cloud, "caldav.icloud.com");
    part().busy(&cx, &[work()], march()).await.expect("says");
    assert_eq!(asked(&cloud, "caldav.icloud.com"), door, "the front door is not asked again");
    assert_eq!(cloud.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn icl_01_the_front_door_is_apples_and_answers_nothing_but_dav() {
    let cloud = Arc::new(Cloud::default());
    connected(&cloud).await;
    let first = cloud.bench().seen().into_iter().next().expect("it was asked");
    assert_eq!(
        (first.url.host_str(), first.url.port_or_known_default()),
        (Some("caldav.icloud.com"), Some(443))
    );
    let gets = cloud.bench().seen().into_iter().filter(|request| request.method == "GET");
    assert_eq!(gets.count(), 0, "a GET is answered by 400 and tells nothing");
}

#[tokio::test(start_paused = true)]
async fn icl_05_apple_is_told_to_invite_nobody() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    let guest = Attendee {
        person: Person { name: "Gus Guest".into(), email: "guest@example.com".into() },
        status: Attendance::Accepted,
        optional: false,
    };
    let draft = Draft { attendees: vec![guest], ..draft() };
    part().create(&cx, &work(), &draft).await.expect("creates");
    let put =
        cloud.bench().seen().into_iter().rfind(|request| request.method == "PUT").expect("it was written");
    let event = String::from_utf8_lossy(&put.body).replace("\r\n ", "");
    let lines: Vec<_> = event.lines().filter(|line| line.starts_with("ATTENDEE")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("SCHEDULE-AGENT=CLIENT")), "{event}");
}

#[tokio::test(start_paused = true)]
async fn icl_07_reminders_are_no_calendar() {
    let cloud = Arc::new(Cloud::default());
    let all = part().calendars(&connected(&cloud).await).await.expect("lists");
    let names: Vec<&str> = all.iter().map(|calendar| calendar.name.as_str()).collect();
    assert_eq!(names, ["Holidays", "Private", "Work"]);
}

#[rstest]
#[case(Old::Redirects)]
#[case(Old::Forgets)]
#[case(Old::Misdirected)]
#[case(Old::Refuses)]
#[tokio::test(start_paused = true)]
async fn icl_03_an_account_that_moved_is_looked_for_and_keeps_its_names(#[case] old: Old) {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    let before = part().calendars(&cx).await.expect("lists");
    let written = part().create(&cx, &work(), &draft()).await.expect("creates");
    cloud.move_to(43, old);
    assert_eq!(part().calendars(&cx).await.expect("lists there"), before);
    assert_eq!(part().busy(&cx, &[work()], march()).await.expect("says there").len(), 1);
    let found = part().find(&cx, &work(), "booking").await.expect("looks there").expect("is there");
    assert_eq!(found.id, written.id);
    let all = part().changes(&cx, &work(), None, march()).await.expect("tells");
    assert_eq!(all.upserts[0].id, written.id);
    let later = Draft { sequence: 1, title: "Later".into(), ..draft() };
    let written = part().update(&cx, &work(), &written, &later).await.expect("updates there");
    part().delete(&cx, &work(), &written).await.expect("deletes there");
    part().create(&cx, &work(), &draft()).await.expect("creates there");
    assert_eq!(cloud.bench().strays(), Vec::<String>::new());
}

#[rstest]
#[case("https://evil.example.test")]
#[case("https://icloud.com.evil.example.test")]
#[case("http://p42-caldav.icloud.com")]
#[tokio::test(start_paused = true)]
async fn dav_02_the_password_never_leaves_the_house(#[case] lure: &str) {
    let cloud = Arc::new(Cloud::default());
    cloud.lure_to(lure);
    let error = part().probe(&typed(&cloud, &[])).await.expect_err("it does not follow");
    assert_eq!(error.kind, Kind::Malformed, "{error}");
    let to = [("location", format!("{lure}/"))];
    cloud.bench().next([Fault::Status(301, to.to_vec())]);
    let error = part().probe(&typed(&cloud, &[])).await.expect_err("it does not follow");
    assert_eq!(error.kind, Kind::Malformed, "{error}");
    assert_eq!(cloud.bench().strays(), Vec::<String>::new(), "nothing was sent there");
}

#[tokio::test(start_paused = true)]
async fn icl_06_one_refusal_is_not_believed() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    cloud.bench().next([Fault::expired()]);
    part().busy(&cx, &[work()], march()).await.expect("the front door still lets us in");
}

#[tokio::test(start_paused = true)]
async fn icl_02_a_withdrawn_password_says_why_and_what_to_do() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    cloud.change_password();
    let before = cloud.bench().seen().len();
    let error = part().busy(&cx, &[work()], march()).await.expect_err("it is withdrawn");
    assert_eq!((error.kind.clone(), error.http_status()), (Kind::AuthRevoked, Some(401)));
    assert!(error.message().contains("make a new one"), "{error}");
    assert_eq!(cloud.bench().seen().len() - before, 2, "asked once, and once at the front door");
}

#[tokio::test(start_paused = true)]
async fn icl_02_the_password_of_the_apple_account_is_not_even_sent() {
    let cloud = Arc::new(Cloud::default());
    let error = part().probe(&typed(&cloud, &[("password", "My-Own-Passw0rd")])).await.expect_err("refuses");
    assert!(error.kind == Kind::Invalid && error.message().contains("app-specific"), "{error}");
    assert_eq!(cloud.bench().seen().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn icl_04_it_is_not_asked_more_often_than_every_two_minutes() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    let all = part().changes(&cx, &work(), None, march()).await.expect("tells");
    assert_eq!(all.quiet_until, Some("2027-03-01T08:02:00Z".parse().expect("a time")));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_gone_is_not_looked_for_for_ever() {
    let cloud = Arc::new(Cloud::default());
    let cx = connected(&cloud).await;
    let written = part().create(&cx, &work(), &draft()).await.expect("creates");
    part().delete(&cx, &work(), &written).await.expect("deletes");
    let before = cloud.bench().seen().len();
    assert!(part().delete(&cx, &work(), &written).await.expect_err("is gone").is_missing());
    assert!(cloud.bench().seen().len() - before <= 3);
}
