//! Events as Exchange tells them: which properties are asked for, and what they mean for busy times.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kalends_app::Error;
use kalends_domain::{Span, Zone};
use vendor_xml::{Element, escaped};

use crate::session::Session;
use crate::soap::{self, MESSAGES, TYPES};

/// Our own marks on our own events (EWS-10): the booking's uid, its revision, and what it said as we wrote it.
pub(crate) const UID: &str = "KalendsUid";
pub(crate) const REVISION: &str = "KalendsRevision";
pub(crate) const DIGEST: &str = "KalendsDigest";

/// What is told of each event: when, how it counts, and our marks. No titles (FB-08).
pub(crate) const SHAPE: &str = concat!(
    "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>",
    r#"<t:FieldURI FieldURI="calendar:UID"/><t:FieldURI FieldURI="calendar:Start"/><t:FieldURI FieldURI="calendar:End"/>"#,
    r#"<t:FieldURI FieldURI="calendar:IsAllDayEvent"/><t:FieldURI FieldURI="calendar:LegacyFreeBusyStatus"/>"#,
    r#"<t:FieldURI FieldURI="calendar:IsCancelled"/><t:FieldURI FieldURI="calendar:CalendarItemType"/>"#,
    r#"<t:FieldURI FieldURI="calendar:MyResponseType"/><t:FieldURI FieldURI="calendar:StartTimeZone"/>"#,
    r#"<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="KalendsUid" PropertyType="String"/>"#,
    r#"<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="KalendsRevision" PropertyType="Integer"/>"#,
    r#"<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="KalendsDigest" PropertyType="String"/>"#,
    "</t:AdditionalProperties></m:ItemShape>",
);

/// Events in one answer; servers cut longer ones (EWS-05).
const PAGE: usize = 1_000;
/// Answers of one reading.
const PAGES: usize = 500;
/// The longest time a server looks at in one go is two years.
const LONGEST: i64 = 700 * 86_400;

/// One event, or one occurrence of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one word of the server about how it counts")]
pub(crate) struct Item {
    pub(crate) id: String,
    /// Its version; belongs to the id (EWS-07).
    pub(crate) change_key: Option<String>,
    /// The same for all occurrences of a series.
    pub(crate) uid: Option<String>,
    pub(crate) booking: Option<String>,
    pub(crate) revision: i64,
    pub(crate) digest: Option<String>,
    pub(crate) span: Span,
    pub(crate) series: bool,
    pub(crate) cancelled: bool,
    pub(crate) declined: bool,
    free: bool,
    pub(crate) tentative: bool,
}

impl Item {
    /// Reads one; `owner` is where whole days begin and end (FB-05).
    pub(crate) fn read(of: &Element, owner: &Zone) -> Result<Self, Error> {
        let id = of.child(TYPES, "ItemId").ok_or_else(|| soap::lacking("an event's id"))?;
        let text = |name| soap::words(of, name);
        let when = |name| text(name).and_then(instant).ok_or_else(|| soap::lacking("an event's time"));
        let mut span = Span::new(when("Start")?, when("End")?);
        if soap::yes(of, "IsAllDayEvent") == Some(true) {
            let named = of.child(TYPES, "StartTimeZone").and_then(|zone| zone.attribute("Id"));
            span = whole_days(
                span,
                &named.and_then(|name| Zone::parse(name).ok()).unwrap_or(owner.clone()),
                owner,
            );
        }
        let answered = text("MyResponseType").unwrap_or("Unknown");
        let status = text("LegacyFreeBusyStatus").unwrap_or("Busy");
        Ok(Self {
            id: id.attribute("Id").ok_or_else(|| soap::lacking("an event's id"))?.to_owned(),
            change_key: id.attribute("ChangeKey").map(ToOwned::to_owned),
            uid: text("UID").map(ToOwned::to_owned),
            booking: mark(of, UID).map(ToOwned::to_owned),
            revision: mark(of, REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0),
            digest: mark(of, DIGEST).map(ToOwned::to_owned),
            span,
            series: text("CalendarItemType") == Some("RecurringMaster"),
            cancelled: soap::yes(of, "IsCancelled") == Some(true),
            declined: answered == "Decline",
            free: is_free(status),
            tentative: status == "Tentative" || matches!(answered, "Tentative" | "NoResponseReceived"),
        })
    }

    /// What it blocks: nothing when it is free, cancelled, declined or without length (FB-01, FB-02, FB-03, FB-06).
    pub(crate) fn blocks(&self) -> Option<Span> {
        let open = !(self.free || self.cancelled || self.declined);
        Some(self.span).filter(|span| open && span.start < span.end)
    }

