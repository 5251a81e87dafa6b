//! The form and what is sent by it.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use kalends_domain::{
    Uid,
    event_type::{Answer as Said, Answers},
    people::Hours,
};
use kalends_engine::{
    Actor, EventTypePage, PageError,
    book::{BookAsk, BookError, Booked, Booker, Bounds, HoldAsk, LocationChoice, LocationPick},
    slots::Which,
};

use super::{
    event::{host_face, owner_path, path},
    fields::question_id,
    form::{Chosen, FormView, MOST_GUESTS},
    gone::GoneView,
    load::{self, Answer, Stop},
    parts::Notice,
    times::{Back, times},
    visit::{Visit, hours_value, link},
};
use crate::{
    Problem, Web,
    extract::{Asked, GuestForm, Typed},
    guard::FormsEndAt,
    pages::{Frame, show},
    when::Face,
};

/// `GET /{username}/{event}/book`
pub async fn form(
    State(web): State<Web>,
    Path((owner, slug)): Path<(String, String)>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer {
    let which = load::at_page(&web, &owner, &slug).await?;
    ask(&web, &which, &asked, load::looks_ahead(&headers)).await
}

/// `GET /d/{uid}/book`
pub async fn private_form(
    State(web): State<Web>,
    Path(uid): Path<String>,
    headers: HeaderMap,
    Asked(asked): Asked,
) -> Answer {
    ask(&web, &load::at_link(&uid)?, &asked, load::looks_ahead(&headers)).await
}

/// `POST /{username}/{event}/book`
pub async fn send(
    State(web): State<Web>,
    Path((owner, slug)): Path<(String, String)>,
    GuestForm(typed): GuestForm,
) -> Answer {
    let which = load::at_page(&web, &owner, &slug).await?;
    sent(&web, &which, typed).await
}

/// `POST /d/{uid}/book`
pub async fn private_send(
    State(web): State<Web>,
    Path(uid): Path<String>,
    GuestForm(typed): GuestForm,
) -> Answer {
    let which = load::at_link(&uid)?;
    match sent(&web, &which, typed.clone()).await {
        Ok(answer) => Ok(answer),
        Err(stop) => match web.engine.event_type_page(&which).await {
            Err(PageError::Link(refused)) => {
                // Its last use may be this very form, sent twice.
                let home = load::home(&web).await?;
                if let Some(booked) =
                    web.engine.booked_by(home, typed.get("email"), typed.get("attempt")).await?
                {
                    return Ok(to_booking(&booked, Visit::of(&typed).hours));
                }
                // The link ended while the form was open: nothing is booked, and nothing typed is lost.
                Ok(GoneView::link(Frame::of(&web).await, refused).keeping(&typed).answer())
            }
            _ => Err(stop),
        },
    }
}

/// What one form is drawn from.
struct Sheet {
    /// What was sent beside the answers and is not offered, or not any more; what is drawn goes by the usual instead.
    strays: Vec<Stray>,
    page: EventTypePage,
    visit: Visit,
    host: Face,
    face: Face,
    chosen: Chosen,
}

/// A choice that cannot be taken as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stray {
    Length,
    Place,
    Times,
}

impl Stray {
    /// What happened; the page shows what holds instead.
    const fn words(self) -> &'static str {
        match self {
            Self::Length => "The length you chose is not offered, or not any more.",
            Self::Place => "The place you chose is not offered, or not any more.",
            Self::Times => "That is no number of times.",
        }
    }
}

impl Sheet {
    /// Sits down with what was chosen; none without a time.
    async fn of(web: &Web, which: &Which, typed: &Typed) -> Result<Option<Self>, Stop> {
        let page = load::event_type(web, which).await?;
        let mut visit = Visit::of(typed);
        let lengths = &page.event_type.settings.lengths;
        visit.minutes = visit.minutes.filter(|minutes| lengths.pick(Some(*minutes)).is_some());
        let places = page.event_type.settings.locations.len();
        visit.place = visit.place.filter(|place| *place < places);
        let strays = [
            ("duration", visit.minutes.is_none(), Stray::Length),
            ("where", visit.place.is_none(), Stray::Place),
            ("times", page.event_type.settings.recurrence.is_some() && visit.times.is_none(), Stray::Times),
        ];
        let strays = strays.into_iter().filter(|(name, unread, _)| *unread && typed.text(name).is_some());
        let strays = strays.map(|(_, _, stray)| stray).collect();
        let Some(start) = visit.start else { return Ok(None) };
        let chosen =
            Chosen { start, minutes: lengths.pick(visit.minutes).unwrap_or(lengths.usual), until: None };
        let host = host_face(&page, web.engine.now());
        let face = visit.face(&host);
        Ok(Some(Self { strays, page, visit, host, face, chosen }))
    }

