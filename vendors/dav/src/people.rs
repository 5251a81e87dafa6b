//! When others are busy, as their own server tells it: free-busy through the outbox (RFC 6638 section 5, DAV-09).

use std::collections::BTreeSet;

use http::Method;
use kalends_app::kind::calendar::{Busy, Changes, RemoteCalendar};
use kalends_app::{Cx, Error, Kind, RemoteId, Request};
use kalends_domain::Span;
use kalends_ical::Feed;

use crate::Account;
use crate::xml::{self, CALDAV, Element};

/// Marks the calendar of somebody of whom only busy times are read.
const PERSON: &str = "busy:";
/// People and rooms that are listed.
const MOST: usize = 50;
const CALENDAR: &str = "text/calendar; charset=utf-8";

/// The address behind a calendar of which only busy times are read.
pub fn person(of: &RemoteId) -> Option<&str> {
    of.as_str().strip_prefix(PERSON)
}

/// The email addresses in a text, each once, in lower case.
fn addresses(text: &str) -> BTreeSet<String> {
    text.split([',', ';', '\n', '\r', ' ', '\t'])
        .map(str::to_lowercase)
        .filter(|address| address.contains('@'))
        .take(MOST)
        .collect()
}

impl Account<'_> {
    /// The people and rooms typed into a setting of this name. A server that cannot tell when they are busy is refused.
    pub fn people(&self, cx: &Cx, setting: &str) -> Result<Vec<RemoteCalendar>, Error> {
        let addresses = addresses(cx.setting(setting).unwrap_or_default());
        if !addresses.is_empty() && self.place().outbox.is_none() {
            let message =
                format!("{setting}: this server cannot say when others are busy, so leave this empty");
            return Err(Error::new(Kind::Invalid, message));
        }
        let calendar = |address: String| {
            let id = RemoteId::new(format!("{PERSON}{address}"));
            RemoteCalendar::of_others(id, address)
        };
        Ok(addresses.into_iter().map(calendar).collect())
    }

    /// When this person is busy within the window.
    pub async fn busy_of(&self, address: &str, within: Span) -> Result<Vec<Busy>, Error> {
        let outbox = self.place().outbox.as_ref().ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                "this server cannot say when others are busy: connect the account again",
            )
        })?;
        let question = self.question(address, within)?;
        let request = Request::new("ask_when_busy", Method::POST, outbox.clone())
            .reading()
            .header("originator", &format!("mailto:{}", self.own_address()))?
            .header("recipient", &format!("mailto:{address}"))?
            .body(CALENDAR, question);
        let response = self.session.send(request).await?;
        let feed = answer(&xml::parse(&response.body)?)?;
        Ok(times(&feed, &self.owner(), within))
    }

    /// All of it as one event, each time anew: nobody tells differences.
    pub async fn changes_of(&self, address: &str, within: Span) -> Result<Changes, Error> {
        Ok(Changes::nameless(&self.busy_of(address, within).await?))
    }

    /// The address the server knows the owner by, or may.
    fn own_address(&self) -> &str {
        let named = self.place().addresses.iter().map(String::as_str);
        let mut known = named.chain([self.user.as_str()]).chain(self.known_here());
        known.find(|address| address.contains('@')).unwrap_or(&self.user)
    }

    fn question(&self, address: &str, within: Span) -> Result<String, Error> {
        let own = self.own_address();
        if [own, address]
            .iter()
            .any(|text| text.contains(|c: char| c.is_control() || matches!(c, ';' | ',' | ':' | '"')))
        {
            return Err(Error::new(Kind::Invalid, "others: one of these is not an email address"));
        }
        let utc = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let lines = [
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//Kalends//Kalends//EN".to_owned(),
            "METHOD:REQUEST".to_owned(),
            "BEGIN:VFREEBUSY".to_owned(),
            format!("UID:kalends-{}", crate::auth::hex(&self.session.cx.random::<16>())),
            format!("DTSTAMP:{}", utc(self.session.cx.now)),
            format!("DTSTART:{}", utc(within.starts())),
            format!("DTEND:{}", utc(within.ends())),
            format!("ORGANIZER:mailto:{own}"),
            format!("ATTENDEE:mailto:{address}"),
            "END:VFREEBUSY".to_owned(),
            "END:VCALENDAR".to_owned(),
        ];
        Ok(lines.iter().flat_map(|line| folded(line)).collect())
    }
}

