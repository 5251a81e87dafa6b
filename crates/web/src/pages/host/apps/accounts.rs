//! What is installed: how it stands, and how its calendars are used.

use axum::extract::State;
use kalends_domain::people::CalendarChanges;
use kalends_engine::connect::{
    Calendar, CalendarUse, ConnectError, ConnectionView, FailurePolicy, Health, Push, Refreshed, RemovedView,
    Scope,
};

use super::{
    life,
    page::{Account, CalendarRow, Gone, Group, Installed, Picture, shelf},
    setup::sentence as as_sentence,
};
use crate::{
    Web,
    extract::{Asked, ConnectionId, Form, Typed},
    pages::host::{Answer, desk::Desk, draw_form, notice::Notice},
    when::Face,
};

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 12] = [
    ("connected", "Connected."),
    ("installed", "Installed."),
    ("off", "Switched off. Everything is kept; switch it on again whenever you like."),
    ("on", "Switched on. What waited for it is being taken up."),
    ("back", "It is back, with everything it had."),
    ("kept", "Nothing was changed. What you allowed for the other account was given back."),
    ("calendars", "Saved. Times on your page follow within a minute."),
    ("secret", "Notices have a new secret. The old one is believed too, until you drop it."),
    ("dropped", "Only notices signed with the new secret are believed now."),
    ("sync", "The calendars are being read."),
    (
        "gone",
        "Uninstalled for good, and nothing about it is stored any more. Access was given back where the provider takes it; a password or key you had made goes on working there until you take it back.",
    ),
    ("removed", "Uninstalled. Nothing more is read or written there. You can bring it back below."),
];

/// `GET /apps/installed`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    page(&web, &desk, looked(&asked).or_else(|| Notice::after(&asked, &DID))).await
}

/// What another look at an account found: the numbers stand in the address.
fn looked(asked: &Typed) -> Option<Notice> {
    let count = |name| asked.get(name).parse::<u16>().ok();
    let (there, new, gone) = (count("there")?, count("new")?, count("gone")?);
    asked.is("did", "looked").then(|| {
        let many = |count| if count == 1 { "1 calendar".to_owned() } else { format!("{count} calendars") };
        let fresh = match new {
            0 => "none of them new".to_owned(),
            1 => "1 of them new".to_owned(),
            new => format!("{new} of them new"),
        };
        let title = if there == 0 {
            "No calendars found.".to_owned()
        } else {
            format!("{} found, {fresh}.", many(there))
        };
        let less = (gone > 0).then(|| format!("{} removed here that the account has no more.", many(gone)));
        let more = (new > 0).then(|| "Tick those that count as busy.".to_owned());
        let words: Vec<String> = less.into_iter().chain(more).collect();
        Notice { words: words.join(" "), ..Notice::ok(title) }
    })
}

