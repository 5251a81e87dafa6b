//! Amazon SES, played: one account in one region, which checks every signature.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response, Secret,
    fake::{Became, Bench, Fake, answer, parts},
    hook::{Back, Raw, carried},
};
use serde_json::{Value, json};
use url::Url;
use vendor_mail::parts::OUR_NAME;

use crate::sign::{self, Key};

/// The only key.
pub const KEY: (&str, &str) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
/// The region the account is used in.
const REGION: &str = "eu-west-1";
const NOTICE_SECRET: &str = "a-long-secret-for-the-notices-of-the-fake";

/// One account.
pub struct AmazonSes {
    bench: Bench,
    state: Mutex<State>,
}

/// What it remembers.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own at Amazon")]
pub struct State {
    /// Senders, and whether they are verified.
    pub identities: BTreeMap<&'static str, bool>,
    /// Whether anything may be sent.
    pub enabled: bool,
    /// Whether only verified addresses are written to.
    pub trial: bool,
    /// Whether the key may do more than send.
    pub may_look: bool,
    /// Whether the day's allowance is used up.
    pub spent: bool,
    /// Mails that went out: by Amazon's id the text and whom to.
    pub mails: BTreeMap<String, (String, Vec<String>)>,
    /// Notices sent: each has a name of its own.
    notices: u32,
}

impl Default for AmazonSes {
    fn default() -> Self {
        let state = State {
            identities: BTreeMap::from([
                ("example.com", true),
                ("new.example", false),
                ("one@single.example", true),
            ]),
            enabled: true,
            trial: false,
            may_look: true,
            spent: false,
            mails: BTreeMap::new(),
            notices: 0,
        };
        Self { bench: Bench::default(), state: Mutex::new(state) }
    }
}

