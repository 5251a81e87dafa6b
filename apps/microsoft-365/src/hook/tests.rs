use kalends_app::{Secret, hook::SECRET, hook::SECRET_BEFORE};
use rstest::rstest;

use super::*;

const ADDRESS: &str = "https://kalends.example.com/hooks/microsoft-365/x";

fn raw(query: &str, body: &Value) -> Raw {
    Raw {
        method: Method::POST,
        url: format!("{ADDRESS}{query}").parse().expect("an address"),
        headers: http::HeaderMap::new(),
        body: body.to_string().into(),
    }
}

fn secrets() -> Secrets {
    Secrets::none().with(SECRET, Secret::new("new-secret")).with(SECRET_BEFORE, Secret::new("old-secret"))
}

fn now() -> Timestamp {
    "2027-03-01T08:00:00Z".parse().expect("a time")
}

fn change(state: &str) -> Value {
    json!({
        "subscriptionId": "sub-1",
        "subscriptionExpirationDateTime": "2027-03-04T08:00:00Z",
        "changeType": "updated",
        "clientState": state,
        "resource": "Users/1/Events/AAMk1",
        "resourceData": { "@odata.etag": "W/\"1\"", "id": "AAMk1" },
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    })
}

fn lifecycle(event: &str) -> Value {
    json!({
        "subscriptionId": "sub-1",
        "subscriptionExpirationDateTime": "2027-03-04T08:00:00Z",
        "clientState": "new-secret",
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "lifecycleEvent": event,
    })
}

#[test]
fn msg_15_the_token_comes_back_decoded_as_plain_text() {
    let ask = raw("?validationToken=Validation%3A+Testing%20%3Cb%3E+1%2B1", &json!(null));
    let reply = Notices.handshake(&ask, &Secrets::none()).expect("it is answered");
    assert_eq!((reply.status, reply.media_type), (200, "text/plain"));
    assert_eq!(reply.body, "Validation: Testing <b> 1+1");
}

#[test]
fn msg_15_what_is_no_question_gets_no_answer() {
    let get = Raw { method: Method::GET, ..raw("?validationToken=x", &json!(null)) };
    let long = raw(&format!("?validationToken={}", "x".repeat(3_000)), &json!(null));
    let none = raw("", &json!({ "value": [] }));
    let empty = raw("?validationToken=", &json!(null));
    for ask in [get, long, none, empty] {
        assert_eq!(Notices.handshake(&ask, &secrets()), None);
    }
}

#[rstest]
#[case(&["new-secret"], Ok(()))]
#[case(&["old-secret"], Ok(()))]
#[case(&["new-secret", "old-secret"], Ok(()))]
#[case(&["new-secres"], Err(Refused::Forged))]
#[case(&["new-secret", "another"], Ok(()))]
#[case(&["another", "new-secret"], Ok(()))]
#[case(&["another", "yet another"], Err(Refused::Forged))]
#[case(&[""], Err(Refused::Forged))]
#[case(&[], Err(Refused::Odd))]
fn msg_16_a_notice_shows_the_secret(#[case] states: &[&str], #[case] is: Result<(), Refused>) {
    let all: Vec<Value> = states.iter().map(|state| change(state)).collect();
    assert_eq!(Notices.verify(&raw("", &json!({ "value": all })), &secrets(), now()), is);
}

#[test]
fn msg_16_without_a_secret_everything_is_refused() {
    let notice = raw("", &json!({ "value": [change("")] }));
    assert_eq!(Notices.verify(&notice, &Secrets::none(), now()), Err(Refused::NoSecret));
    let mut bare = change("");
    bare.as_object_mut().expect("an object").remove("clientState");
    let bare = raw("", &json!({ "value": [bare] }));
    assert_eq!(Notices.verify(&bare, &secrets(), now()), Err(Refused::Unsigned));
    assert_eq!(Notices.verify(&raw("", &json!("text")), &secrets(), now()), Err(Refused::Odd));
}

#[rstest]
#[case("reauthorizationRequired", What::Reauthorize { channel: RemoteId::new("sub-1") })]
#[case("subscriptionRemoved", What::ChannelEnded { channel: RemoteId::new("sub-1") })]
#[case("missed", What::CalendarChanged { channel: RemoteId::new("sub-1") })]
#[case("somethingNew", What::Other { kind: "somethingNew".into() })]
fn msg_17_what_happens_to_a_channel_is_told(#[case] event: &str, #[case] what: What) {
    let notice = raw("", &json!({ "value": [lifecycle(event)] }));
    assert_eq!(Notices.verify(&notice, &secrets(), now()), Ok(()));
    assert_eq!(Notices.signals(&notice).expect("reads")[0].what, what);
}

#[test]
fn msg_16_several_notices_in_one_each_have_their_name() {
    let mut other = change("new-secret");
    other["resourceData"]["@odata.etag"] = "W/\"2\"".into();
    let notice = raw("", &json!({ "value": [change("new-secret"), other, lifecycle("missed")] }));
    let signals = Notices.signals(&notice).expect("reads");
    let mut names: Vec<&str> = signals.iter().map(|signal| signal.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3);
    assert_eq!(Notices.signals(&notice).expect("reads"), signals, "sent again it is the same");
}

#[test]
fn all_10_odd_bodies_are_refused_and_never_panic() {
    for body in ["", "{", "[]", "{\"value\":1}", "{\"value\":[{}]}", "\u{0}"] {
        let notice = Raw { body: body.into(), ..raw("", &json!(null)) };
        assert_eq!(Notices.verify(&notice, &secrets(), now()), Err(Refused::Odd), "{body}");
        assert!(Notices.signals(&notice).is_err());
    }
}

#[test]
fn msg_16_a_notice_without_the_secret_is_dropped_and_those_beside_it_are_not() {
    let mut forged = change("another");
    forged["subscriptionId"] = "sub-forged".into();
    let mut bare = change("");
    bare.as_object_mut().expect("an object").remove("clientState");
    let notice = raw("", &json!({ "value": [forged, change("new-secret"), bare, change("old-secret")] }));
    assert_eq!(Notices.verify(&notice, &secrets(), now()), Ok(()));
    let signals = Notices.signals(&Notices.believed(notice, &secrets())).expect("reads");
    let channel = What::CalendarChanged { channel: RemoteId::new("sub-1") };
    assert_eq!(signals.iter().map(|signal| &signal.what).collect::<Vec<_>>(), [&channel, &channel]);
}
