//! The list of event types: made, shown and hidden, moved, deleted.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use kalends_domain::event_type::{Assignment, Confirmation, EventType, Host, Location, Owner};
use kalends_engine::{EditError, event_types::EventTypeDraft};

use super::page::{ChoiceRow, List, Row};
use crate::{
    Problem, Web,
    extract::{self, Asked, Typed},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
    ui,
};

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 5] = [
    ("deleted", "Event type deleted. Its bookings stay."),
    ("duplicate", "Duplicated. The copy is hidden until you show it."),
    ("moved", "Moved."),
    ("shown", "It is on your page now."),
    ("hidden", "It is hidden from your page. Those who know its link can still book."),
];

/// `GET /event-types`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let form = Form::showing(Typed::from([("length", "30")]));
    page(&web, &desk, form, Notice::after(&asked, &DID)).await
}

/// `POST /event-types`
pub async fn make(State(web): State<Web>, desk: Desk, extract::Form(typed): extract::Form) -> Answer {
    let mut form = Form::showing(typed);
    let mut draft = EventTypeDraft::new(owner(&mut form, &desk), form.value("title").trim());
    if let Owner::Team(_) = draft.owner {
        // Who else hosts it is chosen on its own page.
        let me = Host { user: desk.by.user.id, fixed: false, priority: 2, weight: 100, schedule: None };
        (draft.assignment, draft.hosts) = (Assignment::RoundRobin, vec![me]);
    }
    draft.settings.lengths.usual = form.number("length");
    if !form.failed() {
        match web.engine.create_event_type(&desk.member(), &draft).await {
            Ok(made) => {
                return Ok(
                    Redirect::to(&format!("/event-types/{}/basics?did=made", made.number)).into_response()
                );
            }
            Err(EditError::Invalid(invalid)) => form.refuse(invalid.problems),
            Err(error) => return Err(error.into()),
        }
    }
    page(&web, &desk, form, None).await
}

/// On whose page it is to be.
fn owner(form: &mut Form, desk: &Desk) -> Owner {
    let team = form.text("owner");
    let own = Owner::User(desk.by.user.id);
    if team.is_empty() {
        return own;
    }
    if let Ok(team) = team.parse() {
        return Owner::Team(team);
    }
    form.say("owner", "Choose one of the teams.");
    own
}

/// `POST /event-types/{number}/show`: on the owner's page, or not.
pub async fn switch(
    State(web): State<Web>,
    desk: Desk,
    Path(number): Path<i64>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let hidden = !typed.is("shown", "yes");
    let draft = EventTypeDraft { hidden, ..EventTypeDraft::from(&event_type) };
    web.engine.update_event_type(&desk.member(), event_type.id, &draft).await?;
    Ok(back(if hidden { "hidden" } else { "shown" }))
}

/// `POST /event-types/{number}/do`
pub async fn act(
    State(web): State<Web>,
    desk: Desk,
    Path(number): Path<i64>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    match typed.get("do") {
        "duplicate" => {
            web.engine.duplicate_event_type(&desk.member(), event_type.id).await?;
            Ok(back("duplicate"))
        }
        "up" => step(&web, &desk, &event_type, -1).await,
        "down" => step(&web, &desk, &event_type, 1).await,
        "delete" => Ok(Redirect::to(&format!("/event-types/{number}/advanced#delete")).into_response()),
        _ => Err(Problem::bad_request("unknown_step", "There is no such button.")),
    }
}

async fn step(web: &Web, desk: &Desk, event_type: &EventType, by: isize) -> Answer {
    let siblings = web.engine.event_types_of(&desk.member(), event_type.owner).await?;
    let mut order: Vec<_> = siblings.iter().map(|one| one.id).collect();
    let at = order.iter().position(|id| *id == event_type.id);
    if let Some((at, to)) = at.and_then(|at| Some((at, at.checked_add_signed(by)?)))
        && to < order.len()
    {
        order.swap(at, to);
        web.engine.reorder_event_types(&desk.member(), event_type.owner, &order).await?;
    }
    Ok(back("moved"))
}

/// `POST /event-types/{number}/delete`
pub async fn delete(
    State(web): State<Web>,
    desk: Desk,
    Path(number): Path<i64>,
    _form: extract::Form,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    web.engine.delete_event_type(&desk.member(), event_type.id).await?;
    Ok(back("deleted"))
}

fn back(did: &str) -> Response {
    Redirect::to(&format!("/event-types?did={did}")).into_response()
}

async fn page(web: &Web, desk: &Desk, form: Form, notice: Option<Notice>) -> Answer {
    let event_types = web.engine.hosted_event_types(&desk.member()).await?;
    let mut rows = Vec::with_capacity(event_types.len());
    for event_type in &event_types {
        let page = web.engine.event_type_page(&kalends_engine::slots::Which::Id(event_type.id)).await?;
        rows.push(Row {
            number: event_type.number,
            title: event_type.title.clone(),
            facts: facts(web, event_type),
            address: address(&page.owner, event_type),
            shown: !event_type.hidden,
            hosts: page.hosts.iter().map(|host| ui::initials(&host.name)).collect(),
        });
    }
    let teams = web.engine.teams(&desk.member()).await?;
    let owners = teams.into_iter().filter(|(_, role)| role.manages());
    let owners = owners.map(|(team, _)| ChoiceRow { value: team.id.to_string(), label: team.name }).collect();
    let (frame, side) = desk.around(web, "event-types").await?;
    let failed = form.failed();
    Ok(draw_form(&List { frame, side, notice, rows, form, owners }, failed))
}

/// The path of an event type's page.
pub(super) fn address(owner: &kalends_engine::PageOwner, event_type: &EventType) -> String {
    format!("/{}/{}", owner.slug(), event_type.slug)
}

/// Length, price, places, in one line.
fn facts(web: &Web, event_type: &EventType) -> String {
    let settings = &event_type.settings;
    let mut facts = vec![format!("{} min", settings.lengths.usual)];
    facts.push(settings.price.map_or_else(|| "Free".to_owned(), |price| price.to_string()));
    let mut places: Vec<&str> = settings.locations.iter().map(|one| place(web, one)).collect();
    places.dedup();
    if !places.is_empty() {
        facts.push(places.join(", "));
    }
    if let Some(seats) = settings.seats {
        facts.push(format!("{} seats", seats.count));
    }
    if settings.confirmation != Confirmation::None {
        facts.push("You confirm".to_owned());
    }
    facts.join(" · ")
}

fn place<'a>(web: &Web, location: &'a Location) -> &'a str {
    match location {
        Location::InPerson { .. } => "In person",
        Location::GuestPlace => "At their address",
        Location::HostPhone { .. } | Location::GuestPhone => "Phone",
        Location::Link { .. } => "Link",
        Location::App { app, .. } | Location::GuestLink { app } => {
            web.engine.outside.app(app).map_or(app, |app| &app.manifest().name)
        }
    }
}
