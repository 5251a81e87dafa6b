//! A published description as a judge of requests.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use kalends_app::{
    Error, Kind, Request, Response,
    fake::{Fake, OAuth, Played},
    http::{Answer, Transport},
};
use kalends_conformance::Stage;
use libtest_mimic::Failed;
use reqwest::Client;
use reqwest::header::CONTENT_LENGTH;
use serde_json::Value;

/// Who judges which app's requests.
pub struct Judge {
    /// The peer that knows the description.
    pub peer: &'static str,
    /// The app.
    pub slug: &'static str,
    /// What stands before the description's paths in the provider's addresses.
    pub base: &'static str,
    /// Ends of paths that the description leaves out, though the provider documents them elsewhere.
    beyond: &'static [&'static str],
    /// Beginnings of names that hold a slash: the description means `{+name}`, its server reads one part.
    whole: &'static [&'static str],
}

impl Judge {
    /// Where the peer is.
    pub fn address(&self) -> Result<String, Failed> {
        Ok(std::env::var(format!("KALENDS_PEER_{}", self.peer))?)
    }

    /// True when its answers are the provider's own examples; others are made up from their shape alone.
    pub fn has_answers(&self) -> bool {
        self.peer == "PRISM_GRAPH"
    }
}

/// Every app with a description to judge it by.
pub const JUDGES: &[Judge] = &[
    Judge {
        peer: "PRISM_GOOGLE",
        slug: "google-calendar",
        base: "https://www.googleapis.com/calendar/v3",
        beyond: &[],
        whole: &[],
    },
    Judge {
        peer: "PRISM_GOOGLE_MEET",
        slug: "google-meet",
        base: "https://meet.googleapis.com",
        beyond: &[],
        whole: &["spaces/"],
    },
    Judge {
        peer: "PRISM_GRAPH",
        slug: "microsoft-365",
        base: "https://graph.microsoft.com/v1.0",
        beyond: &["/$batch"],
        whole: &[],
    },
    Judge {
        peer: "PRISM_GRAPH",
        slug: "teams",
        base: "https://graph.microsoft.com/v1.0",
        beyond: &["/createOrGet"],
        whole: &[],
    },
    Judge { peer: "PRISM_ZOOM", slug: "zoom", base: "https://api.zoom.us/v2", beyond: &[], whole: &[] },
    Judge {
        peer: "PRISM_GOTOMEETING",
        slug: "gotomeeting",
        base: "https://api.getgo.com/G2M/rest",
        beyond: &[],
        whole: &[],
    },
    Judge { peer: "PRISM_RESEND", slug: "resend", base: "https://api.resend.com", beyond: &[], whole: &[] },
    Judge {
        peer: "PRISM_SENDGRID",
        slug: "sendgrid",
        base: "https://api.sendgrid.com/v3",
        beyond: &[],
        whole: &[],
    },
    Judge {
        peer: "PRISM_POSTMARK",
        slug: "postmark",
        base: "https://api.postmarkapp.com",
        beyond: &[],
        whole: &[],
    },
];

/// A judge that lets everything pass proves nothing: what no description has must be refused.
pub async fn refuses(judge: &'static Judge) -> Result<(), Failed> {
    let app =
        kalends_catalog::APPS.iter().copied().find(|app| app.slug == judge.slug).ok_or("no such app")?;
    let url = format!("{}/kalends/knows/no/such/path", judge.base).parse()?;
    let verdict = Judged::new(judge, (app.fake)())?.verdict(&Request::get("stray", url)).await;
    if verdict.is_some() { Ok(()) } else { Err("it lets a path pass that nobody has described".into()) }
}

/// A stage before a played provider whose requests are judged on the way.
pub fn stage(slug: &str, _: &'static str) -> BoxFuture<'static, Result<Stage, Failed>> {
    let slug = slug.to_owned();
    async move {
        let judge = JUDGES.iter().find(|judge| judge.slug == slug).ok_or("there is no judge for it")?;
        let app = kalends_catalog::APPS.iter().copied().find(|app| app.slug == slug).ok_or("no such app")?;
        let fake = (app.fake)();
        let (form, signer) = (fake.form(), fake.oauth().map(OAuth::signer));
        let judged = Arc::new(Judged::new(judge, fake)?);
        match signer {
            Some(signer) => Stage::before_signed(app, judged, &form, signer).await,
            None => Stage::before(app, judged, &form).await,
        }
    }
    .boxed()
}

struct Judged {
    judge: &'static Judge,
    at: String,
    client: Client,
    played: Played,
    fake: Arc<dyn Fake>,
}

impl Transport for Judged {
    fn send(&self, request: Request) -> Answer<'_> {
        async move {
            if let Some(verdict) = self.verdict(&request).await {
                let (method, path) = (&request.method, request.url.path());
                panic!("the description does not know {method} {path}: {verdict}");
            }
            let answer: Result<Response, Error> = self.played.send(request).await;
            match self.fake.bench().strays().first() {
                Some(stray) => Err(Error::new(Kind::Invalid, format!("the fake does not know {stray}"))),
                None => answer,
            }
        }
        .boxed()
    }
}

impl Judged {
    fn new(judge: &'static Judge, fake: Arc<dyn Fake>) -> Result<Self, Failed> {
        let client = Client::builder().no_proxy().build()?;
        let at = judge.address()?;
        Ok(Self { judge, at, client, played: Played::new(Arc::clone(&fake)), fake })
    }

    /// What the description has against a request, if anything.
    async fn verdict(&self, request: &Request) -> Option<String> {
        let rest = request.url.as_str().strip_prefix(self.judge.base)?;
        let rest = self
            .judge
            .whole
            .iter()
            .fold(rest.to_owned(), |rest, name| rest.replace(name, &name.replace('/', "%2F")));
        if self.judge.beyond.iter().any(|end| request.url.path().ends_with(end)) {
            return None;
        }
        let asked = self.client.request(request.method.clone(), format!("{}{rest}", self.at));
        let mut headers = request.headers.clone();
        headers.remove(CONTENT_LENGTH);
        let asked = asked.headers(headers).body(without_nulls(request));
        let answer = asked.send().await.expect("the judge answers");
        let found =
            answer.headers().get("sl-violations").and_then(|found| found.to_str().ok()).map(str::to_owned);
        if answer.status().as_u16() >= 400 {
            return Some(answer.text().await.unwrap_or_default());
        }
        // What is wrong with its own examples is not our affair.
        let found: Vec<Value> = serde_json::from_str(&found?).unwrap_or_default();
        let ours = found.into_iter().find(|one| one["location"][0] == "request")?;
        Some(ours.to_string())
    }
}

/// In a change, null takes a field away (RFC 7396); descriptions do not say so.
fn without_nulls(request: &Request) -> Vec<u8> {
    fn dropped(value: Value) -> Value {
        match value {
            Value::Object(all) => all
                .into_iter()
                .filter(|(_, one)| !one.is_null())
                .map(|(name, one)| (name, dropped(one)))
                .collect(),
            other => other,
        }
    }
    match serde_json::from_slice(&request.body) {
        Ok(body) if request.method.as_str() == "PATCH" => dropped(body).to_string().into_bytes(),
        _ => request.body.to_vec(),
    }
}
