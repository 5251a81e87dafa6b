//! A forgotten password: asked for by mail, set by a link that works once.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use kalends_domain::event_type::is_email;
use kalends_engine::sign_in::{SHORTEST, SignInError};
use secrecy::SecretString;

use super::at_door;
use crate::{
    Problem, Web,
    extract::{Client, Csrf, Form},
    pages::{Frame, show},
};

/// The page that asks for the address, and the one that says a mail is on its way.
#[derive(Template)]
#[template(path = "entry/forgot.html")]
pub struct ForgotView {
    pub(super) frame: Frame,
    pub(super) email: String,
    pub(super) error: String,
    pub(super) sent: bool,
}

/// The page behind the mailed link.
#[derive(Template)]
#[template(path = "entry/reset.html")]
pub struct ResetView {
    pub(super) frame: Frame,
    pub(super) action: String,
    pub(super) shortest: usize,
    pub(super) error: String,
}

/// A message with one way on.
#[derive(Template)]
#[template(path = "entry/plain.html")]
pub struct PlainView {
    pub(super) frame: Frame,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) href: &'static str,
    pub(super) action: &'static str,
}

/// `GET /login/forgot`
pub async fn forgot(State(web): State<Web>, csrf: Csrf) -> Response {
    let frame = Frame::signed(&web, &csrf).await;
    match web.engine.sends_mails().await {
        Ok(true) => {}
        Ok(false) => return no_mails(frame),
        Err(error) => return Problem::internal(&error).into_response(),
    }
    show(&ForgotView { frame, email: String::new(), error: String::new(), sent: false })
}

/// `POST /login/forgot`: says the same whether or not there is such an account.
pub async fn ask(State(web): State<Web>, client: Client, csrf: Csrf, Form(typed): Form) -> Response {
    let email = typed.get("email").trim().to_owned();
    let frame = Frame::signed(&web, &csrf).await;
    let again = |status, error: String| {
        let view = ForgotView { frame: frame.clone(), email: email.clone(), error, sent: false };
        (status, show(&view)).into_response()
    };
    if !is_email(&email) {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "Write the whole email you sign in with.".into());
    }
    match web.engine.ask_password_reset(&email, &at_door(&client)).await {
        Ok(()) => show(&ForgotView { frame, email, error: String::new(), sent: true }),
        Err(error @ SignInError::TooMany(_)) => again(StatusCode::TOO_MANY_REQUESTS, error.to_string()),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `GET /login/reset/{token}`
pub async fn reset(State(web): State<Web>, csrf: Csrf, Path(token): Path<String>) -> Response {
    match web.engine.can_reset_password(&SecretString::from(token.clone())).await {
        Ok(true) => show(&reset_view(&web, &csrf, &token, String::new()).await),
        Ok(false) => over(&web, &csrf).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /login/reset/{token}`
pub async fn renew(
    State(web): State<Web>,
    client: Client,
    csrf: Csrf,
    Path(token): Path<String>,
    Form(typed): Form,
) -> Response {
    let link = SecretString::from(token.clone());
    let new = SecretString::from(typed.get("password").to_owned());
    match web.engine.reset_password(&link, new, &at_door(&client)).await {
        Ok(()) => Redirect::to("/login?said=password").into_response(),
        Err(SignInError::LinkOver) => over(&web, &csrf).await,
        Err(SignInError::Invalid(invalid)) => {
            let fixes: Vec<&str> = invalid.problems.iter().map(|problem| problem.fix.as_str()).collect();
            let view = reset_view(&web, &csrf, &token, fixes.join(" ")).await;
            (StatusCode::UNPROCESSABLE_ENTITY, show(&view)).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `GET /login/verify/{token}`: the mailed proof of an address.
pub async fn verify(State(web): State<Web>, csrf: Csrf, Path(token): Path<String>) -> Response {
    match web.engine.verify_email(&SecretString::from(token)).await {
        Ok(()) => show(&PlainView {
            frame: Frame::signed(&web, &csrf).await,
            title: "Your email is confirmed",
            text: "You sign in with it, and mails go there.",
            href: "/bookings",
            action: "Go to your bookings",
        }),
        Err(SignInError::LinkOver) => over(&web, &csrf).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn reset_view(web: &Web, csrf: &Csrf, token: &str, error: String) -> ResetView {
    let frame = Frame::signed(web, csrf).await;
    ResetView { frame, action: format!("/login/reset/{token}"), shortest: SHORTEST, error }
}

/// Nobody waits for a mail that cannot come.
fn no_mails(frame: Frame) -> Response {
    show(&PlainView {
        frame,
        title: "This server sends no mails",
        text: "No mail server is set up, so no link can be mailed. Whoever runs the server can set a new password: \
               kalends user password, and your email.",
        href: "/login",
        action: "Back to sign-in",
    })
}

async fn over(web: &Web, csrf: &Csrf) -> Response {
    let view = PlainView {
        frame: Frame::signed(web, csrf).await,
        title: "This link does not work any more",
        text: "Each link works once and for a short time. Ask for a new one; the newest mail counts.",
        href: "/login/forgot",
        action: "Get a new link",
    };
    (StatusCode::GONE, show(&view)).into_response()
}
