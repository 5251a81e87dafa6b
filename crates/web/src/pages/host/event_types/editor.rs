//! The editor of one event type, tab by tab.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kalends_domain::event_type::{EventType, Owner, PrivateLink};
use kalends_engine::{
    EditError,
    event_types::{EventTypeDraft, PrivateLinkDraft},
    slots::Which,
};

use super::{
    edit::{MOST_QUESTIONS, Tab, check_rooms},
    list,
    page::{ChoiceRow, Choices, Editor, Head, LinkRow, RoomRow},
};
use crate::{
    Problem, Web,
    extract::{self, Asked, Typed},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
    ui,
};

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 4] = [
    ("saved", "Saved."),
    ("made", "Made. It can be booked now; say here what you offer."),
    ("link", "A new private link. Copy it below."),
    ("removed", "The link is removed. It does not book any more."),
];

/// `GET /event-types/{number}/{tab}`
pub async fn show(
    State(web): State<Web>,
    desk: Desk,
    Path((number, tab)): Path<(i64, String)>,
    Asked(asked): Asked,
) -> Answer {
    let tab = tab_of(&tab)?;
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let form = tab.show(&EventTypeDraft::from(&event_type));
    page(&web, &desk, &event_type, tab, form, Notice::after(&asked, &DID)).await
}

/// `POST /event-types/{number}/{tab}`
pub async fn save(
    State(web): State<Web>,
    desk: Desk,
    Path((number, tab)): Path<(i64, String)>,
    extract::Form(mut typed): extract::Form,
) -> Answer {
    let tab = tab_of(&tab)?;
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let mut draft = EventTypeDraft::from(&event_type);
    if tab == Tab::Questions && press(&mut typed) {
        let notice = Notice { tone: "wait", title: "Not saved yet.".into(), words: String::new() };
        return page(&web, &desk, &event_type, tab, Form::showing(typed), Some(notice)).await;
    }
    let mut form = Form::showing(typed);
    tab.read(&mut form, &mut draft);
    if tab == Tab::Locations {
        let place = |slug: &str| web.engine.outside.known().place(slug);
        check_rooms(&mut form, &mut draft.settings, place);
    }
    if !form.failed() {
        match web.engine.update_event_type(&desk.member(), event_type.id, &draft).await {
            Ok(_) => {
                let path = format!("/event-types/{number}/{}?did=saved", tab.slug());
                return Ok(Redirect::to(&path).into_response());
            }
            Err(EditError::Invalid(invalid)) => form.refuse(invalid.problems),
            Err(error) => return Err(error.into()),
        }
    }
    page(&web, &desk, &event_type, tab, form, None).await
}

fn tab_of(slug: &str) -> Result<Tab, Problem> {
    Tab::parse(slug).ok_or_else(|| Problem::not_found("not_found", "There is nothing at this address."))
}

/// Adds, removes or moves a question as a pressed button says; false when it was another button.
fn press(typed: &mut Typed) -> bool {
    let count = typed.get("count").parse::<usize>().unwrap_or(0).min(MOST_QUESTIONS);
    let mut groups: Vec<Vec<(String, String)>> = (0..count).map(|at| group(typed, at)).collect();
    let at =
        |name: &str| typed.text(name).and_then(|text| text.parse::<usize>().ok()).filter(|at| *at < count);
    if typed.has("add") && count < MOST_QUESTIONS {
        groups.push(vec![("kind".into(), "text".into())]);
    } else if let Some(at) = at("remove") {
        groups.remove(at);
    } else if let Some(at) = at("up") {
        groups.swap(at, at.saturating_sub(1));
    } else if let Some(at) = at("down") {
        groups.swap(at, (at + 1).min(count - 1));
    } else {
        return typed.has("add");
    }
    let mut fresh = Typed::default();
    fresh.set("count", groups.len().to_string());
    for (at, fields) in groups.into_iter().enumerate() {
        for (part, value) in fields {
            fresh.set(&format!("q{at}-{part}"), value);
        }
    }
    *typed = fresh;
    true
}

fn group(typed: &Typed, at: usize) -> Vec<(String, String)> {
    let prefix = format!("q{at}-");
    let fields = typed.iter().filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)));
    fields.map(|(part, value)| (part.to_owned(), value.to_owned())).collect()
}

/// `POST /event-types/{number}/links`
pub async fn make_link(
    State(web): State<Web>,
    desk: Desk,
    Path(number): Path<i64>,
    extract::Form(typed): extract::Form,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let mut form = Tab::Advanced.show(&EventTypeDraft::from(&event_type));
    form.typed.set("uses", typed.get("uses"));
    form.typed.set("expires", typed.get("expires"));
    let most_uses = form.optional_number("uses").filter(|uses| *uses > 0);
    let draft = PrivateLinkDraft { expires_at: last_day(&mut form, &desk), most_uses };
    if !form.failed() {
        match web.engine.create_private_link(&desk.member(), event_type.id, draft).await {
            Ok(_) => {
                let path = format!("/event-types/{number}/advanced?did=link#links");
                return Ok(Redirect::to(&path).into_response());
            }
            Err(EditError::Invalid(invalid)) => form.refuse(invalid.problems),
            Err(error) => return Err(error.into()),
        }
    }
    page(&web, &desk, &event_type, Tab::Advanced, form, None).await
}

/// The end of the last day that was typed, where the host is; the day counts whole.
fn last_day(form: &mut Form, desk: &Desk) -> Option<Timestamp> {
    let text = form.text("expires");
    if text.is_empty() {
        return None;
    }
    let zone = TimeZone::get(&desk.profile().zone).unwrap_or(TimeZone::UTC);
    let next = text.parse::<Date>().and_then(Date::tomorrow).and_then(|day| day.to_zoned(zone));
    if next.is_err() {
        form.say("expires", "Choose a day, or leave it empty.");
    }
    next.ok().map(|at| at.timestamp())
}

