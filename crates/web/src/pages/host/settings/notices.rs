//! Notices that were given up: what providers told and could not be applied, each to be tried again by hand.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use kalends_engine::hooks_in::Which;

use crate::{
    Problem, Web,
    extract::{self, Asked},
    pages::{
        Frame, Side,
        host::{desk::Desk, notice::Notice},
        show as draw,
    },
};

#[derive(Template)]
#[template(path = "host/settings/notices.html")]
struct Notices {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    lines: Vec<Line>,
    tab: &'static str,
}

struct Line {
    id: String,
    app: String,
    what: &'static str,
    at: String,
    error: String,
}

/// `GET /settings/notices`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Result<Response, Problem> {
    let eye = desk.eye(&web);
    let dead = web.engine.notices(&desk.member(), Which::Dead).await?;
    let lines = dead.into_iter().map(|one| Line {
        id: one.id.to_string(),
        app: one.app,
        what: one.what,
        at: eye.moment(one.at),
        error: one.error,
    });
    let lines = lines.collect();
    let (frame, side) = desk.around(&web, "settings").await?;
    let notice = Notice::after(&asked, &[("again", "It is applied again now.")]);
    Ok(draw(&Notices { frame, side, notice, lines, tab: "notices" }))
}

/// `POST /settings/notices/{id}/again`
pub async fn again(
    State(web): State<Web>,
    desk: Desk,
    Path(id): Path<String>,
    _form: extract::Form,
) -> Result<Response, Problem> {
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
        };
        let page = Notices {
            frame: Frame::sample(),
            side: Side::default(),
            notice: None,
            lines: vec![line],
            tab: "notices",
        };
        assert!(!page.render().unwrap().contains("<script>"));
    }
}
