//! The rules local times go by, and the bookings they brought to another local time than was agreed (TZ-02).

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use kalends_engine::clocks::RulesInForce;

use crate::{
    Problem, Web,
    extract::{Asked, Form},
    pages::{
        Frame, Side,
        host::{
            Answer,
            bookings::{DID, Needs, Shift},
            desk::Desk,
            draw_form,
            notice::Notice,
        },
    },
};

#[derive(Template)]
#[template(path = "host/settings/zones.html")]
struct Zones {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    /// Which rules, since when.
    rules: String,
    needs: Needs,
    /// Where the next page begins, if there is one.
    next: Option<u32>,
    tab: &'static str,
}

/// `GET /settings/zones`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let skip = asked.get("skip").parse().unwrap_or(0);
    page(&web, &desk, skip, Notice::after(&asked, &DID)).await
}

/// `POST /settings/zones`: all move to the local time that was agreed.
pub async fn move_all(State(web): State<Web>, desk: Desk, _form: Form) -> Answer {
    match web.engine.move_all_shifted(&desk.member()).await? {
        (_, 0) => Ok(Redirect::to("/settings/zones?did=all_moved").into_response()),
        (moved, stay) => {
            let words =
                "Something else takes the time that was agreed. Move that first, or keep the instant.";
            let notice = Notice::fail(format!("{moved} moved, {stay} could not."), words);
            page(&web, &desk, 0, Some(notice)).await
        }
    }
}

async fn page(web: &Web, desk: &Desk, skip: u32, notice: Option<Notice>) -> Answer {
    let face = desk.face(web);
    let trouble = |trouble| Problem::internal(&trouble);
    let rules = web.engine.clock_rules().await.map_err(trouble)?;
    let rules = rules.map_or_else(
        || "Bookings have not been compared with the rules of local time yet.".to_owned(),
        |RulesInForce { release, since }| {
            format!("Local times go by release {release} of the rules, since {}.", face.whole(since))
        },
    );
    let found = web.engine.shifted(&desk.member(), skip).await.map_err(trouble)?;
    let shifted = found.items.iter().map(|one| Shift::of(one, &face)).collect();
    let (frame, side) = desk.around(web, "settings").await?;
    let failed = Notice::is_failure(notice.as_ref());
    let needs = Needs { shifted, from: "zones", ..Needs::default() };
    Ok(draw_form(&Zones { frame, side, notice, rules, needs, next: found.next, tab: "zones" }, failed))
}
