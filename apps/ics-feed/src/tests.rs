//! Feeds, beyond what the suite asks of every calendar.

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault, Played, example, gateway};
use kalends_app::gateway::Patience;
use kalends_app::http::{Answer, Transport};
use kalends_app::kind::calendar::Changes;
use kalends_app::{AnyCalendar, Cx, Error, Kind, RemoteId, Request};
use kalends_domain::Span;
use proptest::prelude::*;
use rstest::rstest;

use super::{APP, FEED, IcsFeed, fake::Publisher};

/// A way out on which one host is in a private network, as the guard of the real one says it.
struct Guarded(Arc<Publisher>);

impl Transport for Guarded {
    fn send(&self, request: Request) -> Answer<'_> {
        if request.url.host_str() == Some("inside.example.test") {
            return Box::pin(async {
                Err(Error::new(Kind::Invalid, "inside.example.test is in a private network"))
            });
        }
        let played = Played::new(Arc::clone(&self.0) as Arc<dyn Fake>);
        Box::pin(async move { played.send(request).await })
    }
}

fn cx(publisher: &Arc<Publisher>, host: &str) -> Cx {
    signed(publisher, host, &[])
}

fn signed(publisher: &Arc<Publisher>, host: &str, login: &[(&str, &str)]) -> Cx {
    let mut form = publisher.form();
    let link = form["url"].replace("feeds.example.test", host);
    form.insert("url".into(), link);
    let account = example::filled_in(&APP, &example::changed(form, login)).expect("the form takes it");
    let net = Arc::new(Guarded(Arc::clone(publisher)));
    gateway(net, example::begin()).cx(&APP, account, Patience::Job).expect("the app takes the account")
}

fn part() -> &'static dyn AnyCalendar {
    &IcsFeed
}

fn feed() -> RemoteId {
    RemoteId::new(FEED)
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn span(from: &str, to: &str) -> Span {
    Span::new(at(from), at(to))
}

fn march() -> Span {
    span("2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z")
}

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}\nEND:VCALENDAR\n")
}

async fn changes(cx: &Cx, since: Option<&str>) -> Changes {
    part().changes(cx, &feed(), since, march()).await.expect("tells what changed")
}

async fn times(publisher: &Arc<Publisher>) -> Vec<Span> {
    let cx = cx(publisher, "plain.example.test");
    let busy = part().busy(&cx, &[feed()], march()).await.expect("says when it is busy");
    busy.into_iter().map(|busy| busy.span).collect()
}

