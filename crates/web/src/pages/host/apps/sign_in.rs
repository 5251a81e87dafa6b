//! Signing in at an app's provider: going there, coming back, and the question when it was another account.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use kalends_app::{App, Secret, manifest::Manifest, oauth::Grant};
use kalends_engine::connect::{self, Begin, CameToNothing, ConnectError, Finished, Unfinished};
use serde_json::Value;
use url::Url;

use super::{
    page::Picture,
    setup::{connection_id, sentence},
};
use crate::{
    Problem, Web,
    extract::{self, Asked, Form, SignedIn},
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk, notice::Notice},
        show as draw,
    },
};

/// How an app's page offers to sign in at its provider.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// This server is known there.
    pub registered: bool,
    /// This user enters the registration.
    pub manages: bool,
    /// Another way in needs no sign-in, so the form is sent as it is.
    pub other_ways: bool,
}

impl SignIn {
    /// For an app whose accounts are granted at its provider; none for every other.
    pub async fn of(web: &Web, desk: &Desk, app: &'static App) -> Result<Option<Self>, Problem> {
        let Some(oauth) = app.manifest().auth.oauth() else { return Ok(None) };
        let asks = oauth.grants.contains(&Grant::AuthorizationCode);
        let registered = web.engine.is_registered(&desk.member(), app).await?;
        let other_ways = oauth.grants.len() > 1;
        Ok(asks.then(|| Self { registered, manages: desk.member().role.manages(), other_ways }))
    }
}

/// Where to go for what was typed, when it takes a sign-in at the provider.
pub async fn begin(
    web: &Web,
    desk: &Desk,
    app: &App,
    fields: &BTreeMap<String, String>,
    what: Begin,
) -> Option<Result<Url, ConnectError>> {
    let oauth = app.manifest().auth.oauth()?;
    let settings = fields.iter().map(|(name, text)| (name.clone(), Value::String(text.clone()))).collect();
    if oauth.grant(&Value::Object(settings)) != Grant::AuthorizationCode {
        return None;
    }
    let session = desk.by.session;
    Some(web.engine.begin_sign_in(&desk.member(), session, app.slug, fields, what).await)
}

#[derive(Template)]
#[template(path = "host/leaving.html")]
struct Leaving {
    frame: Frame,
    side: Side,
    name: String,
    host: String,
    to: String,
}

/// Leaves for the provider by a page of ours: a form may only end here, and some providers pass people on.
pub async fn leave(web: &Web, desk: &Desk, app: &App, to: &Url) -> Answer {
    let (frame, side) = desk.around(web, "apps").await?;
    let host = to.host_str().unwrap_or_default().to_owned();
    let name = app.manifest().name.clone();
    Ok(quiet(draw(&Leaving { frame, side, name, host, to: to.to_string() })))
}

/// `GET /apps/{slug}/callback`: somebody is back. Whatever they bring, the next address is clean (OAU-18).
pub async fn back(
    State(web): State<Web>,
    by: Option<SignedIn>,
    Path(slug): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    let text = |name: &str| asked.text(name).map(str::to_owned);
    let answer = connect::Answer {
        state: text("state").unwrap_or_default(),
        code: text("code").map(Secret::new),
        error: text("error"),
        description: text("error_description"),
        issuer: text("iss"),
        approved: text("admin_consent"),
    };
    if let Some(allowed) = answer.approval() {
        return approved(&web, by.as_ref(), &slug, allowed).await;
    }
    // Whoever has lost their session begins again: nothing of the answer goes on to the sign-in page.
    let Some(by) = by else { return Ok(unfinished(&slug, &Unfinished::Over)) };
    match web.engine.finish_sign_in(&by.member(), by.session, &slug, &answer).await {
        Ok(Finished::Connected(id)) => Ok(on_to(&format!("/apps/installed?did=connected#a-{id}"))),
        Ok(Finished::AskSwitch(id)) => Ok(on_to(&format!("/apps/{slug}/switch/{id}"))),
        Err(ConnectError::Unfinished(why)) => Ok(unfinished(&slug, &why)),
        Err(ConnectError::Probe(error)) => Ok(unfinished(&slug, &Unfinished::Refused(error))),
        Err(ConnectError::NoSuchApp) => Err(ConnectError::NoSuchApp.into()),
        Err(error @ ConnectError::Store(_)) => Err(error.into()),
        Err(_) => Ok(unfinished(&slug, &Unfinished::Over)),
    }
}

