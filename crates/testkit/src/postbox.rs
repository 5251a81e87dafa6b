//! A mail server in memory: what reached whom.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use kalends_app::{
    Account, App, Cx, Declared, Error, Kind, Messenger, Part, Request, Response,
    fake::{Bench, Fake, answer},
    kind::{
        Probe,
        messenger::{Message, MessengerCan, Receipt},
    },
    no_opinion,
};
use kalends_engine::connect::Post;
use serde_json::{Value, json};

/// The mail server as an app.
pub static POSTBOX: App = App {
    slug: "postbox",
    manifest: Declared::new(
        r#"
slug = "postbox"
name = "Postbox"
tagline = "Mails."
description = "For tests."
kinds = ["messenger"]
categories = ["messages"]
publisher = "Kalends"
may = ["Send mails"]
[endpoints]
api = "https://post.example/"
"#,
    ),
    icon: "<svg/>",
    parts: || vec![Part::Messenger(Arc::new(Postbox))],
    judge: no_opinion,
    fake: || Arc::<Mailbox>::default(),
};

struct Postbox;

impl Messenger for Postbox {
    type Error = Error;
    const CAN: MessengerCan = MessengerCan { html: false, parts: false, told: false, once: false };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of("postbox"))
    }

    async fn send(&self, cx: &Cx, message: &Message) -> Result<Receipt, Error> {
        let mail = json!([message.message_id, message.to[0].email, message.subject, message.text]);
        let url = cx.endpoints.get("api")?.join("mail");
        let url = url.map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        let request = Request::new("mail", http::Method::POST, url);
        cx.http.send(request.repeatable().body("application/json", mail.to_string())).await?;
        Ok(Receipt { id: message.message_id.clone(), refused: vec![] })
    }
}

/// The mail server: every mail that reached it.
#[derive(Default)]
pub struct Mailbox {
    bench: Bench,
    mails: Mutex<Vec<[String; 4]>>,
}

impl Mailbox {
    /// Mails to somebody whose subject says this: id, recipient, subject, text.
    pub fn about(&self, to: &str, subject: &str) -> Vec<[String; 4]> {
        let all = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|mail| mail[1] == to && mail[2].contains(subject)).cloned().collect()
    }
}

impl Fake for Mailbox {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let mail: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        let text = |at: usize| mail[at].as_str().unwrap_or_default().to_owned();
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).push([text(0), text(1), text(2), text(3)]);
        Ok(answer(request, 202, &[], ""))
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// The whole server's mail server.
pub fn post() -> Post {
    let account =
        Account { id: "instance".into(), zone: "UTC".into(), locale: "en".into(), ..Account::default() };
    Post { app: &POSTBOX, account, from: None }
}
