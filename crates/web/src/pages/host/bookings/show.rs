//! One booking: who comes, what they said, what happened outside.

use axum::{
    extract::{Path, State},
    response::Response,
};
use kalends_domain::{
    Uid,
    booking::{By, Status},
};
use kalends_engine::{
    book::{BookingView, HistoryLine},
    reconcile::{Fix, Happening, Progress, What},
};

use super::{
    needs::Needs,
    page::{Chip, Line, One, Row},
};
use crate::{
    Problem, Web,
    extract::Asked,
    pages::host::{desk::Desk, draw_form, eye::Eye, notice::Notice},
};

/// What a step leaves to say on the next page.
pub(super) const DID: [(&str, &str); 10] = [
    ("accepted", "Accepted. The guest is told."),
    ("declined", "Declined. The guest is told, and the time is free again."),
    ("cancelled", "Cancelled. Everybody is told."),
    ("marked", "Noted."),
    ("again", "It is tried again now."),
    ("sent", "The mail is sent again."),
    ("followed", "Done. The guest is told."),
    ("put_back", "The event is written again as it was booked."),
    ("kept_both", "Both stay."),
    ("asked_to_move", "The guest is asked to choose another time. Until then the booking stands."),
];

/// `GET /bookings/{uid}`
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    Path(uid): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Problem> {
    page(&web, &desk, &name(&uid)?, Notice::after(&asked, &DID)).await
}

pub(super) fn name(uid: &str) -> Result<Uid, Problem> {
    Uid::parse(uid).ok_or_else(|| Problem::not_found("booking_not_found", "This booking does not exist."))
}

pub(super) async fn page(
    web: &Web,
    desk: &Desk,
    uid: &Uid,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let (member, eye) = (desk.member(), desk.eye(web));
    let view = web.engine.hosted_booking(&member, uid).await?;
    let happened = web.engine.happened_outside(&member, uid).await?;
    let calls = web.engine.calls_of(&member, uid).await?;
    let history = web.engine.history(&member, uid).await?;
    let calls = calls.iter().map(|call| Line {
        at: eye.moment(call.at),
        words: format!("{} {}: {}", call.app, call.operation, call.outcome),
        ..Line::default()
    });
    let needs = web.engine.needs(&member).await.map_err(|trouble| Problem::internal(&trouble))?;
    let (frame, side) = desk.around(web, "bookings").await?;
    let page = One {
        needs: Needs::of(&needs, &eye, "one").about(uid.as_str()),
        row: Row {
            chips: happened.iter().filter(|one| one.what != What::Mail).map(chip).collect(),
            ..Row::of(&view, &eye)
        },
        answers: answers(web, &view).await?,
        attendees: view
            .booking
            .attendees
            .iter()
            .map(|one| (one.name.clone(), one.email.clone(), one.absent))
            .collect(),
        history: history.iter().map(|one| told(one, &eye)).collect(),
        outside: happened.iter().map(|one| line(one, &eye)).collect(),
        calls: calls.collect(),
        over: view.booking.status(eye.now) == Status::Completed,
        host_absent: view.booking.marks.host_absent,
        frame,
        side,
        notice,
    };
    let failed = Notice::is_failure(page.notice.as_ref());
    Ok(draw_form(&page, failed))
}

/// Questions as they are asked now; the name of one that is not asked any more stays.
async fn answers(web: &Web, view: &BookingView) -> Result<Vec<(String, String)>, Problem> {
    let page = web.engine.page_of_booking(&view.booking.uid).await;
    let questions = page.map(|page| page.event_type.settings.questions).unwrap_or_default();
    let label = |slug: &str| {
        let asked = questions.iter().find(|question| question.slug == slug);
        asked.map_or_else(|| slug.to_owned(), |question| question.label.clone())
    };
    Ok(view.booking.answers.iter().map(|(slug, answer)| (label(slug), answer.line())).collect())
}

/// What one integration did, in a chip.
pub(super) fn chip(one: &Happening) -> Chip {
    let fix = match &one.fix {
        Some(Fix::Reconnect(id)) => Some(format!("/apps/installed#a-{id}")),
        Some(Fix::ConnectMail) => Some("/apps".to_owned()),
        _ => None,
    };
    Chip { tone: tone(one.progress), words: one.words.clone(), fix }
}

fn line(one: &Happening, eye: &Eye) -> Line {
    let at = one.next_try.map(|at| format!("Tried again {}", eye.moment(at))).unwrap_or_default();
    let words =
        if one.whose.is_empty() { one.words.clone() } else { format!("{}, {}", one.words, one.whose) };
    let again = match &one.fix {
        Some(Fix::TryAgain) => Some(String::new()),
        Some(Fix::SendAgain(delivery)) => Some(delivery.to_string()),
        _ => None,
    };
    Line { at, words, detail: one.detail.clone(), tone: tone(one.progress), again }
}

const fn tone(progress: Progress) -> &'static str {
    match progress {
        Progress::Done => "ok",
        Progress::Gone => "off",
        Progress::Waiting => "wait",
        Progress::Stuck => "fail",
    }
}

fn told(line: &HistoryLine, eye: &Eye) -> Line {
    let by = match line.by {
        By::Guest => "by the guest",
        By::Host => "by a host",
        By::Calendar => "in the calendar",
        By::Timeout => "by the server",
    };
    let what = line.kind.replace('_', " ");
    let mut words = format!("{what} {by}");
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    Line { at: eye.moment(line.at), words, ..Line::default() }
}
