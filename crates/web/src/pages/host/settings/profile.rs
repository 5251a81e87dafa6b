//! How a user appears, and how times are shown to them.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use kalends_domain::people::{CalendarChanges, Hours, Profile};
use kalends_engine::{EditError, people::ProfileDraft};

use super::page;
use crate::{
    Web,
    extract::{self, Asked, Typed},
    pages::host::{Answer, desk::Desk, draw_form, form::Form, notice::Notice},
    ui, zones,
};

/// `GET /settings/profile`
pub async fn show(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let user = &desk.by.user;
    let profile = desk.profile();
    let mut typed = Typed::default();
    typed.set("name", &*user.name);
    typed.set("username", user.username.as_str());
    typed.set("bio", &*profile.bio);
    typed.set("zone", &*profile.zone);
    typed.set("week_start", profile.week_start.to_string());
    typed.set("hours", if profile.hours == Hours::Twelve { "12" } else { "24" });
    typed.set("calendar_changes", profile.calendar_changes.as_str());
    typed.set("brand", profile.brand.clone().unwrap_or_default());
    let notice = Notice::after(&asked, &[("saved", "Saved.")]);
    draw_page(&web, &desk, Form::showing(typed), notice).await
}

/// `POST /settings/profile`
pub async fn save(State(web): State<Web>, desk: Desk, extract::Form(typed): extract::Form) -> Answer {
    let mut form = Form::showing(typed);
    let draft = ProfileDraft {
        name: Some(form.text("name")),
        username: Some(form.text("username")),
        profile: Some(Profile {
            zone: form.text("zone"),
            hours: if form.is("hours", "12") { Hours::Twelve } else { Hours::TwentyFour },
            week_start: form.value("week_start").parse().unwrap_or(1),
            bio: form.text("bio"),
            calendar_changes: CalendarChanges::parse(form.value("calendar_changes")),
            brand: Some(form.text("brand")).filter(|brand| !brand.is_empty()),
            ..desk.profile().clone()
        }),
    };
    match web.engine.update_profile(&desk.member(), desk.by.user.id, &draft).await {
        Ok(_) => Ok(Redirect::to("/settings/profile?did=saved").into_response()),
        Err(EditError::Invalid(invalid)) => {
            form.refuse(invalid.problems);
            draw_page(&web, &desk, form, None).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn draw_page(web: &Web, desk: &Desk, form: Form, notice: Option<Notice>) -> Answer {
    let (frame, side) = desk.around(web, "settings").await?;
    let prefix = ui::without_scheme(&web.site.link("/"));
    let zones = zones::choices_for(&form.text("zone"), desk.profile().hours, web.engine.now());
    let failed = form.failed();
    let page = page::Profile { frame, side, notice, form, prefix, zones, tab: "profile" };
    Ok(draw_form(&page, failed))
}
