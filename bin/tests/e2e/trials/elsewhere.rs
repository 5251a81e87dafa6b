//! What happens elsewhere: other clients' events on the same calendar take exactly their times off the page.

use std::collections::BTreeSet;
use std::env;

use anyhow::{Context, Result, ensure};
use jiff::civil::{Date, DateTime, Time, Weekday, time};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use libtest_mimic::Trial;
use reqwest::Method;

use crate::host::{Host, filled};
use crate::http::{Http, until};
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    const RADICALE: &[Need] = &[Need::Peer("RADICALE")];
    const CYRUS: &[Need] = &[Need::Peer("CYRUS_HTTP")];
    vec![
        trial("elsewhere::events_on_radicale_take_exactly_their_times", RADICALE, || {
            let server = env::var("KALENDS_PEER_RADICALE")?;
            follows(&Calendar { user: "host3", at: format!("{server}host3/calendar/"), server })
        }),
        trial("elsewhere::events_on_cyrus_take_exactly_their_times", CYRUS, || {
            let server = env::var("KALENDS_PEER_CYRUS_HTTP")?;
            follows(&Calendar {
                user: "host4",
                at: format!("{server}/dav/calendars/user/host4/Default/"),
                server,
            })
        }),
    ]
}

/// A calendar, as another client of its owner's sees it.
struct Calendar {
    user: &'static str,
    server: String,
    at: String,
}

const ZONE: &str = "Europe/Berlin";
const LENGTH: SignedDuration = SignedDuration::from_mins(30);

/// From a time to a time on a day, in the other client's zone.
#[derive(Clone, Copy)]
struct Slot(Date, Time, Time);

// REC-02, FB-01, FB-02, FB-03
fn follows(calendar: &Calendar) -> Result<()> {
    let http = Http::new()?;
    let (single, series) = ("their-single", "their-series");
    for left in [single, series, "their-free", "their-off"] {
        // What a run that failed has left; mostly nothing.
        drop(calendar.delete(&http, left));
    }
    let host = Host::on(&format!("elsewhere-{}", calendar.user), "[net]\nallow = [\"127.0.0.1\"]\n")?;
    host.offer()?;
    let password = format!("{}pw", calendar.user);
    let form = [("server", &*calendar.server), ("username", calendar.user), ("password", &*password)];
    let connected = host.connect("caldav", &form)?;
    ensure!(connected.status == 303, "{}", connected.words());

    // Four weeks from a Monday on, far enough away that nothing goes by meanwhile.
    #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
    let today = Zoned::now().date();
    let monday = today.checked_add(14.days())?.nth_weekday(1, Weekday::Monday)?;
    let day = |number: i64| monday.saturating_add(number.days());
    let offered = || host.offered(monday, day(27));
    let before = until("times to offer", || Ok(Some(offered()?).filter(|all| !all.is_empty())))?;
    let becomes = |expected: &BTreeSet<Timestamp>, after: &str| -> Result<()> {
        host.sync_now()?;
        let mut last = BTreeSet::new();
        let seen = until("change of the page", || {
            last = offered()?;
            Ok((last == *expected).then_some(()))
        });
        let (more, fewer) = (last.difference(expected), expected.difference(&last));
        seen.with_context(|| {
            format!(
                "{after}: too many {:?}, missing {:?}",
                more.collect::<Vec<_>>(),
                fewer.collect::<Vec<_>>()
            )
        })
    };

    // One that says it is free and one that is cancelled stand beside one that blocks, and block nothing.
    let call = Slot(day(2), time(11, 0, 0, 0), time(12, 0, 0, 0));
    let (free, off) = (
        Slot(day(4), time(11, 0, 0, 0), time(12, 0, 0, 0)),
        Slot(day(4), time(13, 0, 0, 0), time(14, 0, 0, 0)),
    );
    calendar.put(&http, "their-free", &[event("their-free", free, "TRANSP:TRANSPARENT")])?;
    calendar.put(&http, "their-off", &[event("their-off", off, "STATUS:CANCELLED")])?;
    calendar.put(&http, single, &[event(single, call, "SUMMARY:Dentist")])?;
    let without_call = without(&before, &[call])?;
    for still in [free, off] {
        ensure!(without_call.contains(&still.start()?), "what blocks nothing would not show: {before:?}");
    }
    ensure!(before.len() - without_call.len() == 2, "the call would cover other times: {before:?}");
    becomes(&without_call, "after a single event")?;

    // Tuesdays, four times; not the second, and the third on its Thursday instead.
    let (from, to) = (time(15, 0, 0, 0), time(16, 0, 0, 0));
    let tuesday = |week: i64| Slot(day(1 + 7 * week), from, to);
    let moved = Slot(day(3 + 14), time(12, 0, 0, 0), time(12, 30, 0, 0));
    let rule = format!("RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID={ZONE}:{}", local(tuesday(1).0, from));
    let instead = format!("RECURRENCE-ID;TZID={ZONE}:{}", local(tuesday(2).0, from));
    calendar.put(&http, series, &[event(series, tuesday(0), &rule), event(series, moved, &instead)])?;
    let weekly = [tuesday(0), moved, tuesday(3)];
    let without_both = without(&without_call, &weekly)?;
    ensure!(without_call.len() - without_both.len() == 5, "the series would cover other times: {before:?}");
    for still in [tuesday(1), tuesday(2)] {
        ensure!(without_both.contains(&still.start()?), "an exception would not show: {before:?}");
    }
    becomes(&without_both, "after a series with exceptions")?;
    let page = host.guest()?.get(&format!("/hanna/call?zone=UTC&date={}", moved.0))?.times()?;
    ensure!(!page.is_empty() && !page.contains(&moved.start()?), "the page differs: {page:?}");

    calendar.delete(&http, single)?;
    becomes(&without(&before, &weekly)?, "after the single event was deleted")?;
    calendar.delete(&http, series)?;
    becomes(&before, "after the series was deleted")?;

    let freed = call.start()?;
    let booked = host.guest()?.post("/hanna/call/book", &filled(&freed.to_string()))?;
    ensure!(booked.status == 303, "{}", booked.words());
    ensure!(!offered()?.contains(&freed), "{freed} is offered again");
    let uid = booked.onward.trim_start_matches("/booking/").split('?').next().unwrap_or_default();
    until("booking in the calendar that the other client can delete", || Ok(calendar.delete(&http, uid).ok()))
}

