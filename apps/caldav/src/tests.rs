//! CalDAV, beyond what the suite asks of every calendar.

mod edits;

use std::sync::Arc;

use kalends_app::{
    Account, AnyCalendar, Cx, Kind, RemoteId, Request, Secret, Secrets,
    fake::{self, Dns, Fake, Fault, Instead, Played, example, gateway},
    gateway::Patience,
    kind::calendar::{Changes, RemoteEvent},
};
use kalends_domain::Span;

use super::{APP, CalDav, fake::Server};

struct World {
    server: Arc<Server>,
    own: Instead,
    srv: &'static str,
}

impl World {
    fn new() -> Self {
        Self { server: Arc::new(Server::default()), own: |_| None, srv: "" }
    }

    fn cx(&self, typed: &str) -> Cx {
        let net = Arc::new(Played::new(Arc::clone(&self.server) as Arc<dyn Fake>).but(self.own));
        let dns = Dns::with_srv("_caldavs._tcp", self.srv);
        let gateway = gateway(net, example::begin()).naming(Arc::new(dns));
        let form = self.server.form();
        let account = Account {
            settings: serde_json::json!({ "server": typed, "username": form["username"] }),
            secrets: Secrets::none().with("password", Secret::new(form["password"].as_str())),
            ..example::account()
        };
        gateway.cx(&APP, account, Patience::Job).expect("the account can be used")
    }

    /// The account as the connect page leaves it.
    async fn connected(&self, typed: &str) -> Cx {
        let mut cx = self.cx(typed);
        let probe = part().probe(&cx).await.expect("connects");
        cx.settings.as_object_mut().expect("settings").extend(probe.found);
        cx
    }
}

fn part() -> &'static dyn AnyCalendar {
    &CalDav
}

fn work(host: &str) -> RemoteId {
    RemoteId::new(format!("https://{host}/calendars/host/work/"))
}