impl AmazonSes {
    /// What it remembers.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for AmazonSes {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(refusal) = unsigned(request)? {
            return Ok(refusal);
        }
        let mut state = self.state();
        let path = request.url.path();
        let looks = path == "/v2/email/account" || path.starts_with("/v2/email/identities/");
        if looks && !state.may_look {
            let what = if path.ends_with("account") { "GetAccount" } else { "GetEmailIdentity" };
            let message = format!(
                "User: arn:aws:iam::123456789012:user/mail is not authorized to perform: ses:{what} on resource: *"
            );
            return Ok(no(request, 403, "AccessDeniedException", &message));
        }
        match (request.method.as_str(), path) {
            ("GET", "/v2/email/account") => {
                let quota = json!({ "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 7.0 });
                let there = json!({
                    "SendingEnabled": state.enabled, "ProductionAccessEnabled": !state.trial,
                    "EnforcementStatus": "HEALTHY", "SendQuota": quota,
                });
                Ok(said(request, 200, &there))
            }
            ("GET", path) => {
                let name =
                    parts(path, "/v2/email/identities/{}").ok_or_else(|| format!("there is no {path}"))?[0];
                match state.identities.get(name.replace("%40", "@").as_str()) {
                    Some(is) => Ok(said(request, 200, &json!({ "VerifiedForSendingStatus": is }))),
                    None => Ok(no(
                        request,
                        404,
                        "NotFoundException",
                        &format!("Email identity {name} does not exist."),
                    )),
                }
            }
            ("POST", "/v2/email/outbound-emails") => state.send(request),
            (method, path) => Err(format!("there is no {method} {path}")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("region", REGION),
            ("access_key_id", KEY.0),
            ("secret_access_key", KEY.1),
            ("from_email", "bookings@example.com"),
            ("from_name", "Example bookings"),
            ("configuration_set", "bookings"),
            ("webhook_secret", NOTICE_SECRET),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn mail(&self, request: &Request) -> String {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        text(&body).unwrap_or_default()
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mut state = self.state();
        state.notices += 1;
        let number = state.notices;
        let is = |mail: &str| header(mail, OUR_NAME).is_some_and(|named| named == message_id);
        let (id, (mail, to)) = state.mails.iter().find(|(_, (mail, _))| is(mail))?;
        let each = |more: &Value| -> Vec<Value> {
            let one = |to: &String| {
                let mut one = json!({ "emailAddress": to });
                one.as_object_mut()
                    .into_iter()
                    .for_each(|one| one.extend(more.as_object().cloned().unwrap_or_default()));
                one
            };
            to.iter().map(one).collect()
        };
        let (name, kind, what) = match became {
            Became::Delivered => {
                ("Email Delivered", "Delivery", json!({ "recipients": to, "smtpResponse": "250 ok" }))
            }
            Became::Returned(Back::Complaint) => {
                ("Email Complaint Received", "Complaint", json!({ "complainedRecipients": each(&json!({})) }))
            }
            Became::Returned(back) => {
                let lasts = if back == Back::ForGood { "Permanent" } else { "Transient" };
                let why = json!({ "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" });
                let what = json!({ "bounceType": lasts, "bounceSubType": "General", "bouncedRecipients": each(&why) });
                ("Email Bounced", "Bounce", what)
            }
        };
        let headers = json!([
            { "name": "Message-ID", "value": header(mail, "Message-ID")? },
            { "name": OUR_NAME, "value": header(mail, OUR_NAME)? },
        ]);
        let mail =
            json!({ "messageId": id, "destination": to, "headersTruncated": false, "headers": headers });
        let detail = json!({ "eventType": kind, (kind.to_lowercase()): what, "mail": mail });
        let body = json!({
            "version": "0", "id": format!("12a18625-3cd6-04ef-0f94-{number:012}"), "detail-type": name,
            "source": "aws.ses", "account": "123456789012", "time": at.to_string(), "region": REGION, "detail": detail,
        });
        let mut headers = HeaderMap::new();
        headers.insert(carried::HEADER, NOTICE_SECRET.parse().ok()?);
        Some(Raw { method: Method::POST, url: address.clone(), headers, body: body.to_string().into() })
    }
}

/// The refusal of a request that is not signed by the key for this region.
fn unsigned(request: &Request) -> Result<Option<Response>, String> {
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let time = text(sign::DATE).ok_or("a request says its time")?;
    let given = text("authorization").ok_or("a request is signed")?;
    if request.url.host_str() != Some(&format!("email.{REGION}.amazonaws.com")) {
        return Err("the account is used in one region".into());
    }
    if !given.contains(&format!("Credential={}/", KEY.0)) {
        let message = "The security token included in the request is invalid.";
        return Ok(Some(no(request, 403, "UnrecognizedClientException", message)));
    }
    let secret = Secret::new(KEY.1);
    let key = Key { id: KEY.0, secret: &secret, region: REGION, service: "ses" };
    if given != sign::authorization(request, &key, time) {
        let message = "The request signature we calculated does not match the signature you provided.";
        return Ok(Some(no(request, 403, "InvalidSignatureException", message)));
    }
    Ok(None)
}

impl State {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        if request.headers.get("content-type").is_none_or(|kind| kind != "application/json") {
            return Err("the body must be JSON".into());
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        let fields = body.as_object().ok_or("a mail is an object")?;
        let known = ["Destination", "Content", "ConfigurationSetName"];
        if let Some(stray) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("a mail has no field {stray}"));
        }
        let to = body["Destination"]["ToAddresses"].as_array().ok_or("whom to is a list")?;
        let to: Vec<String> = to.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let mail = text(&body).ok_or("the mail is a text in base64")?;
        for name in ["From", "Message-ID", OUR_NAME, "MIME-Version"] {
            header(&mail, name).ok_or_else(|| format!("the mail has no {name}"))?;
        }
        if let Some(refusal) = self.refusal(request, &mail, &to, body["ConfigurationSetName"].as_str()) {
            return Ok(refusal);
        }
        let id = format!("010201{:026}-000000", self.mails.len() + 1);
        self.mails.insert(id.clone(), (mail, to));
        Ok(said(request, 200, &json!({ "MessageId": id })))
    }

    /// What Amazon itself would not send.
    fn refusal(&self, request: &Request, mail: &str, to: &[String], set: Option<&str>) -> Option<Response> {
        if !self.enabled {
            return Some(no(
                request,
                400,
                "SendingPausedException",
                "Email sending is disabled for this account.",
            ));
        }
        if set.is_some_and(|set| set != "bookings") {
            let message = format!("Configuration set <{}> does not exist.", set.unwrap_or_default());
            return Some(no(request, 404, "NotFoundException", &message));
        }
        let verified = |email: &str| {
            let known = |name: &&str| self.identities.get(*name) == Some(&true);
            crate::api::identities(email).iter().any(known)
        };
        let from = header(mail, "From")?;
        let everybody = std::iter::once(vendor_mail::parts::address(&from))
            .chain(to.iter().map(String::as_str).filter(|_| self.trial));
        if let Some(unknown) = everybody.into_iter().find(|email| !verified(email)) {
            let message = format!(
                "Email address is not verified. The following identities failed the check in region EU-WEST-1: {unknown}"
            );
            return Some(no(request, 400, "MessageRejected", &message));
        }
        if to.iter().any(|one| one.starts_with("refused@")) {
            return Some(no(request, 400, "BadRequestException", "Illegal address"));
        }
        self.spent.then(|| no(request, 429, "TooManyRequestsException", "Daily message quota exceeded"))
    }
}

/// The mail in a request's body.
fn text(body: &Value) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(body["Content"]["Raw"]["Data"].as_str()?).ok()?;
    String::from_utf8(bytes).ok()
}

/// A header of a mail, on one line, without brackets.
pub fn header(mail: &str, name: &str) -> Option<String> {
    let (head, _) = mail.split_once("\r\n\r\n")?;
    let line = head.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")))?;
    let bracketed = line.starts_with('<') && line.ends_with('>');
    Some(if bracketed { line[1..line.len() - 1].to_owned() } else { line.to_owned() })
}

fn no(request: &Request, status: u16, kind: &str, message: &str) -> Response {
    let headers = [("content-type", "application/json"), ("x-amzn-errortype", kind)];
    answer(request, status, &headers, json!({ "message": message }).to_string())
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
