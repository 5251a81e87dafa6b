//! What goes out, what comes back, and what is refused.

use std::sync::Arc;

use jiff::Timestamp;
use kalends_app::{
    Conference, Cx, Join, Kind, Response,
    fake::{Fake, Fault, OAuth, Played, answer, example, gateway},
    gateway::{Account, Patience},
    kind::conference::{Link, Meeting, Side, Visitor},
    oauth::ClientProof,
};
use kalends_domain::Span;
use serde_json::{Value, json};

use crate::{APP, GoTo, api, error::judge, fake};

const BEGIN: i64 = 1_804_060_800;

fn stage(settings: Value) -> (Arc<fake::GoTo>, Cx) {
    let goto = Arc::new(fake::GoTo::default());
    let begin = Timestamp::from_second(BEGIN).unwrap();
    let fake = Arc::clone(&goto) as Arc<dyn Fake>;
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), begin);
    let account = Account { settings, signer: goto.oauth().map(OAuth::signer), ..example::account() };
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).unwrap();
    (goto, cx)
}

fn meeting(title: &str) -> Meeting {
    Meeting { title: title.into(), ..example::meeting(Span::new(BEGIN, BEGIN + 1_800)) }
}

#[test]
fn people_sign_in_at_logmein_and_we_prove_ourselves_by_the_header_goto_01() {
    let manifest = APP.manifest();
    let oauth = manifest.auth.oauth().unwrap();
    let at = |name: &str| manifest.endpoints[name].as_str();
    assert_eq!(at(&oauth.authorize), "https://authentication.logmeininc.com/oauth/authorize");
    assert_eq!(at(&oauth.token), "https://authentication.logmeininc.com/oauth/token");
    assert_eq!(oauth.client, ClientProof::Basic);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_goes_out_in_lower_case_and_utc_goto_04() {
    let (goto, cx) = stage(json!({ "audio": "VoIP" }));
    GoTo.open(&cx, &meeting("Introduction")).await.unwrap();
    let sent: Value = serde_json::from_slice(&goto.bench().seen()[0].body).unwrap();
    let expected = json!({
        "subject": format!("Introduction ({})", meeting("").tag()),
        "starttime": "2027-03-03T08:00:00Z", "endtime": "2027-03-03T08:30:00Z", "passwordrequired": false,
        "conferencecallinfo": "VoIP", "timezonekey": "", "meetingtype": "scheduled",
    });
    assert_eq!(sent, expected);
}

#[test]
fn a_subject_is_spelled_and_cut_to_a_hundred_letters_goto_04() {
    for (title, begins) in [
        ("Tea & <b>scones</b>", "Tea & &lt;b&gt;scones&lt;/b&gt; (kal-"),
        ("", " (kal-"),
        (&"<".repeat(99), "&lt;&lt;"),
        (&"ü".repeat(300), "üüü"),
    ] {
        let subject = api::subject(&meeting(title));
        assert!(subject.starts_with(begins), "{subject}");
        assert!(subject.chars().count() <= 100, "{subject}");
        assert_eq!(Meeting::tag_in(&subject), Some(meeting(title).tag().as_str()), "{subject}");
    }
}

#[test]
fn a_made_meeting_comes_as_a_list_or_by_itself_goto_03() {
    let request = kalends_app::Request::get("x", "https://api.getgo.com/G2M/rest/meetings".parse().unwrap());
    let room = |body: &Value| api::room(&answer(&request, 201, &[], body.to_string()));
    let made = json!({ "joinURL": "https://global.gotomeeting.com/join/5273041017", "meetingid": 5_273_041_017_u64 });
    assert_eq!(room(&json!([made])), room(&made));
    assert_eq!(room(&made).unwrap().id.as_str(), "5273041017", "more than 32 bits hold");
    let text = json!([{ "joinURL": "https://global.gotomeeting.com/join/1", "meetingid": "1" }]);
    assert!(room(&text).is_ok());
    for odd in [json!([]), json!({}), json!([{ "joinURL": "javascript:1", "meetingid": 1 }]), json!("no")] {
        assert_eq!(room(&odd).unwrap_err().kind, Kind::Malformed, "{odd}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_account_is_who_the_sign_in_said_goto_07() {
    let (_, cx) = stage(json!({ "organizer_key": fake::ORGANIZER, "principal": "hanna@example.com" }));
    let probe = GoTo.probe(&cx).await.unwrap();
    assert_eq!(
        (probe.identity.as_str(), probe.subject.as_deref()),
        ("hanna@example.com", Some(fake::ORGANIZER))
    );
    assert_eq!(APP.manifest().auth.oauth().unwrap().keep, ["organizer_key", "principal"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_found_by_its_tag_has_the_link_it_was_made_with() {
    let (_, cx) = stage(json!({}));
    let made = GoTo.open(&cx, &meeting("Introduction")).await.unwrap();
    assert_eq!(GoTo.find(&cx, &meeting("Another title")).await.unwrap(), Some(made));
}

#[tokio::test(start_paused = true)]
async fn the_hosts_link_is_in_no_room_and_comes_at_the_door() {
    let (_, cx) = stage(json!({}));
    let room = GoTo.open(&cx, &meeting("Introduction")).await.unwrap();
    assert!(!format!("{room:?}").contains("canary"));
    let visitor = |part| Visitor { id: "x".into(), person: meeting("").host, part };
    let host = GoTo.join(&cx, &room, &meeting(""), &visitor(Side::Host)).await.unwrap();
    assert!(host.contains("canary-host"));
    let guest = GoTo.join(&cx, &room, &meeting(""), &visitor(Side::Guest)).await.unwrap();
    assert_eq!(Link::Ready(guest), room.link);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_without_a_time_are_waited_out_goto_06() {
    let (goto, cx) = stage(json!({}));
    let room = GoTo.open(&cx, &meeting("Introduction")).await.unwrap();
    goto.bench().next([Fault::Status(429, vec![]), Fault::Status(429, vec![])]);
    GoTo.close(&cx, &room).await.unwrap();
    assert!(goto.meetings().is_empty());
    assert!(APP.manifest().quota.per_second <= 10);
}

#[test]
fn every_refusal_is_one_of_the_closed_set() {
    let request =
        kalends_app::Request::get("x", "https://api.getgo.com/G2M/rest/meetings/1".parse().unwrap());
    let kind = |status, body: &Value| {
        let response: Response = answer(&request, status, &[], body.to_string());
        judge(&response).map(|error| error.kind)
    };
    assert_eq!(kind(403, &json!({ "int_err_code": "InvalidToken" })), Some(Kind::AuthExpired));
    assert_eq!(kind(403, &json!({ "errorCode": "AccessDenied" })), Some(Kind::PolicyDenied));
    assert_eq!(kind(404, &json!({})), Some(Kind::NotFound), "GOTO-05");
    assert_eq!(kind(400, &json!("odd")), Some(Kind::Invalid));
    assert_eq!(kind(429, &json!({})), None);
    assert_eq!(kind(204, &json!({})), None);
}
