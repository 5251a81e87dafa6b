mod mail;
mod server;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kalends_app::{
    Account, AnyMessenger, Cx, Error, Names, Secrets, Srv,
    fake::{Fake, Played, gateway},
    gateway::Patience,
    kind::{calendar::Person, messenger::Message},
};

use crate::{APP, Smtp, fake};

/// Every name leads there.
struct Points(SocketAddr);

impl Names for Points {
    fn addresses<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async { Ok(vec![self.0]) })
    }

    fn srv<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }
}

/// An account on the fake with these fields typed otherwise, whose server is at the address.
fn account(at: SocketAddr, changes: &[(&str, &str)]) -> Cx {
    on(Arc::new(Points(at)), changes)
}

fn on(names: Arc<dyn Names>, changes: &[(&str, &str)]) -> Cx {
    let fake: Arc<dyn Fake> = Arc::new(fake::Smtp::default());
    let mut form: BTreeMap<String, String> = fake.form();
    form.extend(changes.iter().map(|(name, text)| ((*name).into(), (*text).into())));
    let filled = APP.manifest().check(&form, &Secrets::none()).expect("the form takes it");
    let begin = "2027-03-01T08:00:00Z".parse().expect("an instant");
    let gateway = gateway(Arc::new(Played::new(fake)), begin).naming(names).trusting(include_str!("ca.pem"));
    let account = Account {
        id: "1".into(),
        settings: filled.settings.into(),
        secrets: filled.secrets,
        zone: "UTC".into(),
        locale: "en".into(),
        ..Account::default()
    };
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
