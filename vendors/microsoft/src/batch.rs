//! Many readings in one request, each with an answer of its own (MSG-19, ALL-09).

use std::collections::HashMap;

use http::Method;
use kalends_app::{Error, Kind};
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
/// A part that is throttled makes the whole request wait: [`judge`](crate::judge) sees to it before we get here.
pub async fn parts(graph: &Graph<'_>, op: &'static str, urls: &[Url]) -> Result<Vec<Part>, Error> {
    let mut all = Vec::with_capacity(urls.len());
    for some in urls.chunks(MOST) {
        let asked: Vec<Value> = some.iter().enumerate().map(|(at, url)| part(graph, at, url)).collect();
        let request = graph
            .request(op, Method::POST, graph.url(&["$batch"])?)?
            .body("application/json", json!({ "requests": asked }).to_string())
            .repeatable();
        let answer: Answers = graph.cx.http.send(request).await?.json()?;
        let mut answers: HashMap<String, One> =
            answer.responses.into_iter().map(|one| (one.id.clone(), one)).collect();
        for at in 0..some.len() {
            let one = answers
                .remove(&at.to_string())
                .ok_or_else(|| Error::new(Kind::Malformed, "the answer leaves out what was asked"))?;
            all.push(one.judged());
        }
    }
    Ok(all)
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
pub(crate) struct Answers {
    pub(crate) responses: Vec<One>,
}

/// The answer to one part.
#[derive(Debug, Deserialize)]
pub(crate) struct One {
    id: String,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl One {
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
