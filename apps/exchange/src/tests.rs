//! Exchange, beyond what the suite asks of every calendar.

mod edits;
mod finding;

use std::collections::BTreeMap;
use std::sync::Arc;

use kalends_app::fake::{Dns, Fake, Fault, Played, example, gateway};
use kalends_app::gateway::Patience;
use kalends_app::kind::calendar::{Attendance, Attendee, Changes, Draft, Shown};
use kalends_app::{AnyCalendar, Cx, Error, Kind, RemoteId, Retry};
use kalends_domain::{Span, event_type::Visibility};

use super::fake::{CALENDAR, Event, Server};
use super::{APP, Exchange};

const NTLM: (&str, &str) = ("server", "ntlm.example.test");

fn typed(server: &Arc<Server>, srv: &'static str, changes: &[(&str, &str)]) -> Cx {
    let account =
        example::filled_in(&APP, &example::changed(server.form(), changes)).expect("the form takes it");
    let net = Arc::new(Played::new(Arc::clone(server) as Arc<dyn Fake>));
    let dns = Dns::with_srv("_autodiscover._tcp", srv);
    let gateway = gateway(net, example::begin()).naming(Arc::new(dns));
    gateway.cx(&APP, account, Patience::Job).expect("the app takes the account")
}

async fn connected(server: &Arc<Server>, changes: &[(&str, &str)]) -> Cx {
    let mut cx = typed(server, "", changes);
    let probe = part().probe(&cx).await.expect("connects");
    cx.settings.as_object_mut().expect("settings").extend(probe.found);
    cx
}

fn part() -> &'static dyn AnyCalendar {
    &Exchange
}

