//! What other clients do on the same server.

use std::time::Duration;

use kalends_app::{AnyCalendar, Kind, RemoteId, kind::calendar::Draft};
use kalends_conformance::{
    Check, Stage,
    suites::calendar::{busy, draft, moved, place, spans, window},
};
use kalends_domain::Span;

use crate::peer::{address, calendars, connected, put, raw};

type On = Check<dyn AnyCalendar>;

/// The checks.
pub const CHECKS: &[On] = &[
    On::new("the_account_is_found_from_the_bare_server", |_, _| {
        // DAV-01
        Box::pin(async move {
            for place in ["RADICALE", "CYRUS"] {
                let Ok(address) = std::env::var(format!("KALENDS_PEER_{place}")) else { continue };
                let url = reqwest::Url::parse(&address).expect("an address");
                let bare = url.origin().ascii_serialization();
                let stage = connected(&bare, "host", "hostpw").await.expect("finds the account");
                assert!(!calendars(&stage).await.expect("lists").is_empty());
            }
        })
    }),
    On::new("a_wrong_password_is_said", |stage, part| {
        Box::pin(async move {
            let mut cx = stage.cx.clone();
            cx.secrets.insert("password", kalends_app::Secret::new("not it"));
            let error = part.probe(&cx).await.expect_err("it is wrong");
            assert_eq!(error.kind, Kind::AuthRevoked, "{error}");
            assert!(error.message().contains("password"), "{error}");
        })
    }),
    On::new("a_wrong_address_is_said", |stage, part| {
        Box::pin(async move {
            let mut cx = stage.patient(Duration::from_secs(5));
            cx.settings["server"] = "http://127.0.0.1:9/".into();
            let error = part.probe(&cx).await.expect_err("nobody is there");
            assert_eq!(error.kind, Kind::Down, "{error}");
        })
    }),
    On::new("other_peoples_events_take_their_times", |stage, part| {
        // REC-02, REC-05, FB-01, FB-02, FB-03, FB-05
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let weekly = "DTSTART;TZID=Europe/Berlin:20270302T100000\r\nDTEND;TZID=Europe/Berlin:20270302T110000\r\n\
                RRULE:FREQ=WEEKLY;COUNT=5\r\nEXDATE;TZID=Europe/Berlin:20270309T100000";
            let override_ = "RECURRENCE-ID;TZID=Europe/Berlin:20270316T100000\r\n\
                DTSTART;TZID=Europe/Berlin:20270317T150000\r\nDTEND;TZID=Europe/Berlin:20270317T153000";
            put(&into, "weekly", &ics(&[event("weekly", weekly), event("weekly", override_)])).await;
            let day = "DTSTART;VALUE=DATE:20270305\r\nDTEND;VALUE=DATE:20270306\r\nTRANSP:OPAQUE";
            put(&into, "day", &ics(&[event("day", day)])).await;
            let free = "DTSTART:20270306T100000Z\r\nDTEND:20270306T110000Z\r\nTRANSP:TRANSPARENT";
            put(&into, "free", &ics(&[event("free", free)])).await;
            let cancelled = "DTSTART:20270307T100000Z\r\nDTEND:20270307T110000Z\r\nSTATUS:CANCELLED";
            put(&into, "cancelled", &ics(&[event("cancelled", cancelled)])).await;

            let found = spans(&busy(&stage, &part, &into).await);
            let expected = [
                ("2027-03-02T09:00:00Z", "2027-03-02T10:00:00Z"),
                ("2027-03-04T23:00:00Z", "2027-03-05T23:00:00Z"),
                ("2027-03-17T14:00:00Z", "2027-03-17T14:30:00Z"),
                ("2027-03-23T09:00:00Z", "2027-03-23T10:00:00Z"),
                ("2027-03-30T08:00:00Z", "2027-03-30T09:00:00Z"),
            ];
            assert_eq!(found, expected.map(|(from, to)| Span::new(at(from), at(to))));

            let all = part.changes(&stage.cx, &into, None, window()).await.expect("lists");
            let series = all.upserts.iter().find(|e| e.uid == "weekly").expect("the series is listed");
            assert_eq!((series.busy.len(), series.span), (4, None));
        })
    }),
    On::new("a_booking_that_others_move_or_take_away_is_told", |stage, part| {
        Box::pin(async move {
            let (into, draft) = (place(&stage, &part).await, draft("theirs", 0));
            let written = part.create(&stage.cx, &into, &draft).await.expect("creates");
            let cursor = part.changes(&stage.cx, &into, None, window()).await.expect("lists").cursor;
            let times = "SEQUENCE:7\r\nDTSTART:20270303T100000Z\r\nDTEND:20270303T103000Z";
            put_at(written.id.as_str(), &ics(&[event(&draft.uid, times)])).await;

            let some = part.changes(&stage.cx, &into, cursor.as_deref(), window()).await.expect("asks");
            let span = Span::new(at("2027-03-03T10:00:00Z"), at("2027-03-03T10:30:00Z"));
            assert_eq!(
                some.upserts.iter().map(|e| (e.uid.as_str(), e.span, e.sequence)).collect::<Vec<_>>(),
                [(draft.uid.as_str(), Some(span), 7)]
            );
            let error =
                part.update(&stage.cx, &into, &written, &moved(&draft, 60)).await.expect_err("changed");
            assert_eq!(error.kind, Kind::Conflict);

            assert!((200..300).contains(&raw("DELETE", written.id.as_str(), "").await));
            let gone = part.changes(&stage.cx, &into, some.cursor.as_deref(), window()).await.expect("asks");
            assert_eq!(gone.removed, [written.id]);
        })
    }),
    On::new("nobody_is_invited_behind_our_back", |stage, part| {
        // DAV-09: the server knows the guest and would invite them itself.
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let address =
                address(if into.as_str().contains("/dav/calendars/") { "CYRUS" } else { "RADICALE" });
            let guest = connected(&address.replace("/host/", "/guest/"), "guest", "guestpw").await;
            let guest = guest.expect("the guest connects");
            let before = guests_times(&guest).await;
            let draft: Draft = draft("uninvited", 0);
            part.create(&stage.cx, &into, &draft).await.expect("creates");
            part.update(&stage.cx, &into, &find(&stage, &into, &draft.uid).await, &moved(&draft, 60))
                .await
                .expect("updates");
            assert_eq!(guests_times(&guest).await, before);
        })
    }),
    On::new("a_colleague_is_asked_through_the_outbox", |stage, part| {
        // DAV-09, RFC 6638 section 5
        Box::pin(async move {
            if !place(&stage, &part).await.as_str().contains("/dav/calendars/") {
                return; // the other server has no outbox
            }
            let address = address("CYRUS");
            let guest = connected(&address.replace("/host/", "/guest/"), "guest", "guestpw").await;
            let guest = guest.expect("the guest connects");
            let theirs = place(&guest, &part).await;
            let draft = draft("outbox", 11 * 86_400);
            if let Some(left) = part.find(&guest.cx, &theirs, &draft.uid).await.expect("looks") {
                part.delete(&guest.cx, &theirs, &left).await.expect("takes away what an earlier run left");
            }
            let written = part.create(&guest.cx, &theirs, &draft).await.expect("the guest has an event");
            let host = connected(&address, "host", "hostpw").await.expect("the host connects");
            let mut cx = host.cx.clone();
            cx.settings["others"] = "guest@example.com".into();
            let all = part.calendars(&cx).await.expect("lists");
            let colleague = all.iter().find(|one| one.name == "guest@example.com").expect("is listed");
            let of = std::slice::from_ref(&colleague.id);
            assert!(spans(&part.busy(&cx, of, window()).await.expect("says")).contains(&draft.span));
            let told = part.changes(&cx, &colleague.id, None, window()).await.expect("tells");
            assert!(told.full && told.upserts.iter().any(|event| event.busy.contains(&draft.span)));
            part.delete(&guest.cx, &theirs, &written).await.expect("takes it away");
            assert!(!spans(&part.busy(&cx, of, window()).await.expect("says")).contains(&draft.span));
            let nobody = [RemoteId::new("busy:nobody@example.org")];
            part.busy(&cx, &nobody, window()).await.expect_err("is not free");
        })
    }),
    On::new("a_rule_that_never_rests_blocks_and_does_not_hang", |stage, part| {
        // REC-04
        Box::pin(async move {
            let into = place(&stage, &part).await;
            let hostile = "DTSTART:20270228T000000Z\r\nDTEND:20270228T000001Z\r\nRRULE:FREQ=SECONDLY";
            let status = raw("PUT", &format!("{into}hostile.ics"), &ics(&[event("hostile", hostile)])).await;
            if !(200..300).contains(&status) {
                return; // the server has more sense than to keep it
            }
            match part.busy(&stage.cx, std::slice::from_ref(&into), window()).await {
                Ok(busy) => assert_eq!(spans(&busy), [window()]),
                // A server that chokes on it itself is down, which is not free either.
                Err(error) => assert_eq!(error.kind, Kind::Down, "{error}"),
            }
        })
    }),
];

async fn find(stage: &Stage, into: &RemoteId, uid: &str) -> kalends_app::kind::calendar::Written {
    let part = stage.app.calendar().expect("a calendar");
    part.find(&stage.cx, into, uid).await.expect("looks").expect("it is there")
}

async fn guests_times(guest: &Stage) -> Vec<Span> {
    let part = guest.app.calendar().expect("a calendar");
    let of: Vec<RemoteId> = calendars(guest).await.expect("lists").into_iter().map(RemoteId).collect();
    let busy = part.busy(&guest.cx, &of, window()).await.expect("says");
    spans(&busy)
}

async fn put_at(url: &str, body: &str) {
    let status = raw("PUT", url, body).await;
    assert!((200..300).contains(&status), "PUT {url}: {status}");
}

fn event(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:Theirs\r\n{lines}\r\nEND:VEVENT\r\n"
    )
}

fn ics(events: &[String]) -> String {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n\
        TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
        BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\n{zone}{}END:VCALENDAR\r\n",
        events.concat()
    )
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}
