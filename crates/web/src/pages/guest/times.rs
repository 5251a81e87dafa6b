//! `GET` of a profile and of an event type's months.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use jiff::ToSpan;
use kalends_domain::{Zone, event_type::EventType};
use kalends_engine::{EventTypePage, PageOwner, slots::Which};

use super::{
    event::{EventView, host_face, owner_path, path},
    load::{self, About, Answer},
    parts::Notice,
    profile::ProfileView,
    tags::Tags,
    visit::Visit,
};
use crate::{
    Web,
    extract::{Asked, Typed},
    pages::{Frame, show},
    when::Face,
};

/// A profile looks this far ahead for the next free time, of so many event types.
const AHEAD: i64 = 62;
const LOOKED_AT: usize = 12;

/// `GET /{username}` and `GET /team/{slug}`
pub async fn profile(
    State(web): State<Web>,
    Path(owner): Path<String>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer {
    let page = load::profile(&web, &owner).await?;
    let visit = Visit::of(&asked);
    let host = match &page.owner {
        PageOwner::User { profile, .. } => {
            let zone = Zone::parse(&profile.zone).unwrap_or_else(|_| Zone::utc());
            Some(Face::new(zone, profile.hours, web.engine.now()))
        }
        PageOwner::Team { .. } => None,
    };
    let utc = Face::new(Zone::utc(), kalends_domain::people::Hours::default(), web.engine.now());
    let face = visit.face(host.as_ref().unwrap_or(&utc));
    let mut next = Vec::new();
    for event_type in page.event_types.iter().take(LOOKED_AT) {
        next.push(next_free(&web, event_type, &face).await?);
    }
    let path = owner_path(&page.owner);
    let tags = match web.engine.home().await? {
        Some(home) => Tags::of(&web, home.id, &page.owner, &headers, (&path, &asked)).await?,
        None => Tags::default(),
    };
    let frame = Frame::of(&web).await.home_at(path).loading(tags);
    let view = ProfileView::of(frame, &page, host.as_ref(), &face, &next);
    let mut response = show(&view);
    view.frame.tags.allow(&mut response);
    Ok(response)
}

async fn next_free(web: &Web, event_type: &EventType, face: &Face) -> Result<String, load::Stop> {
    let about =
        About { which: Which::Id(event_type.id), minutes: None, rescheduling: None, hold: None, last: None };
    let dates = (face.today(), face.today().saturating_add(AHEAD.days()));
    let slots = load::slots(web, &about, face, dates).await?;
    let first = slots.days.values().next().and_then(|offers| offers.first());
    Ok(first
        .map_or("No free times at the moment".into(), |offer| format!("Next: {}", face.soon(offer.start))))
}

/// `GET /{username}/{event}` and `GET /team/{slug}/{event}`
pub async fn event(
    State(web): State<Web>,
    Path((owner, slug)): Path<(String, String)>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer {
    let which = load::at_page(&web, &owner, &slug).await?;
    let page = load::event_type(&web, &which).await?;
    let (at, asked_here) = (path(&page), &asked);
    let tags = Tags::of(&web, page.organization, &page.owner, &headers, (&at, asked_here)).await?;
    let mut view = view(&web, &which, &page, &asked).await?;
    view.frame.tags = tags;
    let mut response = show(&view);
    view.frame.tags.allow(&mut response);
    Ok(response)
}

/// `GET /d/{uid}`: by a private link.
pub async fn private(State(web): State<Web>, Path(uid): Path<String>, Asked(asked): Asked) -> Answer {
    times(&web, &load::at_link(&uid)?, &asked, None).await
}

/// A guest who comes back to the times with answers typed already.
pub struct Back {
    /// Why they come back, if something did not work.
    pub notice: Option<Notice>,
    /// The page's status.
    pub status: StatusCode,
}

/// What the times themselves ask; everything else of a form is an answer and goes along.
const ASKED_HERE: [&str; 14] = [
    "start", "month", "date", "shown", "zone", "find", "hours", "duration", "times", "where", "hold", "go",
    "step", "attempt",
];

/// Draws months and times. With `back`, what was typed goes along unseen.
pub async fn times(web: &Web, which: &Which, typed: &Typed, back: Option<Back>) -> Answer {
    let page = load::event_type(web, which).await?;
    let mut view = view(web, which, &page, typed).await?;
    let Some(Back { notice, status }) = back else { return Ok(show(&view)) };
    view.kept = true;
    view.action.clone_from(&view.book);
    view.notice = notice;
    view.hidden.push(("step".into(), "times".into()));
    let kept = typed.iter().filter(|(name, value)| !ASKED_HERE.contains(name) && !value.is_empty());
    view.hidden.extend(kept.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(load::with_status(status, show(&view)))
}

/// The months and times of a page, as they are asked for.
async fn view(
    web: &Web,
    which: &Which,
    page: &EventTypePage,
    typed: &Typed,
) -> Result<EventView, load::Stop> {
    let (visit, lost) = load::visit(web, typed);
    let host = host_face(page, web.engine.now());
    let face = visit.face(&host);
    let about = About::page(which, page, &visit, &face);
    let look = load::look(web, &about, &visit, &face).await?;
    let frame = Frame::of(web).await.home_at(owner_path(&page.owner));
    Ok(EventView { find: lost, ..EventView::of(frame, page, &visit, &face, &host, &look) })
}
