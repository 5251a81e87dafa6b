//! Connected accounts: how they are, how their calendars are used, and taking them away.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use kalends_engine::connect::{
    Calendar, CalendarUse, ConnectError, ConnectionView, Consequences, FailurePolicy, Health,
};

use super::{
    page::{Account, CalendarRow, Installed, Picture},
    setup::connection_id,
};
use crate::{
    Problem, Web,
    extract::{self, Asked, Typed},
    pages::{
        Frame, Side,
        host::{desk::Desk, draw_form, eye::Eye, notice::Notice},
        show as draw,
    },
};

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 5] = [
    ("connected", "Connected."),
    ("kept", "Nothing was changed. What you allowed for the other account was given back."),
    ("calendars", "Saved. Times on your page follow within a minute."),
    ("sync", "The calendars are being read."),
    ("removed", "Disconnected. Nothing more is read or written there."),
];

/// `GET /apps/installed`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Result<Response, Problem> {
    page(&web, &desk, Notice::after(&asked, &DID)).await
}

/// `POST /apps/installed/{id}/calendars`
pub async fn use_calendars(
    State(web): State<Web>,
    desk: Desk,
    Path(id): Path<String>,
    extract::Form(typed): extract::Form,
) -> Result<Response, Problem> {
    let there = web.engine.connection(&desk.member(), connection_id(&id)?).await?;
    let uses: Vec<CalendarUse> = there.calendars.iter().map(|calendar| wanted(calendar, &typed)).collect();
    match web.engine.use_calendars(&desk.member(), there.id, &uses).await {
        Ok(()) => Ok(back("calendars")),
        Err(ConnectError::Invalid(invalid)) => {
            page(&web, &desk, Some(Notice::fail("Not saved.", invalid.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(calendar: &Calendar, typed: &Typed) -> CalendarUse {
    let id = calendar.id.to_string();
    let hours = typed.get(&format!("trust-{id}")).trim().parse().unwrap_or(calendar.policy.trust_hours);
    CalendarUse {
        calendar: calendar.id,
        blocks: typed.is("blocks", &id),
        receives: typed.is("receives", &id),
        tentative_blocks: typed.is("tentative", &id),
        policy: FailurePolicy { trust_hours: hours, then_blocks: !typed.is(&format!("then-{id}"), "ignore") },
    }
}

/// `POST /apps/installed/{id}/sync`
pub async fn sync(
    State(web): State<Web>,
    desk: Desk,
    Path(id): Path<String>,
    _form: extract::Form,
) -> Result<Response, Problem> {
    web.engine.sync_now(&desk.member(), connection_id(&id)?).await?;
    Ok(back("sync"))
}

#[derive(Template)]
#[template(path = "host/disconnect.html")]
struct Removal {
    frame: Frame,
    side: Side,
    id: String,
    name: String,
    account: String,
    breaks: Vec<String>,
}

/// `GET /apps/installed/{id}/remove`: what will break, before.
pub async fn before_removal(
    State(web): State<Web>,
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let there = web.engine.connection(&desk.member(), connection_id(&id)?).await?;
    let lost = web.engine.disconnecting(&desk.member(), there.id).await?;
    let (frame, side) = desk.around(&web, "installed").await?;
    let name = there.app.manifest().name.clone();
    Ok(draw(&Removal { frame, side, id, name, account: there.account, breaks: breaks(&lost) }))
}

fn breaks(lost: &Consequences) -> Vec<String> {
    let mut breaks = Vec::new();
    if lost.bookings > 0 {
        let count = lost.bookings;
        breaks.push(format!("{count} bookings still to come stay there as they are: moves and cancellations will not reach them."));
    }
    if let Some(name) = &lost.receives {
        breaks.push(format!("Bookings will not be written to “{name}” any more."));
    }
    if !lost.blocks.is_empty() {
        breaks.push(format!("Events in {} will not block times any more.", lost.blocks.join(", ")));
    }
    if !lost.event_types.is_empty() {
        breaks.push(format!("{} offer it as their place.", lost.event_types.join(", ")));
    }
    if lost.mails {
        breaks.push("Nobody gets mails about bookings until another mail server is connected.".to_owned());
    }
    breaks
}

/// `POST /apps/installed/{id}/remove`
pub async fn remove(
    State(web): State<Web>,
    desk: Desk,
    Path(id): Path<String>,
    _form: extract::Form,
) -> Result<Response, Problem> {
    web.engine.disconnect(&desk.member(), connection_id(&id)?).await?;
    Ok(back("removed"))
}

fn back(did: &str) -> Response {
    Redirect::to(&format!("/apps/installed?did={did}")).into_response()
}

async fn page(web: &Web, desk: &Desk, notice: Option<Notice>) -> Result<Response, Problem> {
    let eye = desk.eye(web);
    let connections = web.engine.connections(&desk.member()).await?;
    let broken = connections.iter().filter(|one| needs_somebody(one.health)).count();
    let sentence = match (connections.len(), broken) {
        (0, _) => "Nothing is connected.".to_owned(),
        (1, 0) => "1 account. It works.".to_owned(),
        (count, 0) => format!("{count} accounts. All work."),
        (count, broken) => format!("{count} accounts, {broken} need you."),
    };
    let mut rows: Vec<(bool, Account)> =
        connections.iter().map(|one| (!needs_somebody(one.health), account(one, &eye))).collect();
    rows.sort_by_key(|(well, _)| *well);
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    Ok(draw_form(&Installed { frame, side, notice, sentence, rows }, failed))
}

const fn needs_somebody(health: Health) -> bool {
    matches!(health, Health::NeedsReconnect | Health::Revoked)
}

fn account(view: &ConnectionView, eye: &Eye) -> Account {
    let health = match view.health {
        Health::Connected if !view.missing.is_empty() => ("wait", "Works in part".to_owned()),
        Health::Connected => ("ok", "Healthy".to_owned()),
        Health::Degraded => ("wait", "Answers badly; it is tried again by itself".to_owned()),
        Health::NeedsReconnect => ("fail", "Needs you to sign in again".to_owned()),
        Health::Revoked => ("fail", "Access was taken away there".to_owned()),
    };
    let trouble = if view.cause.is_empty() {
        String::new()
    } else {
        format!("{} Since {}.", view.cause, eye.moment(view.since))
    };
    Account {
        id: view.id.to_string(),
        slug: view.app.slug,
        name: view.app.manifest().name.clone(),
        picture: Picture(view.app.icon),
        account: view.account.clone(),
        health,
        trouble,
        missing: view.missing.clone(),
        calendars: view.calendars.iter().map(|one| row(one, eye)).collect(),
    }
}

fn row(calendar: &Calendar, eye: &Eye) -> CalendarRow {
    let mut words = Vec::new();
    if calendar.receives {
        words.push("bookings are written here".to_owned());
    } else if !calendar.writable {
        words.push("read only".to_owned());
    }
    if calendar.blocks {
        words.push(match calendar.freshness.synced_at {
            Some(at) => format!("read {}", eye.moment(at)),
            None => "not read yet: it blocks all times until it is".to_owned(),
        });
    }
    CalendarRow {
        id: calendar.id.to_string(),
        name: calendar.name.clone(),
        writable: calendar.writable,
        blocks: calendar.blocks,
        receives: calendar.receives,
        tentative: calendar.tentative_blocks,
        trust_hours: calendar.policy.trust_hours,
        ignore: !calendar.policy.then_blocks,
        words: words.join(", "),
    }
}
