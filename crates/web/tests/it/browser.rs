//! A browser without JavaScript.

use std::collections::BTreeMap;

use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode, header};
use scraper::{ElementRef, Html, Selector};
use tower::ServiceExt;

/// Keeps cookies, follows what a test follows.
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// What `Sec-Fetch-Site` says of a form's origin.
    pub from: &'static str,
}

/// An answer, read.
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), from: "same-origin" }
    }

    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.into(), value.into());
        self
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        let request = Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8");
        self.send(request, Body::empty()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html,*/*;q=0.8")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", self.from);
        self.send(request, Body::from(body)).await
    }

    /// Sends a page's form as it stands, with these fields typed over.
    pub async fn submit(&mut self, page: &Seen, typed: &[(&str, &str)]) -> Seen {
        self.send_form(page, "form[method=post]", typed).await
    }

    /// Sends the page's form that leads to this path, as it stands, with these fields typed over.
    pub async fn submit_to(&mut self, page: &Seen, path: &str, typed: &[(&str, &str)]) -> Seen {
        self.send_form(page, &format!("form[method=post][action=\"{path}\"]"), typed).await
    }

    async fn send_form(&mut self, page: &Seen, which: &str, typed: &[(&str, &str)]) -> Seen {
        let html = page.html();
        let form = html.select(&select(which)).next().expect("a form to send");
        let action = form.attr("action").expect("an action").to_owned();
        let mut fields: Vec<(String, String)> = Vec::new();
        for field in form.select(&select("input, textarea, select")) {
            let name = field.attr("name").unwrap_or_default();
            let ticks = matches!(field.attr("type"), Some("radio" | "checkbox"));
            if name.is_empty() || (ticks && field.attr("checked").is_none()) {
                continue;
            }
            let value = match field.value().name() {
                "textarea" => field.text().collect::<String>().trim_start_matches('\n').to_owned(),
                "select" => {
                    let chosen = field.select(&select("option[selected]")).next();
                    let written = |option: ElementRef<'_>| option.text().collect::<String>();
                    let first = field.select(&select("option")).next();
                    let value = |option: ElementRef<'_>| {
                        option.attr("value").map_or_else(|| written(option), str::to_owned)
                    };
                    chosen.or(first).map(value).unwrap_or_default()
                }
                _ => field.attr("value").unwrap_or("on").to_owned(),
            };
            fields.push((name.to_owned(), value));
        }
        fields.retain(|(name, _)| !typed.iter().any(|(over, _)| over == name));
        let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        fields.extend(typed);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(&action, &fields).await
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Seen {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::HOST, "book.example").header(header::COOKIE, cookies.join("; "));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        let bytes = axum::body::to_bytes(body, 4 << 20).await.unwrap();
        Seen {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Follows a redirect.
    pub async fn follow(&mut self, seen: &Seen) -> Seen {
        let to = seen.to();
        self.get(&to).await
    }
}

impl Seen {
    pub fn html(&self) -> Html {
        Html::parse_document(&self.text)
    }

    /// Where a redirect leads.
    pub fn to(&self) -> String {
        assert!(self.status.is_redirection(), "{} {}", self.status, self.text);
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    pub fn texts(&self, selector: &str) -> Vec<String> {
        let html = self.html();
        html.select(&select(selector)).map(|one| one.text().collect::<String>().trim().to_owned()).collect()
    }

    pub fn values(&self, selector: &str, attribute: &str) -> Vec<String> {
        let html = self.html();
        html.select(&select(selector)).filter_map(|one| one.attr(attribute).map(str::to_owned)).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn select(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}