    /// Keeps the time for the guest, as long as the event type says. One hold follows the guest from time to time.
    async fn keep(&mut self, web: &Web, which: &Which) -> Result<(), BookError> {
        if self.page.event_type.settings.hold == 0 {
            return Ok(());
        }
        let ask = HoldAsk {
            event_type: which.clone(),
            start: self.chosen.start,
            minutes: self.visit.minutes,
            keep: None,
            rescheduling: None,
            bounds: Bounds::Offered,
            actor: Actor::Guest,
        };
        let old = match &self.visit.hold {
            Some(hold) => web.engine.held(hold).await?,
            None => None,
        };
        let held = match old {
            Some(held) if held.start == self.chosen.start => held,
            Some(held) => web.engine.update_hold(&held.uid, &ask).await?,
            None => web.engine.hold(&ask).await?,
        };
        self.chosen.until = Some(held.until);
        self.visit.hold = Some(held.uid);
        Ok(())
    }

    /// Draws the form.
    async fn draw(&self, web: &Web, typed: &Typed) -> FormView {
        let frame = Frame::of(web).await.home_at(owner_path(&self.page.owner));
        FormView::of(frame, &self.page, &self.visit, (&self.face, &self.host), &self.chosen, typed)
    }

    /// Shows the form; where the host sends guests on, it may end there.
    fn show(&self, view: &FormView, status: StatusCode) -> Response {
        let mut response = load::with_status(status, show(view));
        if let Some(onward) = onward(&self.page) {
            response.extensions_mut().insert(FormsEndAt(onward.origin().ascii_serialization()));
        }
        response
    }
}

