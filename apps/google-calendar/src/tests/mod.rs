//! Google Calendar, beyond what the suites ask of every calendar.

mod changes;
mod channels;
mod events;
mod reading;

use std::sync::Arc;

use http::Method;
use kalends_app::{
    Account, AnyCalendar, Cx, Error, RemoteId, Request,
    fake::{Fake, OAuth, Played, example, gateway},
    gateway::Patience,
    http::{Signer, Transport, sign::Fixed},
    kind::calendar::{Attendance, Attendee, Changes, Draft, Person},
    oauth::pkce,
};
use kalends_domain::Span;
use serde_json::{Value, json};
use vendor_google::fake::{Google, HOST};

use super::{APP, GoogleCalendar, fake};

/// Google, and an account there.
struct World {
    google: Arc<Google>,
    cx: Cx,
}

impl World {
    fn new() -> Self {
        Self::with(&json!({}))
    }

    fn with(settings: &Value) -> Self {
        let google = Arc::new(fake::google());
        let signer = google.oauth().map(OAuth::signer).expect("Google signs people in");
        let cx = cx(&google, settings, signer);
        Self { google, cx }
    }

    /// An account whose owner unticked these scopes.
    fn without(unticked: &[&str]) -> Self {
        let google = Arc::new(fake::google());
        let token = consent(&google, unticked);
        let signer = Arc::new(Fixed::bearer(&token).expect("a token"));
        let cx = cx(&google, &json!({}), signer);
        Self { google, cx }
    }

    fn put(&self, id: &str, event: Value) {
        self.google.put(HOST, id, event);
    }

    fn event(&self, id: &str) -> Value {
        self.google.event(HOST, id).expect("the event is there")
    }

    async fn changes(&self, since: Option<&str>) -> Changes {
        self.try_changes(since).await.expect("says what changed")
    }

    async fn try_changes(&self, since: Option<&str>) -> Result<Changes, Error> {
        part().changes(&self.cx, &host(), since, window()).await
    }

    /// The parameters of the last request of an operation.
    fn asked(&self, op: &str) -> Vec<(String, String)> {
        let seen = self.google.bench().seen();
        let request = seen.iter().rev().find(|request| request.op.name == op).expect("it was sent");
        request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    /// The operations asked for, in order.
    fn ops(&self) -> Vec<&'static str> {
        self.google.bench().seen().iter().map(|request| request.op.name).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.google.bench().strays(), Vec::<String>::new());
        }
    }
}

fn cx(google: &Arc<Google>, settings: &Value, signer: Arc<dyn Signer>) -> Cx {
    cx_by(Arc::new(Played::new(Arc::clone(google) as Arc<dyn Fake>)), settings, signer)
}

/// The same by another way to Google.
fn cx_by(net: Arc<dyn Transport>, settings: &Value, signer: Arc<dyn Signer>) -> Cx {
    let gateway = gateway(net, example::begin());
    let account = Account { settings: settings.clone(), signer: Some(signer), ..example::account() };
    gateway.cx(&APP, account, Patience::Job).expect("the account can be used")
}

/// What a browser and the engine do to connect an account, without what these scopes allow.
fn consent(google: &Google, unticked: &[&str]) -> String {
    let oauth = google.oauth().expect("Google signs people in");
    oauth.untick(unticked);
    let manifest = APP.manifest();
    let of = manifest.auth.oauth().expect("OAuth 2");
    let verifier = "0123456789-0123456789-0123456789-0123456789";
    let mut url = manifest.endpoints["authorize"].clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &oauth.client().id)
        .append_pair("redirect_uri", "https://kalends.example.com/callback")
        .append_pair("state", "0123456789abcdef0123456789")
        .append_pair("scope", &of.asked())
        .append_pair("code_challenge", &pkce::challenge(verifier))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(&of.params);
    let back = oauth.consent(&url).expect("they agree");
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let proof = oauth.client().proof.expect("a secret");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", &code)
        .append_pair("redirect_uri", "https://kalends.example.com/callback")
        .append_pair("code_verifier", verifier)
        .append_pair("client_id", &oauth.client().id)
        .append_pair("client_secret", proof.hidden().expose());
    let request = Request::new("token", Method::POST, manifest.endpoints["token"].clone())
        .body("application/x-www-form-urlencoded", form.finish());
    let answer: Value = google.answer(&request).expect("understood").json().expect("tokens");
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn part() -> &'static dyn AnyCalendar {
    &GoogleCalendar
}

fn host() -> RemoteId {
    RemoteId::new(HOST)
}

fn window() -> Span {
    Span::new(at("2027-03-01T00:00:00Z"), at("2027-04-01T00:00:00Z"))
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

fn span(from: &str, to: &str) -> Span {
    Span::new(at(from), at(to))
}

fn draft(uid: &str) -> Draft {
    let person = |name: &str, email: &str| Person { name: name.into(), email: email.into() };
    let guest =
        |mail| Attendee { person: person("Guest", mail), status: Attendance::Accepted, optional: false };
    Draft {
        zone: "America/New_York".into(),
        location: Some("https://meet.example.com/room".into()),
        url: Some("https://kalends.example.com/booking/x".into()),
        organizer: person("Hanna Host", HOST),
        attendees: ["gus@example.com", "gina@example.com"].map(guest).into(),
        ..example::draft(uid, span("2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z"))
    }
}

/// Somebody's event as Google tells it, an hour on a day of March at ten o'clock UTC.
fn theirs(day: u32, more: &Value) -> Value {
    let mut event = json!({
        "status": "confirmed",
        "summary": "Secret plans",
        "iCalUID": format!("theirs-{day}@google.com"),
        "organizer": { "email": HOST, "self": true },
        "start": { "dateTime": format!("2027-03-{day:02}T10:00:00Z"), "timeZone": "Europe/Berlin" },
        "end": { "dateTime": format!("2027-03-{day:02}T11:00:00Z"), "timeZone": "Europe/Berlin" },
        "sequence": 0,
    });
    for (name, value) in more.as_object().expect("fields") {
        event[name] = value.clone();
    }
    event
}