fn window() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn ics(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTAMP:20270101T000000Z\r\nSUMMARY:Secret plans\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn hour(day: u32) -> String {
    format!("DTSTART:202703{day:02}T100000Z\r\nDTEND:202703{day:02}T110000Z")
}

async fn changes(cx: &Cx, of: &RemoteId, since: Option<&str>) -> Changes {
    part().changes(cx, of, since, window()).await.expect("tells what changed")
}

fn uids(events: &[RemoteEvent]) -> Vec<&str> {
    events.iter().map(|event| event.uid.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn dav_01_the_calendars_are_found_from_whatever_people_type() {
    let world = World::new();
    for typed in [
        "https://dav.example.test",
        "dav.example.test",
        "https://dav.example.test/dav/",
        "https://dav.example.test/principals/host/",
        "host@dav.example.test",
    ] {
        let probe = part().probe(&world.cx(typed)).await.expect(typed);
        assert_eq!(probe.identity, "Hanna Host");
    }
    assert_eq!(world.server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn dav_04_tasks_are_no_calendar_and_what_is_read_only_says_so() {
    let world = World::new();
    let calendars = part().calendars(&world.cx("https://dav.example.test")).await.expect("lists");
    let seen: Vec<_> =
        calendars.iter().map(|c| (c.name.as_str(), c.colour.as_deref(), c.writable, c.primary)).collect();
    assert_eq!(
        seen,
        [
            ("Holidays", None, false, false),
            ("Private", Some("#abcdef"), true, false),
            ("Work", Some("#1a73e8"), true, true),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn dav_02_a_stranger_the_server_sends_us_to_does_not_get_the_password() {
    let own = |request: &Request| {
        let home = request.url.host_str() == Some("example.org");
        home.then(|| fake::answer(request, 301, &[("location", "https://evil.example.test/")], ""))
    };
    let world = World { own, ..World::new() };
    let error = part().probe(&world.cx("https://example.org")).await.expect_err("it asks first");
    assert!(error.message().contains("type this as the server: https://evil.example.test"), "{error}");
    assert_eq!(world.server.bench().seen().len(), 0, "nothing was sent there");
}

#[tokio::test(start_paused = true)]
async fn dav_02_a_stranger_the_names_point_to_does_not_get_the_password() {
    let own = |request: &Request| {
        (request.url.host_str() == Some("example.org")).then(|| fake::answer(request, 404, &[], ""))
    };
    let world = World { own, srv: "dav.example.test", ..World::new() };
    let error = part().probe(&world.cx("me@example.org")).await.expect_err("it asks first");
    assert!(error.message().contains("https://dav.example.test"), "{error}");
    let world = World { own, srv: "dav.example.org", ..World::new() };
    // A server of the same house is asked; here it is not there.
    assert_eq!(part().probe(&world.cx("me@example.org")).await.expect_err("strays").kind, Kind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn dav_02_the_internet_gets_no_password_in_the_clear() {
    let own = |request: &Request| {
        assert!(!request.headers.contains_key("authorization"), "it was sent unprotected");
        Some(fake::answer(request, 401, &[("www-authenticate", "Basic realm=\"x\"")], ""))
    };
    let world = World { own, ..World::new() };
    let error = part().probe(&world.cx("http://dav.example.org")).await.expect_err("it refuses");
    assert!(error.message().contains("https://"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_web_page_is_told_from_a_calendar_server() {
    let own =
        |request: &Request| Some(fake::answer(request, 200, &[], "<!doctype html><html><p>Welcome</html>"));
    let world = World { own, ..World::new() };
    let error = part().probe(&world.cx("https://www.example.org")).await.expect_err("it is no calendar");
    assert_eq!(error.kind, Kind::Malformed);
    assert!(error.message().contains("web page"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn dav_03_entities_and_depth_are_refused() {
    let bomb = "<!DOCTYPE m [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><d:multistatus xmlns:d=\"DAV:\">&b;</d:multistatus>";
    let entity = "<d:multistatus xmlns:d=\"DAV:\">&b;</d:multistatus>";
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    for body in [bomb.to_owned(), entity.to_owned(), deep] {
        let world = World::new();
        let cx = world.connected("https://dav.example.test").await;
        world.server.bench().next([Fault::Garbage(body.into())]);
        let error = part().busy(&cx, &[work("dav.example.test")], window()).await.expect_err("refuses");
        assert_eq!(error.kind, Kind::Malformed);
    }
}

#[tokio::test(start_paused = true)]
async fn dav_06_every_dialect_tells_what_changed() {
    for host in ["dav.example.test", "tags.example.test", "plain.example.test", "digest.example.test"] {
        let world = World::new();
        let (cx, of) = (world.connected(&format!("https://{host}")).await, work(host));
        world.server.put_by_other("work", "a.ics", &ics("a", &hour(2)));
        let first = changes(&cx, &of, None).await;
        assert_eq!((uids(&first.upserts), first.full), (vec!["a"], true), "{host}");
        assert_eq!(first.cursor.is_some(), host != "plain.example.test");

        let same = changes(&cx, &of, first.cursor.as_deref()).await;
        assert_eq!(same.upserts.len(), usize::from(host == "plain.example.test"));

        world.server.put_by_other("work", "b.ics", &ics("b", &hour(3)));
        world.server.remove_by_other("work", "a.ics");
        let next = changes(&cx, &of, same.cursor.as_deref()).await;
        assert_eq!(uids(&next.upserts), ["b"], "{host}");
        // A listing that is whole tells by silence, a difference by name.
        assert_eq!(next.removed.len(), usize::from(!next.full), "{host}");
        assert_eq!(world.server.bench().strays(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn dav_06_a_difference_of_many_pages_is_read_to_its_end() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    let cursor = changes(&cx, &of, None).await.cursor;
    for n in 0..200 {
        world.server.put_by_other("work", &format!("{n}.ics"), &ics(&n.to_string(), &hour(2)));
    }
    let all = changes(&cx, &of, cursor.as_deref()).await;
    assert_eq!((all.upserts.len(), all.full), (200, false));
}

/// ALL-11: the same place twice, and more beyond it, is not the end.
#[tokio::test(start_paused = true)]
async fn dav_06_a_difference_that_never_goes_on_is_read_anew_from_the_whole() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    let cursor = changes(&cx, &of, None).await.cursor.expect("a cursor");
    let token = cursor.split_once(' ').map_or(cursor.as_str(), |(_, token)| token);
    let home = of.as_str().trim_start_matches("https://dav.example.test");
    let stuck = format!(
        "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>{home}</d:href>\
         <d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>\
         <d:sync-token>{token}</d:sync-token></d:multistatus>"
    );
    world.server.put_by_other("work", "beyond.ics", &ics("beyond", &hour(2)));
    world.server.bench().next([Fault::Garbage(stuck.into())]);
    let failed =
        part().changes(&cx, &of, Some(&cursor), window()).await.expect_err("what is beyond is not told");
    assert_eq!(failed.kind, Kind::CursorExpired, "{failed}");
    let whole = changes(&cx, &of, None).await;
    assert_eq!((uids(&whole.upserts), whole.full), (vec!["beyond"], true));
}

#[tokio::test(start_paused = true)]
async fn dav_07_a_server_that_says_no_etag_is_asked_for_it() {
    let world = World::new();
    let host = "plain.example.test";
    let cx = world.connected(&format!("https://{host}")).await;
    world.server.put_by_other("work", "theirs.ics", &ics("theirs", &hour(2)));
    let found = part().find(&cx, &work(host), "theirs").await.expect("looks").expect("is there");
    assert!(found.etag.is_some());
}

#[tokio::test(start_paused = true)]
async fn dav_11_an_event_under_another_name_is_found_by_its_uid() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    world.server.put_by_other("work", "moved-by-someone.ics", &ics("booking", &hour(2)));
    let found = part().find(&cx, &of, "booking").await.expect("looks").expect("is there");
    assert!(found.id.as_str().ends_with("/moved-by-someone.ics"));
    part().delete(&cx, &of, &found).await.expect("deletes it there");
    assert_eq!(world.server.body("work", "moved-by-someone.ics"), None);
}

#[tokio::test(start_paused = true)]
async fn fb_08_titles_do_not_come_along() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    world.server.put_by_other("work", "a.ics", &ics("a", &hour(2)));
    let all = changes(&cx, &of, None).await;
    assert!(!format!("{all:?}").contains("Secret plans"));
}

#[tokio::test(start_paused = true)]
async fn rec_04_a_hostile_rule_blocks_its_calendar_and_is_marked() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    let hostile = "DTSTART:20200101T000000Z\r\nDTEND:20200101T000001Z\r\nRRULE:FREQ=SECONDLY";
    world.server.put_by_other("work", "hostile.ics", &ics("hostile", hostile));
    world.server.put_by_other("work", "good.ics", &ics("good", &hour(2)));
    let all = changes(&cx, &of, None).await;
    let marked: Vec<_> = all.upserts.iter().map(|e| (e.uid.as_str(), e.unexpanded, e.busy.len())).collect();
    assert_eq!(marked, [("good", false, 1), ("hostile", true, 1)]);
    assert_eq!(all.upserts[1].busy, [window()]);
}

#[tokio::test(start_paused = true)]
async fn rec_04_a_search_that_never_ends_does_not_hide_the_calendar() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    world.server.put_by_other("work", "good.ics", &ics("good", &hour(2)));
    world.server.bench().next(vec![Fault::Hang; 4]);
    let busy = part().busy(&cx, &[of], window()).await.expect("is read piece by piece");
    assert_eq!(busy.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_object_that_is_no_calendar_does_not_hide_the_others() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    world.server.put_by_other("work", "junk.ics", "no calendar at all");
    world.server.put_by_other("work", "good.ics", &ics("good", &hour(2)));
    assert_eq!(uids(&changes(&cx, &of, None).await.upserts), ["good"]);
}

#[tokio::test(start_paused = true)]
async fn twenty_thousand_events_are_listed() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    for n in 0..20_000 {
        let day = 1 + n % 28;
        // Most lie in the past, as they do.
        let year = if n < 2_000 { 2027 } else { 2010 + n % 17 };
        let times = format!("DTSTART:{year}03{day:02}T100000Z\r\nDTEND:{year}03{day:02}T110000Z");
        world.server.put_by_other("work", &format!("{n}.ics"), &ics(&n.to_string(), &times));
    }
    let all = changes(&cx, &of, None).await;
    assert_eq!(all.upserts.len(), 2_000);
    assert_eq!(part().busy(&cx, &[of], window()).await.expect("says").len(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_place_is_looked_for_again() {
    let world = World::new();
    let mut cx = world.connected("https://dav.example.test").await;
    cx.settings["found"]["homes"][0] = "https://dav.example.test/calendars/moved/".into();
    assert_eq!(part().calendars(&cx).await.expect("discovers anew").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn dav_02_a_calendar_on_a_strange_server_is_not_asked() {
    let world = World::new();
    let cx = world.connected("https://dav.example.test").await;
    let before = world.server.bench().seen().len();
    let error = part().busy(&cx, &[work("tags.example.test")], window()).await.expect_err("refuses");
    assert_eq!((error.kind, world.server.bench().seen().len()), (Kind::Invalid, before));
}

#[tokio::test(start_paused = true)]
async fn dav_07_a_uid_that_stands_in_another_place_is_a_conflict() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    world.server.put_by_other("work", "elsewhere.ics", &ics("booking", &hour(2)));
    let draft = example::draft("booking", Span::new(at("2027-03-02T10:00:00Z"), at("2027-03-02T11:00:00Z")));
    let error = part().create(&cx, &of, &draft).await.expect_err("the uid is taken");
    assert_eq!(error.kind, Kind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn dav_05_who_may_only_see_when_it_is_busy_sees_that() {
    let world = World::new();
    let cx = world.connected("https://busy.example.test").await;
    world.server.put_by_other("work", "a.ics", &ics("a", &hour(2)));
    let busy = part().busy(&cx, &[work("busy.example.test")], window()).await.expect("says when");
    let span = Span::new(at("2027-03-02T10:00:00Z"), at("2027-03-02T11:00:00Z"));
    assert_eq!(busy.iter().map(|b| (b.span, b.uid.as_deref())).collect::<Vec<_>>(), [(span, None)]);
}

#[tokio::test(start_paused = true)]
async fn dav_05_a_calendar_without_names_is_mirrored_without_names() {
    let world = World::new();
    let (cx, of) = (world.connected("https://busy.example.test").await, work("busy.example.test"));
    world.server.put_by_other("work", "a.ics", &ics("a", &hour(2)));
    let all = changes(&cx, &of, None).await;
    let span = Span::new(at("2027-03-02T10:00:00Z"), at("2027-03-02T11:00:00Z"));
    assert_eq!(
        (all.full, all.upserts[0].busy.as_slice(), all.upserts[0].span),
        (true, [span].as_slice(), None)
    );
    world.server.remove_by_other("work", "a.ics");
    let next = changes(&cx, &of, all.cursor.as_deref()).await;
    assert!(next.full && next.upserts.iter().all(|event| event.busy.is_empty()), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn dav_09_colleagues_and_rooms_are_asked_through_the_outbox() {
    let world = World::new();
    let mut cx = world.connected("https://dav.example.test").await;
    cx.settings["others"] = "Room@example.com, hidden@example.com\nnobody@example.com".into();
    let all = part().calendars(&cx).await.expect("lists");
    let room = all.iter().find(|calendar| calendar.name == "room@example.com").expect("is listed");
    assert!(!room.writable && all.len() == 6);
    let both = [work("dav.example.test"), room.id.clone()];
    let busy = part().busy(&cx, &both, window()).await.expect("says");
    assert_eq!(busy.iter().map(|busy| busy.tentative).collect::<Vec<_>>(), [false, false, true]);
    let told = part().changes(&cx, &room.id, None, window()).await.expect("tells");
    assert_eq!((told.full, told.upserts[0].busy.len(), told.upserts[1].busy.len()), (true, 2, 1));
    for (who, kind) in [("hidden", Kind::PolicyDenied), ("nobody", Kind::NotFound)] {
        let of = [RemoteId::new(format!("busy:{who}@example.com"))];
        assert_eq!(part().busy(&cx, &of, window()).await.expect_err("is not free").kind, kind, "{who}");
    }
    assert_eq!(world.server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn dav_09_a_server_without_an_outbox_says_so_by_the_field() {
    let world = World::new();
    let mut cx = world.connected("https://dav.example.test").await;
    cx.settings["others"] = "room@example.com".into();
    cx.settings["found"]["outbox"] = serde_json::Value::Null;
    let error = part().calendars(&cx).await.expect_err("it cannot ask");
    assert!(error.kind == Kind::Invalid && error.message().starts_with("others: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_never_taken_for_success() {
    let world = World::new();
    let (cx, of) = (world.connected("https://dav.example.test").await, work("dav.example.test"));
    let to = || vec![("location", "https://dav.example.test/elsewhere/".to_owned())];
    world.server.put_by_other("work", "booking.ics", &ics("booking", &hour(2)));
    let written = part().find(&cx, &of, "booking").await.expect("looks").expect("is there");
    world.server.bench().next([Fault::Status(302, to()), Fault::Status(301, to())]);
    assert!(part().delete(&cx, &of, &written).await.expect_err("it moved").is_missing());
    assert!(part().busy(&cx, &[of], window()).await.expect_err("it moved").is_missing());
}

#[tokio::test(start_paused = true)]
async fn dav_10_a_wrong_password_is_tried_once_per_scheme() {
    // Servers lock accounts.
    for (host, tries) in [("dav.example.test", 1), ("digest.example.test", 2)] {
        let world = World::new();
        let mut cx = world.connected(&format!("https://{host}")).await;
        cx.secrets.insert("password", Secret::new("wrong"));
        world.server.refuse_everybody();
        let before = world.server.bench().seen().len();
        let error = part().busy(&cx, &[work(host)], window()).await.expect_err("it is refused");
        assert_eq!(error.kind, Kind::AuthRevoked);
        assert_eq!(world.server.bench().seen().len() - before, tries, "{host}");
    }
}
