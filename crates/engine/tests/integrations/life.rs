//! An app's life: installed, switched off and on, taken away, brought back, gone.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kalends_app::{App, fake::Fake};
use kalends_domain::{Id, event_type::Location, people::Role};
use kalends_engine::{
    Member,
    connect::{ConnectError, ConnectionView, Meanwhile, Scope},
    event_types::EventTypeDraft,
    job::{self, Housekeeping},
};
use kalends_store::repo::{Calendar, Installation};
use kalends_testkit::{TestDb, make};

use crate::stage::{Stage, nowhere};

checks![
    while_it_is_off_nothing_is_read_or_written_and_then_all_is_caught_up,
    calendars_of_an_app_that_is_off_stay_busy_by_their_own_rule,
    calendars_are_left_out_only_when_somebody_says_so,
    what_is_uninstalled_can_come_back_with_everything_it_had,
    what_changed_meanwhile_is_left_as_it_is,
    after_its_days_it_is_gone_for_good,
    the_same_account_connected_anew_is_not_brought_back_twice,
    an_app_stands_and_falls_with_the_one_it_needs,
    a_team_is_its_leads_to_decide_and_the_organization_its_admins,
    a_place_takes_only_links_of_its_app,
    tags_are_those_of_the_page_and_of_everybody,
    every_step_is_audited,
];

const ICON: &str = "<svg></svg>";

/// Rooms by a link.
pub static HALLS: App = App::of_data(
    "halls",
    r#"
slug = "halls"
name = "Halls"
tagline = "A link."
description = "A link."
kinds = ["location"]
categories = ["video"]
publisher = "Kalends"
scope = ["user", "team", "organization"]
may = ["Nothing"]

[location]
label = "Your hall"
placeholder = "https://halls.example/ines"
links = ["https://halls.example/{hall}"]
"#,
    ICON,
);

/// A tag.
pub static TALLY: App = App::of_data(
    "tally",
    r#"
slug = "tally"
name = "Tally"
tagline = "Counts."
description = "Counts."
kinds = ["tag"]
categories = ["statistics"]
publisher = "Kalends"
scope = ["user", "team", "organization"]
may = ["Count"]

[tag]
consent = "ask"
scripts = ["https://tally.example"]
load = [{ src = "https://tally.example/t.js?id={{id}}" }]

[[setup]]
name = "id"
label = "Id"
type = "text"
required = true
placeholder = "7"
pattern = "[0-9]+"
"#,
    ICON,
);

/// Something that works through the toy.
pub static ANNEX: App = App::of_data(
    "annex",
    r#"
slug = "annex"
name = "Annex"
tagline = "Beside the toy."
description = "Beside the toy."
kinds = ["link"]
categories = ["other"]
publisher = "Kalends"
may = ["Nothing"]
depends_on = ["toy"]

[link]
opens = "https://annex.example/"
action = "Open"
steps = ["Open it"]
"#,
    ICON,
);

fn nothing() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn tally(id: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("id".to_owned(), id.to_owned())])
}

async fn view(stage: &Stage<'_>) -> ConnectionView {
    stage.engine.connections(&stage.member).await.unwrap().remove(0)
}

async fn calendars(stage: &Stage<'_>) -> Vec<Calendar> {
    stage.t.db.read().await.unwrap().calendars().of_users(&[stage.member.user]).await.unwrap()
}

async fn offer(stage: &Stage<'_>, places: Vec<Location>) {
    let mut event_type = stage.event_type.clone();
    event_type.settings.locations = places;
    let saved = event_type.clone();
    let save = stage.t.db.write(move |tx| {
        let saved = saved.clone();
        Box::pin(async move { tx.event_types().save(&saved).await })
    });
    let done: Result<(), kalends_store::Error> = save.await;
    done.unwrap();
}

async fn offered(stage: &Stage<'_>) -> Vec<Location> {
    let found = stage.t.db.read().await.unwrap().event_types().get(stage.event_type.id).await.unwrap();
    found.unwrap().settings.locations
}

async fn keep_house(stage: &Stage<'_>) {
    let add = stage.t.db.write(|tx| Box::pin(async move { job::add(tx, &Housekeeping {}).await }));
    add.await.unwrap();
    stage.drain().await;
}

