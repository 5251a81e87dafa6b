//! The example people: a small office of structural engineers, made by the same verbs as everybody else.

use anyhow::{Context, Result};
use jiff::SignedDuration;
use kalends_catalog::APPS;
use kalends_domain::event_type::{
    Assignment, BookingWindow, Buffers, Choice, Confirmation, Host, Lengths, Location, Owner, Question,
    QuestionKind,
};
use kalends_domain::people::{CalendarChanges, Profile, Role, Team, User};
use kalends_engine::book::{BookAsk, Booker, LocationChoice, LocationPick};
use kalends_engine::event_types::EventTypeDraft;
use kalends_engine::people::ProfileDraft;
use kalends_engine::sign_in::OwnerAsk;
use kalends_engine::slots::{SlotsAsk, Which};
use kalends_engine::{Engine, Member, job};
use secrecy::ExposeSecret;

use super::Accounts;

/// Everybody's password in the demo.
pub const PASSWORD: &str = "red-letter-day";

/// Who signs in, and what is tried first.
pub struct Examples {
    /// The host who signs in.
    pub email: &'static str,
    /// A page to book on.
    pub page: String,
    /// A fresh API key of the host.
    pub api_key: String,
}

const EMAIL: &str = "ines@example.com";

impl Examples {
    /// Makes them in an empty database; where they are already, only the key is new.
    pub async fn in_place(engine: &Engine, accounts: &Accounts) -> Result<Self> {
        if engine.needs_setup().await? {
            people(engine, accounts).await.context("the example people")?;
        }
        let host = Member::from(&engine.user(EMAIL).await?);
        let key = engine.make_api_key(&host, "demo", None).await?.key;
        Ok(Self {
            email: EMAIL,
            page: "ines/consultation".to_owned(),
            api_key: key.expose_secret().to_owned(),
        })
    }
}

async fn people(engine: &Engine, accounts: &Accounts) -> Result<()> {
    let ines = person(engine, "Inês Carvalho", "ines", "Europe/Lisbon").await?;
    let bruno = person(engine, "Bruno Brandt", "bruno", "Europe/Berlin").await?;
    let noor = person(engine, "Noor Haddad", "noor", "America/New_York").await?;
    let owner = Member::from(&ines);
    for (app, form) in accounts {
        engine.connect(&owner, app, form).await.with_context(|| format!("connecting {app}"))?;
        if makes_rooms(app) {
            for colleague in [&bruno, &noor] {
                engine
                    .connect(&Member::from(colleague), app, form)
                    .await
                    .with_context(|| format!("connecting {app}"))?;
            }
        }
    }

    let places = places(accounts);
    engine.create_event_type(&owner, &consultation(&ines, &places)).await?;
    engine.create_event_type(&owner, &first_call(&ines, &places)).await?;
    engine.create_event_type(&owner, &site_visit(&ines)).await?;
    engine.create_event_type(&Member::from(&bruno), &first_call(&bruno, &places)).await?;

    let team = engine.create_team(&owner, "Carvalho & Brandt", "office").await?;
    for colleague in [&bruno, &noor] {
        engine.set_team_member(&owner, team.id, colleague.id, Some(Role::Member)).await?;
    }
    engine.create_event_type(&owner, &whoever_is_free(&team, &[&ines, &bruno, &noor], &places)).await?;
    engine.create_event_type(&owner, &both_partners(&team, &[&ines, &bruno], &places)).await?;
    // Until its calendars are read, nobody is free.
    job::drain(engine).await?;
    bookings(engine, &ines).await
}

async fn person(engine: &Engine, name: &str, username: &str, zone: &str) -> Result<User> {
    let ask = OwnerAsk {
        name: name.to_owned(),
        email: format!("{username}@example.com"),
        username: username.to_owned(),
        password: PASSWORD.into(),
        zone: zone.to_owned(),
        locale: "en-GB".to_owned(),
    };
    let user = engine.add_user(&ask, Role::Member).await?;
    // The played calendars are empty after each start (`--data` keeps the rest): nobody deleted anything there.
    let profile = Profile { calendar_changes: CalendarChanges::Ignore, ..user.profile.clone() };
    let draft = ProfileDraft { profile: Some(profile), ..ProfileDraft::default() };
    Ok(engine.update_profile(&Member::from(&user), user.id, &draft).await?)
}

fn consultation(host: &User, places: &[Location]) -> EventTypeDraft {
    let mut draft = EventTypeDraft::new(Owner::User(host.id), "Project consultation");
    "consultation".clone_into(&mut draft.slug);
    "Bring drawings or photos. We go through the structure, the risks and the likely cost, and you \
                         leave with a written next step."
        .clone_into(&mut draft.description);
    let settings = &mut draft.settings;
    settings.lengths = Lengths { usual: 45, choices: vec![30, 45, 60] };
    settings.buffers = Buffers { before: 0, after: 15 };
    settings.locations = places.to_vec();
    settings.questions = vec![
        question("about", QuestionKind::Textarea, "What is the building, and what worries you?", true),
        Question {
            choices: [("idea", "Still an idea"), ("drawn", "Drawings exist"), ("site", "Work has started")]
                .map(|(value, label)| Choice { value: value.to_owned(), label: label.to_owned() })
                .into(),
            ..question("stage", QuestionKind::Radio, "Stage of the project", false)
        },
    ];
    draft
}

