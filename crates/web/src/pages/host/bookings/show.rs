//! One booking: who comes, what they said, what happened outside.

use axum::extract::State;
use kalends_domain::{
    Uid,
    booking::{By, Status},
};
use kalends_engine::{
    book::HistoryLine,
    clocks::Shifted,
    flights::{Call, PAGE},
    reconcile::{Fix, Happening, Progress, What},
};

use super::{
    clock::Shift,
    needs::Needs,
    page::{Chip, Line, One, Row, Step},
};
use crate::{
    Problem, Web,
    extract::{Asked, BookingUid},
    pages::answers,
    pages::host::{
        Answer,
        calls::{Entry, sentence},
        desk::Desk,
        draw_form,
        notice::Notice,
    },
    when::Face,
};

/// What a step leaves to say on the next page.
pub(in crate::pages::host) const DID: [(&str, &str); 13] = [
    ("accepted", "Accepted. The guest is told."),
    ("declined", "Declined. The guest is told, and the time is free again."),
    ("cancelled", "Cancelled. Everybody is told."),
    ("marked", "Noted."),
    ("again", "It is done again now. What comes of it stands here in a moment."),
    ("followed", "Done. The guest is told."),
    ("all_put_back", "Every booking stays as it is. Its event is written again."),
    ("put_back", "The event is written again as it was booked."),
    ("kept_both", "Both stay."),
    ("instant_kept", "It stays at the same instant. Everybody is told the local time."),
    ("moved_back", "Moved to the local time that was agreed. Everybody is told."),
    ("all_moved", "All moved to the local time that was agreed. Everybody is told."),
    ("asked_to_move", "The guest is asked to choose another time. Until then the booking stands."),
];

/// `GET /bookings/{uid}`
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Asked(asked): Asked,
) -> Answer {
    page(&web, &desk, &uid, Notice::after(&asked, &DID)).await
}

pub(super) async fn page(web: &Web, desk: &Desk, uid: &Uid, notice: Option<Notice>) -> Answer {
    let (member, face) = (desk.member(), desk.face(web));
    let view = web.engine.hosted_booking(&member, uid).await?;
    let happened = web.engine.happened_outside(&member, uid).await?;
    let mut calls = web.engine.calls_of_booking(&member, uid, None, PAGE).await?.calls;
    let history = web.engine.history(&member, uid).await?;
    let outside: Vec<Step> = happened
        .iter()
        .map(|one| {
            let own =
                calls.extract_if(.., |call| call.step.is_some() && call.step == one.step).collect::<Vec<_>>();
            step(one, &own, &face)
        })
        .collect();
    let needs = web.engine.needs(&member).await.map_err(|trouble| Problem::internal(&trouble))?;
    let shifted = Shifted::of(view.clone(), face.now.timestamp().as_second());
    let (frame, side) = desk.around(web, "bookings").await?;
    let page = One {
        needs: Needs {
            // Who manages decides about others' bookings, too.
            shifted: shifted.iter().map(|one| Shift::of(one, &face)).collect(),
            ..Needs::of(&needs, &face, "one").about(uid.as_str())
        },
        row: Row {
            chips: happened.iter().filter(|one| one.what != What::Mail).map(chip).collect(),
            ..Row::of(&view, &face)
        },
        answers: answers(web, &view).await,
        attendees: view
            .booking
            .attendees
            .iter()
            .map(|one| (one.name.clone(), one.email.clone(), one.absent))
            .collect(),
        history: history.iter().map(|one| told(one, &face)).collect(),
        outside,
        others: Entry::all(&calls, &face),
        zone: face.zone_name(),
        over: view.booking.status(face.now.timestamp()) == Status::Completed,
        host_absent: view.booking.marks.host_absent,
        frame,
        side,
        notice,
    };
    let failed = Notice::is_failure(page.notice.as_ref());
    Ok(draw_form(&page, failed))
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

fn step(one: &Happening, calls: &[Call], face: &Face) -> Step {
    let words =
        if one.whose.is_empty() { one.words.clone() } else { format!("{}, {}", one.words, one.whose) };
    let mut tries = match (one.progress, one.tries) {
        (Progress::Waiting | Progress::Stuck, 1) => "1 try failed".to_owned(),
        (Progress::Waiting | Progress::Stuck, many @ 2..) => format!("{many} tries failed"),
        _ => String::new(),
    };
    if let Some(at) = one.next_try.filter(|at| *at > face.now.timestamp()) {
        let next = format!("tried again {}", face.whole(at));
        tries = if tries.is_empty() { sentence(&next) } else { format!("{tries}; {next}") };
    }
    // What failed and waits for its time can be done at once, too.
    let again = match (&one.fix, one.progress) {
        (Some(Fix::TryAgain), _) => Some(one.step.map(|step| step.to_string()).unwrap_or_default()),
        (None, Progress::Waiting) if one.tries > 0 => one.step.map(|step| step.to_string()),
        _ => None,
    };
    let (detail, calls) = (one.detail.clone(), Entry::all(calls, face));
    Step { words, tone: tone(one.progress), tries, detail, calls, again }
}

const fn tone(progress: Progress) -> &'static str {
    match progress {
        Progress::Done => "ok",
        Progress::Gone => "off",
        Progress::Waiting => "wait",
        Progress::Stuck => "fail",
    }
}

fn told(line: &HistoryLine, face: &Face) -> Line {
    let by = match line.by {
        By::Guest => "by the guest",
        By::Host => "by a host",
        By::Calendar => "in the calendar",
        By::Timeout => "by the server",
    };
    Line { at: face.whole(line.at), words: sentence(&format!("{} {by}", line.kind)) }
}