/// Where the host sends guests after booking, when that is an address a browser can open.
fn onward(page: &EventTypePage) -> Option<url::Url> {
    let url = url::Url::parse(page.event_type.settings.redirect.as_deref()?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

async fn ask(web: &Web, which: &Which, asked: &Typed, looks_ahead: bool) -> Answer {
    let Some(mut sheet) = Sheet::of(web, which, asked).await? else {
        let page = load::event_type(web, which).await?;
        return Ok(Redirect::to(&link(&path(&page), &Visit::of(asked).carried())).into_response());
    };
    let before = sheet.visit.hold.clone();
    if !looks_ahead && let Err(error) = sheet.keep(web, which).await {
        return again(web, which, asked.clone(), error).await;
    }
    if sheet.visit.hold != before {
        // The hold's name goes into the address, so that loading the page again does not ask for another one.
        let mut pairs = sheet.visit.carried();
        pairs.push(("start", sheet.face.machine(sheet.chosen.start)));
        pairs.extend(sheet.visit.hold.as_ref().map(|hold| ("hold", hold.to_string())));
        return Ok(Redirect::to(&link(&format!("{}/book", path(&sheet.page)), &pairs)).into_response());
    }
    let typed = attempt(web, asked.clone());
    Ok(sheet.show(&sheet.draw(web, &typed).await, StatusCode::OK))
}

/// Names the attempt, so that a form sent twice books once.
fn attempt(web: &Web, mut typed: Typed) -> Typed {
    typed.set("attempt", web.engine.ids().uid().to_string());
    typed
}

async fn sent(web: &Web, which: &Which, mut typed: Typed) -> Answer {
    let at_times = typed.is("step", "times");
    if at_times && !typed.has("start") {
        return times(web, which, &typed, Some(Back { notice: None, status: StatusCode::OK })).await;
    }
    let Some(mut sheet) = Sheet::of(web, which, &typed).await? else {
        let notice = Some(Notice::fail("Choose a time first. What you typed is kept."));
        return times(web, which, &typed, Some(Back { notice, status: StatusCode::UNPROCESSABLE_ENTITY }))
            .await;
    };
    let changed = guests_changed(&mut typed);
    if !at_times && !changed && sheet.strays.is_empty() {
        return book(web, which, sheet, typed).await;
    }
    if let Err(error) = sheet.keep(web, which).await {
        return again(web, which, typed, error).await;
    }
    let typed = if at_times { attempt(web, typed) } else { typed };
    let view = sheet.draw(web, &typed).await;
    if sheet.strays.is_empty() {
        return Ok(sheet.show(&view, StatusCode::OK));
    }
    let mut said = vec!["Nothing is booked yet."];
    said.extend(sheet.strays.iter().map(|stray| stray.words()));
    said.push("Look at what holds now, then send it again; what you typed is kept.");
    Ok(sheet.show(&view.with_notice(Notice::fail(&said.join(" "))), StatusCode::UNPROCESSABLE_ENTITY))
}

/// Adds or removes a field for a guest, when one of those buttons was pressed.
fn guests_changed(typed: &mut Typed) -> bool {
    let mut guests: Vec<String> = typed.all("guest").map(str::to_owned).collect();
    if typed.has("add") {
        if guests.len() < MOST_GUESTS {
            guests.push(String::new());
        }
    } else if let Some(number) = typed.text("remove").and_then(|number| number.parse::<usize>().ok()) {
        if (1..=guests.len()).contains(&number) {
            guests.remove(number - 1);
        }
    } else {
        return false;
    }
    typed.replace("guest", guests);
    true
}

async fn book(web: &Web, which: &Which, mut sheet: Sheet, typed: Typed) -> Answer {
    let ask = booking_ask(which, &sheet, &typed);
    match web.engine.book(&ask).await {
        Ok(booked) => Ok(done(&sheet, &booked)),
        Err(BookError::Invalid(invalid)) => {
            // The time stays kept while the guest mends the answers; if it cannot be, booking will say so.
            let kept = sheet.keep(web, which).await;
            if let Err(error) = kept
                && error.choose_again()
            {
                return again(web, which, typed, error).await;
            }
            let view = sheet.draw(web, &typed).await.with_problems(&invalid.problems);
            Ok(sheet.show(&view, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) if error.choose_again() => again(web, which, typed, error).await,
        Err(BookError::KeyReused) => {
            let typed = attempt(web, typed);
            let said = "You have sent this form before, with other answers. If you booked then, your mail has the \
                        details. Send it again to book once more.";
            let view = sheet.draw(web, &typed).await.with_notice(Notice::fail(said));
            Ok(sheet.show(&view, StatusCode::CONFLICT))
        }
        Err(error @ (BookError::AlreadyIn | BookError::NoHosts | BookError::PaymentNotReady)) => {
            let notice = Notice::fail(&error.to_string());
            let status = Problem::from(error).status;
            Ok(sheet.show(&sheet.draw(web, &typed).await.with_notice(notice), status))
        }
        Err(error) => Err(error.into()),
    }
}

/// Back to the times with one notice, and everything that was typed; or the problem, where no other time helps.
async fn again(web: &Web, which: &Which, typed: Typed, error: BookError) -> Answer {
    if !error.choose_again() {
        return Err(error.into());
    }
    let notice = Notice::fail(&error.to_string());
    let problem = Problem::from(error);
    let mut typed = typed;
    if let Some(start) = Visit::of(&typed).start {
        let host = host_face(&load::event_type(web, which).await?, web.engine.now());
        let date = Visit::of(&typed).face(&host).date(start);
        typed.set("date", date.to_string());
    }
    times(web, which, &typed, Some(Back { notice: Some(notice), status: problem.status })).await
}

fn booking_ask(which: &Which, sheet: &Sheet, typed: &Typed) -> BookAsk {
    let settings = &sheet.page.event_type.settings;
    let place = sheet.visit.place.unwrap_or(0);
    let offered = settings.locations.get(place);
    let detail = match offered {
        Some(kalends_domain::event_type::Location::GuestPhone) => typed.get("phone"),
        Some(kalends_domain::event_type::Location::GuestPlace) => typed.get("place"),
        Some(kalends_domain::event_type::Location::GuestLink { .. }) => typed.get("link"),
        _ => "",
    };
    let location = (!settings.locations.is_empty())
        .then(|| LocationChoice { pick: LocationPick::Nth(place), detail: detail.to_owned() });
    BookAsk {
        event_type: which.clone(),
        start: sheet.chosen.start,
        minutes: sheet.visit.minutes,
        booker: Booker {
            name: typed.get("name").to_owned(),
            email: typed.get("email").to_owned(),
            zone: sheet.face.zone.name().to_owned(),
            // Pages are written in one language so far; mails follow them.
            locale: "en".into(),
            phone: None,
        },
        guests: typed.all("guest").map(str::to_owned).collect(),
        location,
        answers: answers(&sheet.page, typed),
        notes: typed.get("notes").to_owned(),
        metadata: BTreeMap::new(),
        times: settings.recurrence.map(|series| sheet.visit.times.unwrap_or(series.most)),
        hold: sheet.visit.hold.clone(),
        idempotency_key: typed.text("attempt").and_then(Uid::parse).map(|attempt| attempt.to_string()),
        actor: Actor::Guest,
        bounds: Bounds::Offered,
    }
}

/// What the form says to each question, in the shapes of answers.
fn answers(page: &EventTypePage, typed: &Typed) -> Answers {
    let mut answers = Answers::new();
    for question in &page.event_type.settings.questions {
        let name = question_id(&question.slug);
        let answer = if question.kind.chooses() && question.kind.many() {
            Said::Many(typed.all(&name).map(str::to_owned).collect())
        } else {
            Said::Text(typed.get(&name).to_owned())
        };
        answers.insert(question.slug.clone(), answer);
    }
    answers
}

fn done(sheet: &Sheet, booked: &Booked) -> Response {
    if let Some(onward) = onward(&sheet.page) {
        return Redirect::to(onward.as_str()).into_response();
    }
    to_booking(booked, sheet.visit.hours)
}

/// To the guest's own booking, fresh as it is.
fn to_booking(booked: &Booked, hours: Option<Hours>) -> Response {
    let uid = booked.seat.as_ref().or_else(|| booked.first().map(|booking| &booking.uid));
    let Some(uid) = uid else { return nothing_booked() };
    let mut pairs = vec![("new", "1".to_owned())];
    pairs.extend(hours.map(|hours| ("hours", hours_value(hours))));
    Redirect::to(&link(&format!("/booking/{uid}"), &pairs)).into_response()
}

/// The engine answers with at least one booking; without one nobody may be told that it worked.
fn nothing_booked() -> Response {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server could not book this.")
        .say("Nothing was booked. Try again.")
        .into_response()
}