async fn while_it_is_off_nothing_is_read_or_written_and_then_all_is_caught_up(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = view(&stage).await.id;
    stage.engine.disable(&stage.member, id, Meanwhile::Trusted).await.unwrap();
    let asked = || ["changes", "calendars", "create"].map(|op| stage.provider.bench().count(op));
    let before = asked();
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(asked(), before, "nothing is asked there");
    assert!(stage.provider.kept().events.is_empty());
    let waiting = stage.references(&booking).await;
    assert_eq!(waiting.len(), 1, "what is wanted there is written down");
    assert!(waiting[0].last_error.as_ref().unwrap().contains("switched off"), "{waiting:?}");

    stage.engine.enable(&stage.member, id).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert!(calendars(&stage).await.iter().all(|one| one.freshness.failing_since.is_none()));
}

async fn calendars_of_an_app_that_is_off_stay_busy_by_their_own_rule(t: &TestDb) {
    let stage = Stage::new(t).await;
    let before = calendars(&stage).await;
    stage.engine.disable(&stage.member, view(&stage).await.id, Meanwhile::Trusted).await.unwrap();
    for (was, now) in before.iter().zip(calendars(&stage).await) {
        assert_eq!((was.blocks, was.receives, was.policy), (now.blocks, now.receives, now.policy));
        assert_eq!(now.freshness.failing_since.is_some(), now.blocks, "FB-09: its copy grows old from here");
        assert_eq!(now.next_sync_at.filter(|_| now.blocks), None);
    }
}

async fn calendars_are_left_out_only_when_somebody_says_so(t: &TestDb) {
    let stage = Stage::new(t).await;
    let (before, id) = (calendars(&stage).await, view(&stage).await.id);
    stage.engine.disable(&stage.member, id, Meanwhile::Free).await.unwrap();
    assert!(calendars(&stage).await.iter().all(|one| !one.blocks && !one.receives));
    stage.engine.enable(&stage.member, id).await.unwrap();
    let uses = |all: &[Calendar]| all.iter().map(|one| (one.blocks, one.receives)).collect::<Vec<_>>();
    assert_eq!(uses(&calendars(&stage).await), uses(&before));
}

async fn what_is_uninstalled_can_come_back_with_everything_it_had(t: &TestDb) {
    let stage = Stage::new(t).await;
    let places = vec![Location::GuestPhone, Location::app("toy"), Location::GuestPlace];
    offer(&stage, places.clone()).await;
    let (before, there) = (calendars(&stage).await, view(&stage).await);
    let lost = stage.engine.disconnecting(&stage.member, there.id).await.unwrap();
    assert_eq!((lost.event_types.len(), lost.placeless.len(), lost.days), (1, 0, 7));

    stage.engine.disconnect(&stage.member, there.id).await.unwrap();
    assert_eq!(offered(&stage).await, [Location::GuestPhone, Location::GuestPlace]);
    assert!(calendars(&stage).await.iter().all(|one| !one.blocks && !one.receives));
    assert!(matches!(stage.engine.sync_now(&stage.member, there.id).await, Err(ConnectError::NotFound)));
    let removed = stage.engine.removed(&stage.member).await.unwrap();
    assert_eq!((removed.len(), removed[0].account.as_str()), (1, "ines at toy"));

    t.clock.advance(SignedDuration::from_hours(6 * 24));
    keep_house(&stage).await;
    stage.engine.bring_back(&stage.member, there.id).await.unwrap();
    assert_eq!(offered(&stage).await, places);
    let uses =
        |all: &[Calendar]| all.iter().map(|one| (one.id, one.blocks, one.receives)).collect::<Vec<_>>();
    assert_eq!(uses(&calendars(&stage).await), uses(&before));
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1, "the sealed password still opens: {booking:?}");
    assert!(stage.engine.removed(&stage.member).await.unwrap().is_empty());
}