fn calendar() -> RemoteId {
    RemoteId::new(CALENDAR)
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn hour(day: u8) -> Span {
    Span::new(at(&format!("2027-03-{day:02}T10:00:00Z")), at(&format!("2027-03-{day:02}T11:00:00Z")))
}

fn march() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn theirs(uid: &str, span: Span) -> Event {
    Event { uid: uid.into(), span, ..Event::default() }
}

fn draft() -> Draft {
    Draft {
        location: Some("https://meet.example.com/room".into()),
        url: Some("https://kalends.example.com/booking/x".into()),
        attendees: vec![Attendee { person: example::guest(), status: Attendance::Accepted, optional: false }],
        shown: Shown { visibility: Visibility::Private, ..Shown::default() },
        ..example::draft("booking", hour(2))
    }
}

async fn changes(cx: &Cx, since: Option<&str>) -> Changes {
    part().changes(cx, &calendar(), since, march()).await.expect("tells what changed")
}

async fn fails(server: &Arc<Server>, srv: &'static str, form: &[(&str, &str)]) -> Error {
    part().probe(&typed(server, srv, form)).await.expect_err("it does not connect")
}

/// Requests to a host so far.
fn asked(server: &Server, host: &str) -> usize {
    server.bench().seen().iter().filter(|request| request.url.host_str() == Some(host)).count()
}

#[tokio::test(start_paused = true)]
async fn ews_04_ntlm_signs_in_once_for_all_requests_of_a_call() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[NTLM]).await;
    assert_eq!(cx.settings["found"]["scheme"], "ntlm");
    let before = server.bench().count("sign_in");
    part().calendars(&cx).await.expect("lists");
    assert_eq!(server.bench().count("sign_in"), before + 1, "two questions, one sign-in");
    let written = part().create(&cx, &calendar(), &draft()).await.expect("creates");
    assert_eq!(part().busy(&cx, &[calendar()], march()).await.expect("says").len(), 1);
    part().delete(&cx, &calendar(), &written).await.expect("deletes");
    let seen = server.bench().seen();
    let sent = |start: &str| {
        let said = |request: &&kalends_app::Request| {
            request
                .headers
                .get("authorization")
                .is_some_and(|v| v.to_str().unwrap_or_default().starts_with(start))
        };
        seen.iter().filter(said).count()
    };
    assert_eq!(sent("Basic"), 0, "nobody was shown the password");
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn ews_04_a_wrong_password_is_tried_once_per_call() {
    // Servers lock accounts.
    for (host, form) in [("ews.example.test", vec![]), ("ntlm.example.test", vec![NTLM])] {
        let server = Arc::new(Server::default());
        let mut cx = connected(&server, &form).await;
        cx.secrets.insert("password", kalends_app::Secret::new("wrong"));
        let before = asked(&server, host);
        let error = part().busy(&cx, &[calendar()], march()).await.expect_err("it is refused");
        assert_eq!(
            (error.kind, asked(&server, host) - before),
            (Kind::AuthRevoked, if form.is_empty() { 1 } else { 2 })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn ews_04_ntlm_survives_a_connection_that_breaks() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[NTLM]).await;
    server.mailbox().put_by_other(theirs("a", hour(2)));
    for faults in [
        vec![Fault::Refuse],
        vec![Fault::Drop],
        vec![Fault::Status(503, vec![]), Fault::Refuse],
        vec![Fault::Hang],
    ] {
        server.bench().next(faults.clone());
        let busy = part().busy(&cx, &[calendar()], march()).await;
        assert_eq!(busy.expect("says in the end").len(), 1, "{faults:?}");
    }
    assert_eq!(server.bench().strays(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn ews_04_over_ntlm_too_a_lost_answer_leaves_one_event() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[NTLM]).await;
    server.bench().next_write([Fault::Drop]);
    let error = part().create(&cx, &calendar(), &draft()).await.expect_err("its answer was lost");
    assert_eq!(error.kind, Kind::UnknownOutcome);
    part().create(&cx, &calendar(), &draft()).await.expect("is our own earlier try");
    assert_eq!(part().busy(&cx, &[calendar()], march()).await.expect("says").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ews_04_a_server_that_offers_neither_says_what_its_operator_can_do() {
    let error = fails(&Arc::default(), "", &[("server", "kerberos.example.test")]).await;
    assert!(error.kind == Kind::AuthRevoked && error.message().contains("NTLM nor Basic"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn ews_01_a_mailbox_in_the_cloud_is_sent_to_its_own_app() {
    let server = Arc::new(Server::default());
    let error = fails(&server, "", &[("server", "https://outlook.office365.com/EWS/Exchange.asmx")]).await;
    assert!(error.kind == Kind::Invalid && error.message().contains("Microsoft 365"), "{error}");
    assert_eq!(server.bench().seen().len(), 0, "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn ews_02_an_older_server_is_asked_in_its_own_version() {
    let server = Arc::new(Server::default());
    server.mailbox().grow_old();
    let cx = connected(&server, &[]).await;
    assert_eq!(cx.settings["found"]["version"], "Exchange2010_SP2");
    assert!(!part().calendars(&cx).await.expect("lists").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_sign_in_page_is_no_success() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    server.bench().next([Fault::Status(302, vec![("location", "https://ews.example.test/owa/".into())])]);
    assert!(part().busy(&cx, &[calendar()], march()).await.expect_err("it moved").is_missing());
}

#[tokio::test(start_paused = true)]
async fn what_was_thrown_away_is_no_calendar_and_what_is_read_only_says_so() {
    let all = part().calendars(&connected(&Arc::default(), &[]).await).await.expect("lists");
    let seen: BTreeMap<&str, (bool, bool)> =
        all.iter().map(|c| (c.name.as_str(), (c.writable, c.primary))).collect();
    let expected = [("Calendar", (true, true)), ("Holidays", (false, false)), ("Team", (true, false))];
    assert_eq!(seen, BTreeMap::from(expected));
}

#[tokio::test(start_paused = true)]
async fn ews_05_a_series_blocks_as_the_server_expands_it() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let series = vec![hour(2), hour(9), hour(18)]; // one was moved by a day, one taken out (REC-05)
    server.mailbox().put_by_other(Event { series: series.clone(), ..theirs("weekly", hour(2)) });
    let all = changes(&cx, None).await;
    assert_eq!((all.upserts[0].busy.as_slice(), all.upserts[0].span), (series.as_slice(), None));
    let busy = part().busy(&cx, &[calendar()], march()).await.expect("says");
    assert_eq!(busy.iter().map(|busy| busy.span).collect::<Vec<_>>(), series);
    assert!(busy.iter().all(|busy| busy.uid.as_deref() == Some("weekly")));
}

#[tokio::test(start_paused = true)]
async fn ews_05_a_changed_series_is_told_with_all_its_times() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let id =
        server.mailbox().put_by_other(Event { series: vec![hour(2), hour(9)], ..theirs("weekly", hour(2)) });
    let first = changes(&cx, None).await;
    server.mailbox().change_by_other(&id, |event| event.series = vec![hour(3)]);
    let next = changes(&cx, first.cursor.as_deref()).await;
    assert_eq!((next.full, next.upserts[0].busy.as_slice()), (false, [hour(3)].as_slice()));
}

#[tokio::test(start_paused = true)]
async fn ews_08_times_go_out_with_a_windows_zone() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    for (zone, windows) in [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("Antarctica/Troll", "UTC"),
    ] {
        let draft = Draft { uid: zone.into(), zone: zone.into(), ..draft() };
        let written = part().create(&cx, &calendar(), &draft).await.expect("creates");
        let stored = server.mailbox().holding(written.id.as_str()).expect("is there").events
            [written.id.as_str()]
        .clone();
        assert_eq!((stored.zone.as_str(), stored.span), (windows, draft.span), "{zone}");
    }
}

#[tokio::test(start_paused = true)]
async fn guests_stand_in_the_text_and_nobody_is_invited() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let written = part().create(&cx, &calendar(), &draft()).await.expect("creates");
    let texts = server.mailbox().holding(written.id.as_str()).expect("is there").events[written.id.as_str()]
        .texts
        .clone();
    assert_eq!(
        texts["Body"],
        "See you\n\nGus Guest <guest@example.com>\n\nhttps://kalends.example.com/booking/x"
    );
    assert_eq!((texts["Subject"].as_str(), texts["Sensitivity"].as_str()), ("Introduction", "Private"));
}

#[tokio::test(start_paused = true)]
async fn ews_10_uids_that_differ_by_case_are_two_bookings() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let (one, other) = (Draft { uid: "abc".into(), ..draft() }, Draft { uid: "ABC".into(), ..draft() });
    let first = part().create(&cx, &calendar(), &one).await.expect("creates");
    let second = part().create(&cx, &calendar(), &other).await.expect("creates another");
    assert_ne!(first.id, second.id);
    assert_eq!(part().find(&cx, &calendar(), "ABC").await.expect("looks").expect("is there").id, second.id);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_somebody_moved_is_not_taken_for_our_earlier_try() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let written = part().create(&cx, &calendar(), &draft()).await.expect("creates");
    server.mailbox().change_by_other(written.id.as_str(), |event| event.span = hour(3));
    let error = part().create(&cx, &calendar(), &draft()).await.expect_err("it was moved");
    assert_eq!(error.kind, Kind::Conflict);
    let error = part().update(&cx, &calendar(), &written, &draft()).await.expect_err("it was moved");
    assert_eq!(error.kind, Kind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn ews_06_a_busy_server_is_left_alone_for_as_long_as_it_says() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let busy = |ms: u64| {
        let text = format!(
            r#"<s:Envelope xmlns:s="{}"><s:Body><s:Fault><faultcode>a:ErrorServerBusy</faultcode><faultstring>Busy.</faultstring><detail><e:ResponseCode xmlns:e="{}">ErrorServerBusy</e:ResponseCode><t:MessageXml xmlns:t="{}"><t:Value Name="BackOffMilliseconds">{ms}</t:Value></t:MessageXml></detail></s:Fault></s:Body></s:Envelope>"#,
            super::soap::SOAP,
            super::soap::ERRORS,
            super::soap::TYPES
        );
        Fault::Garbage(text.into())
    };
    server.bench().next([busy(2_000)]);
    let begun = tokio::time::Instant::now();
    part().busy(&cx, &[calendar()], march()).await.expect("is let in after that");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(2), "no call before it ended");
    server.bench().next([busy(3_600_000)]);
    let error = part().busy(&cx, &[calendar()], march()).await.expect_err("an hour is too long");
    assert_eq!(error.retry, Retry::After(std::time::Duration::from_hours(1)));
}

#[tokio::test(start_paused = true)]
async fn ews_09_colleagues_and_rooms_are_read_and_never_written() {
    let server = Arc::new(Server::default());
    let cx =
        connected(&server, &[("others", "Room@example.com\nhidden@example.com\nnobody@example.com")]).await;
    let all = part().calendars(&cx).await.expect("lists");
    let room = all.iter().find(|calendar| calendar.name == "room@example.com").expect("is listed");
    assert!(!room.writable && !room.primary);
    let year = Span::new(march().start, march().start + 365 * 86_400);
    let busy = part().busy(&cx, std::slice::from_ref(&room.id), year).await.expect("says");
    assert_eq!(busy.len(), 365, "asked in pieces of two months, and nothing twice");
    let told = part().changes(&cx, &room.id, None, march()).await.expect("tells");
    assert_eq!((told.full, told.upserts[0].busy.len()), (true, 31));
    for (who, kind) in [("hidden", Kind::PolicyDenied), ("nobody", Kind::NotFound)] {
        let id = RemoteId::new(format!("busy:{who}@example.com"));
        assert_eq!(part().busy(&cx, &[id], march()).await.expect_err("is not free").kind, kind, "{who}");
    }
}

#[tokio::test(start_paused = true)]
async fn fb_08_titles_are_not_even_asked_for() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    changes(&cx, None).await;
    part().busy(&cx, &[calendar()], march()).await.expect("says");
    let bodies: Vec<String> = server
        .bench()
        .seen()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    assert!(bodies.iter().all(|body| !body.contains("Subject") && !body.contains("Default")));
}

#[tokio::test(start_paused = true)]
async fn a_full_calendar_is_read_to_its_end_and_one_change_costs_one_question() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    for n in 0..20_000_i64 {
        let start = at("2027-03-01T00:00:00Z") + n * 60;
        server.mailbox().put_by_other(theirs(&n.to_string(), Span::new(start, start + 60)));
    }
    let all = changes(&cx, None).await;
    assert_eq!((all.upserts.len(), all.full), (20_000, true));
    let busy = part().busy(&cx, &[calendar()], march()).await.expect("says");
    assert_eq!(busy.len(), 20_000, "twenty answers, and nothing twice");
    let id = server.mailbox().put_by_other(theirs("new", hour(20)));
    let before = server.bench().seen().len();
    let next = changes(&cx, all.cursor.as_deref()).await;
    assert_eq!((next.upserts.len(), next.upserts[0].id.as_str()), (1, id.as_str()));
    assert_eq!(server.bench().seen().len() - before, 1);
    server.mailbox().remove_by_other(&id);
    let gone = changes(&cx, next.cursor.as_deref()).await;
    assert_eq!(gone.removed, [RemoteId::new(id)]);
}

#[tokio::test(start_paused = true)]
async fn more_at_one_time_than_can_be_told_is_not_an_empty_calendar() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    for n in 0..1_500 {
        server.mailbox().put_by_other(theirs(&n.to_string(), hour(2)));
    }
    let error = part().busy(&cx, &[calendar()], march()).await.expect_err("it cannot be read");
    assert_eq!(error.kind, Kind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_left_out_of_a_first_reading_and_the_far_future_is_not() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let year =
        |year: i16| Span::new(at(&format!("{year}-03-02T10:00:00Z")), at(&format!("{year}-03-02T11:00:00Z")));
    server.mailbox().put_by_other(theirs("past", year(2020)));
    server.mailbox().put_by_other(theirs("far", year(2035)));
    assert_eq!(changes(&cx, None).await.upserts.iter().map(|e| e.uid.as_str()).collect::<Vec<_>>(), ["far"]);
}

#[tokio::test(start_paused = true)]
async fn all_08_the_password_stands_in_no_error_and_no_debug_text() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[NTLM]).await;
    server.bench().next(vec![Fault::Status(500, vec![]); 8]);
    let error = part().busy(&cx, &[calendar()], march()).await.expect_err("it is down");
    let said = format!("{error} {error:?} {cx:?} {:?}", server.bench().seen());
    assert!(!said.contains("correct horse"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn ews_07_ids_that_differ_by_case_are_two_events_and_go_with_their_version() {
    let server = Arc::new(Server::default());
    let cx = connected(&server, &[]).await;
    let first = part().create(&cx, &calendar(), &draft()).await.expect("creates");
    let other = Draft { uid: "another".into(), span: hour(3), ..draft() };
    let second = part().create(&cx, &calendar(), &other).await.expect("creates");
    assert!(first.id != second.id && first.id.as_str().eq_ignore_ascii_case(second.id.as_str()));
    let later = Draft { sequence: 1, span: hour(4), ..other };
    let written = part().update(&cx, &calendar(), &second, &later).await.expect("moves");
    let sent = server.bench().seen();
    let sent = sent.iter().rfind(|one| one.op.name == "UpdateItem").expect("it was sent");
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    let (id, version) = (second.id.as_str(), second.etag.as_deref().expect("a version"));
    assert!(body.contains(&format!(r#"Id="{id}""#)) && body.contains(version), "{body}");
    assert_ne!(written.etag, second.etag);
    part().delete(&cx, &calendar(), &first).await.expect("deletes");
    let busy = part().busy(&cx, &[calendar()], march()).await.expect("says");
    assert_eq!(busy.iter().map(|one| one.span).collect::<Vec<_>>(), [hour(4)], "the other one stands");
}
