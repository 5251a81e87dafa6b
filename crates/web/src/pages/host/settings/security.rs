//! Password and sessions.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use kalends_engine::sign_in::{self, SignInError};

use super::page::{Security, SessionRow, browser};
use crate::{
    Problem, Web,
    extract::{self, Asked, Client},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
};

/// `GET /settings/security`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let said = [
        (
            "email",
            "A link is on its way to your new email. It works for a day; until you open it, nothing changes.",
        ),
        ("password", "Your password is changed. You are signed out everywhere else."),
        ("ended", "Signed out there."),
    ];
    page(&web, &desk, Form::default(), Notice::after(&asked, &said)).await
}

/// `POST /settings/password`
pub async fn change_password(
    State(web): State<Web>,
    desk: Desk,
    client: Client,
    extract::Form(typed): extract::Form,
) -> Answer {
    let secret = |field: &str| typed.get(field).to_owned().into();
    let client = sign_in::Client { ip: client.ip, user_agent: client.agent };
    let changed = web
        .engine
        .change_password(
            &desk.member(),
            desk.by.session,
            secret("current_password"),
            secret("new_password"),
            &client,
        )
        .await;
    match changed {
        Ok(()) => Ok(Redirect::to("/settings/security?did=password").into_response()),
        Err(SignInError::Invalid(invalid)) => {
            let mut form = Form::default();
            form.refuse(invalid.problems);
            page(&web, &desk, form, None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/email`
pub async fn change_email(
    State(web): State<Web>,
    desk: Desk,
    client: Client,
    extract::Form(typed): extract::Form,
) -> Answer {
    let current = typed.get("email_password").to_owned().into();
    let client = sign_in::Client { ip: client.ip, user_agent: client.agent };
    match web.engine.ask_new_email(&desk.member(), typed.get("email"), current, &client).await {
        Ok(()) => Ok(Redirect::to("/settings/security?did=email").into_response()),
        Err(SignInError::Invalid(invalid)) => {
            let mut form = Form::showing(typed);
            form.refuse(invalid.problems);
            page(&web, &desk, form, None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/sessions/{session}/end`
pub async fn end(
    State(web): State<Web>,
    desk: Desk,
    Path(session): Path<String>,
    _form: extract::Form,
) -> Answer {
    let id = session
        .parse()
        .map_err(|_| Problem::not_found("not_found", "This session does not exist any more."))?;
    web.engine.revoke_session(&desk.member(), id).await?;
    Ok(Redirect::to("/settings/security?did=ended").into_response())
}

/// `POST /settings/sessions/others`
pub async fn end_others(State(web): State<Web>, desk: Desk, _form: extract::Form) -> Answer {
    web.engine.revoke_other_sessions(&desk.member(), desk.by.session).await?;
    Ok(Redirect::to("/settings/security?did=ended").into_response())
}

async fn page(web: &Web, desk: &Desk, form: Form, notice: Option<Notice>) -> Answer {
    let face = desk.face(web);
    let sessions = web.engine.sessions(&desk.member()).await?;
    let row = |session: sign_in::Session| SessionRow {
        id: session.id.to_string(),
        browser: browser(&session.user_agent),
        words: format!("{}, {}", session.ip, face.whole(session.last_seen_at)),
        this_one: session.id == desk.by.session,
    };
    let (frame, side) = desk.around(web, "settings").await?;
    let mails = web.engine.sends_mails().await.map_err(|error| Problem::internal(&error))?;
    let user = &desk.by.user;
    let (email, proven) = (user.email.clone(), user.email_verified_at.is_some());
    let sessions = sessions.into_iter().map(row).collect();
    let failed = form.failed();
    Ok(draw_form(
        &Security {
            frame,
            side,
            notice,
            form,
            email,
            proven,
            mails,
            zone: face.zone_name(),
            sessions,
            tab: "security",
        },
        failed,
    ))
}