async fn what_changed_meanwhile_is_left_as_it_is(t: &TestDb) {
    let stage = Stage::new(t).await;
    let fallback = Location::App { app: "toy".into(), fallbacks: vec!["red".into()] };
    offer(&stage, vec![fallback.clone(), Location::GuestPhone]).await;
    let id = view(&stage).await.id;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    assert_eq!(offered(&stage).await, [Location::app("red"), Location::GuestPhone], "the next app stands in");
    offer(&stage, vec![Location::GuestPlace]).await;
    stage.engine.bring_back(&stage.member, id).await.unwrap();
    assert_eq!(offered(&stage).await, [fallback, Location::GuestPlace]);
}

async fn after_its_days_it_is_gone_for_good(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = view(&stage).await.id;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    t.clock.advance(SignedDuration::from_hours(7 * 24 + 1));
    keep_house(&stage).await;
    assert!(stage.engine.removed(&stage.member).await.unwrap().is_empty());
    assert!(matches!(stage.engine.bring_back(&stage.member, id).await, Err(ConnectError::NotFound)));
    assert!(calendars(&stage).await.is_empty());
    let secrets = kalends_store::sql("SELECT COUNT(*) AS n FROM credentials");
    let left: i64 = t.db.read().await.unwrap().row(secrets).await.unwrap().unwrap().get("n").unwrap();
    assert_eq!(left, 0, "no secret is left");
}

async fn the_same_account_connected_anew_is_not_brought_back_twice(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = view(&stage).await.id;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    stage.connect(&stage.member).await;
    let twice = stage.engine.bring_back(&stage.member, id).await;
    assert!(matches!(twice, Err(ConnectError::ThereAgain { .. })), "{twice:?}");
}

async fn an_app_stands_and_falls_with_the_one_it_needs(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let early = stage.engine.connect(&stage.member, "annex", &nothing()).await;
    assert!(matches!(&early, Err(ConnectError::Needs { slug: "toy", .. })), "{early:?}");
    let toy = stage.connect(&stage.member).await;
    let annex = stage.engine.connect(&stage.member, "annex", &nothing()).await.unwrap();
    let said = |refused: Result<(), ConnectError>| refused.unwrap_err().to_string();
    for refused in [
        stage.engine.disable(&stage.member, toy, Meanwhile::Trusted).await,
        stage.engine.disconnect(&stage.member, toy).await,
    ] {
        assert!(said(refused).contains("Annex works through Toy"));
    }
    assert_eq!(stage.engine.disconnecting(&stage.member, toy).await.unwrap().needed_by, ["Annex"]);
    stage.engine.disable(&stage.member, annex, Meanwhile::Trusted).await.unwrap();
    stage.engine.disconnect(&stage.member, toy).await.unwrap();
    assert!(said(stage.engine.enable(&stage.member, annex).await).contains("Install Toy first"));
    stage.engine.bring_back(&stage.member, toy).await.unwrap();
    stage.engine.enable(&stage.member, annex).await.unwrap();
}

async fn a_team_is_its_leads_to_decide_and_the_organization_its_admins(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let organization = stage.member.organization;
    let team = make::team(&t.ids, organization, "advice");
    let jonas = t.db.read().await.unwrap().people().list(organization).await.unwrap();
    let jonas = jonas.into_iter().find(|user| user.id != stage.member.user).unwrap();
    let (new, lead) = (team.clone(), stage.member.user);
    let made: Result<(), kalends_store::Error> =
        t.db.write(move |tx| {
            let (new, jonas) = (new.clone(), jonas.id);
            Box::pin(async move {
                tx.people().add_team(&new).await?;
                tx.people().set_member(&new, lead, Role::Admin).await?;
                tx.people().set_member(&new, jonas, Role::Member).await
            })
        })
        .await;
    made.unwrap();
    let jonas = t.db.read().await.unwrap().people().members(&team).await.unwrap();
    let jonas = jonas.into_iter().find(|one| one.user != lead).unwrap().user;
    let (lead, jonas) = (plain(&stage.member, lead), plain(&stage.member, jonas));

    let for_team = Scope::Team(team.id);
    let refused = stage.engine.connect_for(&jonas, "halls", for_team, &nothing()).await;
    assert!(matches!(refused, Err(ConnectError::Forbidden)), "{refused:?}");
    let made = stage.engine.connect_for(&lead, "halls", for_team, &nothing()).await.unwrap();
    assert!(matches!(stage.engine.disconnect(&jonas, made).await, Err(ConnectError::Forbidden)));
    let seen = stage.engine.connections(&jonas).await.unwrap();
    assert_eq!((seen.len(), seen[0].may_change), (1, false), "members use it and see it");
    for one in [&lead, &jonas] {
        let refused = stage.engine.connect_for(one, "halls", Scope::Organization, &nothing()).await;
        assert!(matches!(refused, Err(ConnectError::Forbidden)));
    }
    let admin = Member { role: Role::Admin, ..jonas };
    stage.engine.connect_for(&admin, "halls", Scope::Organization, &nothing()).await.unwrap();
    let toy = stage.engine.connect_for(&lead, "toy", for_team, &stage.provider.form()).await;
    assert!(matches!(toy, Err(ConnectError::Forbidden)), "an app says for whom it can be");
}