/// `POST /event-types/{number}/links/{link}/remove`
pub async fn remove_link(
    State(web): State<Web>,
    desk: Desk,
    Path((number, link)): Path<(i64, String)>,
    _form: extract::Form,
) -> Answer {
    let event_type = web.engine.event_type_numbered(&desk.member(), number).await?;
    let id =
        link.parse().map_err(|_| Problem::not_found("not_found", "This link does not exist any more."))?;
    web.engine.delete_private_link(&desk.member(), event_type.id, id).await?;
    Ok(Redirect::to(&format!("/event-types/{number}/advanced?did=removed#links")).into_response())
}

async fn page(
    web: &Web,
    desk: &Desk,
    event_type: &EventType,
    tab: Tab,
    form: Form,
    notice: Option<Notice>,
) -> Answer {
    let seen = web.engine.event_type_page(&Which::Id(event_type.id)).await?;
    let address = list::address(&seen.owner, event_type);
    let head = Head {
        number: event_type.number,
        title: event_type.title.clone(),
        hidden: event_type.hidden,
        prefix: ui::without_scheme(&web.site.link(&format!("/{}/", seen.owner.slug()))),
        address,
    };
    let left_out = if tab == Tab::Advanced {
        let left_out = web.engine.left_out(&desk.member(), event_type.id).await?;
        left_out.iter().map(|one| format!("{}: {}.", one.app, one.what.join(", "))).collect()
    } else {
        Vec::new()
    };
    let links = if tab == Tab::Advanced {
        let links = web.engine.private_links(&desk.member(), event_type.id).await?;
        links.iter().map(|link| link_row(web, desk, link)).collect()
    } else {
        Vec::new()
    };
    let choices = choices(web, desk, event_type, &form).await?;
    let (frame, side) = desk.around(web, "event-types").await?;
    let failed = form.failed();
    Ok(draw_form(&Editor { frame, side, notice, head, tab, form, choices, links, left_out }, failed))
}

async fn choices(web: &Web, desk: &Desk, event_type: &EventType, form: &Form) -> Result<Choices, Problem> {
    let hosts = match event_type.owner {
        Owner::Team(team) => web.engine.team_members(&desk.member(), team).await?,
        Owner::User(_) => Vec::new(),
    };
    let hosts =
        hosts.into_iter().map(|one| ChoiceRow { value: one.user.id.to_string(), label: one.user.name });
    let schedules = web.engine.schedules_of(&desk.member(), desk.by.user.id).await?;
    let schedules = schedules.into_iter().map(|one| ChoiceRow { value: one.id.to_string(), label: one.name });
    let apps = web.engine.outside.apps().iter().filter(|app| app.conference().is_some());
    let apps = apps.map(|app| ChoiceRow { value: app.slug.to_owned(), label: app.manifest().name.clone() });
    let connected = web.engine.conferences_of(&desk.member(), event_type.owner).await?;
    let rooms = rooms(web, desk, event_type, form).await?;
    let count = form.value("count").parse().unwrap_or(0).min(MOST_QUESTIONS);
    let (schedules, apps, hosts) = (schedules.collect(), apps.collect(), hosts.collect());
    Ok(Choices { schedules, apps, connected, rooms, hosts, count })
}

/// What is installed for the event type's owner, and what the form names already.
async fn rooms(web: &Web, desk: &Desk, event_type: &EventType, form: &Form) -> Result<Vec<RoomRow>, Problem> {
    let installed = web.engine.rooms_of(&desk.member(), event_type.owner).await?;
    let rows = web.engine.outside.apps().iter().filter_map(|app| {
        let place = app.manifest().place.as_ref()?;
        let named =
            form.ticked(&format!("room-{}", app.slug)) || form.ticked(&format!("guest-link-{}", app.slug));
        (named || installed.contains(&app.slug)).then(|| RoomRow {
            own: place.asks_host(),
            guests: place.asks_guest(),
            slug: app.slug.to_owned(),
            name: app.manifest().name.clone(),
            label: place.label.clone(),
            example: place.placeholder.clone(),
            hint: place.hint.clone(),
        })
    });
    Ok(rows.collect())
}

fn link_row(web: &Web, desk: &Desk, link: &PrivateLink) -> LinkRow {
    let face = desk.face(web);
    let used = match link.most_uses {
        Some(most) => format!("Used {} of {most} times", link.uses),
        None => format!("Used {} times", link.uses),
    };
    let until = link.expires_at.map(|at| format!(", until {}", face.whole(at))).unwrap_or_default();
    let address = web.site.link(&format!("/d/{}", link.uid));
    LinkRow { id: link.id.to_string(), address, words: format!("{used}{until}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_move_with_all_their_fields() {
        let mut typed = Typed::from([
            ("count", "2"),
            ("q0-label", "First"),
            ("q0-required", "on"),
            ("q1-label", "Second"),
            ("up", "1"),
        ]);
        assert!(press(&mut typed));
        assert_eq!((typed.get("q0-label"), typed.get("q1-label")), ("Second", "First"));
        assert!(typed.has("q1-required") && !typed.has("q0-required"));
    }

    #[test]
    fn buttons_that_name_no_question_change_nothing() {
        for (button, value) in [("remove", "7"), ("up", "x"), ("down", "-1")] {
            let mut typed = Typed::from([("count", "1"), ("q0-label", "Only"), (button, value)]);
            assert!(!press(&mut typed), "{button}");
            assert_eq!(typed.get("q0-label"), "Only");
        }
    }
}
