//! The first run: the owner of a fresh server.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use kalends_domain::{
    Zone,
    event_type::FieldProblem,
    people::{Hours, Slug},
};
use kalends_engine::sign_in::{OwnerAsk, SHORTEST, SignInError, Stay};
use secrecy::SecretString;

use super::{at_door, let_in};
use crate::{
    Problem, Web,
    extract::{Asked, Client, Csrf, Form, Typed},
    pages::{
        Frame,
        guest::fields::{Field, FormError, mark},
        show,
    },
    when::Face,
    zones::{self, ZoneGroup},
};

/// The page.
#[derive(Template)]
#[template(path = "entry/setup.html")]
pub struct SetupView {
    pub(super) frame: Frame,
    pub(super) version: &'static str,
    pub(super) checks: Vec<Check>,
    pub(super) heading: &'static str,
    pub(super) errors: Vec<FormError>,
    pub(super) fields: Vec<Field>,
    pub(super) zones: Vec<ZoneGroup>,
}

/// Something looked at before anybody asked.
pub struct Check {
    kind: &'static str,
    icon: &'static str,
    text: String,
}

impl SetupView {
    async fn of(web: &Web, csrf: &Csrf, typed: &Typed) -> Result<Self, Problem> {
        let mails = web.engine.sends_mails().await.map_err(|error| Problem::internal(&error))?;
        let zone = typed.text("zone").and_then(|name| Zone::parse(name).ok()).unwrap_or_else(Zone::utc);
        let face = Face::new(zone, Hours::default(), web.engine.now());
        Ok(Self {
            frame: Frame::signed(web, csrf).await,
            version: env!("CARGO_PKG_VERSION"),
            checks: checks(web, mails),
            heading: "",
            errors: Vec::new(),
            fields: fields(web, typed),
            zones: zones::choices(&face, None),
        })
    }

    fn with_problems(mut self, problems: &[FieldProblem]) -> Self {
        self.errors = mark(&mut self.fields, problems);
        self.heading =
            if problems.len() == 1 { "One answer needs a look" } else { "Some answers need a look" };
        self
    }
}

fn checks(web: &Web, mails: bool) -> Vec<Check> {
    let database = Check { kind: "ok", icon: "check", text: "Database reachable, up to date".into() };
    let address = if web.site.secure() {
        Check { kind: "ok", icon: "check", text: format!("Links lead to {} over HTTPS", web.site.host()) }
    } else {
        Check {
            kind: "wait",
            icon: "wait",
            text: format!(
                "Links lead to {} without HTTPS; set base_url before you invite anybody",
                web.site.host()
            ),
        }
    };
    let mails = if mails {
        Check { kind: "ok", icon: "check", text: "Mail server named".into() }
    } else {
        Check {
            kind: "wait",
            icon: "wait",
            text: "No mail server yet: nobody gets a confirmation; set mail.host".into(),
        }
    };
    vec![database, address, mails]
}

fn fields(web: &Web, typed: &Typed) -> Vec<Field> {
    let asked = |id, kind, label, autocomplete| Field {
        required: true,
        autocomplete,
        ..Field::new(id, kind, label, typed)
    };
    vec![
        asked("name", "text", "Your name", "name"),
        asked("email", "email", "Email", "username"),
        Field {
            hint: format!(
                "Your page’s address: {} and this. Letters, digits and hyphens.",
                web.site.link("/")
            ),
            ..asked("username", "text", "Name in your address", "off")
        },
        Field {
            hint: format!("At least {SHORTEST} characters. A few words are easier to remember."),
            // What was typed is not sent back: a page is no place for a password.
            value: String::new(),
            ..asked("password", "password", "Password", "new-password")
        },
    ]
}

/// `GET /setup`
pub async fn setup(State(web): State<Web>, csrf: Csrf, Asked(asked): Asked) -> Result<Response, Problem> {
    if !web.engine.needs_setup().await.map_err(|error| Problem::internal(&error))? {
        return Ok(Redirect::to("/login").into_response());
    }
    Ok(show(&SetupView::of(&web, &csrf, &asked).await?))
}

/// `POST /setup`
pub async fn make(State(web): State<Web>, client: Client, csrf: Csrf, Form(mut typed): Form) -> Response {
    if typed.text("username").is_none()
        && let Some(name) = typed.text("name")
    {
        let username = Slug::from_title(name, "me").to_string();
        typed.set("username", username);
    }
    let ask = OwnerAsk {
        name: typed.get("name").to_owned(),
        email: typed.get("email").to_owned(),
        username: typed.get("username").to_owned(),
        password: SecretString::from(typed.get("password").to_owned()),
        zone: typed.get("zone").to_owned(),
        locale: "en".into(),
    };
    match web.engine.create_owner(&ask, &at_door(&client)).await {
        Ok(entered) => let_in(&web, &entered, Stay::Long, "/event-types"),
        Err(SignInError::AlreadySetUp) => Redirect::to("/login").into_response(),
        Err(SignInError::Invalid(invalid)) => match SetupView::of(&web, &csrf, &typed).await {
            Ok(view) => {
                let view = view.with_problems(&invalid.problems);
                (StatusCode::UNPROCESSABLE_ENTITY, show(&view)).into_response()
            }
            Err(problem) => problem.into_response(),
        },
        Err(error) => Problem::from(error).into_response(),
    }
}
