mod server;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use kalends_app::{
    AnyMessenger, Cx, Error, Names,
    fake::{Dns, Fake, Played, example, gateway},
    gateway::Patience,
    kind::{calendar::Person, messenger::Message},
};

use crate::{APP, Smtp, fake};

/// An account on the fake with these fields typed otherwise, whose server is at the address.
fn account(at: SocketAddr, changes: &[(&str, &str)]) -> Cx {
    on(Arc::new(Dns::leading_to(at)), changes)
}

fn on(names: Arc<dyn Names>, changes: &[(&str, &str)]) -> Cx {
    let fake: Arc<dyn Fake> = Arc::new(fake::Smtp::default());
    let account =
        example::filled_in(&APP, &example::changed(fake.form(), changes)).expect("the form takes it");
    let gateway = gateway(Arc::new(Played::new(fake)), example::begin())
        .naming(names)
        .trusting(vendor_mail::fake::ROOT);
    let mut cx = gateway.cx(&APP, account, Patience::Form).expect("the account is usable");
    cx.http = cx.http.patient(Duration::from_secs(10));
    cx
}

async fn send(cx: &Cx, message: &Message) -> Result<kalends_app::kind::messenger::Receipt, Error> {
    AnyMessenger::send(&Smtp, cx, message).await
}

fn person(name: &str, email: &str) -> Person {
    Person { name: name.into(), email: email.into() }
}

fn message() -> Message {
    Message {
        from: None,
        to: vec![person("Gus Guest", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Introduction".into(),
        text: "See you on Monday.\n".into(),
        html: None,
        invite: None,
        files: vec![],
        message_id: "b1.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    }
}
