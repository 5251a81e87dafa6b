use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use kalends_app::{
    AnyConference, AnyJoin, Cx, Error, Kind, Secrets,
    fake::{Played, example, gateway},
    gateway::Patience,
    kind::{
        calendar::Person,
        conference::{Link, Meeting, Room, Side, Visitor},
    },
};
use kalends_domain::Span;
use serde_json::Value;

use crate::{APP, Jitsi, fake};

const START: i64 = 1_800_000_000;
/// Test keys, used nowhere else.
const PRIVATE: &str = include_str!("tests-key.pem");
const PUBLIC: &str = include_str!("tests-key.pub.pem");

/// An account with this typed into its form, at this second.
fn at(now: i64, form: &[(&str, &str)]) -> Cx {
    let typed: BTreeMap<String, String> = form.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let account = example::filled_in(&APP, &typed).expect("the form takes it");
    let net = Arc::new(Played::new(Arc::new(fake::Jitsi::default())));
    let gateway = gateway(net, jiff::Timestamp::from_second(now).expect("in range"));
    gateway.cx(&APP, account, Patience::Form).expect("the account is usable")
}

fn meeting() -> Meeting {
    Meeting {
        uid: "booking-uid".into(),
        zone: "UTC".into(),
        ..example::meeting(Span::new(START, START + 1_800))
    }
}

fn visitor(part: Side) -> Visitor {
    Visitor {
        id: "u1".into(),
        person: Person { name: "Gus Güst".into(), email: "guest@example.com".into() },
        part,
    }
}

async fn enter(cx: &Cx, part: Side) -> Result<(Room, url::Url), Error> {
    let room = AnyConference::open(&Jitsi, cx, &meeting()).await?;
    let link = AnyJoin::join(&Jitsi, cx, &room, &meeting(), &visitor(part)).await?;
    Ok((room, link.parse().expect("an address")))
}

fn jwt(url: &url::Url) -> String {
    url.query_pairs().find(|(name, _)| name == "jwt").expect("has a token").1.into_owned()
}

fn claims(token: &str, key: &DecodingKey, algorithm: Algorithm, audience: &str) -> Value {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    // The test's clock is not the system's; the times are compared by hand.
    validation.validate_exp = false;
    decode::<Value>(token, key, &validation).expect("the signature holds").claims
}

const OWN: [(&str, &str); 4] = [
    ("access", "hs256"),
    ("token_server", "https://meet.example.com"),
    ("app_id", "kalends"),
    ("shared_secret", "s3cret"),
];

#[tokio::test]
async fn jit_01_an_open_room_is_random_and_says_nothing_of_the_booking() {
    let cx = at(START, &[("access", "open"), ("prefix", "Acme & Söhne")]);
    let room = AnyConference::open(&Jitsi, &cx, &meeting()).await.expect("opens");
    let Link::Ready(url) = &room.link else { panic!("{room:?}") };
    let name = url.strip_prefix("https://meet.jit.si/").expect("the public server is the default");
    let random = name.strip_prefix("acme-s-hne-").expect("begins readably");
    assert_eq!(random.len(), 25, "128 bits in base 36");
    assert!(random.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    assert!(!url.contains("booking-uid"));
}

#[tokio::test]
async fn an_own_server_keeps_its_path() {
    let cx = at(START, &[("access", "open"), ("server", "meet.example.com/rooms/")]);
    let (_, url) = enter(&cx, Side::Guest).await.expect("enters");
    assert!(url.as_str().starts_with("https://meet.example.com/rooms/"), "{url}");
}

#[tokio::test]
async fn jit_02_an_own_servers_token_is_for_this_room_and_time() {
    let (room, url) = enter(&at(START, &OWN), Side::Host).await.expect("enters");
    assert_eq!(room.link, Link::AtDoor);
    let found = claims(&jwt(&url), &DecodingKey::from_secret(b"s3cret"), Algorithm::HS256, "kalends");
    assert_eq!(found["iss"], "kalends");
    assert_eq!(found["sub"], "meet.example.com");
    assert_eq!(found["room"], room.id.as_str());
    assert_eq!((&found["nbf"], &found["exp"]), (&(START - 900).into(), &(START + 1_800 + 3_600).into()));
    let user = found["context"]["user"].as_object().expect("a user");
    assert!(user.values().all(|value| value.is_string() || value.is_number() || value.is_null()), "{user:?}");
}

#[tokio::test]
async fn jit_02_a_key_pair_signs_with_its_key_id() {
    let form = [
        ("access", "rs256"),
        ("token_server", "https://meet.example.com"),
        ("app_id", "kalends"),
        ("key_id", "key-7"),
        ("private_key", PRIVATE),
        ("subject", "*"),
    ];
    let (_, url) = enter(&at(START, &form), Side::Guest).await.expect("enters");
    assert_eq!(decode_header(jwt(&url)).expect("a header").kid.as_deref(), Some("key-7"));
    let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).expect("a key");
    assert_eq!(claims(&jwt(&url), &key, Algorithm::RS256, "kalends")["sub"], "*");
}

