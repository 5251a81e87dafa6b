//! The audit log: what was done in the organization, latest first.

use axum::extract::State;

use super::page::{Audit, AuditLine};
use crate::{
    Web,
    pages::{
        host::{Answer, desk::Desk},
        show as draw,
    },
};

/// Lines on the page.
const MOST: u32 = 200;

/// `GET /settings/audit`
pub async fn show(State(web): State<Web>, desk: Desk) -> Answer {
    let eye = desk.eye(&web);
    let lines = web.engine.audit_log(&desk.member(), MOST).await?;
    let line = |line: kalends_engine::audit::AuditLine| AuditLine {
        at: eye.moment(line.at),
        who: line.who.unwrap_or_else(|| "The server".to_owned()),
        what: format!("{} {}", line.action.replace('_', " "), line.subject).trim().to_owned(),
        from: line.ip,
    };
    let (frame, side) = desk.around(&web, "settings").await?;
    Ok(draw(&Audit { frame, side, lines: lines.into_iter().map(line).collect(), tab: "audit" }))
}
