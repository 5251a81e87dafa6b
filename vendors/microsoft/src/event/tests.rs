use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

fn event(more: &Value) -> Event {
    let mut event = json!({
        "id": "AAMk1",
        "iCalUId": "040000",
        "type": "singleInstance",
        "showAs": "busy",
        "start": { "dateTime": "2027-03-02T09:00:00.0000000", "timeZone": "UTC" },
        "end": { "dateTime": "2027-03-02T10:00:00.0000000", "timeZone": "UTC" },
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(event).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn window() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn berlin() -> Zone {
    Zone::parse("Europe/Berlin").unwrap()
}

#[rstest]
#[case(json!({}), true)]
#[case(json!({ "showAs": "free" }), false)]
#[case(json!({ "showAs": "workingElsewhere" }), false)]
#[case(json!({ "showAs": "oof" }), true)]
#[case(json!({ "showAs": "tentative" }), true)]
#[case(json!({ "showAs": "unknown" }), true)]
#[case(json!({ "showAs": "somethingNew" }), true)]
#[case(json!({ "showAs": null }), true)]
#[case(json!({ "isCancelled": true }), false)]
#[case(json!({ "responseStatus": { "response": "declined" } }), false)]
#[case(json!({ "responseStatus": { "response": "notResponded" } }), true)]
#[case(json!({ "type": "seriesMaster" }), false)]
#[case(json!({ "end": { "dateTime": "2027-03-02T09:00:00", "timeZone": "UTC" } }), false)]
#[case(json!({ "end": { "dateTime": "2027-03-02T08:00:00", "timeZone": "UTC" } }), false)]
fn msg_05_msg_22_fb_01_to_06_what_blocks_and_what_does_not(#[case] more: Value, #[case] blocks: bool) {
    assert_eq!(event(&more).busy(&berlin(), window(), false).unwrap().is_some(), blocks);
}

#[test]
fn msg_05_working_elsewhere_blocks_when_its_owner_wants_it() {
    let elsewhere = event(&json!({ "showAs": "workingElsewhere" }));
    assert!(elsewhere.busy(&berlin(), window(), true).unwrap().is_some());
}

#[rstest]
#[case(json!({ "showAs": "tentative" }))]
#[case(json!({ "responseStatus": { "response": "notResponded" } }))]
#[case(json!({ "responseStatus": { "response": "tentativelyAccepted" } }))]
fn fb_04_what_is_not_accepted_yet_is_tentative(#[case] more: Value) {
    assert!(event(&more).busy(&berlin(), window(), false).unwrap().unwrap().tentative);
}

#[rstest]
// As it stands: midnight, whatever zone is named beside it.
#[case("2027-03-05T00:00:00.0000000", "2027-03-06T00:00:00.0000000", "UTC", "UTC")]
#[case(
    "2027-03-05T00:00:00.0000000",
    "2027-03-06T00:00:00.0000000",
    "Pacific Standard Time",
    "Pacific Standard Time"
)]
// Turned into UTC on the way: midnight in the zone it was made in.
#[case("2027-03-05T08:00:00.0000000", "2027-03-06T08:00:00.0000000", "UTC", "Pacific Standard Time")]
#[case("2027-03-04T23:00:00.0000000", "2027-03-05T23:00:00.0000000", "UTC", "W. Europe Standard Time")]
fn msg_08_fb_05_a_whole_day_is_a_day_of_its_owner(
    #[case] start: &str,
    #[case] end: &str,
    #[case] zone: &str,
    #[case] made: &str,
) {
    let day = event(&json!({
        "isAllDay": true,
        "originalStartTimeZone": made,
        "start": { "dateTime": start, "timeZone": zone },
        "end": { "dateTime": end, "timeZone": zone },
    }));
    let expected = Span::new(at("2027-03-04T23:00:00Z"), at("2027-03-05T23:00:00Z"));
    assert_eq!(day.busy(&berlin(), window(), false).unwrap().unwrap().span, expected);
}

#[test]
fn msg_09_a_booking_is_known_by_its_transaction() {
    let calendar = RemoteId::new("AAMkCalendar");
    let id = transaction("3fKq8", &calendar);
    assert_eq!(id, transaction("3fKq8", &calendar), "the same every time");
    assert_ne!(id, transaction("3fKq8", &RemoteId::new("another")), "another calendar has its own");
    assert_eq!(of_transaction(&id), Some("3fKq8"));
    assert_eq!(of_transaction("7E163156-7762-4BEB-A1C6-729EA81755A7"), None);
    assert_eq!(event(&json!({ "transactionId": id })).uid().as_deref(), Some("3fKq8"));
}

#[test]
fn msg_12_a_version_tells_who_made_it_a_teams_meeting() {
    let plain = event(&json!({ "@odata.etag": "W/\"1\"" }));
    let teams = event(&json!({ "@odata.etag": "W/\"1\"", "isOnlineMeeting": true }));
    assert_eq!(version(&plain).as_deref().map(etag), Some(("W/\"1\"", false)));
    assert_eq!(version(&teams).as_deref().map(etag), Some(("W/\"1\"", true)));
}

#[test]
fn an_occurrence_takes_from_its_rule_what_it_does_not_say() {
    let rule = event(&json!({ "type": "seriesMaster", "showAs": "free" }));
    let bare: Event = serde_json::from_value(json!({
        "id": "occ", "type": "occurrence", "seriesMasterId": "AAMk1",
        "start": { "dateTime": "2027-03-09T09:00:00.0000000", "timeZone": "UTC" },
        "end": { "dateTime": "2027-03-09T10:00:00.0000000", "timeZone": "UTC" },
    }))
    .unwrap();
    assert_eq!(bare.bare_of(), Some("AAMk1"));
    assert!(!bare.filled_from(&rule).blocks(false), "FB-01");
}

proptest! {
    #[test]
    fn all_10_no_json_makes_it_panic(text in "\\PC{0,40}", all_day in any::<bool>()) {
        let odd = event(&json!({
            "isAllDay": all_day, "showAs": text, "originalStartTimeZone": text,
            "start": { "dateTime": text, "timeZone": text }, "end": { "dateTime": text, "timeZone": text },
        }));
        let _ = odd.mirrored(&berlin(), window(), false); // whatever it says, it says it
    }
}
