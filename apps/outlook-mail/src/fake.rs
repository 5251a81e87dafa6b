//! Outlook's mail server, played: STARTTLS, a token that may send, and the sender's own mailbox.

use std::{collections::BTreeMap, sync::Arc};

use kalends_app::{
    Names, Request, Response,
    fake::{Bench, Fake, OAuth},
};
use vendor_mail::fake::{Door, MailServer, ROOT};

/// What a token must be good for.
const SCOPE: &str = "https://outlook.office.com/SMTP.Send";

/// A mailbox, its server and its sign-in.
pub(crate) struct Outlook {
    desk: OAuth,
    server: MailServer,
}

impl Default for Outlook {
    fn default() -> Self {
        // A refresh gives another token to refresh with, and the old one stays good for a while (MSG-02).
        let desk = OAuth::of(super::APP.manifest()).rotating().lenient();
        let server = MailServer::behind(Door::Granted { desk: desk.clone(), scope: SCOPE });
        Self { desk, server }
    }
}

impl Fake for Outlook {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        self.desk.answer(request).unwrap_or_else(|| Err("of HTTP there is only the sign-in".into()))
    }

    fn bench(&self) -> &Bench {
        self.server.bench()
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("mailbox", "ines@example.com"), ("from_name", "Example bookings")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.desk)
    }

    fn names(&self) -> Arc<dyn Names> {
        self.server.names()
    }

    fn root(&self) -> &'static str {
        ROOT
    }
}
