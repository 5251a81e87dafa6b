//! Switching an app off and on, taking it away, bringing it back: what it means is said before.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use kalends_app::oauth::Grant;
use kalends_engine::connect::{ConnectError, ConnectionView, Consequences, Meanwhile};

use super::page::Picture;
use crate::{
    Web,
    extract::{ConnectionId, Form},
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk, draw_form, notice::Notice},
    },
};

/// Before an app is taken away.
#[derive(Template)]
#[template(path = "host/disconnect.html")]
struct Removal {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    id: String,
    name: String,
    picture: Picture,
    account: String,
    breaks: Vec<String>,
    needed_by: Vec<String>,
    days: i64,
    data: bool,
    /// What becomes of our access at the provider.
    access: Access,
}

/// What becomes of our access to an account when its app is gone for good.
enum Access {
    /// There is none beside what is stored here.
    None,
    /// It is given back.
    Given,
    /// The provider has no call for it: people take it away there themselves.
    Theirs(String),
    /// It is a password or a key that was typed in, and goes on working: whoever made it takes it back.
    Key(Key),
}

/// A secret that was typed into a setup form.
struct Key {
    /// As the form calls it.
    label: String,
    /// Where it is taken back, and how; empty for the app's own name, and whatever its pages say.
    place: String,
    how: String,
    link: String,
}

impl Access {
    fn of(view: &ConnectionView) -> Self {
        let manifest = view.app.manifest();
        match manifest.auth.oauth().filter(|oauth| oauth.grant(&view.settings) == Grant::AuthorizationCode) {
            Some(oauth) if oauth.revoke.is_some() => Self::Given,
            Some(oauth) => Self::Theirs(oauth.manage.clone().unwrap_or_default()),
            None => {
                manifest.asked(&view.settings).find(|field| field.is_secret()).map_or(Self::None, |field| {
                    let there = field.take_back.as_ref();
                    let link = there.and_then(|there| there.link.as_ref()).map(ToString::to_string);
                    Self::Key(Key {
                        label: field.label.clone(),
                        place: there.map_or_else(|| manifest.name.clone(), |there| there.provider.clone()),
                        how: there.map(|there| there.text.clone()).unwrap_or_default(),
                        link: link.unwrap_or_default(),
                    })
                })
            }
        }
    }
}

/// Before an app is switched off.
#[derive(Template)]
#[template(path = "host/off.html")]
struct Off {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    id: String,
    name: String,
    picture: Picture,
    account: String,
    stops: Vec<String>,
    calendars: Vec<(String, String)>,
}

/// `GET /apps/installed/{id}/remove`: what will break, before.
pub async fn before_removal(State(web): State<Web>, desk: Desk, ConnectionId(id): ConnectionId) -> Answer {
    let there = web.engine.connection(&desk.member(), id).await?;
    removal(&web, &desk, there, None).await
}

async fn removal(web: &Web, desk: &Desk, there: ConnectionView, notice: Option<Notice>) -> Answer {
    let lost = web.engine.disconnecting(&desk.member(), there.id).await?;
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    let access = Access::of(&there);
    let page = Removal {
        frame,
        side,
        notice,
        id: there.id.to_string(),
        name: there.app.manifest().name.clone(),
        picture: Picture(there.app.icon),
        account: there.account,
        breaks: breaks(&lost),
        needed_by: lost.needed_by,
        days: lost.days,
        access,
        data: there.app.manifest().is_data(),
    };
    Ok(draw_form(&page, failed))
}

fn breaks(lost: &Consequences) -> Vec<String> {
    let mut breaks = Vec::new();
    let count = lost.bookings;
    if count > 0 {
        let bookings = if count == 1 { "1 booking".to_owned() } else { format!("{count} bookings") };
        breaks.push(format!(
            "{bookings} still to come: what stands there stays as it is. Moves and cancellations will not reach it."
        ));
    }
    if let Some(name) = &lost.receives {
        breaks.push(format!("Bookings will not be written to “{name}” any more."));
    }
    if !lost.blocks.is_empty() {
        breaks.push(format!("Events in {} will not block times any more.", lost.blocks.join(", ")));
    }
    let kept: Vec<&str> =
        lost.event_types.iter().filter(|one| !lost.placeless.contains(one)).map(String::as_str).collect();
    if !kept.is_empty() {
        breaks.push(format!("{} will not offer it as a place any more.", kept.join(", ")));
    }
    if !lost.placeless.is_empty() {
        let names = lost.placeless.join(", ");
        breaks.push(format!("{names} will have no place at all until you choose another."));
    }
    if lost.mails {
        breaks.push("Nobody gets mails about bookings until another mail server is connected.".to_owned());
    }
    if lost.pages {
        breaks.push("Your public pages load it no more.".to_owned());
    }
    if lost.notices {
        breaks.push("Its notices (webhooks) are not heard any more.".to_owned());
    }
    breaks
}

