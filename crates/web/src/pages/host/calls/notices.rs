//! What was told about an account, what became of it, and what was called because of it.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use kalends_domain::Id;
use kalends_engine::{
    connect::Installation,
    flights::{PAGE, ReplayError},
    hooks_in::{Inbound, InboundNotice, Notices},
};

use super::{
    DID, before,
    entry::sentence,
    page::{Calls, Trail},
};
use crate::{
    Problem, Web,
    extract::{Asked, ConnectionId, Form, Typed},
    mark,
    pages::{
        Frame, Side,
        host::{Answer, desk::Desk, draw_form, notice::Notice},
        show as draw,
    },
    when::Face,
};

/// A page of notices.
#[derive(Template)]
#[template(path = "host/notices.html")]
struct Page {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    id: String,
    account: String,
    rows: Vec<Row>,
    refused: String,
    older: Option<String>,
    zone: String,
}

/// One notice.
struct Row {
    id: String,
    at: String,
    instant: String,
    what: String,
    tone: &'static str,
    icon: &'static str,
    fate: String,
    error: String,
    again: bool,
}

/// `GET /apps/installed/{id}/notices`
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Asked(asked): Asked,
) -> Answer {
    page(&web, &desk, id, &asked, Notice::after(&asked, &DID)).await
}

async fn page(web: &Web, desk: &Desk, id: Id<Installation>, asked: &Typed, notice: Option<Notice>) -> Answer {
    let (member, face) = (desk.member(), desk.face(web));
    let before = asked.text("before").and_then(mark::read);
    let told = web.engine.notices_of(&member, id, before, PAGE).await?;
    let account = web.engine.connection_named(&member, id).await?.name();
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    let page = Page {
        frame,
        side,
        notice,
        account,
        refused: refused(&told, &face),
        older: told
            .more
            .map(|(at, last)| format!("/apps/installed/{id}/notices?before={}", mark::write(at, last))),
        rows: told.notices.iter().map(|one| row(one, &face)).collect(),
        id: id.to_string(),
        zone: face.zone_name(),
    };
    Ok(draw_form(&page, failed))
}

fn refused(told: &Notices, face: &Face) -> String {
    let Some(refused) = &told.refused else { return String::new() };
    let (many, were) = if refused.count == 1 {
        ("1 notice".to_owned(), "was")
    } else {
        (format!("{} notices", refused.count), "were")
    };
    let (last, why) = (face.whole(refused.last_at), refused.why.trim_end_matches('.'));
    format!("{many} {were} refused, the last on {last}: {why}. Nothing of it was believed or kept.")
}

fn row(told: &InboundNotice, face: &Face) -> Row {
    let (tone, icon, ending) = match told.state {
        Inbound::Waiting => ("wait", "wait", "Verified, being applied"),
        Inbound::Parked => ("wait", "wait", "Verified, about something not known yet"),
        Inbound::Done => ("ok", "check", "Verified and applied"),
        Inbound::Ignored => ("off", "ring", "Verified, about nothing here"),
        Inbound::Dead => ("fail", "alert", "Given up"),
    };
    let tries = if told.tries == 0 { String::new() } else { format!(", {} tries failed", told.tries) };
    Row {
        id: told.id.to_string(),
        at: face.clock(told.at),
        instant: told.at.to_string(),
        what: sentence(told.what),
        tone,
        icon,
        fate: format!("{ending}{tries}"),
        error: told.error.clone(),
        again: told.state == Inbound::Dead,
    }
}

/// `GET /apps/installed/{id}/notices/{notice}`
pub async fn followed(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Path((_, notice)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Answer {
    let (member, face) = (desk.member(), desk.face(&web));
    let told = notice.parse().map_err(|_| gone())?;
    let line = web.engine.calls_of_notice(&member, id, told, before(&asked), PAGE).await?;
    let about = web.engine.connection_named(&member, id).await?;
    let trail = Trail {
        list: ("/apps/installed", "Installed apps"),
        up: (format!("/apps/installed/{id}/notices"), format!("Notices of {}", about.name())),
        heading: "What followed".to_owned(),
        of: "because of this notice",
        here: format!("/apps/installed/{id}/notices/{told}"),
        again: format!("/apps/installed/{id}/calls"),
        tabs: None,
    };
    let (frame, side) = desk.around(&web, "installed").await?;
    Ok(draw(&Calls::of(frame, side, None, trail, &line, &face)))
}

/// `POST /apps/installed/{id}/notices/{notice}/again`
pub async fn again(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Path((_, notice)): Path<(String, String)>,
    _form: Form,
) -> Answer {
    let told: Id<_> = notice.parse().map_err(|_| gone())?;
    match web.engine.replay_notice(&desk.member(), told).await {
        Ok(()) => Ok(Redirect::to(&format!("/apps/installed/{id}/notices?did=again")).into_response()),
        Err(ReplayError::Cannot(why)) => {
            let notice = Notice::fail("Nothing was done.", why);
            page(&web, &desk, id, &Typed::default(), Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn gone() -> Problem {
    Problem::not_found("notice_not_found", "This notice does not exist any more.")
}

#[cfg(test)]
mod tests {
    use super::{super::entry::tests::face, *};
    use crate::html::{count, sound};

    #[test]
    fn notices_are_drawn_soundly_and_escaped() {
        let told = |state| InboundNotice {
            id: Id::new(uuid::Uuid::from_u128(7)),
            app: "acme".into(),
            what: "a calendar changed",
            at: face().now.timestamp(),
            state,
            tries: 2,
            error: "<script>".into(),
        };
        let page = Page {
            frame: Frame::sample(),
            side: Side::default(),
            notice: None,
            id: "7".into(),
            account: "Acme <script>".into(),
            rows: [Inbound::Done, Inbound::Dead].map(|state| row(&told(state), &face())).into(),
            refused: "3 notices were refused".into(),
            older: Some("/apps/installed/7/notices?before=1-7".into()),
            zone: "UTC".into(),
        };
        let text = page.render().unwrap();
        assert!(!text.contains("<script>"), "{text}");
        assert_eq!(count(&sound("host-notices", &text), "main form"), 1);
    }
}