    /// The booking it is, else what tells its series from others, else its id.
    pub(crate) fn name(&self) -> &str {
        self.booking.as_deref().or(self.uid.as_deref()).unwrap_or(&self.id)
    }
}

/// Free, or only elsewhere: whatever else a server says, blocks (EWS-09).
pub(crate) fn is_free(status: &str) -> bool {
    matches!(status, "Free" | "WorkingElsewhere")
}

/// One of our marks.
fn mark<'a>(of: &'a Element, name: &str) -> Option<&'a str> {
    let named = |property: &&Element| {
        property.child(TYPES, "ExtendedFieldURI").and_then(|uri| uri.attribute("PropertyName")) == Some(name)
    };
    soap::words(of.all(TYPES, "ExtendedProperty").find(named)?, "Value")
}

/// A time on this wire; one without an offset is in UTC, for that is the zone we ask in.
pub(crate) fn instant(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    let wall: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(wall).ok().map(Timestamp::as_second)
}

/// A time as it is asked for.
pub(crate) fn utc(seconds: i64) -> String {
    kalends_domain::span::instant(seconds).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Days of one zone as days of the owner's.
fn whole_days(span: Span, of: &Zone, owner: &Zone) -> Span {
    let last = span.end.saturating_sub(1).max(span.start);
    let until = of.date(last).tomorrow().unwrap_or_else(|_| of.date(last));
    Span::new(owner.midnight(of.date(span.start)), owner.midnight(until))
}

/// Every event and every occurrence that touches this time, as the server expands them (EWS-05).
pub(crate) async fn in_time(session: &Session<'_>, folder: &str, within: Span) -> Result<Vec<Item>, Error> {
    let owner = owner(session);
    let mut all: Vec<Item> = Vec::new();
    let mut from = within.start;
    for _ in 0..PAGES {
        let until = within.end.min(from.saturating_add(LONGEST));
        if from >= until {
            return Ok(all);
        }
        let answer = session.ask("FindItem", &view(folder, from, until)).await?;
        let message = soap::message(&answer)?;
        let root = message.child(MESSAGES, "RootFolder").ok_or_else(|| soap::lacking("the events"))?;
        let items = events(root).map(|item| Item::read(item, &owner)).collect::<Result<Vec<_>, _>>()?;
        let cut = root.attribute("IncludesLastItemInRange") == Some("false");
        let last = items.iter().map(|item| item.span.start).max();
        // What reaches over the seam is told on both sides.
        let known: std::collections::BTreeSet<(String, i64)> = all
            .iter()
            .filter(|item| item.span.end >= from)
            .map(|item| (item.id.clone(), item.span.start))
            .collect();
        all.extend(items.into_iter().filter(|item| !known.contains(&(item.id.clone(), item.span.start))));
        from = match last {
            Some(last) if cut && last > from => last,
            _ if cut => {
                let message =
                    "the calendar has more than a thousand events at one time, which cannot be read";
                return Err(Error::new(kalends_app::Kind::Malformed, message));
            }
            _ => until,
        };
    }
    Err(Error::new(kalends_app::Kind::Malformed, "the server tells events without end"))
}

/// Where the owner's days begin and end.
pub(crate) fn owner(session: &Session<'_>) -> Zone {
    Zone::parse(&session.cx.zone).unwrap_or_else(|_| Zone::utc())
}

/// The events inside a folder or an answer; other things can lie there, too.
pub(crate) fn events(of: &Element) -> impl Iterator<Item = &Element> {
    let list = of.children.iter().find(|part| part.name == "Items");
    list.into_iter().flat_map(|list| list.all(TYPES, "CalendarItem"))
}

fn view(folder: &str, from: i64, until: i64) -> String {
    format!(
        r#"<m:FindItem Traversal="Shallow">{SHAPE}<m:CalendarView MaxEntriesReturned="{PAGE}" StartDate="{}" EndDate="{}"/><m:ParentFolderIds>{}</m:ParentFolderIds></m:FindItem>"#,
        utc(from),
        utc(until),
        folder_id(folder)
    )
}

/// A folder by its id.
pub(crate) fn folder_id(folder: &str) -> String {
    format!(r#"<t:FolderId Id="{}"/>"#, escaped(folder))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn item(lines: &str) -> Item {
        let xml = format!(
            r#"<t:CalendarItem xmlns:t="{TYPES}"><t:ItemId Id="AAMk+/=" ChangeKey="DwAA"/><t:UID>u</t:UID><t:Start>2027-03-05T10:00:00Z</t:Start><t:End>2027-03-05T11:00:00Z</t:End>{lines}</t:CalendarItem>"#
        );
        Item::read(&vendor_xml::parse(xml.as_bytes()).unwrap(), &Zone::parse("Europe/Berlin").unwrap())
            .unwrap()
    }

    #[rstest]
    #[case::busy("<t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus>", true, false)]
    #[case::silent("", true, false)]
    #[case::fb_01_free("<t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus>", false, false)]
    #[case::elsewhere("<t:LegacyFreeBusyStatus>WorkingElsewhere</t:LegacyFreeBusyStatus>", false, false)]
    #[case::away("<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>", true, false)]
    #[case::no_data_is_not_free("<t:LegacyFreeBusyStatus>NoData</t:LegacyFreeBusyStatus>", true, false)]
    #[case::new_words_are_not_free("<t:LegacyFreeBusyStatus>Dancing</t:LegacyFreeBusyStatus>", true, false)]
    #[case::fb_04_tentative("<t:LegacyFreeBusyStatus>Tentative</t:LegacyFreeBusyStatus>", true, true)]
    #[case::fb_04_open("<t:MyResponseType>NoResponseReceived</t:MyResponseType>", true, true)]
    #[case::fb_03_declined("<t:MyResponseType>Decline</t:MyResponseType>", false, false)]
    #[case::fb_02_cancelled("<t:IsCancelled>true</t:IsCancelled>", false, false)]
    fn ews_09_every_status_counts_as_it_should(
        #[case] lines: &str,
        #[case] blocks: bool,
        #[case] tentative: bool,
    ) {
        let item = item(lines);
        assert_eq!((item.blocks().is_some(), item.tentative), (blocks, tentative));
    }

    #[rstest]
    #[case::made_at_home("W. Europe Standard Time", "2027-03-04T23:00:00Z", "2027-03-05T23:00:00Z")]
    #[case::made_abroad("Tokyo Standard Time", "2027-03-04T15:00:00Z", "2027-03-05T15:00:00Z")]
    fn fb_05_a_whole_day_is_the_owners_wherever_it_was_made(
        #[case] zone: &str,
        #[case] from: &str,
        #[case] to: &str,
    ) {
        let xml = format!(
            r#"<t:CalendarItem xmlns:t="{TYPES}"><t:ItemId Id="a"/><t:Start>{from}</t:Start><t:End>{to}</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent><t:StartTimeZone Id="{zone}"/></t:CalendarItem>"#
        );
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let item = Item::read(&vendor_xml::parse(xml.as_bytes()).unwrap(), &berlin).unwrap();
        let at = |text| instant(text).unwrap();
        assert_eq!(item.span, Span::new(at("2027-03-04T23:00:00Z"), at("2027-03-05T23:00:00Z")));
    }

    #[test]
    fn times_come_with_and_without_an_offset() {
        let expected = Some(1_804_240_800);
        for text in [
            "2027-03-05T10:00:00Z",
            "2027-03-05T10:00:00",
            "2027-03-05T11:00:00+01:00",
            "2027-03-05T10:00:00.0000000Z",
        ] {
            assert_eq!(instant(text), expected, "{text}");
        }
        assert_eq!((utc(1_804_240_800).as_str(), instant("soon")), ("2027-03-05T10:00:00Z", None));
    }

    proptest! {
        #[test]
        fn all_10_no_event_makes_it_panic(
            start in "[0-9TZ:+-]{0,24}", end in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?",
            zone in "[A-Za-z ./]{0,20}", day in any::<bool>(), mark in "[0-9]{0,30}"
        ) {
            let xml = format!(
                r#"<t:CalendarItem xmlns:t="{TYPES}"><t:ItemId Id="a"/><t:Start>{start}</t:Start><t:End>{end}</t:End><t:IsAllDayEvent>{day}</t:IsAllDayEvent><t:StartTimeZone Id="{zone}"/><t:ExtendedProperty><t:ExtendedFieldURI PropertyName="KalendsRevision"/><t:Value>{mark}</t:Value></t:ExtendedProperty></t:CalendarItem>"#
            );
            if let Ok(root) = vendor_xml::parse(xml.as_bytes()) {
                let _ = Item::read(&root, &Zone::utc()); // whatever it says, it says it
            }
        }
    }
}
