//! Many readings in one request, each with an answer of its own (MSG-19, ALL-09).

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use kalends_app::{Error, Kind, Retry, http::retry_after};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::{Graph, error};

/// The most parts Graph takes at once.
const MOST: usize = 20;

/// What became of one part.
pub type Part = Result<Value, Error>;

/// Reads these addresses; each has its own answer, in the order asked.
///
/// What is throttled is asked for again alone, when its time has come, and nothing else of the account before; what was
/// answered stays answered.
pub async fn parts(graph: &Graph<'_>, op: &'static str, urls: &[Url]) -> Result<Vec<Part>, Error> {
    let mut all: Vec<Option<Part>> = vec![None; urls.len()];
    let mut left: Vec<usize> = (0..urls.len()).collect();
    for last in [false, false, false, true] {
        let mut throttled: Vec<usize> = Vec::new();
        for some in left.chunks(MOST) {
            for (at, one) in ask(graph, op, urls, some).await? {
                match one.throttled(graph.cx.line.time().now()) {
                    Some(error) if last => return Err(error),
                    Some(error) => {
                        graph.cx.line.heed(&error).await;
                        throttled.push(at);
                    }
                    None => all[at] = Some(one.judged()),
                }
            }
        }
        left = throttled;
        if left.is_empty() {
            break;
        }
    }
    all.into_iter().map(|one| one.ok_or_else(left_out)).collect()
}

/// One request for some of the addresses: the answer to each of them.
async fn ask(
    graph: &Graph<'_>,
    op: &'static str,
    urls: &[Url],
    some: &[usize],
) -> Result<Vec<(usize, One)>, Error> {
    let asked: Vec<Value> = some.iter().map(|at| part(graph, *at, &urls[*at])).collect();
    let request = graph
        .request(op, Method::POST, graph.url(&["$batch"])?)?
        .body("application/json", json!({ "requests": asked }).to_string())
        .repeatable();
    let answer: Answers = graph.cx.http.send(request).await?.json()?;
    let mut answers: HashMap<String, One> =
        answer.responses.into_iter().map(|one| (one.id.clone(), one)).collect();
    some.iter().map(|at| Ok((*at, answers.remove(&at.to_string()).ok_or_else(left_out)?))).collect()
}

fn left_out() -> Error {
    Error::new(Kind::Malformed, "the answer leaves out what was asked")
}

fn part(graph: &Graph<'_>, at: usize, url: &Url) -> Value {
    let base = graph.url(&[]).map(|base| base.path().len()).unwrap_or_default();
    let path = url.path().get(base..).unwrap_or_default().trim_start_matches('/');
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    json!({
        "id": at.to_string(),
        "method": "GET",
        "url": format!("/{path}{query}"),
        "headers": { "Prefer": "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"text\"" },
    })
}

/// The answer to a batch.
#[derive(Debug, Deserialize)]
struct Answers {
    responses: Vec<One>,
}

/// The answer to one part.
#[derive(Debug, Deserialize)]
struct One {
    id: String,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl One {
    /// What it says when it asks for fewer calls, and until when (MSG-19).
    fn throttled(&self, now: Timestamp) -> Option<Error> {
        let pairs = self.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
        });
        let wait = retry_after::read(&pairs.collect(), now);
        let wait = match self.status {
            429 => wait.unwrap_or(Duration::from_secs(1)),
            503 | 504 => wait?,
            _ => return None,
        };
        let error =
            Error::new(Kind::RateLimited { until: None }, "Microsoft asks for fewer calls to this mailbox");
        Some(error.status(self.status).retry(Retry::After(wait)))
    }

    fn judged(self) -> Part {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let error = error::said(self.status, &self.body, false).unwrap_or_else(|| {
            let kind = match self.status {
                401 => Kind::AuthExpired,
                403 => Kind::PolicyDenied,
                404 => Kind::NotFound,
                409 | 412 => Kind::Conflict,
                410 => Kind::Gone,
                500.. => Kind::Down,
                _ => Kind::Invalid,
            };
            Error::new(kind, "a part of the request was refused")
        });
        Err(error.status(self.status))
    }
}
