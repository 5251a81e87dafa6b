//! The four lists.

use axum::{extract::State, response::Redirect};
use jiff::Timestamp;
use kalends_engine::book::{BookingView, BookingsAsk, Listed, Order};

use super::{
    needs::Needs,
    page::{List, Row, Tab, days},
    show::chip,
};
use crate::{
    Problem, Web,
    extract::{Asked, Typed},
    pages::{
        host::{Answer, desk::Desk, notice::Notice},
        show as draw,
    },
    when::Face,
};

/// Bookings on one page.
const TAKE: u32 = 50;

/// `GET /bookings`
pub async fn front() -> Redirect {
    Redirect::to("/bookings/upcoming")
}

/// `GET /bookings/upcoming`
pub async fn upcoming(web: State<Web>, desk: Desk, asked: Asked) -> Answer {
    page(web, desk, asked, Tab::Upcoming).await
}

/// `GET /bookings/unconfirmed`
pub async fn unconfirmed(web: State<Web>, desk: Desk, asked: Asked) -> Answer {
    page(web, desk, asked, Tab::Unconfirmed).await
}

/// `GET /bookings/past`
pub async fn past(web: State<Web>, desk: Desk, asked: Asked) -> Answer {
    page(web, desk, asked, Tab::Past).await
}

/// `GET /bookings/cancelled`
pub async fn cancelled(web: State<Web>, desk: Desk, asked: Asked) -> Answer {
    page(web, desk, asked, Tab::Cancelled).await
}

async fn page(State(web): State<Web>, desk: Desk, Asked(asked): Asked, tab: Tab) -> Answer {
    let face = desk.face(&web);
    let search = asked.get("q").trim().to_owned();
    let skip = asked.get("skip").parse::<u32>().unwrap_or(0);
    let found = web.engine.bookings(&desk.member(), &ask(tab, &asked, skip)).await?;
    let bookings: Vec<_> = found.items.iter().map(|view| view.booking.clone()).collect();
    let mut outside = web.engine.outside_of(&desk.member(), &bookings).await?;
    let rows = found.items.iter().map(|view| {
        let happened = outside.remove(&view.booking.id).unwrap_or_default();
        Row { chips: happened.iter().map(chip).collect(), ..Row::of(view, &face) }
    });
    let needs = if tab == Tab::Upcoming && skip == 0 {
        let found = web.engine.needs(&desk.member()).await.map_err(|trouble| Problem::internal(&trouble))?;
        Needs::of(&found, &face, "list").shortened()
    } else {
        Needs::default()
    };
    let shown = u64::from(skip) + found.items.len() as u64;
    let (frame, side) = desk.around(&web, "bookings").await?;
    let page = List {
        sentence: sentence(tab, &found.items, found.total, &face),
        needs,
        tab,
        days: days(&found.items, rows.collect(), &face),
        search,
        unconfirmed: side.to_confirm,
        more: (shown < found.total).then_some(shown),
        notice: Notice::after(&asked, &super::show::DID),
        zone: face.zone_name(),
        address: web.site.link(&format!("/{}", side.username)),
        frame,
        side,
    };
    Ok(draw(&page))
}

fn ask(tab: Tab, asked: &Typed, skip: u32) -> BookingsAsk {
    let search = asked.text("q").map(str::to_owned);
    let (attendee_email, attendee_name) = match search {
        Some(text) if text.contains('@') => (Some(text), None),
        text => (None, text),
    };
    let order = match tab {
        Tab::Upcoming | Tab::Unconfirmed => Order::Start,
        Tab::Past | Tab::Cancelled => Order::StartDown,
    };
    let status: Vec<Listed> = vec![tab.listed()];
    BookingsAsk {
        status,
        attendee_email,
        attendee_name,
        order,
        skip,
        take: Some(TAKE),
        ..BookingsAsk::default()
    }
}

/// What is true now.
fn sentence(tab: Tab, views: &[BookingView], total: u64, face: &Face) -> String {
    let today = face.dated(face.now.timestamp());
    if tab != Tab::Upcoming {
        return format!("{today}. {}.", counted(total, "booking"));
    }
    let ahead: Vec<Timestamp> = views.iter().map(|view| view.booking.span.starts()).collect();
    let now = face.now.timestamp();
    let on_today = ahead.iter().filter(|at| face.date(**at) == face.today()).count() as u64;
    match ahead.iter().find(|at| **at > now) {
        None => format!("{today}. Nothing is booked."),
        Some(next) if on_today == 0 => format!("{today}. None today, the next on {}.", face.dated(*next)),
        Some(next) => {
            let minutes = (next.as_second() - now.as_second() + 59) / 60;
            let soon = if minutes < 90 {
                format!("in {minutes} minutes")
            } else {
                format!("at {}", face.time(*next))
            };
            format!("{today}. {} today, the next {soon}.", counted(on_today, "booking"))
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    match count {
        0 => format!("No {what}s"),
        1 => format!("One {what}"),
        count => format!("{count} {what}s"),
    }
}
