//! Microsoft's front door: a sign-in, and the mailbox for whoever was let in with the permission it takes.

use std::collections::BTreeMap;

use kalends_app::{
    Manifest, Request, Response,
    fake::{Bench, Fake, OAuth, answer},
    hook::Raw,
};
use serde_json::json;

use super::{Mailbox, OWNER};

/// The server.
pub struct Server {
    /// What is behind the sign-in.
    pub mailbox: Mailbox,
    oauth: OAuth,
    form: BTreeMap<String, String>,
    /// The tenant at which the manifest signs in.
    tenant: String,
}

impl Server {
    /// With the sign-in of this manifest, set up by this form.
    pub fn of(manifest: &Manifest, form: &[(&str, &str)]) -> Self {
        let oauth = OAuth::of(manifest).rotating();
        oauth.signs_in(OWNER);
        let token = manifest.endpoints.get("token");
        let tenant = token.and_then(|url| url.path_segments()?.next()).unwrap_or_default().to_owned();
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { mailbox: Mailbox::default(), oauth, form, tenant }
    }

    /// The same request at this manifest's tenant: the sign-in serves all of them.
    fn at_tenant(&self, request: &Request) -> Request {
        let mut request = request.clone();
        if request.url.host_str() == Some("login.microsoftonline.com") {
            let path = request.url.path().trim_start_matches('/').to_owned();
            if let Some((_, rest)) = path.split_once('/') {
                request.url.set_path(&format!("/{}/{rest}", self.tenant));
            }
        }
        request
    }
}

impl Fake for Server {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.oauth.answer(&self.at_tenant(request)) {
            return answer;
        }
        let Some(granted) = self.oauth.bearer(request) else {
            return Ok(refused(request, 401, "InvalidAuthenticationToken"));
        };
        let (needs, code) = match request.url.path() {
            "/v1.0/me" => ("User.Read", "ErrorInsufficientPermissionsInAccessToken"),
            path if path.starts_with("/v1.0/me/onlineMeetings") => ("OnlineMeetings.ReadWrite", "Forbidden"),
            _ => ("Calendars.ReadWrite", "ErrorInsufficientPermissionsInAccessToken"),
        };
        if !granted.scopes.contains(needs) {
            return Ok(refused(request, 403, code));
        }
        self.mailbox.answer(request)
    }

    fn bench(&self) -> &Bench {
        self.mailbox.bench()
    }

    fn form(&self) -> BTreeMap<String, String> {
        self.form.clone()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("microsoft-graph/openapi-v1.0-trimmed.json", "graph"))
    }

    fn undescribed(&self) -> &'static [&'static str] {
        &["/$batch", "/createOrGet", "$expand", "startDateTime", "endDateTime", "$skiptoken", "$deltatoken"]
    }

    fn notices(&self) -> Vec<Raw> {
        self.mailbox.notices()
    }
}

fn refused(request: &Request, status: u16, code: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": "The request was refused." } });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