fn plain(like: &Member, user: Id<kalends_domain::people::User>) -> Member {
    Member { user, role: Role::Member, ..*like }
}

async fn a_place_takes_only_links_of_its_app(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let save = async |url: &str| {
        let mut draft = EventTypeDraft::from(&stage.event_type);
        let app = Some("halls".to_owned());
        draft.settings.locations = vec![Location::Link { url: url.into(), public: false, app }];
        stage.engine.update_event_type(&stage.member, stage.event_type.id, &draft).await
    };
    for wrong in ["https://evil.example/ines", "http://halls.example/ines", "javascript:alert(1)"] {
        assert!(save(wrong).await.unwrap_err().to_string().contains("https://halls.example/ines"), "{wrong}");
    }
    save("https://halls.example/ines").await.unwrap();
}

async fn tags_are_those_of_the_page_and_of_everybody(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let admin = Member { role: Role::Admin, ..stage.member };
    let wrong = stage.engine.connect(&stage.member, "tally", &tally("7</script>")).await;
    assert!(matches!(wrong, Err(ConnectError::Invalid(_))), "{wrong:?}");
    let own = stage.engine.connect(&stage.member, "tally", &tally("7")).await.unwrap();
    stage.engine.connect_for(&admin, "tally", Scope::Organization, &tally("9")).await.unwrap();
    let user = t.db.read().await.unwrap().people().get(stage.member.user).await.unwrap().unwrap();
    let page = stage.engine.profile_page(user.organization, &user.username).await.unwrap();
    let loaded = async || {
        let tags = stage.engine.page_tags(user.organization, &page.owner).await.unwrap();
        let mut loaded: Vec<String> = tags.iter().map(|tag| tag.placed.load[0].0.to_string()).collect();
        loaded.sort();
        loaded
    };
    assert_eq!(loaded().await, ["https://tally.example/t.js?id=7", "https://tally.example/t.js?id=9"]);
    stage.engine.disable(&stage.member, own, Meanwhile::Trusted).await.unwrap();
    assert_eq!(loaded().await, ["https://tally.example/t.js?id=9"], "what is off is not loaded");
}

async fn every_step_is_audited(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let id: Id<Installation> = stage.engine.connect(&stage.member, "tally", &tally("7")).await.unwrap();
    stage.engine.reconnect(&stage.member, id, &tally("8")).await.unwrap();
    stage.engine.disable(&stage.member, id, Meanwhile::Trusted).await.unwrap();
    stage.engine.enable(&stage.member, id).await.unwrap();
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    stage.engine.bring_back(&stage.member, id).await.unwrap();
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    t.clock.advance(SignedDuration::from_hours(8 * 24));
    keep_house(&stage).await;
    let log = t.db.read().await.unwrap().audit().list(stage.member.organization, 20).await.unwrap();
    let actions: Vec<&str> = log.iter().rev().map(|(_, deed)| deed.action.as_str()).collect();
    let steps = [
        "installed",
        "configured",
        "disabled",
        "enabled",
        "uninstalled",
        "restored",
        "uninstalled",
        "purged",
    ];
    assert_eq!(actions, steps.map(|step| format!("app_{step}")));
}
