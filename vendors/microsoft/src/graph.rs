//! Requests to Graph, and the pages of its answers.

use std::collections::HashSet;

use http::Method;
use kalends_app::{Cx, Error, Kind, Request, Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

/// Ids that stay when an item moves (MSG-10), times in UTC whatever the mailbox prefers (MSG-07), bodies as text.
const PREFER: &str = r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text""#;
/// Pages of one answer; more is no calendar but a mistake (ALL-11).
const PAGES: usize = 1_000;

/// One call's view of a Microsoft account.
#[derive(Debug, Clone, Copy)]
pub struct Graph<'a> {
    /// The surroundings of the call.
    pub cx: &'a Cx,
    base: &'a Url,
}

impl<'a> Graph<'a> {
    /// The account of this call, at the manifest's endpoint `graph`.
    pub fn of(cx: &'a Cx) -> Result<Self, Error> {
        Ok(Self { cx, base: cx.endpoints.get("graph")? })
    }

    /// The address of a resource by its path, whatever its ids hold.
    pub fn url(&self, path: &[&str]) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(Kind::Invalid, "endpoints.graph: this is no base address"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    /// A request that prefers what we can read.
    pub fn request(&self, op: &'static str, method: Method, url: Url) -> Result<Request, Error> {
        self.preferring(op, method, url, "")
    }

    /// The same, with more to prefer.
    fn preferring(&self, op: &'static str, method: Method, url: Url, more: &str) -> Result<Request, Error> {
        if !self.is_ours(&url) {
            return Err(Error::new(Kind::Malformed, "the answer points to another server"));
        }
        Request::new(op, method, url).header("prefer", &format!("{PREFER}{more}"))
    }

    /// Reads one resource.
    pub async fn read<T: DeserializeOwned>(&self, op: &'static str, url: Url) -> Result<T, Error> {
        self.cx.http.send(self.request(op, Method::GET, url)?).await?.json()
    }

    /// Reads one resource with its text as HTML.
    pub async fn read_html<T: DeserializeOwned>(&self, op: &'static str, url: Url) -> Result<T, Error> {
        let html = PREFER.replace("=\"text\"", "=\"html\"");
        self.cx.http.send(self.request(op, Method::GET, url)?.header("prefer", &html)?).await?.json()
    }

    /// Sends a body.
    pub async fn send(
        &self,
        op: &'static str,
        method: Method,
        url: Url,
        body: &Value,
    ) -> Result<Response, Error> {
        let request = self.request(op, method, url)?.body("application/json", body.to_string());
        self.cx.http.send(request).await
    }

    /// Everything a list holds, its pages followed as they say (MSG-06).
    pub async fn all<T: DeserializeOwned>(&self, op: &'static str, first: Url) -> Result<Vec<T>, Error> {
        Ok(self.pages(op, first, "").await?.value)
    }

    /// The pages from this address on, and where the next round begins. Both come as addresses, used word for word, but
    /// never outside of Graph: the token goes with them.
    pub async fn pages<T: DeserializeOwned>(
        &self,
        op: &'static str,
        first: Url,
        prefer: &str,
    ) -> Result<Answer<T>, Error> {
        let mut seen = HashSet::from([first.clone()]);
        let mut next = first;
        let mut value = Vec::new();
        for _ in 0..PAGES {
            let request = self.preferring(op, Method::GET, next, prefer)?;
            let page: Page<T> = self.cx.http.send(request).await?.json()?;
            value.extend(page.value);
            match page.next_link {
                Some(link) => {
                    next = address(&link)?;
                    if !seen.insert(next.clone()) {
                        return Err(Error::new(
                            Kind::Malformed,
                            "the pages of the answer go round in a circle",
                        ));
                    }
                }
                None => {
                    return Ok(Answer { value, delta: page.delta_link.as_deref().map(address).transpose()? });
                }
            }
        }
        Err(Error::new(Kind::Malformed, "the answer has pages without end"))
    }

    /// True for an address of this Graph: its server, its version.
    pub fn is_ours(&self, url: &Url) -> bool {
        let below = self.base.path().trim_end_matches('/');
        url.origin() == self.base.origin()
            && url.path().strip_prefix(below).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// One page.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// What is on it. A page without this is none.
    pub value: Vec<T>,
    /// The next one.
    #[serde(rename = "@odata.nextLink")]
    pub next_link: Option<String>,
    /// Where the next round begins, on the last one.
    #[serde(rename = "@odata.deltaLink")]
    pub delta_link: Option<String>,
}

/// All pages together.
#[derive(Debug)]
pub struct Answer<T> {
    /// What was on them.
    pub value: Vec<T>,
    /// Where the next round begins.
    pub delta: Option<Url>,
}

fn address(link: &str) -> Result<Url, Error> {
    Url::parse(link).map_err(|_| Error::new(Kind::Malformed, "the answer's next page has no address"))
}