fn first_call(host: &User, places: &[Location]) -> EventTypeDraft {
    let mut draft = EventTypeDraft::new(Owner::User(host.id), "First call");
    "A quarter of an hour to see whether we can help.".clone_into(&mut draft.description);
    draft.settings.lengths.usual = 15;
    draft.settings.locations = places.iter().take(2).cloned().collect();
    draft
}

fn site_visit(host: &User) -> EventTypeDraft {
    let mut draft = EventTypeDraft::new(Owner::User(host.id), "Site visit");
    "We come to you. Inês confirms each visit herself.".clone_into(&mut draft.description);
    let settings = &mut draft.settings;
    settings.lengths.usual = 120;
    settings.notice = 24 * 60;
    settings.window = BookingWindow::BusinessDays { days: 30 };
    settings.confirmation = Confirmation::Always;
    settings.locations = vec![Location::GuestPlace];
    draft
}

fn whoever_is_free(team: &Team, hosts: &[&User], places: &[Location]) -> EventTypeDraft {
    let mut draft = EventTypeDraft::new(Owner::Team(team.id), "Structural check");
    "With whoever of us is free first.".clone_into(&mut draft.description);
    draft.assignment = Assignment::RoundRobin;
    draft.hosts = hosts.iter().map(|user| host(user, false)).collect();
    draft.settings.locations = places.to_vec();
    draft
}

fn both_partners(team: &Team, hosts: &[&User], places: &[Location]) -> EventTypeDraft {
    let mut draft = EventTypeDraft::new(Owner::Team(team.id), "With both partners");
    "For decisions that need Inês and Bruno in one room.".clone_into(&mut draft.description);
    draft.assignment = Assignment::Collective;
    draft.hosts = hosts.iter().map(|user| host(user, true)).collect();
    draft.settings.lengths.usual = 60;
    draft.settings.locations = places.to_vec();
    draft
}

fn host(user: &User, fixed: bool) -> Host {
    Host { user: user.id, fixed, priority: 2, weight: 100, schedule: None }
}

/// A room of the first conferencing app that is connected, the telephone, the office.
fn places(accounts: &Accounts) -> Vec<Location> {
    let room = accounts.iter().map(|(app, _)| *app).find(|app| makes_rooms(app)).map(Location::app);
    let office = Location::InPerson { address: "Rua da Boavista 84, Lisbon".to_owned(), public: true };
    room.into_iter().chain([Location::GuestPhone, office]).collect()
}

fn makes_rooms(slug: &str) -> bool {
    APPS.iter().any(|app| app.slug == slug && app.conference().is_some())
}

fn question(slug: &str, kind: QuestionKind, label: &str, required: bool) -> Question {
    Question {
        slug: slug.to_owned(),
        kind,
        label: label.to_owned(),
        hint: String::new(),
        required,
        hidden: false,
        choices: Vec::new(),
        min: None,
        max: None,
    }
}

/// A few guests who have booked already, at the first free time of a day each.
async fn bookings(engine: &Engine, host: &User) -> Result<()> {
    let guests = [
        ("first-call", "Marta Hollweg", "marta@example.com", "Europe/Berlin"),
        ("first-call", "Joke Adeyemi", "joke@example.com", "Africa/Lagos"),
        ("site-visit", "Tomás Reis", "tomas@example.com", "Europe/Lisbon"),
    ];
    let mine = engine.event_types_of(&Member::from(host), Owner::User(host.id)).await?;
    for (days_ahead, (slug, name, email, zone)) in (1_i64..).zip(guests) {
        let event_type = mine.iter().find(|one| one.slug.as_str() == slug).context("no such event type")?;
        let from = engine.now() + SignedDuration::from_hours(24 * days_ahead);
        let ask = SlotsAsk {
            event_type: Which::Id(event_type.id),
            from,
            until: from + SignedDuration::from_hours(24 * 7),
            zone: zone.to_owned(),
            minutes: None,
            rescheduling: None,
            hold: None,
        };
        let offered = engine.slots(&ask).await?;
        let Some(first) = offered.days.values().flatten().next() else { continue };
        let place = match event_type.settings.locations.first() {
            Some(Location::GuestPlace) => "Avenida da Liberdade 12, Lisbon",
            _ => "",
        };
        let booker = Booker {
            name: name.to_owned(),
            email: email.to_owned(),
            zone: zone.to_owned(),
            locale: "en".to_owned(),
            phone: None,
        };
        let ask = BookAsk {
            location: Some(LocationChoice { pick: LocationPick::Nth(0), detail: place.to_owned() }),
            ..BookAsk::new(Which::Id(event_type.id), first.start, booker)
        };
        engine.book(&ask).await?;
    }
    Ok(())
}