#[derive(Template)]
#[template(path = "entry/plain.html")]
struct Approved {
    frame: Frame,
    title: &'static str,
    text: String,
    href: &'static str,
    action: &'static str,
}

/// Somebody allowed the app for their organization at the provider, or did not. Mostly they have no account here.
async fn approved(web: &Web, by: Option<&SignedIn>, slug: &str, allowed: bool) -> Answer {
    if by.is_some() {
        return Ok(said(slug, if allowed { "approved" } else { "not-approved" }));
    }
    let app = web.engine.app_called(slug).ok_or(ConnectError::NoSuchApp)?;
    let (title, text) = approval(&app.manifest().name, allowed);
    let frame = Frame::of(web).await;
    Ok(quiet(draw(&Approved { frame, title, text, href: "/", action: "Go to the start" })))
}

/// What an administrator reads who comes back from there.
fn approval(name: &str, allowed: bool) -> (&'static str, String) {
    if allowed {
        let words = format!(
            "{name} says that your organization allows this server now. Whoever asked for it can connect."
        );
        ("Thank you", words)
    } else {
        let words = format!(
            "{name} says that your organization does not allow this server. Nothing was changed; the same link can be used again."
        );
        ("Not allowed", words)
    }
}

fn unfinished(slug: &str, why: &Unfinished) -> Response {
    said(slug, why.code())
}

fn said(slug: &str, what: &str) -> Response {
    let slug: String = url::form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    on_to(&format!("/apps/{slug}?sign_in={what}"))
}

fn on_to(path: &str) -> Response {
    quiet(Redirect::to(path).into_response())
}