#[tokio::test]
async fn jit_03_jaas_gets_its_own_claims_whichever_way_the_key_id_is_pasted() {
    for key_id in ["abc123", "vpaas-magic/abc123"] {
        let form =
            [("access", "jaas"), ("app_id", "vpaas-magic"), ("key_id", key_id), ("private_key", PRIVATE)];
        let (room, url) = enter(&at(START, &form), Side::Host).await.expect("enters");
        assert_eq!(url.host_str(), Some("8x8.vc"));
        assert_eq!(url.path(), format!("/vpaas-magic/{}", room.id));
        assert_eq!(decode_header(jwt(&url)).expect("a header").kid.as_deref(), Some("vpaas-magic/abc123"));
        let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).expect("a key");
        let found = claims(&jwt(&url), &key, Algorithm::RS256, "jitsi");
        assert_eq!((&found["iss"], &found["sub"]), (&"chat".into(), &"vpaas-magic".into()));
        assert_eq!(found["context"]["user"]["moderator"], "true", "text, not a boolean");
    }
}

#[tokio::test]
async fn jit_03_features_are_texts_and_for_hosts_alone() {
    let form = [
        ("access", "jaas"),
        ("app_id", "vpaas-magic"),
        ("key_id", "abc123"),
        ("private_key", PRIVATE),
        ("recording", "on"),
        ("outbound_call", "on"),
    ];
    let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).expect("a key");
    for (part, ticked) in [(Side::Host, "true"), (Side::Guest, "false")] {
        let (_, url) = enter(&at(START, &form), part).await.expect("enters");
        let found = claims(&jwt(&url), &key, Algorithm::RS256, "jitsi");
        let expected = serde_json::json!({
            "recording": ticked, "livestreaming": "false", "transcription": "false", "outbound-call": ticked,
        });
        assert_eq!(found["context"]["features"], expected, "{part:?}");
    }
    let (_, url) = enter(&at(START, &OWN), Side::Host).await.expect("enters");
    let key = DecodingKey::from_secret(b"s3cret");
    let own = claims(&jwt(&url), &key, Algorithm::HS256, "kalends");
    assert_eq!(own["context"].get("features"), None, "they are JaaS's alone");
}

#[tokio::test]
async fn jit_04_only_the_host_is_moderator() {
    let cx = at(START, &OWN);
    let key = DecodingKey::from_secret(b"s3cret");
    for (part, moderator) in [(Side::Host, "true"), (Side::Guest, "false")] {
        let (_, url) = enter(&cx, part).await.expect("enters");
        let found = claims(&jwt(&url), &key, Algorithm::HS256, "kalends");
        assert_eq!(found["context"]["user"]["moderator"], moderator);
    }
}

#[tokio::test]
async fn jit_05_a_moved_meeting_keeps_its_room_and_gets_new_passes() {
    let room = AnyConference::open(&Jitsi, &at(START, &OWN), &meeting()).await.expect("opens");
    let later = Meeting { span: Span::new(START + 86_400, START + 88_200), ..meeting() };
    let cx = at(START + 86_400, &OWN);
    let moved = AnyConference::update(&Jitsi, &cx, &room, &later).await.expect("updates");
    assert_eq!(moved, room);
    let link = AnyJoin::join(&Jitsi, &cx, &moved, &later, &visitor(Side::Guest)).await.expect("enters");
    let key = DecodingKey::from_secret(b"s3cret");
    let token = jwt(&link.parse().expect("an address"));
    assert_eq!(claims(&token, &key, Algorithm::HS256, "kalends")["nbf"], START + 86_400 - 900);
}

#[tokio::test]
async fn the_door_is_shut_before_and_after() {
    let early = enter(&at(START - 901, &OWN), Side::Guest).await.expect_err("too early");
    assert_eq!((early.kind, early.retry), (Kind::PolicyDenied, kalends_app::Retry::Never));
    let late = enter(&at(START + 1_800 + 3_600, &OWN), Side::Guest).await.expect_err("too late");
    assert_eq!(late.kind, Kind::Gone);
}

#[tokio::test]
async fn a_key_that_is_no_key_is_found_when_connecting_and_never_shown() {
    let form =
        [("access", "jaas"), ("app_id", "a"), ("key_id", "b"), ("private_key", "canary-5d1e not a key")];
    let error = AnyConference::probe(&Jitsi, &at(START, &form)).await.expect_err("no key");
    assert_eq!(error.kind, Kind::AuthRevoked);
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn only_the_fields_of_the_chosen_access_are_asked() {
    let typed = |form: &[(&str, &str)]| {
        let form: BTreeMap<String, String> = form.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        APP.manifest().check(&form, &Secrets::none())
    };
    assert!(typed(&[("access", "open")]).is_ok());
    let wrong = typed(&[("access", "hs256")]).expect_err("lacks its fields");
    let names: Vec<&str> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(names, ["token_server", "app_id", "shared_secret"]);
}
