//! A browser without a screen: pages and forms by plain HTTP, with the cookies it was given.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use url::form_urlencoded;

use crate::http::Http;

/// Somebody in front of our pages.
pub struct Visitor {
    http: Http,
    base: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Where it sends the browser; empty when it does not.
    pub onward: String,
    /// What browsers may tell others of where they came from.
    pub referrer: String,
    /// The page, as it is written.
    pub text: String,
}

impl Visitor {
    /// In front of the server at `base`, which ends with a slash.
    pub fn new(base: &str) -> Result<Self> {
        Ok(Self { http: Http::new()?, base: base.to_owned(), cookies: RefCell::default() })
    }

    /// Opens a page.
    pub fn get(&self, path: &str) -> Result<Page> {
        self.ask(Method::GET, path, String::new())
    }

    /// Sends a form.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Page> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path, body)
    }

    /// Opens the page at `from` and sends a form that stands on it.
    pub fn send(&self, from: &str, to: &str, form: &[(&str, &str)]) -> Result<Page> {
        let page = self.get(from)?;
        let hidden = page.hidden();
        let token = hidden.iter().find(|(name, _)| name == "csrf").context("no token on the page")?;
        self.post(to, &[&[("csrf", token.1.as_str())], form].concat())
    }

    /// Signs in with a password.
    pub fn sign_in(&self, email: &str, password: &str) -> Result<()> {
        let page = self.send("/login", "/login", &[("email", email), ("password", password)])?;
        ensure!(page.status == 303, "no way in: {page:?}");
        Ok(())
    }

    /// The cookies this browser was given, by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.borrow().clone()
    }

    fn ask(&self, method: Method, path: &str, body: String) -> Result<Page> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{}", self.base, path.trim_start_matches('/'))
        };
        let mut request = self.http.request(method, &url);
        let cookies: Vec<_> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let (status, headers, text) = self.http.exchange(request)?;
        for given in headers.get_all(SET_COOKIE) {
            let pair = given.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        let onward = headers.get(LOCATION).map(|to| to.to_str().map(str::to_owned)).transpose()?;
        let referrer =
            headers.get(REFERRER_POLICY).and_then(|policy| policy.to_str().ok()).unwrap_or_default();
        Ok(Page { status, onward: onward.unwrap_or_default(), referrer: referrer.to_owned(), text })
    }
}

impl Page {
    /// What goes along with its forms unseen.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let inputs = self.text.split("<input type=\"hidden\" name=\"").skip(1);
        inputs
            .filter_map(|rest| {
                let (name, rest) = rest.split_once("\" value=\"")?;
                Some((plain(name), plain(rest.split('"').next()?)))
            })
            .collect()
    }

    /// Whether a field on it, seen or unseen, has this value.
    pub fn keeps(&self, value: &str) -> bool {
        plain(&self.text).contains(&format!("value=\"{value}\""))
    }

    /// The times a guest can press.
    pub fn times(&self) -> Result<BTreeSet<Timestamp>> {
        let buttons = self.text.split("name=\"start\" value=\"").skip(1);
        buttons
            .map(|rest| {
                let text = plain(rest.split('"').next().unwrap_or_default());
                text.parse().with_context(|| format!("{text:?} is no time"))
            })
            .collect()
    }

    /// Its words, without entities.
    pub fn words(&self) -> String {
        plain(&self.text)
    }
}

/// Text as it was before it was written into HTML.
fn plain(text: &str) -> String {
    let named =
        [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&lt;", "<"), ("&gt;", ">")];
    let text = named.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign));
    text.replace("&#38;", "&").replace("&amp;", "&")
}
