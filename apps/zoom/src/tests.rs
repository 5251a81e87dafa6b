//! What goes out, what comes back, and what is refused.

use std::sync::Arc;

use jiff::Timestamp;
use kalends_app::{
    Conference, Cx, Error, Join, Kind, Response, Secret, Secrets,
    fake::{Fake, Fault, OAuth, Played, answer, example, gateway},
    gateway::{Account, Patience},
    hook::{Hook, Raw, Refused, SECRET, SECRET_BEFORE, What},
    kind::{
        calendar::Person,
        conference::{Link, Meeting, Side, Visitor},
    },
};
use kalends_domain::Span;
use serde_json::{Value, json};

use crate::{APP, Zoom, error::judge, fake, hook};

const BEGIN: i64 = 1_804_060_800;

fn stage(settings: Value) -> (Arc<fake::Zoom>, Cx) {
    let zoom = Arc::new(fake::Zoom::default());
    let begin = Timestamp::from_second(BEGIN).unwrap();
    let fake = Arc::clone(&zoom) as Arc<dyn Fake>;
    let gateway = gateway(Arc::new(Played::new(Arc::clone(&fake))), begin);
    let account = Account { settings, signer: zoom.oauth().map(OAuth::signer), ..example::account() };
    let cx = gateway.playing(&APP, fake).cx(&APP, account, Patience::Job).unwrap();
    (zoom, cx)
}

fn user() -> Value {
    json!({ "grant": "authorization_code", "waiting_room": "account" })
}

fn meeting() -> Meeting {
    example::meeting(Span::new(BEGIN, BEGIN + 1_801))
}

