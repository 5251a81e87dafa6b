//! The account's settings, read.

use kalends_app::{Cx, Error, Kind, kind::calendar::Person};
use vendor_mail::{Security, Server, SignIn};

/// The mail server of this call, and whose mails go there.
pub fn read(cx: &Cx) -> Result<(Server, Person), Error> {
    let missing =
        |name: &str| Error::new(Kind::Invalid, format!("{name}: this is not set; open the app's settings"));
    let host = cx.setting("host").ok_or_else(|| missing("host"))?;
    let port = cx.settings.get("port").and_then(port_of).ok_or_else(|| missing("port"))?;
    let security = match cx.setting("security").unwrap_or("tls") {
        "tls" => Security::Tls,
        "starttls" => Security::StartTls,
        "plain" => Security::Plain,
        other => {
            let message = format!("security: {other:?} is not one of tls, starttls, plain");
            return Err(Error::new(Kind::Invalid, message));
        }
    };
    let email = cx.setting("from_email").ok_or_else(|| missing("from_email"))?.to_owned();
    let name = cx.setting("from_name").unwrap_or_default().to_owned();
    let sign_in = match cx.setting("user") {
        Some(user) => SignIn::Password { user: user.to_owned(), password: cx.secret("password")?.clone() },
        None => SignIn::Nothing,
    };
    let server =
        Server { host: host.to_owned(), port, security, sign_in, sender: email.clone(), judge: |_, _| None };
    Ok((server, Person { name, email }))
}

fn port_of(value: &serde_json::Value) -> Option<u16> {
    value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}
