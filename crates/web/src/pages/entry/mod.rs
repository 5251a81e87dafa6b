//! The way in: sign-in, a new password, the first owner.

mod front;
mod login;
mod password;
mod setup;

pub use self::{
    front::front,
    login::{enter, leave, login},
    password::{ask, forgot, renew, reset, verify},
    setup::{make, setup},
};

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};
use kalends_engine::sign_in::{Client, Entered, Stay};
use secrecy::ExposeSecret;

use crate::{
    Web,
    extract::{self, cookie},
};

/// Who wants to sign in, as the engine takes it.
fn at_door(client: &extract::Client) -> Client {
    Client { ip: client.ip, user_agent: client.agent.clone() }
}

/// Lets somebody in: the session's cookie, and on to where they wanted.
fn let_in(web: &Web, entered: &Entered, stay: Stay, next: &str) -> Response {
    // A short stay ends with the browser, a long one with its days of rest.
    let days = (stay == Stay::Long).then_some(90);
    let cookie = cookie::set(&web.site, cookie::SESSION, entered.token.expose_secret(), days);
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