/// Tells nobody where it came from, and is kept nowhere.
fn quiet(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why nothing came of this browser's latest sign-in, where the word in the address does not say it all, and what was typed.
pub async fn why(
    web: &Web,
    desk: &Desk,
    slug: &str,
    asked: &extract::Typed,
) -> Result<Option<CameToNothing>, Problem> {
    if !matches!(asked.text("sign_in"), Some("scopes" | "refused")) {
        return Ok(None);
    }
    Ok(web.engine.why_unfinished(&desk.member(), desk.by.session, slug).await?)
}

/// What became of a sign-in that led to nothing, as the address says it; its words are ours.
pub fn notice(asked: &extract::Typed, app: &Manifest, why: Option<&str>) -> Option<Notice> {
    let name = &app.name;
    let nothing = format!("{name} is not connected.");
    let words = match asked.text("sign_in")? {
        "denied" => format!("You said no at {name}, so nothing was changed. Connect again whenever you like."),
        "approval" => {
            format!("Your organization at {name} lets people use this server only after one of its administrators has allowed it. Ask them; then connect again here.")
        }
        "approved" => return Some(Notice::ok(format!("{} Connect now.", approval(name, true).1))),
        "not-approved" => approval(name, false).1,
        "over" => {
            "That sign-in took longer than ten minutes, was used before, or began in another browser. Connect again here.".to_owned()
        }
        "elsewhere" => {
            format!("The answer did not come from {name}, so it was not used. Connect again; if it happens twice, tell your administrator.")
        }
        "scopes" => {
            let needed: Vec<&str> = app
                .auth
                .oauth()
                .iter()
                .flat_map(|oauth| oauth.scopes.iter().filter(|one| one.required))
                .flat_map(|one| one.uses.iter().map(String::as_str))
                .collect();
            let needed = why.map_or_else(|| needed.join(", "), str::to_owned);
            format!("Something it cannot do without was left unticked there. It needs: {needed}. Connect again and leave that ticked.")
        }
        "unregistered" => format!("This server is not registered at {name} yet."),
        "registration" => {
            format!("{name} does not take this server’s client id and secret. Your administrators have been told; try again when they have looked at it.")
        }
        "refused" => why.map_or_else(
            || format!("{name} refused the sign-in, or did not answer. Nothing was changed. Try again in a minute."),
            |why| format!("{} Nothing was changed. Connect again when that is mended.", sentence(why)),
        ),
        _ => return None,
    };
    Some(Notice::fail(nothing, words))
}

/// The address with which an administrator at the provider can allow this server, for whoever just came back without a yes
/// (MSG-03). Some providers do not say why they sent somebody back.
pub async fn asked_approval(
    web: &Web,
    desk: &Desk,
    app: &'static App,
    asked: &extract::Typed,
) -> Result<Option<String>, Problem> {
    if !matches!(asked.text("sign_in"), Some("approval" | "denied" | "not-approved")) {
        return Ok(None);
    }
    Ok(web.engine.approval(&desk.member(), app).await?.map(String::from))
}

#[derive(Template)]
#[template(path = "host/switch.html")]
struct SwitchPage {
    frame: Frame,
    side: Side,
    picture: Picture,
    slug: &'static str,
    name: String,
    before: String,
    after: String,
    id: String,
}

/// `GET /apps/{slug}/switch/{id}`: it was another account than the connection’s. Is that meant?
pub async fn ask_switch(
    State(web): State<Web>,
    desk: Desk,
    Path((slug, id)): Path<(String, String)>,
) -> Answer {
    let asked = web.engine.switch(&desk.member(), desk.by.session, connection_id(&id)?).await;
    let asked = match asked {
        Ok(asked) => asked,
        Err(ConnectError::Unfinished(why)) => return Ok(unfinished(&slug, &why)),
        Err(error) => return Err(error.into()),
    };
    let (frame, side) = desk.around(&web, "installed").await?;
    let name = asked.app.manifest().name.clone();
    let (picture, slug) = (Picture(asked.app.icon), asked.app.slug);
    Ok(draw(&SwitchPage { frame, side, picture, slug, name, before: asked.before, after: asked.after, id }))
}

/// `POST /apps/{slug}/switch/{id}`
pub async fn answer_switch(
    State(web): State<Web>,
    desk: Desk,
    Path((slug, id)): Path<(String, String)>,
    Form(typed): Form,
) -> Answer {
    let means_it = typed.is("do", "switch");
    let done = web.engine.answer_switch(&desk.member(), desk.by.session, connection_id(&id)?, means_it).await;
    match done {
        Ok(id) => {
            let did = if means_it { "connected" } else { "kept" };
            Ok(on_to(&format!("/apps/installed?did={did}#a-{id}")))
        }
        Err(ConnectError::Unfinished(why)) => Ok(unfinished(&slug, &why)),
        Err(ConnectError::Probe(error)) => Ok(unfinished(&slug, &Unfinished::Refused(error))),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use kalends_app::{Error, Kind};

    use super::*;
    use crate::extract::Typed;

    const MANIFEST: &str = r#"
slug = "acme"
name = "Acme"
tagline = "Rooms."
description = "Rooms."
kinds = ["conference"]
categories = ["video"]
publisher = "Kalends"
may = ["Make rooms"]
[endpoints]
authorize = "https://acme.example/authorize"
token = "https://acme.example/token"
[auth]
scheme = "oauth2"
scopes = [{ scope = "rooms", for = ["make rooms"], required = true }, { scope = "names", for = ["show names"] }]
"#;

    #[test]
    fn whatever_a_sign_in_comes_to_has_words_that_say_what_to_do() {
        let app = Manifest::parse(MANIFEST).unwrap();
        for why in [
            Unfinished::Over,
            Unfinished::Denied,
            Unfinished::Approval,
            Unfinished::Elsewhere,
            Unfinished::Scopes(vec![]),
            Unfinished::Unregistered,
            Unfinished::Registration,
            Unfinished::Refused(Error::new(Kind::Down, "no answer")),
        ] {
            let asked = Typed::from([("sign_in", why.code())]);
            let notice = notice(&asked, &app, None).unwrap_or_else(|| panic!("{} has no words", why.code()));
            assert_eq!(notice.title, "Acme is not connected.");
            assert!(notice.words.ends_with('.'), "{}", notice.words);
        }
        let scopes = notice(&Typed::from([("sign_in", "scopes")]), &app, None).unwrap();
        assert!(scopes.words.contains("It needs: make rooms."), "{}", scopes.words);
        let refused =
            notice(&Typed::from([("sign_in", "refused")]), &app, Some("this mailbox is not in the cloud"))
                .unwrap();
        assert!(refused.words.starts_with("This mailbox is not in the cloud. "), "{}", refused.words);
        for made_up in ["<script>", "", "x"] {
            assert_eq!(notice(&Typed::from([("sign_in", made_up)]), &app, None), None);
        }
    }

    #[test]
    fn oau_18_whoever_comes_back_goes_on_to_a_clean_address_that_nothing_tells_of() {
        let response = unfinished("a/../b?code=x", &Unfinished::Over);
        assert_eq!(response.status(), http::StatusCode::SEE_OTHER);
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header(header::LOCATION), "/apps/a%2F..%2Fb%3Fcode%3Dx?sign_in=over");
        assert_eq!(header(header::REFERRER_POLICY), "no-referrer");
        assert_eq!(header(header::CACHE_CONTROL), "no-store");
    }
}
