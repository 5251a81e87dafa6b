//! The rules local times go by, and the bookings they brought to another local time than was agreed (TZ-02).

use askama::Template;
use axum::extract::State;

use crate::{
    Problem, Web,
    extract::Asked,
    pages::{
        Frame, Side,
        host::{
            Answer,
            bookings::{DID, Needs, Shift},
            desk::Desk,
            notice::Notice,
        },
        show as draw,
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
    /// How many more there are than are shown here.
    next: Option<u32>,
    tab: &'static str,
}

/// `GET /settings/zones`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let eye = desk.eye(&web);
    let trouble = |trouble| Problem::internal(&trouble);
    let skip = asked.get("skip").parse().unwrap_or(0);
    let rules = web.engine.clock_rules().await.map_err(trouble)?;
    let found = web.engine.shifted(&desk.member(), skip).await.map_err(trouble)?;
    let (frame, side) = desk.around(&web, "settings").await?;
    Ok(draw(&Zones {
        frame,
        side,
        notice: Notice::after(&asked, &DID),
        rules: rules.map_or_else(
            || "Bookings have not been compared with the rules of local time yet.".to_owned(),
            |rules| {
                format!(
                    "Local times go by release {} of the rules, since {}.",
                    rules.release,
                    eye.moment(rules.since)
                )
            },
        ),
        needs: Needs {
            shifted: found.items.iter().map(|one| Shift::of(one, &eye)).collect(),
            from: "zones",
            ..Needs::default()
        },
        next: found.next,
        tab: "zones",
    }))
}
