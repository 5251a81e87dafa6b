//! Microsoft's front door: a sign-in, and the mailbox for whoever was let in with the permission it takes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kalends_app::kind::calendar::Shown;
use kalends_app::{
    Manifest, Request, Response,
    fake::{Bench, Fake, Laid, LaidWhen, OAuth, Says, answer},
    hook::Raw,
};
use serde_json::{Value, json};

use super::{Mailbox, OWNER};
use crate::Moment;

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

    fn lay(&self, laid: &Laid) -> bool {
        self.mailbox.put_by_other("Calendar", &event(laid));
        true
    }

    fn shown(&self, uid: &str) -> Option<Shown> {
        self.mailbox.shown(uid)
    }

    fn notices(&self) -> Vec<Raw> {
        self.mailbox.notices()
    }
}

/// What another client lays there, as Graph has it.
fn event(laid: &Laid) -> Value {
    let zone = "W. Europe Standard Time";
    let days = |at: Date| json!({ "dateTime": format!("{at}T00:00:00"), "timeZone": zone });
    let [start, end] = match laid.when {
        LaidWhen::At(span) => [json!(Moment::utc(span.start)), json!(Moment::utc(span.end))],
        LaidWhen::Days(first, until) => [days(first), days(until)],
    };
    let mut event = json!({
        "subject": laid.name, "start": start, "end": end, "isAllDay": matches!(laid.when, LaidWhen::Days(..)),
    });
    let (name, value) = match laid.says {
        Says::Busy => ("showAs", json!("busy")),
        Says::Free => ("showAs", json!("free")),
        Says::Tentative => ("showAs", json!("tentative")),
        Says::OutOfOffice => ("showAs", json!("oof")),
        Says::WorkingElsewhere => ("showAs", json!("workingElsewhere")),
        Says::Cancelled => ("isCancelled", json!(true)),
        Says::Declined => ("responseStatus", json!({ "response": "declined" })),
        Says::NotAnswered => ("responseStatus", json!({ "response": "notResponded" })),
        Says::DeclinedByAnother => ("attendees", json!([{ "status": { "response": "declined" } }])),
        Says::Private => ("sensitivity", json!("private")),
    };
    event[name] = value;
    event
}

fn refused(request: &Request, status: u16, code: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": "The request was refused." } });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
