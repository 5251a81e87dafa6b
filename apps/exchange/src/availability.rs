//! When somebody is busy, without a word on what with (EWS-05, EWS-09).

use kalends_app::kind::calendar::{Busy, Changes};
use kalends_app::{Error, Kind};
use kalends_domain::Span;
use vendor_xml::{Element, escaped};

use crate::items::{instant, is_free};
use crate::session::Session;
use crate::soap::{self, MESSAGES, TYPES};

/// The longest time a server looks at in one go is 62 days.
const LONGEST: i64 = 60 * 86_400;

/// When the person of this address is busy within the window.
pub(crate) async fn busy(session: &Session<'_>, address: &str, within: Span) -> Result<Vec<Busy>, Error> {
    let mut all: Vec<Busy> = Vec::new();
    let mut from = within.start;
    while from < within.end {
        let until = within.end.min(from.saturating_add(LONGEST));
        let answer = session.ask("GetUserAvailability", &question(address, from, until)).await?;
        all.extend(read(&answer)?);
        from = until;
    }
    all.sort_by_key(|busy| (busy.span, busy.tentative));
    all.dedup(); // what reaches over the seam is told on both sides
    Ok(all)
}

/// All of it as one event, each time anew: the server tells no differences.
pub(crate) async fn changes(session: &Session<'_>, address: &str, within: Span) -> Result<Changes, Error> {
    Ok(Changes::nameless(&busy(session, address, within).await?))
}

fn question(address: &str, from: i64, until: i64) -> String {
    let change = "<t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek>";
    // Times go out and come back in the zone that is named here, which has no offset and no changes.
    let wall = |at: i64| kalends_domain::span::instant(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    format!(
        "<m:GetUserAvailabilityRequest><t:TimeZone><t:Bias>0</t:Bias><t:StandardTime>{change}</t:StandardTime><t:DaylightTime>{change}</t:DaylightTime></t:TimeZone><m:MailboxDataArray><t:MailboxData><t:Email><t:Address>{}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType><t:ExcludeConflicts>false</t:ExcludeConflicts></t:MailboxData></m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>{}</t:StartTime><t:EndTime>{}</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>30</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>FreeBusy</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>",
        escaped(address),
        wall(from),
        wall(until),
    )
}

fn read(answer: &Element) -> Result<Vec<Busy>, Error> {
    let view = answer
        .child(MESSAGES, "FreeBusyResponseArray")
        .and_then(|array| array.child(MESSAGES, "FreeBusyResponse"))
        .and_then(|one| one.child(MESSAGES, "FreeBusyView"))
        .ok_or_else(|| soap::lacking("the busy times"))?;
    // A view that shows nothing must not be read as a day off.
    if !matches!(
        soap::words(view, "FreeBusyViewType"),
        Some("FreeBusy" | "FreeBusyMerged" | "Detailed" | "DetailedMerged")
    ) {
        let message =
            "the server does not let this account see when that person is busy: ask them to share it";
        return Err(Error::new(Kind::PolicyDenied, message));
    }
    let events = view.child(TYPES, "CalendarEventArray");
    events.into_iter().flat_map(|list| list.all(TYPES, "CalendarEvent")).filter_map(time).collect()
}

fn time(event: &Element) -> Option<Result<Busy, Error>> {
    let status = soap::words(event, "BusyType").unwrap_or("Busy");
    if is_free(status) {
        return None;
    }
    let at = |name| soap::words(event, name).and_then(instant);
    let (Some(start), Some(end)) = (at("StartTime"), at("EndTime")) else {
        return Some(Err(soap::lacking("a busy time's hours")));
    };
    (start < end)
        .then(|| Ok(Busy { span: Span::new(start, end), uid: None, tentative: status == "Tentative" }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(kind: &str, events: &str) -> Element {
        let xml = format!(
            r#"<m:GetUserAvailabilityResponse xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><m:FreeBusyResponseArray><m:FreeBusyResponse><m:ResponseMessage ResponseClass="Success"/><m:FreeBusyView><t:FreeBusyViewType>{kind}</t:FreeBusyViewType><t:CalendarEventArray>{events}</t:CalendarEventArray></m:FreeBusyView></m:FreeBusyResponse></m:FreeBusyResponseArray></m:GetUserAvailabilityResponse>"#
        );
        vendor_xml::parse(xml.as_bytes()).unwrap()
    }

    fn event(status: &str) -> String {
        format!(
            "<t:CalendarEvent><t:StartTime>2027-03-05T10:00:00</t:StartTime><t:EndTime>2027-03-05T11:00:00</t:EndTime><t:BusyType>{status}</t:BusyType></t:CalendarEvent>"
        )
    }

    #[test]
    fn ews_09_every_busy_type_counts_as_it_should() {
        for (status, expected) in [
            ("Busy", Some(false)),
            ("OOF", Some(false)),
            ("Tentative", Some(true)),
            ("NoData", Some(false)),
            ("Free", None),
            ("WorkingElsewhere", None),
        ] {
            let read = read(&answer("FreeBusy", &event(status))).unwrap();
            assert_eq!(read.first().map(|busy| busy.tentative), expected, "{status}");
        }
    }

    #[test]
    fn ews_09_a_view_without_sight_is_not_a_free_day() {
        for kind in ["None", "MergedOnly", ""] {
            assert_eq!(read(&answer(kind, "")).unwrap_err().kind, Kind::PolicyDenied, "{kind:?}");
        }
    }

    proptest! {
        #[test]
        fn all_10_no_answer_makes_it_panic(kind in "(FreeBusy|None|[a-z]{0,6})", status in "[A-Za-z]{0,8}", inside in "(<t:[A-Za-z]{1,12}/>){0,4}") {
            let _ = read(&answer(&kind, &(event(&status) + &inside))); // whatever it says, it says it
        }
    }
}
