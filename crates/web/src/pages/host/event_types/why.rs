//! Why a time is, or is not, offered: for the host's eyes.

use askama::Template;
use axum::extract::{Path, State};
use jiff::{civil::DateTime, tz::TimeZone};
use kalends_engine::slots::{Explanation, Which};

use crate::{
    Web,
    extract::Asked,
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk},
        show as draw,
    },
};

#[derive(Template)]
#[template(path = "host/why.html")]
struct Page {
    frame: Frame,
    side: Side,
    number: i64,
    title: String,
    at: String,
    zone: String,
    problem: &'static str,
    answer: Option<Explanation>,
}

/// `GET /event-types/{number}/why?at=2027-03-09T15:00`, the time as a clock where the host is shows it.
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    Path(number): Path<i64>,
    Asked(asked): Asked,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let zone = TimeZone::get(&desk.profile().zone).unwrap_or(TimeZone::UTC);
    let typed = asked.text("at");
    let at = typed.and_then(|at| at.parse::<DateTime>().ok()).and_then(|at| at.to_zoned(zone).ok());
    let answer = match &at {
        Some(at) => {
            let which = Which::Id(event_type.id);
            Some(web.engine.explain_slot(&desk.member(), &which, at.timestamp(), None).await?)
        }
        None => None,
    };
    let (frame, side) = desk.around(&web, "event-types").await?;
    let page = Page {
        frame,
        side,
        number,
        title: event_type.title,
        at: asked.get("at").to_owned(),
        zone: desk.face(&web).zone_name(),
        problem: if typed.is_some() && at.is_none() { "Choose a day and a time." } else { "" },
        answer,
    };
    Ok(draw(&page))
}
