//! Teams: who is in them, and what they offer together.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kalends_domain::{
    Id,
    event_type::{Assignment, EventType, Owner},
    people::{Role, Team, User},
};
use kalends_engine::{EditError, people::TeamMember};

use super::{Answer, desk::Desk, draw_form, form::Form, notice::Notice};
use crate::{
    Problem, Web,
    extract::{self, Asked, Typed},
    pages::{Frame, Side},
    ui,
};

/// All addresses below `/teams`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/teams", get(show).post(make))
        .route("/teams/{team}", get(show_one))
        .route("/teams/{team}/members", post(set_member))
}

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 4] = [
    ("made", "The team is made. Add who belongs to it."),
    ("added", "They are in the team now."),
    ("changed", "Changed."),
    ("removed", "They are out of the team. Bookings they host stay."),
];

#[derive(Template)]
#[template(path = "host/team.html")]
struct Page {
    frame: Frame,
    side: Side,
    notice: Option<Notice>,
    teams: Vec<Team>,
    team: Option<OneTeam>,
    form: Form,
}

/// The team that is looked at.
struct OneTeam {
    id: Id<Team>,
    name: String,
    address: String,
    sentence: String,
    members: Vec<MemberRow>,
    /// Colleagues who are not in it.
    others: Vec<User>,
    event_types: Vec<EventTypeRow>,
    leads: bool,
}

struct MemberRow {
    user: User,
    initials: String,
    role: &'static str,
}

struct EventTypeRow {
    number: i64,
    title: String,
    words: &'static str,
    hosts: Vec<String>,
}

/// What a member may do, as it is sent and read.
const ROLES: [(Role, &str, &str); 3] =
    [(Role::Member, "member", "Member"), (Role::Admin, "admin", "Admin"), (Role::Owner, "owner", "Owner")];

/// `GET /teams`: the first team.
async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let teams = web.engine.teams(&desk.member()).await?;
    let first = teams.first().map(|(team, _)| team.id);
    page(&web, &desk, first, Form::default(), Notice::after(&asked, &DID)).await
}

/// `GET /teams/{team}`
async fn show_one(
    State(web): State<Web>,
    desk: Desk,
    Path(team): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    page(&web, &desk, Some(id(&team)?), Form::default(), Notice::after(&asked, &DID)).await
}

/// `POST /teams`
async fn make(State(web): State<Web>, desk: Desk, extract::Form(typed): extract::Form) -> Answer {
    match web.engine.create_team(&desk.member(), typed.get("name"), typed.get("slug")).await {
        Ok(team) => Ok(back(team.id, "made")),
        Err(EditError::Invalid(invalid)) => {
            let mut form = Form::showing(typed);
            form.refuse(invalid.problems);
            let first = web.engine.teams(&desk.member()).await?.first().map(|(team, _)| team.id);
            page(&web, &desk, first, form, None).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /teams/{team}/members`: `role` is what they may do there; without one they leave it.
async fn set_member(
    State(web): State<Web>,
    desk: Desk,
    Path(team): Path<String>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let team = id(&team)?;
    let Ok(user) = typed.get("user").parse() else {
        let notice = Notice::fail("Nobody was added.", "Choose who.");
        return page(&web, &desk, Some(team), Form::default(), Some(notice)).await;
    };
    let role = role(&typed);
    match web.engine.set_team_member(&desk.member(), team, user, role).await {
        Ok(()) if role.is_none() => Ok(back(team, "removed")),
        Ok(()) => Ok(back(team, if typed.has("new") { "added" } else { "changed" })),
        Err(error @ (EditError::InUse { .. } | EditError::Invalid(_))) => {
            let notice = Notice::fail("Nothing was changed.", error.to_string());
            page(&web, &desk, Some(team), Form::default(), Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn role(typed: &Typed) -> Option<Role> {
    let asked = if typed.has("remove") { "" } else { typed.get("role") };
    ROLES.iter().find(|(_, slug, _)| *slug == asked).map(|(role, _, _)| *role)
}

fn id(team: &str) -> Result<Id<Team>, Problem> {
    team.parse().map_err(|_| Problem::not_found("team_not_found", "This team does not exist."))
}

fn back(team: Id<Team>, did: &str) -> Response {
    Redirect::to(&format!("/teams/{team}?did={did}")).into_response()
}

async fn page(web: &Web, desk: &Desk, which: Option<Id<Team>>, form: Form, notice: Option<Notice>) -> Answer {
    let teams = web.engine.teams(&desk.member()).await?;
    let team = match which {
        None => None,
        Some(which) => {
            // Also for those who manage: whoever is neither in it nor manages, learns nothing.
            let members = web.engine.team_members(&desk.member(), which).await?;
            let there = teams.iter().find(|(team, _)| team.id == which);
            let Some((team, role)) = there else {
                return Err(Problem::not_found("team_not_found", "You are not in this team."));
            };
            let leads = role.manages() || desk.member().role.manages();
            Some(one(web, desk, team, members, leads).await?)
        }
    };
    let (frame, side) = desk.around(web, "team").await?;
    let failed = form.failed() || Notice::is_failure(notice.as_ref());
    let teams = teams.into_iter().map(|(team, _)| team).collect();
    Ok(draw_form(&Page { frame, side, notice, teams, team, form }, failed))
}

async fn one(
    web: &Web,
    desk: &Desk,
    team: &Team,
    members: Vec<TeamMember>,
    leads: bool,
) -> Result<OneTeam, Problem> {
    let event_types = web.engine.event_types_of(&desk.member(), Owner::Team(team.id)).await?;
    let mut others = if leads { web.engine.colleagues(&desk.member()).await? } else { Vec::new() };
    others.retain(|user| user.disabled_at.is_none() && members.iter().all(|one| one.user.id != user.id));
    let people = if members.len() == 1 { "One person".into() } else { format!("{} people", members.len()) };
    let offered = match event_types.len() {
        0 => "no shared event type yet".to_owned(),
        1 => "one shared event type".to_owned(),
        count => format!("{count} shared event types"),
    };
    Ok(OneTeam {
        id: team.id,
        name: team.name.clone(),
        address: format!("/{}", team.slug),
        sentence: format!("{people}, {offered}."),
        event_types: event_types.iter().map(|one| event_type(one, &members)).collect(),
        members: members.into_iter().map(member).collect(),
        others,
        leads,
    })
}

fn member(one: TeamMember) -> MemberRow {
    let role = ROLES.iter().find(|(role, _, _)| *role == one.role).map_or("", |(_, slug, _)| slug);
    MemberRow { initials: ui::initials(&one.user.name), user: one.user, role }
}

fn event_type(one: &EventType, members: &[TeamMember]) -> EventTypeRow {
    let host = |id| members.iter().find(|one| one.user.id == id).map(|one| ui::initials(&one.user.name));
    EventTypeRow {
        number: one.number,
        title: one.title.clone(),
        words: match one.assignment {
            Assignment::Single => "One host",
            Assignment::Collective => "Together: all hosts must be free",
            Assignment::RoundRobin => "In turn: one who is free",
        },
        hosts: one.hosts.iter().filter_map(|one| host(one.user)).collect(),
    }
}
