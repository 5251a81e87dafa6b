//! Microsoft 365, played: a sign-in and a mailbox behind it.

use std::collections::BTreeMap;

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake, OAuth, answer},
    hook::Raw,
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
        Self { mailbox: Mailbox::default(), oauth }
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
        if !granted.scopes.contains("Calendars.ReadWrite") {
            return Ok(refused(request, 403, "ErrorInsufficientPermissionsInAccessToken"));
        }
        self.mailbox.answer(request)
    }

    fn bench(&self) -> &Bench {
        self.mailbox.bench()
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("microsoft-graph/openapi-v1.0-trimmed.json", "graph"))
    }

    fn undescribed(&self) -> &'static [&'static str] {
        &["/$batch", "$expand", "startDateTime", "endDateTime", "$skiptoken", "$deltatoken"]
    }

    fn notices(&self) -> Vec<Raw> {
        self.mailbox.notices()
    }
}

fn refused(request: &Request, status: u16, code: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": "The request was refused." } });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
