//! API keys: made, shown once, revoked.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use jiff::{SignedDuration, Timestamp};
use kalends_engine::{api_keys::ApiKey, sign_in::SignInError};
use secrecy::ExposeSecret;

use super::page::{KeyRow, Keys};
use crate::{
    Problem, Web,
    extract::{self, Asked},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
};

/// `GET /settings/keys`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let notice = Notice::after(
        &asked,
        &[("revoked", "The key is revoked. Programs that use it are refused from now on.")],
    );
    page(&web, &desk, Form::default(), None, notice).await
}

/// `POST /settings/keys`
pub async fn make(State(web): State<Web>, desk: Desk, extract::Form(typed): extract::Form) -> Answer {
    let mut form = Form::showing(typed);
    let days = form.optional_number("days").filter(|days| (1..=3660).contains(days));
    let expires = days
        .and_then(|days| web.engine.now().checked_add(SignedDuration::from_hours(i64::from(days) * 24)).ok());
    match web.engine.make_api_key(&desk.member(), form.value("label"), expires).await {
        Ok(fresh) => {
            page(&web, &desk, Form::default(), Some(fresh.key.expose_secret().to_owned()), None).await
        }
        Err(SignInError::Invalid(invalid)) => {
            form.refuse(invalid.problems);
            page(&web, &desk, form, None, None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/keys/{key}/revoke`
pub async fn revoke(
    State(web): State<Web>,
    desk: Desk,
    Path(key): Path<String>,
    _form: extract::Form,
) -> Answer {
    let id = key.parse().map_err(|_| Problem::not_found("not_found", "This key does not exist any more."))?;
    web.engine.revoke_api_key(&desk.member(), id).await?;
    Ok(Redirect::to("/settings/keys?did=revoked").into_response())
}

async fn page(web: &Web, desk: &Desk, form: Form, fresh: Option<String>, notice: Option<Notice>) -> Answer {
    let face = desk.face(web);
    let day = |at: Option<Timestamp>| at.map_or("Never".to_owned(), |at| face.dated(at));
    let keys = web.engine.api_keys(&desk.member()).await?;
    let row = |key: ApiKey| KeyRow {
        id: key.id.to_string(),
        label: key.label,
        shown: key.shown,
        used: day(key.last_used_at),
        expires: day(key.expires_at),
    };
    let (frame, side) = desk.around(web, "settings").await?;
    let keys = keys.into_iter().map(row).collect();
    let failed = form.failed();
    Ok(draw_form(&Keys { frame, side, notice, form, fresh, keys, tab: "keys" }, failed))
}
