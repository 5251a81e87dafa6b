//! Jitsi, played: a server that nobody ever calls, because a room is only a link.

use std::collections::BTreeMap;

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake},
};

/// A server with tokens.
#[derive(Default)]
pub struct Jitsi {
    bench: Bench,
}

impl Fake for Jitsi {
    fn answer(&self, _: &Request) -> Result<Response, String> {
        Err("a Jitsi server has no interface to call".into())
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("access", "hs256"),
            ("token_server", "https://meet.example.com"),
            ("app_id", "kalends"),
            ("shared_secret", "a-shared-secret-of-the-fake"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }
}