/// A line as it may stand in a file: at most 75 octets, cut between characters (DAV-12).
fn folded(line: &str) -> Vec<String> {
    let (mut parts, mut rest) = (Vec::new(), line);
    let mut room = 75;
    while rest.len() > room {
        let cut = (0..=room).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(room);
        let (now, later) = rest.split_at(cut);
        parts.push(format!("{now}\r\n "));
        (rest, room) = (later, 74);
    }
    parts.push(format!("{rest}\r\n"));
    parts
}

/// What the server says of the only person it was asked about.
fn answer(root: &Element) -> Result<Feed, Error> {
    let strange = || Error::new(Kind::Malformed, "the server does not say when that person is busy");
    let one = root
        .child(CALDAV, "response")
        .filter(|_| root.is(CALDAV, "schedule-response"))
        .ok_or_else(strange)?;
    let status = one.child(CALDAV, "request-status").and_then(Element::words).unwrap_or_default();
    if !status.starts_with("2.") {
        return Err(refused(status));
    }
    let data = one.child(CALDAV, "calendar-data").ok_or_else(strange)?;
    Feed::read(data.text.as_bytes()).map_err(|error| Error::new(Kind::Malformed, error.to_string()))
}

/// RFC 5546 section 3.6: what a status other than success means. None of them is free.
fn refused(status: &str) -> Error {
    let (kind, message) = match status.get(..3) {
        Some("3.7") => (Kind::NotFound, "the server knows nobody of this address"),
        Some("3.8") => (Kind::PolicyDenied, "that person does not let this account see when they are busy"),
        Some("5.1" | "5.2" | "5.3") => (Kind::Down, "that person's server does not say when they are busy"),
        _ => (Kind::Malformed, "the server does not say when that person is busy"),
    };
    Error::new(kind, message).said(status)
}

/// What blocks within the window, without names.
pub(crate) fn times(feed: &Feed, owner: &kalends_ical::Owner, within: Span) -> Vec<Busy> {
    let busy = feed.busy(owner, within);
    busy.times
        .into_iter()
        .map(|time| Busy { span: time.span, uid: None, tentative: time.tentative })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(status: &str, data: &str) -> Result<Feed, Error> {
        let xml = format!(
            r#"<C:schedule-response xmlns:D="DAV:" xmlns:C="{CALDAV}"><C:response><C:recipient><D:href>mailto:x@example.com</D:href></C:recipient><C:request-status>{status}</C:request-status><C:calendar-data>{data}</C:calendar-data></C:response></C:schedule-response>"#
        );
        answer(&xml::parse(xml.as_bytes())?)
    }

    #[test]
    fn dav_09_no_status_but_success_is_free() {
        assert!(said("2.0;Success", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").is_ok());
        for (status, kind) in [
            ("3.7;Invalid calendar user", Kind::NotFound),
            ("3.8;No authority", Kind::PolicyDenied),
            ("5.1;Service unavailable", Kind::Down),
            ("1.0;Pending", Kind::Malformed),
            ("", Kind::Malformed),
        ] {
            assert_eq!(said(status, "").unwrap_err().kind, kind, "{status}");
        }
        assert_eq!(
            said("2.0;Success", "").unwrap_err().kind,
            Kind::Malformed,
            "no calendar is not a free one"
        );
    }

    #[test]
    fn dav_12_long_lines_are_folded_between_characters() {
        let line = format!("ATTENDEE:mailto:{}@example.com", "ä".repeat(60));
        let whole = folded(&line).concat();
        assert!(whole.split("\r\n").all(|part| part.len() <= 75));
        assert_eq!(whole.replace("\r\n ", "").trim_end(), line);
    }

    proptest! {
        #[test]
        fn all_10_no_answer_makes_it_panic(status in "[ -~]{0,12}", data in "[ -~\r\n]{0,60}") {
            let _ = said(&status.replace(['<', '&'], ""), &data.replace(['<', '&'], "")); // whatever it says, it says it
            let _ = addresses(&data); // whatever it says, it says it
        }
    }
}
