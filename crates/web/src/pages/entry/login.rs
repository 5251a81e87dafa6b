//! Signing in and out.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use kalends_engine::sign_in::{SignInError, Stay};
use secrecy::SecretString;

use super::{at_door, let_in};
use crate::{
    Problem, Web,
    extract::{Asked, Client, Csrf, Form, SignedIn, Typed, cookie, onward},
    pages::{Frame, show},
};

/// The page.
#[derive(Template)]
#[template(path = "entry/login.html")]
pub struct LoginView {
    pub(super) frame: Frame,
    pub(super) host: String,
    pub(super) error: String,
    pub(super) said: &'static str,
    pub(super) email: String,
    pub(super) next: String,
    pub(super) stay: bool,
}

impl LoginView {
    async fn of(web: &Web, csrf: &Csrf, typed: &Typed) -> Self {
        let said = match typed.get("said") {
            "password" => "Your new password is set. Sign in with it.",
            "out" => "You are signed out.",
            _ => "",
        };
        Self {
            frame: Frame::signed(web, csrf).await,
            host: web.site.host().to_owned(),
            error: String::new(),
            said,
            email: typed.get("email").to_owned(),
            next: typed.get("next").to_owned(),
            stay: typed.has("stay"),
        }
    }
}

/// `GET /login`
pub async fn login(
    State(web): State<Web>,
    signed_in: Option<SignedIn>,
    csrf: Csrf,
    Asked(asked): Asked,
) -> Response {
    if signed_in.is_some() {
        return Redirect::to(&onward(asked.get("next"))).into_response();
    }
    match web.engine.needs_setup().await {
        Ok(true) => return Redirect::to("/setup").into_response(),
        Ok(false) => {}
        Err(error) => return Problem::internal(&error).into_response(),
    }
    show(&LoginView::of(&web, &csrf, &asked).await)
}

/// `POST /login`
pub async fn enter(State(web): State<Web>, client: Client, csrf: Csrf, Form(typed): Form) -> Response {
    let stay = if typed.has("stay") { Stay::Long } else { Stay::Short };
    let password = SecretString::from(typed.get("password").to_owned());
    match web.engine.sign_in(typed.get("email"), password, stay, &at_door(&client)).await {
        Ok(entered) => let_in(&web, &entered, stay, &onward(typed.get("next"))),
        Err(SignInError::Store(cause)) => Problem::internal(&cause).into_response(),
        Err(error) => {
            let status = match error {
                SignInError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let view = LoginView { error: error.to_string(), ..LoginView::of(&web, &csrf, &typed).await };
            (status, show(&view)).into_response()
        }
    }
}

/// `POST /logout`
pub async fn leave(State(web): State<Web>, signed_in: Option<SignedIn>, Form(_): Form) -> Response {
    if let Some(SignedIn { token, .. }) = signed_in
        && let Err(error) = web.engine.sign_out(&token).await
    {
        return Problem::from(error).into_response();
    }
    let mut response = Redirect::to("/login?said=out").into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie::forget(&web.site, cookie::SESSION));
    response
}