/// `POST /apps/installed/{id}/calendars`
pub async fn use_calendars(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Form(typed): Form,
) -> Answer {
    let there = web.engine.connection(&desk.member(), id).await?;
    let uses: Vec<CalendarUse> = there.calendars.iter().map(|calendar| wanted(calendar, &typed)).collect();
    match web.engine.use_calendars(&desk.member(), there.id, &uses).await {
        Ok(()) => Ok(life::back("calendars")),
        Err(ConnectError::Invalid(invalid)) => {
            page(&web, &desk, Some(Notice::fail("Not saved.", invalid.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(calendar: &Calendar, typed: &Typed) -> CalendarUse {
    let id = calendar.id.to_string();
    let hours = typed.get(&format!("trust-{id}")).trim().parse().unwrap_or(calendar.policy.trust_hours);
    CalendarUse {
        calendar: calendar.id,
        blocks: typed.is("blocks", &id),
        receives: typed.is("receives", &id),
        tentative_blocks: typed.is("tentative", &id),
        policy: FailurePolicy { trust_hours: hours, then_blocks: !typed.is(&format!("then-{id}"), "ignore") },
        on_change: typed.text(&format!("on-change-{id}")).map(CalendarChanges::parse),
    }
}

/// `POST /apps/installed/{id}/sync`
pub async fn sync(State(web): State<Web>, desk: Desk, ConnectionId(id): ConnectionId, _form: Form) -> Answer {
    web.engine.sync_now(&desk.member(), id).await?;
    Ok(life::back("sync"))
}

/// `POST /apps/installed/{id}/look`: which calendars the account has by now.
pub async fn look(State(web): State<Web>, desk: Desk, ConnectionId(id): ConnectionId, _form: Form) -> Answer {
    match web.engine.refresh_calendars(&desk.member(), id).await {
        Ok(Refreshed { there, new, gone }) => {
            Ok(life::back(&format!("looked&there={there}&new={new}&gone={gone}")))
        }
        Err(error @ ConnectError::Probe(_)) => {
            let words = format!("{} What was known here is kept.", as_sentence(&error.to_string()));
            page(&web, &desk, Some(Notice::fail("The account did not tell its calendars.", words))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /apps/installed/{id}/secret`: a new one for notices, or an end of the one before it.
pub async fn secret(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Form(typed): Form,
) -> Answer {
    let member = desk.member();
    if typed.get("do") == "drop" {
        web.engine.drop_old_hook_secret(&member, id).await?;
        return Ok(life::back("dropped"));
    }
    web.engine.change_hook_secret(&member, id).await?;
    Ok(life::back("secret"))
}

pub(super) async fn page(web: &Web, desk: &Desk, notice: Option<Notice>) -> Answer {
    let face = desk.face(web);
    let connections = web.engine.connections(&desk.member()).await?;
    let removed = web.engine.removed(&desk.member()).await?;
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    let page = Installed {
        frame,
        side,
        notice,
        sentence: sentence(&connections),
        groups: groups(&connections, &face),
        removed: removed.iter().map(|one| gone(one, &face)).collect(),
    };
    Ok(draw_form(&page, failed))
}

fn sentence(connections: &[ConnectionView]) -> String {
    let mut apps: Vec<&str> = connections.iter().map(|one| one.app.slug).collect();
    apps.sort_unstable();
    apps.dedup();
    let needing = connections.iter().filter(|one| needs_somebody(one)).count();
    let apps = match apps.len() {
        0 => return "Nothing is installed.".to_owned(),
        1 => "1 app".to_owned(),
        many => format!("{many} apps"),
    };
    let needs = match needing {
        0 => "None needs you.".to_owned(),
        1 => "1 needs you.".to_owned(),
        many => format!("{many} need you."),
    };
    let accounts = connections.iter().filter(|one| !one.app.manifest().is_data()).count();
    match accounts {
        0 => format!("{apps}. {needs}"),
        1 => format!("{apps}, 1 account. {needs}"),
        many => format!("{apps}, {many} accounts. {needs}"),
    }
}

fn groups(connections: &[ConnectionView], face: &Face) -> Vec<Group> {
    let rows = |fits: &dyn Fn(&ConnectionView) -> bool| {
        connections.iter().filter(|one| fits(one)).map(|one| account(one, face)).collect::<Vec<_>>()
    };
    let mut groups = vec![Group { slug: "needs-you", name: "Needs you", rows: rows(&needs_somebody) }];
    for kind in super::store::SHELVES {
        let (slug, name, _) = shelf(kind);
        let fits =
            |one: &ConnectionView| !needs_somebody(one) && one.app.manifest().kinds.first() == Some(&kind);
        groups.push(Group { slug, name, rows: rows(&fits) });
    }
    groups.retain(|group| !group.rows.is_empty());
    groups
}

const fn needs_somebody(one: &ConnectionView) -> bool {
    one.enabled && matches!(one.health, Health::NeedsReconnect | Health::Revoked)
}

fn gone(one: &RemovedView, face: &Face) -> Gone {
    let until = format!("can come back until {}", face.whole(one.until));
    let words = if one.account.is_empty() { until } else { format!("{}, {until}", one.account) };
    Gone {
        id: one.id.to_string(),
        name: one.app.manifest().name.clone(),
        picture: Picture(one.app.icon),
        words,
    }
}

fn account(view: &ConnectionView, face: &Face) -> Account {
    let manifest = view.app.manifest();
    let health = match view.health {
        _ if !view.enabled => {
            let since = view.off_since.map(|at| format!(" since {}", face.whole(at))).unwrap_or_default();
            ("off", format!("Switched off{since}"))
        }
        Health::Connected if manifest.is_data() => ("ok", "On".to_owned()),
        Health::Connected if !view.missing.is_empty() => ("wait", "Works in part".to_owned()),
        Health::Connected => ("ok", "Healthy".to_owned()),
        Health::Degraded => ("wait", "Answers badly; it is tried again by itself".to_owned()),
        Health::NeedsReconnect => ("fail", "Needs you to sign in again".to_owned()),
        Health::Revoked => ("fail", "Access was taken away there".to_owned()),
    };
    let trouble = if view.cause.is_empty() || !view.enabled {
        String::new()
    } else {
        format!("{} Since {}.", view.cause, face.whole(view.since))
    };
    let whose = match (view.scope, &view.team) {
        (Scope::User(_), _) => String::new(),
        (Scope::Team(_), Some(team)) => format!("for {team}"),
        (Scope::Team(_), None) => "for a team".to_owned(),
        (Scope::Organization, _) => "for everybody".to_owned(),
    };
    let opens = manifest.shortcut.as_ref().map(|one| (one.opens.to_string(), one.action.clone()));
    Account {
        id: view.id.to_string(),
        slug: view.app.slug,
        name: manifest.name.clone(),
        picture: Picture(view.app.icon),
        account: view.account.clone(),
        whose,
        health,
        off: !view.enabled,
        may_change: view.may_change,
        opens,
        data: manifest.is_data(),
        trouble,
        waits: view.silent_until.map(|at| face.until(at)),
        missing: view.missing.clone(),
        calendars: view
            .calendars
            .iter()
            .filter(|_| view.enabled)
            .map(|one| row(one, view.live.contains(&one.id), face))
            .collect(),
        told: view.enabled && view.may_change && !view.live.is_empty(),
        looks: view.enabled && view.app.calendar().is_some(),
        old_secret: view.may_change && view.has_old_secret,
        notices: view.notices.clone(),
        polled: view.enabled
            && view.push == Push::NotReachable
            && view.calendars.iter().any(|one| one.blocks),
    }
}

fn row(calendar: &Calendar, told: bool, face: &Face) -> CalendarRow {
    let mut words = Vec::new();
    if calendar.receives {
        words.push("bookings are written here".to_owned());
    } else if !calendar.writable {
        words.push("read only".to_owned());
    }
    if calendar.blocks {
        words.push(match calendar.freshness.synced_at {
            Some(at) if told => format!("changes arrive at once, read {}", face.whole(at)),
            Some(at) => format!("read {}", face.whole(at)),
            None => "not read yet: it blocks all times until it is".to_owned(),
        });
    }
    CalendarRow {
        id: calendar.id.to_string(),
        name: calendar.name.clone(),
        writable: calendar.writable,
        blocks: calendar.blocks,
        receives: calendar.receives,
        tentative: calendar.tentative_blocks,
        trust_hours: calendar.policy.trust_hours,
        ignore: !calendar.policy.then_blocks,
        on_change: calendar.on_change.map_or("", CalendarChanges::as_str),
        words: words.join(", "),
    }
}
