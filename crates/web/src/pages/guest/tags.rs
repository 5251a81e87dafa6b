//! Tags on public pages: loaded only where nothing typed and no booking stands in the address, and as the guest allows.

use std::fmt;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use kalends_app::manifest::Consent;
use kalends_domain::{Id, people::Organization};
use kalends_engine::{PageOwner, connect::PageTag};

use super::load::{self, Answer};
use crate::{
    Web,
    extract::{
        GuestForm, Typed,
        cookie::{self, CONSENT},
    },
    guard::Loads,
};

/// What an address may say besides a place and a time without saying anything about its guest.
const HARMLESS: [&str; 10] =
    ["month", "date", "shown", "zone", "timeZone", "find", "hours", "duration", "times", "where"];
/// What a guest said holds for half a year.
const DAYS: u32 = 180;

/// The tags of a page, and what the guest said about them.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    nonce: String,
    loaded: Vec<PageTag>,
    asked: Vec<PageTag>,
    agreed: Vec<PageTag>,
    /// Where the page is, to come back to.
    pub back: String,
}

impl Tags {
    /// The tags of an owner's page at this address. An address that may hold what somebody typed has none.
    pub async fn of(
        web: &Web,
        organization: Id<Organization>,
        owner: &PageOwner,
        headers: &HeaderMap,
        page: (&str, &Typed),
    ) -> Result<Self, load::Stop> {
        let (path, asked) = page;
        let harmless = |name: &str| HARMLESS.contains(&name) || name.starts_with("utm_");
        if !asked.iter().all(|(name, value)| harmless(name) || value.is_empty()) {
            return Ok(Self::default());
        }
        let all = web.engine.page_tags(organization, owner).await?;
        if all.is_empty() {
            return Ok(Self::default());
        }
        let said = Said::of(&cookie::cookie(headers, &web.site, CONSENT).unwrap_or_default());
        let query = asked.to_query();
        let back = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let mut tags =
            Self { nonce: STANDARD.encode(web.engine.ids().bytes::<18>()), back, ..Self::default() };
        for tag in all {
            match (tag.consent, said.about(tag.slug)) {
                (Consent::NotNeeded, _) => tags.loaded.push(tag),
                (Consent::Ask, Some(true)) => {
                    tags.agreed.push(tag.clone());
                    tags.loaded.push(tag);
                }
                (Consent::Ask, None) => tags.asked.push(tag),
                (Consent::Ask, Some(false)) => {}
            }
        }
        Ok(tags)
    }

    /// Names of what waits for the guest's yes.
    pub fn asks(&self) -> Vec<&str> {
        self.asked.iter().map(|tag| tag.name.as_str()).collect()
    }

    /// Names of what the guest said yes to.
    pub fn agreed(&self) -> Vec<&str> {
        self.agreed.iter().map(|tag| tag.name.as_str()).collect()
    }

    /// Slugs a form is about: what is asked for, or what was agreed to.
    pub fn slugs(&self) -> Vec<&'static str> {
        let about = if self.asked.is_empty() { &self.agreed } else { &self.asked };
        about.iter().map(|tag| tag.slug).collect()
    }

    /// The elements that load what may be loaded.
    pub const fn scripts(&self) -> Scripts<'_> {
        Scripts(self)
    }

    /// Puts what the page loads into its answer, for its policy.
    pub fn allow(&self, response: &mut Response) {
        if self.loaded.is_empty() {
            return;
        }
        let origins = |of: fn(&PageTag) -> &Vec<String>| {
            let mut all: Vec<String> = self.loaded.iter().flat_map(of).cloned().collect();
            all.sort();
            all.dedup();
            all.join(" ")
        };
        response.extensions_mut().insert(Loads {
            nonce: self.nonce.clone(),
            scripts: origins(|tag| &tag.placed.scripts),
            connect: origins(|tag| &tag.placed.connect),
            images: origins(|tag| &tag.placed.images),
        });
    }
}

/// Elements of a page's head, under the page's nonce.
pub struct Scripts<'a>(&'a Tags);

impl askama::filters::HtmlSafe for Scripts<'_> {}

impl fmt::Display for Scripts<'_> {
    /// What runs in the page cannot end its element: manifests are checked for that, and settings are literals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nonce = &self.0.nonce;
        for tag in &self.0.loaded {
            if !tag.placed.start.is_empty() {
                write!(f, "<script nonce=\"{nonce}\">{}</script>", tag.placed.start.trim())?;
            }
            for (src, said) in &tag.placed.load {
                write!(f, "<script nonce=\"{nonce}\" src=\"{}\"", attribute(src.as_str()))?;
                for (name, value) in said {
                    write!(f, " {name}=\"{}\"", attribute(value))?;
                }
                f.write_str("></script>")?;
            }
        }
        Ok(())
    }
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What a guest said about which app: `one.!other`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Said(Vec<(String, bool)>);

impl Said {
    fn of(text: &str) -> Self {
        let one = |part: &str| match part.strip_prefix('!') {
            Some(slug) => (slug.to_owned(), false),
            None => (part.to_owned(), true),
        };
        Self(text.split('.').filter(|part| !part.is_empty()).take(50).map(one).collect())
    }

    fn about(&self, slug: &str) -> Option<bool> {
        self.0.iter().find(|(one, _)| one == slug).map(|(_, yes)| *yes)
    }

    fn say(&mut self, slug: &str, yes: bool) {
        self.0.retain(|(one, _)| one != slug);
        self.0.push((slug.to_owned(), yes));
    }

    fn text(&self) -> String {
        let one = |(slug, yes): &(String, bool)| if *yes { slug.clone() } else { format!("!{slug}") };
        self.0.iter().map(one).collect::<Vec<_>>().join(".")
    }
}

/// `POST /privacy/consent`: yes or no to what a page named, and back to it.
pub async fn consent(State(web): State<Web>, headers: HeaderMap, GuestForm(typed): GuestForm) -> Answer {
    let mut said = Said::of(&cookie::cookie(&headers, &web.site, CONSENT).unwrap_or_default());
    let known = |slug: &str| web.engine.outside.app(slug).is_some_and(|app| app.manifest().tag.is_some());
    said.0.retain(|(slug, _)| known(slug));
    for slug in typed.all("tag").filter(|slug| known(slug)) {
        said.say(slug, typed.is("answer", "yes"));
    }
    let mut response = load::unkept(Redirect::to(here(typed.get("back"))).into_response());
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie::set(&web.site, CONSENT, &said.text(), Some(DAYS)));
    Ok(response)
}

/// An address of this server; anything else is its front page.
fn here(back: &str) -> &str {
    let local = back.starts_with('/') && !back.starts_with("//");
    let plain = back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local && plain { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_said_is_kept_for_each_app_and_can_be_taken_back() {
        let mut said = Said::of("one.!other");
        assert_eq!(
            (said.about("one"), said.about("other"), said.about("third")),
            (Some(true), Some(false), None)
        );
        said.say("one", false);
        said.say("third", true);
        assert_eq!(Said::of(&said.text()), said);
        assert_eq!(said.about("one"), Some(false));
    }

    #[test]
    fn an_answer_never_leads_away() {
        for back in
            ["https://evil.example", "//evil.example", "/\\evil.example", "", "/a\r\nb", "javascript:1"]
        {
            assert_eq!(here(back), "/", "{back}");
        }
        assert_eq!(here("/ines/intro?month=2027-01"), "/ines/intro?month=2027-01");
    }
}
