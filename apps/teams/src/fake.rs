//! Teams, played: a sign-in and a mailbox behind it.

use std::collections::BTreeMap;

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake, OAuth, answer},
};
use vendor_microsoft::played::{Mailbox, OWNER};

/// The server.
pub(crate) struct Server {
    pub(crate) mailbox: Mailbox,
    oauth: OAuth,
}

impl Default for Server {
    fn default() -> Self {
        let oauth = OAuth::of(crate::APP.manifest()).rotating();
        oauth.signs_in(OWNER);
        let mailbox = Mailbox::default();
        mailbox.links_come_after(2);
        Self { mailbox, oauth }
    }
}

impl Fake for Server {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.oauth.answer(request) {
            return answer;
        }
        let Some(granted) = self.oauth.bearer(request) else {
            return Ok(refused(request, 401, "InvalidAuthenticationToken"));
        };
        let needs = match request.url.path() {
            "/v1.0/me" => "User.Read",
            path if path.starts_with("/v1.0/me/onlineMeetings") => "OnlineMeetings.ReadWrite",
            _ => "Calendars.ReadWrite",
        };
        if !granted.scopes.contains(needs) {
            return Ok(refused(request, 403, "Forbidden"));
        }
        self.mailbox.answer(request)
    }

    fn bench(&self) -> &Bench {
        self.mailbox.bench()
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("form".to_owned(), "event".to_owned())])
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("microsoft-graph/openapi-v1.0-trimmed.json", "graph"))
    }

    fn undescribed(&self) -> &'static [&'static str] {
        &["/createOrGet", "$expand"]
    }
}

fn refused(request: &Request, status: u16, code: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": "The request was refused." } });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