fn sent(zoom: &fake::Zoom, op: &str) -> Value {
    let seen = zoom.bench().seen();
    let request = seen.iter().rfind(|request| request.op.name == op).unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_meeting_is_made_in_utc_with_its_minutes_rounded_up_zoom_04() {
    let (zoom, cx) = stage(user());
    Zoom.open(&cx, &meeting()).await.unwrap();
    let body = sent(&zoom, "create_meeting");
    assert_eq!((&body["type"], &body["duration"]), (&json!(2), &json!(31)));
    assert_eq!(body["start_time"], "2027-03-03T08:00:00Z");
    assert_eq!(body["timezone"], "Europe/Berlin");
    assert_eq!(body["settings"].get("waiting_room"), None, "the account's own setting holds");
    assert!(!body.to_string().contains("booking\""), "the uid opens the booking and stands nowhere");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_room_can_be_asked_for() {
    for (said, is) in [("on", true), ("off", false)] {
        let (zoom, cx) = stage(json!({ "waiting_room": said }));
        Zoom.open(&cx, &meeting()).await.unwrap();
        assert_eq!(sent(&zoom, "create_meeting")["settings"]["waiting_room"], json!(is));
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_whole_account_each_host_is_addressed_by_mail_zoom_01() {
    let settings =
        json!({ "grant": "account_credentials", "account_id": fake::ACCOUNT, "member": fake::USER.1 });
    let (zoom, cx) = stage(settings);
    let probe = Zoom.probe(&cx).await.unwrap();
    assert_eq!((probe.identity.as_str(), probe.subject.as_deref()), (fake::USER.1, Some(fake::ACCOUNT)));
    Zoom.open(&cx, &meeting()).await.unwrap();
    let paths: Vec<String> = zoom.bench().seen().iter().map(|one| one.url.path().to_owned()).collect();
    assert_eq!(paths, ["/v2/users/host@example.com", "/v2/users/host@example.com/meetings"]);
    let stranger = Person { email: "other@example.com".into(), ..meeting().host };
    let error = Zoom.open(&cx, &Meeting { host: stranger.clone(), ..meeting() }).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message().contains("no user in the Zoom account"), "{error}");
    let hosts = [meeting().host, stranger, meeting().host];
    assert_eq!(Zoom.tagged(&cx, &hosts).await.unwrap().len(), 1, "who left the account has no meetings");
}

#[tokio::test(start_paused = true)]
async fn who_signed_in_is_known_by_what_a_notice_of_disconnecting_names() {
    let (_, cx) = stage(user());
    let probe = Zoom.probe(&cx).await.unwrap();
    assert_eq!(
        (probe.subject.as_deref(), probe.zone.as_deref()),
        (Some(fake::USER.0), Some("Europe/Berlin"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_passcode_is_the_one_the_account_made_zoom_09() {
    let (zoom, cx) = stage(user());
    zoom.state().forces_passcode = true;
    let room = Zoom.open(&cx, &meeting()).await.unwrap();
    let id: u64 = room.id.as_str().parse().unwrap();
    assert!(id > u64::from(u32::MAX), "ZOOM-05");
    zoom.state().meetings.get_mut(&id).unwrap()["password"] = json!("changed there");
    let room = Zoom.update(&cx, &room, &meeting()).await.unwrap();
    assert_eq!(room.password.as_deref(), Some("changed there"));
}

#[tokio::test(start_paused = true)]
async fn a_look_sees_what_others_changed_and_the_link_as_it_is_now() {
    let (zoom, cx) = stage(user());
    let room = Zoom.open(&cx, &meeting()).await.unwrap();
    let id: u64 = room.id.as_str().parse().unwrap();
    let looked = Zoom.look(&cx, &room, &meeting()).await.unwrap();
    assert!(looked.fits && looked.room == room, "what we wrote fits, whatever else Zoom keeps with it");
    for (name, there) in [
        ("topic", json!("Something else")),
        ("start_time", json!("2027-03-03T09:00:00Z")),
        ("duration", json!(45)),
        ("agenda", json!("no tag any more")),
    ] {
        let before = zoom.state().meetings[&id][name].clone();
        zoom.state().meetings.get_mut(&id).unwrap()[name] = there;
        assert!(!Zoom.look(&cx, &room, &meeting()).await.unwrap().fits, "{name}");
        zoom.state().meetings.get_mut(&id).unwrap()[name] = before;
    }
    zoom.state().meetings.get_mut(&id).unwrap()["password"] = json!("changed there");
    let looked = Zoom.look(&cx, &room, &meeting()).await.unwrap();
    assert!(looked.fits, "the passcode is the account's own (ZOOM-09)");
    assert_eq!(looked.room.password.as_deref(), Some("changed there"));
    let mut cut = meeting();
    cut.title = format!("  {}  ", "x".repeat(300));
    Zoom.update(&cx, &room, &cut).await.unwrap();
    assert!(Zoom.look(&cx, &room, &cut).await.unwrap().fits, "a title that was cut fits as it was written");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_answered_by_nothing_and_an_end_tells_nobody_zoom_10() {
    let (zoom, cx) = stage(user());
    let room = Zoom.open(&cx, &meeting()).await.unwrap();
    let moved = Zoom.update(&cx, &room, &meeting()).await.unwrap();
    assert_eq!(moved.link, room.link, "the answer is empty, so it is looked at");
    Zoom.close(&cx, &room).await.unwrap();
    let seen = zoom.bench().seen();
    let ops: Vec<_> = seen.iter().map(|request| request.op.name).collect();
    assert_eq!(ops[ops.len() - 3..], ["update_meeting", "get_meeting", "delete_meeting"]);
    let query = seen.last().and_then(|request| request.url.query()).unwrap_or_default();
    assert_eq!(query, "schedule_for_reminder=false&cancel_meeting_reminder=false");
}

#[tokio::test(start_paused = true)]
async fn the_hosts_link_is_in_no_room_and_comes_at_the_door_zoom_09() {
    let (_, cx) = stage(user());
    let room = Zoom.open(&cx, &meeting()).await.unwrap();
    assert!(!format!("{room:?}").contains("zak") && !serde_json::to_string(&room).unwrap().contains("zak"));
    let visitor = |part| Visitor { id: "x".into(), person: meeting().host, part };
    let host = Zoom.join(&cx, &room, &meeting(), &visitor(Side::Host)).await.unwrap();
    assert!(host.contains("zak="));
    let guest = Zoom.join(&cx, &room, &meeting(), &visitor(Side::Guest)).await.unwrap();
    assert_eq!(Link::Ready(guest), room.link);
}

#[tokio::test(start_paused = true)]
async fn pages_of_meetings_are_followed_to_the_end_and_never_in_circles_all_11() {
    let (zoom, cx) = stage(user());
    for number in 0..5 {
        Zoom.open(&cx, &Meeting { uid: format!("uid-{number}"), ..meeting() }).await.unwrap();
    }
    assert_eq!(Zoom.tagged(&cx, &[meeting().host]).await.unwrap().len(), 5);
    assert_eq!(zoom.bench().count("list_meetings"), 3);
    let again = json!({ "meetings": [], "next_page_token": "page-2" }).to_string();
    zoom.bench().next([Fault::Garbage(again.clone().into()), Fault::Garbage(again.into())]);
    assert_eq!(Zoom.tagged(&cx, &[meeting().host]).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn the_hundred_and_first_write_of_a_day_is_refused_until_tomorrow_zoom_06() {
    let (zoom, cx) = stage(user());
    zoom.state().writes = 100;
    let error = Zoom.open(&cx, &meeting()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::QuotaExhausted { .. }), "{error:?}");
    assert_eq!(APP.manifest().quota.daily_writes, 100, "counted before it hits");
}

fn refused(status: u16, headers: &[(&str, &str)], body: &Value) -> Option<Error> {
    let request = kalends_app::Request::get("user", "https://api.zoom.us/v2/users/me".parse().unwrap());
    let response: Response = answer(&request, status, headers, body.to_string());
    judge(&response)
}

#[test]
fn every_refusal_is_one_of_the_closed_set_zoom_08() {
    let kind =
        |status, code: u16| refused(status, &[], &json!({ "code": code, "message": "no" })).unwrap().kind;
    assert_eq!(kind(401, 124), Kind::AuthExpired);
    assert_eq!(kind(404, 3001), Kind::NotFound);
    assert_eq!(kind(404, 1001), Kind::Invalid);
    assert_eq!(kind(400, 300), Kind::Invalid);
    assert_eq!(kind(400, 3000), Kind::PolicyDenied);
    assert_eq!(kind(400, 200), Kind::PolicyDenied);
    let scope = json!({ "code": 4711, "message":
        "Invalid access token, does not contain scopes:[meeting:write:meeting, meeting:write:meeting:admin]." });
    let error = refused(400, &[], &scope).unwrap();
    let scope = "meeting:write:meeting, meeting:write:meeting:admin".to_owned();
    assert_eq!(error.kind, Kind::ScopeMissing { scope });
    assert_eq!(refused(500, &[], &json!({})), None);
    assert_eq!(refused(200, &[], &json!({ "code": 124 })), None);
}

#[test]
fn a_days_limit_ends_when_zoom_says_else_at_its_own_midnight_zoom_06() {
    let daily =
        json!({ "code": 429, "message": "You have exceeded the daily rate limit (100) of this API." });
    let resets = |headers: &[(&str, &str)]| match refused(429, headers, &daily).unwrap().kind {
        Kind::QuotaExhausted { resets } => resets.map(|at| at.to_string()),
        other => panic!("{other:?}"),
    };
    let midnight = Some("2027-03-02T00:00:00Z".to_owned());
    assert_eq!(resets(&[("retry-after", "2027-03-02T00:00:00Z")]), midnight);
    assert_eq!(resets(&[("date", "Mon, 01 Mar 2027 23:59:59 GMT")]), midnight);
    assert_eq!(resets(&[]), None);
    let per_second = json!({ "code": 429, "message": "You have reached the maximum per-second rate limit." });
    assert_eq!(refused(429, &[], &per_second), None, "the status and its Retry-After decide (ZOOM-07)");
}

const BODY: &str = r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"n":"café"}}"#;

fn raw(body: &str, time: &str, signature: &str) -> Raw {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-zm-request-timestamp", time.parse().unwrap());
    headers.insert("x-zm-signature", signature.parse().unwrap());
    let url = "https://book.example/hooks/zoom/x".parse().unwrap();
    Raw { method: http::Method::POST, url, headers, body: body.to_owned().into() }
}

fn secrets() -> Secrets {
    Secrets::none().with(SECRET, Secret::new("zoom_test_secret"))
}

fn signed(body: &str, time: &str) -> Raw {
    let parts: [&[u8]; 4] = [b"v0:", time.as_bytes(), b":", body.as_bytes()];
    let hex = kalends_app::hook::signature::hmac_hex(b"zoom_test_secret", &parts);
    raw(body, time, &format!("v0={hex}"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_notice_is_believed_by_its_signature_alone_zoom_11() {
    let good = "v0=f3baea806229d9613f1c953a8f88c5da0d099e8931f0389f728e8b1337cc2b50";
    let verify = |raw: &Raw, secrets: &Secrets| hook::Zoom.verify(raw, secrets, at(1_760_000_000));
    assert_eq!(verify(&raw(BODY, "1760000000", good), &secrets()), Ok(()));
    let flipped = BODY.replace("evt_1", "evt_0");
    assert_eq!(verify(&raw(&flipped, "1760000000", good), &secrets()), Err(Refused::Forged));
    assert_eq!(verify(&raw(BODY, "1760000001", good), &secrets()), Err(Refused::Forged));
    assert_eq!(
        verify(&raw(BODY, "1760000000", &good.replace("v0=", "v1=")), &secrets()),
        Err(Refused::Unsigned)
    );
    assert_eq!(verify(&raw(BODY, "1760000000", &good[..40]), &secrets()), Err(Refused::Forged));
    assert_eq!(verify(&raw(BODY, "1760000000", &good.repeat(2)), &secrets()), Err(Refused::Forged));
    let other = Secrets::none().with(SECRET, Secret::new("zoom_test_secreT"));
    assert_eq!(verify(&raw(BODY, "1760000000", good), &other), Err(Refused::Forged));
    assert_eq!(verify(&raw(BODY, "1760000000", good), &Secrets::none()), Err(Refused::NoSecret));
    let long = "x".repeat(1_000_000);
    assert_eq!(verify(&raw(&long, "1760000000", good), &secrets()), Err(Refused::Forged));
    for late in [1_760_000_301, 1_759_999_699] {
        let verified = hook::Zoom.verify(&raw(BODY, "1760000000", good), &secrets(), at(late));
        assert_eq!(verified, Err(Refused::Stale));
    }
}

#[test]
fn the_challenge_is_answered_only_when_it_is_signed_zoom_12() {
    let body = r#"{"event":"endpoint.url_validation","event_ts":1,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
    let reply = hook::Zoom.handshake(&signed(body, "1760000000"), &secrets()).unwrap();
    let answered: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, &answered["plainToken"]), (200, &json!("qgg8vlvZRS6UYooatFL8Aw")));
    assert_eq!(
        answered["encryptedToken"],
        "40a58fc396b81cf5fa0ee7d3431e19801ad5c46f66d6891a405bdb809268503d"
    );
    // While a new secret is entered here, and Zoom has the old one yet: answered by the one it was asked with (INB-07).
    let both =
        Secrets::none().with(SECRET, Secret::new("new")).with(SECRET_BEFORE, Secret::new("zoom_test_secret"));
    assert_eq!(hook::Zoom.handshake(&signed(body, "1760000000"), &both), Some(reply));
    assert_eq!(hook::Zoom.handshake(&raw(body, "1760000000", "v0=00"), &secrets()), None);
    assert_eq!(hook::Zoom.handshake(&signed(body, "1760000000"), &Secrets::none()), None);
    assert_eq!(hook::Zoom.handshake(&signed(r#"{"event":"meeting.ended"}"#, "1760000000"), &secrets()), None);
}

#[test]
fn a_notice_says_what_happened_and_twice_the_same_is_one_zoom_13_zoom_14() {
    let signal = |body: &Value| hook::Zoom.signals(&signed(&body.to_string(), "1")).unwrap().remove(0);
    let of = |event: &str| {
        let object = json!({ "id": 85_746_065_432_u64, "uuid": "/a==", "topic": "x" });
        signal(&json!({ "event": event, "event_ts": 7, "payload": { "account_id": "A", "object": object } }))
    };
    let room = kalends_app::RemoteId::new("85746065432");
    assert_eq!(of("meeting.deleted").what, What::MeetingGone { room: room.clone() });
    assert_eq!(of("meeting.updated").what, What::MeetingChanged { room: room.clone() });
    assert_eq!(of("meeting.ended").what, What::MeetingEnded { room });
    assert_eq!(of("meeting.started").what, What::Other { kind: "meeting.started".into() });
    assert_eq!(of("meeting.ended").id, of("meeting.ended").id);
    assert_ne!(of("meeting.ended").id, of("meeting.deleted").id);
    let gone = json!({ "event": "app_deauthorized", "event_ts": 9, "payload":
        { "user_id": fake::USER.0, "account_id": fake::ACCOUNT, "signature": "x", "client_id": "y" } });
    assert_eq!(signal(&gone).what, What::Deauthorized { account: fake::USER.0.into() });
    assert!(hook::Zoom.signals(&signed("no json", "1")).is_err());
}

#[test]
fn registrations_with_coarse_scopes_are_enough_zoom_03() {
    let oauth = APP.manifest().auth.oauth().unwrap();
    for granted in [
        vec!["meeting:write", "user:read"],
        vec!["meeting:write:admin", "user:read:admin"],
        oauth.scopes.iter().map(|one| one.scope.as_str()).collect(),
    ] {
        let granted = granted.into_iter().map(str::to_owned).collect();
        assert!(oauth.missing(Some(&granted)).required.is_empty(), "{granted:?}");
    }
    let too_few = ["user:read:user".to_owned()].into();
    assert_eq!(oauth.missing(Some(&too_few)).required.len(), 5);
}