/// Those starts whose half hour touches none of these.
fn without(starts: &BTreeSet<Timestamp>, busy: &[Slot]) -> Result<BTreeSet<Timestamp>> {
    let busy = busy.iter().map(|slot| Ok((slot.start()?, slot.end()?))).collect::<Result<Vec<_>>>()?;
    let touched = |start: &Timestamp| busy.iter().any(|(from, to)| start < to && *start + LENGTH > *from);
    Ok(starts.iter().copied().filter(|start| !touched(start)).collect())
}

impl Slot {
    fn start(&self) -> Result<Timestamp> {
        Ok(self.0.to_datetime(self.1).in_tz(ZONE)?.timestamp())
    }

    fn end(&self) -> Result<Timestamp> {
        Ok(self.0.to_datetime(self.2).in_tz(ZONE)?.timestamp())
    }
}

fn local(day: Date, at: Time) -> String {
    let at: DateTime = day.to_datetime(at);
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn event(uid: &str, Slot(day, from, to): Slot, lines: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID={ZONE}:{}\r\n\
         DTEND;TZID={ZONE}:{}\r\n{lines}\r\nEND:VEVENT\r\n",
        local(day, from),
        local(day, to)
    )
}

impl Calendar {
    fn put(&self, http: &Http, name: &str, events: &[String]) -> Result<()> {
        let zone = format!(
            "BEGIN:VTIMEZONE\r\nTZID:{ZONE}\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n\
             TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
             BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
             RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
        );
        let body = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\n{zone}{}END:VCALENDAR\r\n",
            events.concat()
        );
        self.send(http, &Method::PUT, name, body)
    }

    fn delete(&self, http: &Http, name: &str) -> Result<()> {
        self.send(http, &Method::DELETE, name, String::new())
    }

    fn send(&self, http: &Http, method: &Method, name: &str, body: String) -> Result<()> {
        let request = http.request(method.clone(), &format!("{}{name}.ics", self.at));
        let request = request.basic_auth(self.user, Some(format!("{}pw", self.user)));
        let request = request.header("content-type", "text/calendar; charset=utf-8").body(body);
        let (status, text) = http.send(request)?;
        ensure!((200..300).contains(&status), "{method} {name}: {status} {text}");
        Ok(())
    }
}
