//! A mail server, played on a loopback port.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{
    Names, Request, Response,
    fake::{Bench, Fake},
};
use vendor_mail::fake::{MailServer, PASSWORD, USER};

/// A mail server.
#[derive(Default)]
pub struct Smtp(MailServer);

impl Fake for Smtp {
    fn answer(&self, _: &Request) -> Result<Response, String> {
        Err("a mail server does not speak HTTP".into())
    }

    fn bench(&self) -> &Bench {
        self.0.bench()
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("host", "mail.example.com"),
            ("port", "25"),
            ("security", "plain"),
            ("user", USER),
            ("password", PASSWORD),
            ("from_email", "bookings@example.com"),
            ("from_name", "Example bookings"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn names(&self) -> Arc<dyn Names> {
        self.0.names()
    }
}
