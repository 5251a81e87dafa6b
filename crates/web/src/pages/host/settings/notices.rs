//! What providers told: what could not be applied first, each to be looked into and applied again by hand.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use kalends_engine::hooks_in::{Inbound, InboundNotice, Looked, Which};

use crate::{
    Problem, Web,
    extract::{Asked, Form},
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk, notice::Notice},
        show as draw,
    },
    when::Face,
};

#[derive(Template)]
#[template(path = "host/settings/notices.html")]
struct Notices {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    zone: String,
    lines: Vec<Line>,
    latest: Vec<Line>,
    tab: &'static str,
}

#[derive(Template)]
#[template(path = "host/settings/notice.html")]
struct One {
    frame: Frame,
    side: Side,
    zone: String,
    line: Line,
    came: Option<Looked>,
    tab: &'static str,
}

struct Line {
    id: String,
    app: String,
    what: &'static str,
    at: String,
    error: String,
    state: &'static str,
    /// It can be applied again.
    ended: bool,
}

fn line(web: &Web, one: InboundNotice, face: &Face) -> Line {
    let (state, ended) = match one.state {
        Inbound::Waiting => ("Being applied", false),
        Inbound::Parked => ("About something not known yet; it is tried again", false),
        Inbound::Done => ("Applied", true),
        Inbound::Ignored => ("About nothing here", true),
        Inbound::Dead => ("Given up", true),
    };
    let (id, at) = (one.id.to_string(), face.whole(one.at));
    let app = web.engine.outside.known().name(&one.app);
    Line { id, app, what: one.what, at, error: one.error, state, ended }
}

/// `GET /settings/notices`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let face = desk.face(&web);
    let dead = web.engine.notices(&desk.member(), Which::Dead).await?;
    let lines = dead.into_iter().map(|one| line(&web, one, &face)).collect();
    let latest = web.engine.notices(&desk.member(), Which::All).await?;
    let latest = latest.into_iter().map(|one| line(&web, one, &face)).collect();
    let (frame, side) = desk.around(&web, "settings").await?;
    let notice = Notice::after(&asked, &[("again", "It is applied again now.")]);
    Ok(draw(&Notices { frame, side, notice, zone: face.zone_name(), lines, latest, tab: "notices" }))
}

/// `GET /settings/notices/{id}`
pub async fn one(State(web): State<Web>, desk: Desk, Path(id): Path<String>) -> Answer {
    let missing = || Problem::not_found("notice_not_found", "This notice does not exist any more.");
    let id = id.parse().map_err(|_| missing())?;
    let (told, came) = web.engine.notice(&desk.member(), id).await?.ok_or_else(missing)?;
    let face = desk.face(&web);
    let line = line(&web, told, &face);
    let (frame, side) = desk.around(&web, "settings").await?;
    Ok(draw(&One { frame, side, zone: face.zone_name(), line, came, tab: "notices" }))
}

/// `POST /settings/notices/{id}/again`
pub async fn again(State(web): State<Web>, desk: Desk, Path(id): Path<String>, _form: Form) -> Answer {
    let gone = |_| Problem::not_found("notice_not_found", "This notice does not exist any more.");
    web.engine.replay_notice(&desk.member(), id.parse().map_err(gone)?).await?;
    Ok(Redirect::to("/settings/notices?did=again").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_says_is_text() {
        let line = Line {
            id: "1".into(),
            app: "planner".into(),
            what: "a calendar changed",
            at: "today".into(),
            error: "<script>".into(),
            state: "Given up",
            ended: true,
        };
        let page = Notices {
            frame: Frame::sample(),
            side: Side::default(),
            notice: None,
            zone: "UTC".into(),
            lines: vec![line],
            latest: vec![],
            tab: "notices",
        };
        assert!(!page.render().unwrap().contains("<script>"));
    }
}
