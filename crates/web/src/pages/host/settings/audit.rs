//! The audit log: what was done in the organization, latest first.

use axum::extract::State;

use super::page::{Audit, AuditLine, browser};
use crate::{
    Web,
    pages::{
        host::{Answer, calls::sentence, desk::Desk},
        show as draw,
    },
};

/// Lines on the page.
const MOST: u32 = 200;

/// `GET /settings/audit`
pub async fn show(State(web): State<Web>, desk: Desk) -> Answer {
    let face = desk.face(&web);
    let lines = web.engine.audit_log(&desk.member(), MOST).await?;
    let line = |line: kalends_engine::audit::AuditLine| AuditLine {
        at: face.whole(line.at),
        who: line.who.unwrap_or_else(|| "The server".to_owned()),
        what: deed(&line.action, &line.subject),
        from: line.ip,
    };
    let (frame, side) = desk.around(&web, "settings").await?;
    Ok(draw(&Audit {
        frame,
        side,
        zone: face.zone_name(),
        lines: lines.into_iter().map(line).collect(),
        tab: "audit",
    }))
}

/// `api_key_made` and `demo` become `API key made: demo`.
fn deed(action: &str, subject: &str) -> String {
    let done = sentence(action).replace("Api ", "API ");
    match (action, subject) {
        (_, "") => done,
        ("signed_in", agent) => format!("{done}: {}", browser(agent)),
        ("connection_health", subject) => format!("{done}: {}", subject.replace('_', " ")),
        (_, subject) => format!("{done}: {subject}"),
    }
}

#[cfg(test)]
mod tests {
    use super::deed;

    #[test]
    fn a_deed_is_a_sentence() {
        assert_eq!(deed("api_key_made", "demo"), "API key made: demo");
        assert_eq!(
            deed("signed_in", "Mozilla/5.0 (X11; Linux) Firefox/130.0"),
            "Signed in: Firefox on Linux"
        );
        assert_eq!(deed("password_reset_asked", ""), "Password reset asked");
    }
}
