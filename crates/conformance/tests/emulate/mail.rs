//! Mail through the peer's mailbox.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_app::kind::{
    calendar::Person,
    messenger::{Invite, Message, Method},
};
use serde_json::Value;

use crate::{
    account::{Account, PLACE},
    socket::client,
};

const REDIRECT: &str = "http://127.0.0.1:3000/apps/gmail/callback";

/// Signs in, sends, and reads back what stands under *Sent*, as somebody who may read.
pub async fn goes_out() {
    let account = Account::of("gmail", REDIRECT);
    let tokens = account.signed_in().await;
    let (cx, messenger) = (account.cx(&tokens), account.messenger());
    let probe = messenger.probe(&cx).await.expect("signed in");
    assert_eq!(probe.identity, "host@example.com");
    let person = |name: &str, email: &str| Person { name: name.into(), email: email.into() };
    let ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n".into();
    let message = Message {
        from: None,
        to: vec![person("Gus Güst", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Grüße am Montag".into(),
        text: "Bis Montag, schöne Grüße.\n".into(),
        html: Some("<p>Bis Montag</p>".into()),
        invite: Some(Invite { method: Method::Request, ics }),
        files: vec![],
        message_id: "b1.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    };
    let receipt = messenger.send(&cx, &message).await.expect("sends");
    let peer = std::env::var(PLACE).expect("the caller has looked");
    let at = format!("{}/gmail/v1/users/me/messages/{}", peer.trim_end_matches('/'), receipt.id);
    let read = |format: &str| {
        let request = client().get(format!("{at}?format={format}")).bearer_auth(tokens.access.expose());
        async move {
            let text = request.send().await.expect("answers").text().await.expect("a body");
            serde_json::from_str::<Value>(&text).expect("JSON")
        }
    };
    let whole = read("full").await;
    let headers = whole["payload"]["headers"].as_array().cloned().unwrap_or_default();
    let header = |name: &str| {
        let found =
            headers.iter().find(|one| one["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)));
        found.and_then(|one| one["value"].as_str().map(str::to_owned)).unwrap_or_default()
    };
    assert!(header("From").contains("host@example.com"), "{headers:?}");
    assert!(header("To").contains("guest@example.com"), "{headers:?}");
    let raw = read("raw").await;
    let raw = BASE64_URL_SAFE_NO_PAD
        .decode(raw["raw"].as_str().expect("a mail").trim_end_matches('='))
        .expect("base64");
    let raw = String::from_utf8(raw).expect("text");
    assert!(raw.contains("text/calendar; method=REQUEST"), "{raw}");
    assert!(raw.contains("b1.confirmed.guest.0@kalends.example"), "{raw}");
}
