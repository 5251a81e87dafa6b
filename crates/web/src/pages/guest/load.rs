//! From an address to what it shows; what is not there stops the handler with a page of its own.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use kalends_domain::{
    Id, Uid, Zone,
    people::{Organization, Slug},
};
use kalends_engine::{
    EventTypePage, PageError, ProfilePage,
    book::{BookingView, ChangeError},
    slots::{Slots, SlotsAsk, SlotsError, Which},
};

use super::{
    booking::Seen,
    event::{Look, last_day, window},
    gone::GoneView,
    visit::Visit,
};
use crate::{Problem, Web, extract::Typed, pages::Frame, when::Face};

/// A finished answer that ends a handler early.
pub struct Stop(Box<Response>);

impl Stop {
    /// Ends with this answer.
    pub fn with(response: impl IntoResponse) -> Self {
        Self(Box::new(response.into_response()))
    }
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::with(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// What a handler of a guest page answers.
pub type Answer = Result<Response, Stop>;

/// There is nothing at this address.
pub fn nothing() -> Stop {
    Stop::from(
        Problem::not_found("page_not_found", "There is nothing at this address.")
            .say("Check it for a missing letter, or ask whoever gave it to you."),
    )
}

/// Whose server this is; a fresh one has no pages yet.
pub async fn home(web: &Web) -> Result<Id<Organization>, Stop> {
    Ok(web.engine.home().await?.ok_or_else(nothing)?.id)
}

/// A host's or a team's page.
pub async fn profile(web: &Web, owner: &str) -> Result<ProfilePage, Stop> {
    let owner = Slug::parse(owner).map_err(|_| nothing())?;
    let home = home(web).await?;
    match web.engine.profile_page(home, &owner).await {
        Ok(page) => Ok(page),
        Err(PageError::NotFound) => Err(nothing()),
        Err(error) => Err(error.into()),
    }
}

/// Which event type an address names.
pub async fn at_page(web: &Web, owner: &str, slug: &str) -> Result<Which, Stop> {
    let parse = |text: &str| Slug::parse(text).map_err(|_| nothing());
    Ok(Which::Page { organization: home(web).await?, owner: parse(owner)?, slug: parse(slug)? })
}

/// Which event type a private link books.
pub fn at_link(uid: &str) -> Result<Which, Stop> {
    Uid::parse(uid).map(Which::Link).ok_or_else(nothing)
}

/// The page of an event type; a private link that books no more ends with its own page.
pub async fn event_type(web: &Web, which: &Which) -> Result<EventTypePage, Stop> {
    match web.engine.event_type_page(which).await {
        Ok(page) => Ok(page),
        Err(PageError::NotFound) => Err(nothing()),
        Err(PageError::Link(refused)) => {
            Err(Stop::with(GoneView::link(Frame::of(web).await, refused).answer()))
        }
        Err(error @ PageError::Trouble(_)) => Err(error.into()),
    }
}

/// A guest's choices, with a zone they looked for; the second says what was not found.
pub fn visit(web: &Web, typed: &Typed) -> (Visit, String) {
    let mut visit = Visit::of(typed);
    let named = || typed.text("zone").or(typed.text("timeZone")).filter(|_| visit.zone.is_none());
    let Some(find) = typed.text("find").or_else(named) else { return (visit, String::new()) };
    match crate::zones::find(find, web.engine.now()) {
        Some(zone) => {
            visit.zone = Some(zone);
            (visit, String::new())
        }
        None => (visit, find.chars().take(60).collect()),
    }
}

/// What is asked of the slots besides a month.
pub struct About {
    /// Which event type.
    pub which: Which,
    /// Minutes, where the guest chose.
    pub minutes: Option<u32>,
    /// The booking that is to be moved.
    pub rescheduling: Option<Uid>,
    /// The guest's own hold.
    pub hold: Option<Uid>,
    /// The last day that can be booked, where there is one.
    pub last: Option<jiff::civil::Date>,
}

impl About {
    /// The slots of an event type's page.
    pub fn page(which: &Which, page: &EventTypePage, visit: &Visit, face: &Face) -> Self {
        Self {
            which: which.clone(),
            // A length that is not offered counts as not chosen.
            minutes: visit
                .minutes
                .filter(|minutes| page.event_type.settings.lengths.pick(Some(*minutes)).is_some()),
            rescheduling: None,
            hold: visit.hold.clone(),
            last: last_day(&page.event_type, face),
        }
    }
}

/// The month a guest looks at, with its slots; for an empty one the next day that has any.
pub async fn look(web: &Web, about: &About, visit: &Visit, face: &Face) -> Result<Look, Stop> {
    let first = Look::first_of(visit, face);
    let after = first.saturating_add(jiff::Span::new().months(1));
    let slots = slots(web, about, face, (first, after)).await?;
    let next = if slots.days.is_empty() {
        let end = after.saturating_add(jiff::Span::new().days(300));
        let end = about.last.map_or(end, |last| last.saturating_add(jiff::Span::new().days(1)).min(end));
        let later = if after < end { Some(self::slots(web, about, face, (after, end)).await?) } else { None };
        later.and_then(|slots| slots.days.keys().next().copied())
    } else {
        None
    };
    Ok(Look { first, chosen: Look::choose(visit, &slots), slots, next, last: about.last })
}

/// The slots between two dates.
pub async fn slots(
    web: &Web,
    about: &About,
    face: &Face,
    dates: (jiff::civil::Date, jiff::civil::Date),
) -> Result<Slots, Stop> {
    let (from, until) = window(face, dates.0, dates.1);
    let ask = SlotsAsk {
        event_type: about.which.clone(),
        from: from.max(web.engine.now()),
        until,
        zone: face.zone.name().to_owned(),
        minutes: about.minutes,
        rescheduling: about.rescheduling.clone(),
        hold: about.hold.clone(),
    };
    match web.engine.slots(&ask).await {
        Ok(slots) => Ok(slots),
        Err(SlotsError::Link(refused)) => {
            Err(Stop::with(GoneView::link(Frame::of(web).await, refused).answer()))
        }
        Err(error) => Err(error.into()),
    }
}

/// A booking by the uid in its address: its own, or that of a seat.
pub async fn booking(web: &Web, uid: &str) -> Result<BookingView, Stop> {
    let uid = Uid::parse(uid).ok_or_else(nothing)?;
    match web.engine.booking(&uid).await {
        Ok(view) => Ok(view),
        Err(ChangeError::NotFound) => Err(Stop::from(
            Problem::not_found("booking_not_found", "There is no such booking.")
                .say("Check the link in your mail; it must be whole."),
        )),
        Err(error) => Err(error.into()),
    }
}

/// How the guest of a booking reads times, and how its host does.
pub fn faces(seen: &Seen, visit: &Visit) -> (Face, Face) {
    let zone = |name: &str| Zone::parse(name).unwrap_or_else(|_| Zone::utc());
    let host = Face::new(zone(&seen.view.booking.zone), visit.hours.unwrap_or_default(), seen.now);
    let guest = seen.guest().map_or_else(|| host.zone.clone(), |guest| zone(&guest.zone));
    let face = Face::new(visit.zone.clone().unwrap_or(guest), visit.hours.unwrap_or_default(), seen.now);
    (face, host)
}

/// True for a browser that only looks ahead: nothing may be kept for it.
pub fn looks_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"]
        .iter()
        .filter_map(|name| headers.get(*name))
        .any(|value| value.to_str().is_ok_and(|value| value.contains("prefetch")))
}

/// Guests' pages hold what was typed and who booked: no cache keeps them.
pub fn unkept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("private, no-store"));
    response
}

/// A page with another status than 200.
pub fn with_status(status: StatusCode, response: Response) -> Response {
    let mut response = unkept(response);
    *response.status_mut() = status;
    response
}