/// `POST /apps/installed/{id}/remove`: so that it can come back, or for good, by the button.
pub async fn remove(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Form(typed): Form,
) -> Answer {
    let (done, did) = if typed.get("do") == "good" {
        (web.engine.disconnect_for_good(&desk.member(), id).await, "gone")
    } else {
        (web.engine.disconnect(&desk.member(), id).await, "removed")
    };
    match done {
        Ok(()) => Ok(back(did)),
        Err(error @ ConnectError::NeededBy { .. }) => {
            let there = web.engine.connection(&desk.member(), id).await?;
            removal(&web, &desk, there, Some(Notice::fail("Not uninstalled.", error.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /apps/installed/{id}/undo`
pub async fn undo(State(web): State<Web>, desk: Desk, ConnectionId(id): ConnectionId, _form: Form) -> Answer {
    match web.engine.bring_back(&desk.member(), id).await {
        Ok(()) => Ok(Redirect::to(&format!("/apps/installed?did=back#a-{id}")).into_response()),
        Err(error @ (ConnectError::Needs { .. } | ConnectError::ThereAgain { .. })) => {
            let notice = Notice::fail("Not brought back.", error.to_string());
            super::accounts::page(&web, &desk, Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /apps/installed/{id}/off`: what it will not do, before.
pub async fn before_off(State(web): State<Web>, desk: Desk, ConnectionId(id): ConnectionId) -> Answer {
    let there = web.engine.connection(&desk.member(), id).await?;
    off(&web, &desk, there, None).await
}

async fn off(web: &Web, desk: &Desk, there: ConnectionView, notice: Option<Notice>) -> Answer {
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    let calendars = there.calendars.iter().filter(|one| one.blocks).map(|one| {
        let then = if one.policy.then_blocks { "offer no times" } else { "leave it out" };
        (one.name.clone(), format!("believed for {} hours, then {then}", one.policy.trust_hours))
    });
    let page = Off {
        frame,
        side,
        notice,
        id: there.id.to_string(),
        name: there.app.manifest().name.clone(),
        picture: Picture(there.app.icon),
        stops: stops(&there),
        calendars: calendars.collect(),
        account: there.account,
    };
    Ok(draw_form(&page, failed))
}

fn stops(there: &ConnectionView) -> Vec<String> {
    let app = there.app;
    let mut stops = Vec::new();
    if app.calendar().is_some() {
        stops.push("Its calendars are not read.".to_owned());
        stops
            .push("Bookings are not written there. They are, all at once, when you switch it on.".to_owned());
    }
    if app.conference().is_some() {
        let wait = "New bookings get no link from it. They get one when you switch it on, by mail too.";
        stops.push(wait.to_owned());
    }
    if app.messenger().is_some() {
        stops.push("No mail is sent through it. Mails wait, and go out when you switch it on.".to_owned());
    }
    if app.manifest().place.is_some() {
        stops.push(
            "It is not offered as a place for event types. Where it is one already, its link stays."
                .to_owned(),
        );
    }
    if app.manifest().tag.is_some() {
        stops.push("Public pages do not load it.".to_owned());
    }
    if app.manifest().shortcut.is_some() {
        stops.push("Its page is still here; it does nothing by itself.".to_owned());
    }
    stops
}

/// `POST /apps/installed/{id}/off`
pub async fn switch_off(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Form(typed): Form,
) -> Answer {
    let meanwhile = if typed.is("meanwhile", "free") { Meanwhile::Free } else { Meanwhile::Trusted };
    match web.engine.disable(&desk.member(), id, meanwhile).await {
        Ok(()) => Ok(back("off")),
        Err(error @ ConnectError::NeededBy { .. }) => {
            let there = web.engine.connection(&desk.member(), id).await?;
            off(&web, &desk, there, Some(Notice::fail("Not switched off.", error.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /apps/installed/{id}/on`
pub async fn switch_on(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    _form: Form,
) -> Answer {
    match web.engine.enable(&desk.member(), id).await {
        Ok(()) => Ok(back("on")),
        Err(error @ ConnectError::Needs { .. }) => {
            let notice = Notice::fail("Not switched on.", error.to_string());
            super::accounts::page(&web, &desk, Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn back(did: &str) -> Response {
    Redirect::to(&format!("/apps/installed?did={did}")).into_response()
}