/// The same account, so much later.
fn later(mut cx: Cx, wait: SignedDuration) -> Cx {
    cx.now += wait;
    cx
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_one_calendar_that_can_only_be_read() {
    let publisher = Arc::new(Publisher::default());
    let all = part().calendars(&cx(&publisher, "feeds.example.test")).await.expect("lists");
    let [one] = all.as_slice() else { panic!("one calendar, not {all:?}") };
    assert_eq!((one.name.as_str(), one.zone.as_deref()), ("Shift plan", Some("Europe/Vienna")));
    assert!(!one.writable && !part().can().writes);
}

#[tokio::test(start_paused = true)]
async fn a_name_of_ones_own_goes_before_the_feeds_and_its_host_comes_last() {
    let publisher = Arc::new(Publisher::default());
    let own = signed(&publisher, "feeds.example.test", &[("name", "Shifts")]);
    assert_eq!(part().probe(&own).await.expect("connects").identity, "Shifts");
    publisher.publish(calendar(""));
    let host = part().probe(&cx(&publisher, "feeds.example.test")).await.expect("connects");
    assert_eq!(host.identity, "feeds.example.test");
}

#[rstest]
#[case::by_etag("feeds.example.test")]
#[case::by_date("dated.example.test")]
#[case::by_content("plain.example.test")]
#[tokio::test(start_paused = true)]
async fn ics_01_what_did_not_change_is_not_read_again(#[case] host: &str) {
    let publisher = Arc::new(Publisher::default());
    let cx = cx(&publisher, host);
    let first = changes(&cx, None).await;
    assert!(first.full && first.upserts.len() == 1);
    let hour = later(cx, SignedDuration::from_hours(1));
    let same = changes(&hour, first.cursor.as_deref()).await;
    assert!(!same.full && same.upserts.is_empty() && same.cursor.is_some(), "{same:?}");

    publisher.publish(calendar(""));
    let next = changes(&later(hour, SignedDuration::from_hours(1)), same.cursor.as_deref()).await;
    assert!(next.full && next.upserts.is_empty(), "what was there is no more: {next:?}");
    assert_eq!(publisher.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn ics_01_nobody_asks_more_often_than_every_five_minutes() {
    let publisher = Arc::new(Publisher::default());
    let cx = cx(&publisher, "feeds.example.test");
    let first = changes(&cx, None).await;
    let asked = publisher.bench().seen().len();
    let soon = later(cx.clone(), SignedDuration::from_mins(4));
    assert!(!changes(&soon, first.cursor.as_deref()).await.full);
    assert_eq!(publisher.bench().seen().len(), asked);
    changes(&later(cx, SignedDuration::from_mins(5)), first.cursor.as_deref()).await;
    assert_eq!(publisher.bench().seen().len(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn ics_01_the_publishers_interval_says_when_to_come_again() {
    let publisher = Arc::new(Publisher::default());
    let cx = cx(&publisher, "feeds.example.test");
    let first = changes(&cx, None).await;
    assert_eq!(first.quiet_until, Some(cx.now + SignedDuration::from_mins(30)));
}

#[tokio::test(start_paused = true)]
async fn a_lost_cursor_asks_for_a_new_start() {
    let publisher = Arc::new(Publisher::default());
    let cx = cx(&publisher, "feeds.example.test");
    for lost in ["", "nonsense", "{}"] {
        let error = part().changes(&cx, &feed(), Some(lost), march()).await.expect_err("it is lost");
        assert_eq!(error.kind, Kind::CursorExpired, "{lost:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ics_01_a_redirect_is_followed_and_the_sign_in_stays_home() {
    let publisher = Arc::new(Publisher::default());
    let moved = cx(&publisher, "moved.example.test");
    assert!(changes(&moved, None).await.full);
    let login = [("username", "hanna"), ("password", "canary-password")];
    let locked = signed(&publisher, "locked.example.test", &login);
    assert!(changes(&locked, None).await.full);
    assert_eq!(publisher.bench().strays(), Vec::<String>::new(), "nobody else saw the password");
}

#[rstest]
#[case::in_circles("circle.example.test", "circles")]
#[case::unprotected("unsafe.example.test", "unprotected")]
#[case::to_another_scheme("elsewhere.example.test", "unprotected")]
#[tokio::test(start_paused = true)]
async fn a_redirect_to_where_no_secret_may_go_is_not_followed(#[case] host: &str, #[case] says: &str) {
    let publisher = Arc::new(Publisher::default());
    let error = part().probe(&cx(&publisher, host)).await.expect_err("it is refused");
    assert!(error.kind == Kind::Malformed && error.message().contains(says), "{error}");
    assert!(publisher.bench().seen().len() <= 6);
    assert_eq!(publisher.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_user_name_without_a_password_is_said_in_words() {
    let publisher = Arc::new(Publisher::default());
    let half = signed(&publisher, "locked.example.test", &[("username", "hanna")]);
    let error = part().probe(&half).await.expect_err("the password is missing");
    assert_eq!(
        (error.kind.name(), error.message()),
        ("invalid_request", "a user name is set: type its password, too")
    );
}

#[tokio::test(start_paused = true)]
async fn every_hop_goes_through_the_guard() {
    let publisher = Arc::new(Publisher::default());
    let inside = ("location", "https://inside.example.test/plan.ics".to_owned());
    publisher.bench().next([Fault::Status(307, vec![inside])]);
    let error = part().probe(&cx(&publisher, "feeds.example.test")).await.expect_err("it is inside");
    assert!(error.kind == Kind::Invalid && error.message().contains("private network"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_asks_for_a_sign_in_is_for_its_owner_to_mend() {
    let publisher = Arc::new(Publisher::default());
    let error = part().probe(&cx(&publisher, "locked.example.test")).await.expect_err("it is locked");
    assert_eq!(error.kind, Kind::AuthRevoked);
}

#[rstest]
#[case::a_page(b"<!DOCTYPE html><html>Sign in</html>", "web page")]
#[case::zipped(b"\x1f\x8b\x08\x00", "compressed")]
#[case::json(b"{\"items\":[]}", "not a calendar")]
#[case::nothing(b"", "not a calendar")]
#[tokio::test(start_paused = true)]
async fn what_is_no_calendar_is_said_and_never_empty(#[case] body: &[u8], #[case] says: &str) {
    let publisher = Arc::new(Publisher::default());
    publisher.publish(body);
    let error = part().busy(&cx(&publisher, "feeds.example.test"), &[feed()], march()).await;
    let error = error.expect_err("it is no calendar");
    assert!(error.kind == Kind::Malformed && error.message().contains(says), "{error}");
}

#[tokio::test(start_paused = true)]
async fn ics_02_a_broken_file_still_says_what_it_can() {
    let publisher = Arc::new(Publisher::default());
    let events = "BEGIN:VEVENT\nUID:a\nDTSTART:20270302T100000Z\nDURATION:PT1H\nX-ODD;;=:\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:bad\nDTSTART:sometime\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:day\nDTSTART;VALUE=DATE:20270304\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nDTSTART:20270305T100000Z\nDURATION:PT1H\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:open\nDTSTART:20270306T100000Z\nDTEND:20270306T110000Z";
    publisher.publish([b"\xef\xbb\xbf", calendar(events).replace("END:VCALENDAR\n", "").as_bytes()].concat());
    assert_eq!(
        times(&publisher).await,
        [
            span("2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z"),
            span("2027-03-03T23:00:00Z", "2027-03-04T23:00:00Z"),
            span("2027-03-05T10:00:00Z", "2027-03-05T11:00:00Z"),
            span("2027-03-06T10:00:00Z", "2027-03-06T11:00:00Z"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn events_without_a_uid_block_like_others_and_stay_one_row() {
    let publisher = Arc::new(Publisher::default());
    let event =
        |day: u32| format!("BEGIN:VEVENT\nDTSTART:202703{day:02}T100000Z\nDURATION:PT1H\nEND:VEVENT\n");
    publisher.publish(calendar(&(event(2) + &event(3))));
    let all = changes(&cx(&publisher, "feeds.example.test"), None).await;
    let [row] = all.upserts.as_slice() else { panic!("one row, not {:?}", all.upserts) };
    assert_eq!((row.busy.len(), row.span, row.id.as_str().is_empty()), (2, None, false));
    let busy = part().busy(&cx(&publisher, "feeds.example.test"), &[feed()], march()).await.expect("says");
    assert!(busy.iter().all(|busy| busy.uid.is_none()));
}

#[tokio::test(start_paused = true)]
async fn tz_03_windows_zones_and_zones_of_the_files_own_are_understood() {
    let publisher = Arc::new(Publisher::default());
    let zone = "BEGIN:VTIMEZONE\nTZID:Custom\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\n\
        TZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n";
    let event = |uid: &str, zone: &str| {
        format!("BEGIN:VEVENT\nUID:{uid}\nDTSTART;TZID={zone}:20270302T100000\nDURATION:PT1H\nEND:VEVENT\n")
    };
    let events = [zone, &event("a", "Custom"), &event("b", "W. Europe Standard Time")].concat();
    publisher.publish(calendar(&events));
    assert_eq!(
        times(&publisher).await,
        [
            span("2027-03-02T07:00:00Z", "2027-03-02T08:00:00Z"),
            span("2027-03-02T09:00:00Z", "2027-03-02T10:00:00Z"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn rec_04_a_rule_that_never_rests_blocks_and_is_marked() {
    let publisher = Arc::new(Publisher::default());
    let hostile = "BEGIN:VEVENT\nUID:hostile\nDTSTART:20200101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n";
    let good = "BEGIN:VEVENT\nUID:good\nDTSTART:20270302T100000Z\nDURATION:PT1H\nEND:VEVENT\n";
    publisher.publish(calendar(&[hostile, good].concat()));
    let all = changes(&cx(&publisher, "feeds.example.test"), None).await;
    let rows: Vec<_> = all.upserts.iter().map(|row| (row.uid.as_str(), row.unexpanded)).collect();
    assert_eq!(rows, [("good", false), ("hostile", true)]);
    assert_eq!(all.upserts[1].busy, [march()]);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_left_out_and_the_far_future_is_not() {
    let publisher = Arc::new(Publisher::default());
    let event = |uid: &str, year: u32| {
        format!("BEGIN:VEVENT\nUID:{uid}\nDTSTART:{year}0302T100000Z\nDURATION:PT1H\nEND:VEVENT\n")
    };
    publisher.publish(calendar(&(event("past", 2020) + &event("far", 2030))));
    let all = changes(&cx(&publisher, "feeds.example.test"), None).await;
    assert_eq!(all.upserts.iter().map(|row| row.uid.as_str()).collect::<Vec<_>>(), ["far"]);
}

#[tokio::test(start_paused = true)]
async fn twenty_thousand_events_are_read_and_the_next_look_costs_one_question() {
    let publisher = Arc::new(Publisher::default());
    let events = (0..20_000)
        .map(|n| {
            let day = 1 + n % 28;
            format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:202703{day:02}T100000Z\nDURATION:PT1H\nEND:VEVENT\n")
        })
        .collect::<Vec<_>>()
        .concat();
    publisher.publish(calendar(&events));
    let cx = cx(&publisher, "feeds.example.test");
    let all = changes(&cx, None).await;
    assert_eq!((all.upserts.len(), publisher.bench().seen().len()), (20_000, 1));
    changes(&later(cx, SignedDuration::from_hours(1)), all.cursor.as_deref()).await;
    assert_eq!(publisher.bench().seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn all_08_the_link_stands_in_no_error_and_no_debug_text() {
    let publisher = Arc::new(Publisher::default());
    let cx = cx(&publisher, "feeds.example.test");
    publisher.bench().next(vec![Fault::Status(404, vec![]); 4]);
    let error = part().probe(&cx).await.expect_err("it is gone");
    let said = format!("{error} {error:?} {cx:?} {:?}", publisher.bench().seen());
    assert!(!said.contains("private-5cbd8a1c7d2e4f60") && !said.contains("canary"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_unasked_304_is_not_an_empty_calendar() {
    let publisher = Arc::new(Publisher::default());
    for status in [204, 206, 304] {
        publisher.bench().next([Fault::Status(status, vec![])]);
        let error = part().busy(&cx(&publisher, "feeds.example.test"), &[feed()], march()).await;
        assert_eq!(error.expect_err("it is no calendar").kind, Kind::Malformed, "{status}");
    }
}

proptest! {
    #[test]
    fn all_10_no_file_makes_it_panic(lines in prop::collection::vec(
        "(BEGIN|END):V(CALENDAR|EVENT|TIMEZONE)|(UID|DTSTART|DTEND|DURATION|RRULE|EXDATE|RDATE|TZID|X-WR-CALNAME|REFRESH-INTERVAL)[;:=A-Z0-9,/-]{0,24}|\\PC{0,12}", 0..24
    )) {
        let text = format!("BEGIN:VCALENDAR\r\n{}", lines.join("\r\n"));
        if let Ok(feed) = kalends_ical::Feed::read(text.as_bytes()) {
            let owner = kalends_ical::Owner::new([""; 0], kalends_domain::Zone::utc());
            let rows = super::events::all(&feed, &owner, march());
            prop_assert!(rows.iter().all(|row| !row.id.as_str().is_empty()));
            let _ = super::events::busy(&feed, &owner, march()); // whatever it says, it says it
        }
    }
}
