//! An app's page with its setup form: tried first, saved when the app answers.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use kalends_app::{
    manifest::{Input, Manifest},
    redact,
};
use kalends_engine::connect::{AppCard, Begin, ConnectError};
use serde_json::Value;

use super::{
    page::{Detail, Picture, shelf},
    sign_in::{self, SignIn},
    ware::{self, Ware},
};
use crate::{
    Problem, Web,
    extract::{self, Asked, Typed},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
};

/// `GET /apps/{slug}`, with `connection` to change one.
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    Path(slug): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    let card = web.engine.app(&desk.member(), &slug).await?;
    let manifest = card.app.manifest();
    let unmade = sign_in::why(&web, &desk, card.app.slug, &asked).await?;
    let (typed, connection) = match asked.text("connection") {
        // A sign-in that came to nothing loses nothing that was typed before it.
        None => {
            (unmade.as_ref().map_or_else(|| defaults(manifest), |it| settings(manifest, &it.typed)), None)
        }
        Some(id) => {
            let there = web.engine.connection(&desk.member(), connection_id(id)?).await?;
            (settings(manifest, &there.settings), Some(there))
        }
    };
    let notice = connection.as_ref().filter(|there| !there.cause.is_empty());
    let notice =
        notice.map(|there| Notice::fail(format!("{} needs you.", manifest.name), there.cause.clone()));
    let why = unmade.as_ref().map(|it| it.why.as_str());
    let notice = sign_in::notice(&asked, manifest, why).or(notice);
    let connection = connection.map(|there| there.id.to_string());
    let approval = sign_in::asked_approval(&web, &desk, card.app, &asked).await?;
    let page = page(&web, &desk, card, Form::showing(typed), connection, notice).await?;
    Ok(draw_form(&Detail { approval, ..page }, false))
}

/// `POST /apps/{slug}`
pub async fn connect(
    State(web): State<Web>,
    desk: Desk,
    Path(slug): Path<String>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let card = web.engine.app(&desk.member(), &slug).await?;
    let fields: BTreeMap<String, String> = card
        .app
        .manifest()
        .setup
        .iter()
        .filter(|field| typed.has(&field.name))
        .map(|field| (field.name.clone(), value(field.input, typed.get(&field.name))))
        .collect();
    let connection = typed.text("connection").map(str::to_owned);
    let what = match &connection {
        None => ware::chosen(&card, typed.get("for")).map_or(Begin::Usual, Begin::For),
        Some(id) => Begin::Again(connection_id(id)?),
    };
    let done = match (sign_in::begin(&web, &desk, card.app, &fields, what).await, &connection) {
        (Some(Ok(to)), _) => return sign_in::leave(&web, &desk, card.app, &to).await,
        (Some(Err(error)), _) => Err(error),
        (None, None) => match what {
            Begin::For(scope) => web.engine.connect_for(&desk.member(), &slug, scope, &fields).await,
            Begin::Usual | Begin::Again(_) => web.engine.connect(&desk.member(), &slug, &fields).await,
        },
        (None, Some(id)) => {
            let id = connection_id(id)?;
            web.engine.reconnect(&desk.member(), id, &fields).await.map(|()| id)
        }
    };
    let mut form = Form::showing(shown(card.app.manifest(), typed));
    let notice = match done {
        Ok(id) => {
            let did = if card.app.manifest().is_data() { "installed" } else { "connected" };
            return Ok(Redirect::to(&format!("/apps/installed?did={did}#a-{id}")).into_response());
        }
        Err(ConnectError::Invalid(invalid)) => {
            form.refuse(invalid.problems);
            None
        }
        Err(error @ (ConnectError::Probe(_) | ConnectError::Unfinished(_))) => {
            let title = format!("{} is not connected. Nothing was saved.", card.app.manifest().name);
            Some(Notice::fail(title, sentence(&error.to_string())))
        }
        Err(error @ ConnectError::Needs { .. }) => {
            Some(Notice::fail(format!("{} is not installed.", card.app.manifest().name), error.to_string()))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(draw_form(&page(&web, &desk, card, form, connection, notice).await?, true))
}

/// What was typed, as the page may show it again: no secret, and no password in an address.
fn shown(manifest: &Manifest, mut typed: Typed) -> Typed {
    for field in &manifest.setup {
        let again =
            if field.is_secret() { String::new() } else { redact::without_user(typed.get(&field.name)) };
        if again != typed.get(&field.name) {
            typed.set(&field.name, again);
        }
    }
    typed
}

/// An app's words after ours: a sentence of their own.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let end = if words.ends_with(['.', '!', '?', ')']) { "" } else { "." };
    first.chain(letters.as_str().chars()).collect::<String>() + end
}

/// A ticked box says so in the words the manifest's check reads.
fn value(input: Input, typed: &str) -> String {
    if input == Input::Checkbox { "true".into() } else { typed.to_owned() }
}

fn defaults(manifest: &Manifest) -> Typed {
    let mut typed = Typed::default();
    for field in &manifest.setup {
        if let Some(default) = &field.default {
            put(&mut typed, &field.name, default);
        }
    }
    typed
}

/// Settings as the form shows them; secrets are not among them.
fn settings(manifest: &Manifest, settings: &Value) -> Typed {
    let mut typed = Typed::default();
    for field in manifest.setup.iter().filter(|field| !field.is_secret()) {
        if let Some(value) = settings.get(&field.name) {
            put(&mut typed, &field.name, value);
        }
    }
    typed
}

fn put(typed: &mut Typed, name: &str, value: &Value) {
    match value {
        Value::String(text) => typed.set(name, &**text),
        Value::Bool(true) => typed.set(name, "on"),
        Value::Number(number) => typed.set(name, number.to_string()),
        _ => {}
    }
}

/// The id in an address; one that is none names nothing.
pub(in crate::pages::host) fn connection_id<T>(text: &str) -> Result<kalends_domain::Id<T>, Problem> {
    text.parse().map_err(|_| ConnectError::NotFound.into())
}

async fn page(
    web: &Web,
    desk: &Desk,
    card: AppCard,
    form: Form,
    connection: Option<String>,
    notice: Option<Notice>,
) -> Result<Detail, Problem> {
    let app = card.app.manifest();
    let (frame, side) = desk.around(web, "apps").await?;
    let shelf = app.kinds.first().map_or(("", "Apps", ""), |kind| shelf(*kind));
    let barred = if card.may_install.is_empty() {
        "An administrator connects this app, for everybody here. Ask one."
    } else {
        ""
    };
    let sign_in = SignIn::of(web, desk, card.app).await?;
    let picture = Picture(card.app.icon);
    let ware = Ware::of(web, desk, &card).await?;
    Ok(Detail {
        frame,
        side,
        notice,
        app,
        picture,
        shelf,
        form,
        connection,
        barred,
        sign_in,
        ware,
        approval: None,
    })
}
