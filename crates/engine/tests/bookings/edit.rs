//! Event types, schedules, teams, pages.

use kalends_domain::{
    event_type::{Assignment, Owner, Seats},
    people::{Profile, Role},
};
use kalends_engine::{
    EditError, PageError,
    event_types::{EventTypeDraft, PrivateLinkDraft},
    people::ProfileDraft,
    schedules::ScheduleDraft,
    slots::Which,
};
use kalends_testkit::make;

use crate::house::House;

checks![
    an_event_type_is_made_changed_copied_and_deleted,
    everything_wrong_with_a_draft_is_said_at_once,
    an_address_is_used_once,
    strangers_see_and_change_nothing,
    event_types_keep_the_order_given,
    a_teams_event_type_has_hosts_of_the_team,
    pages_show_what_is_not_hidden,
    private_links_change_and_go,
    schedules_are_kept_by_their_owner,
    a_profile_changes_at_once_and_names_what_is_wrong,
];

async fn an_event_type_is_made_changed_copied_and_deleted(h: &House) {
    let member = h.member(0);
    let owner = Owner::User(member.user);
    let draft = EventTypeDraft::new(owner, "Intro Call");
    let made = h.engine.create_event_type(&member, &draft).await.unwrap();
    assert_eq!((made.slug.as_str(), made.hosts[0].user), ("intro-call", member.user));
    let mut changed = EventTypeDraft::from(&made);
    changed.title = "Long Call".into();
    changed.settings.lengths.usual = 60;
    let changed = h.engine.update_event_type(&member, made.id, &changed).await.unwrap();
    assert_eq!((changed.slug.as_str(), changed.number), ("intro-call", made.number));
    assert_eq!(h.starts(&changed, "11-24").await.len(), 8, "the page follows at once");
    let copy = h.engine.duplicate_event_type(&member, made.id).await.unwrap();
    assert_eq!((copy.slug.as_str(), copy.hidden, copy.position), ("intro-call-copy", true, 1));
    let again = h.engine.duplicate_event_type(&member, made.id).await.unwrap();
    assert_eq!(again.slug.as_str(), "intro-call-copy-2");
    h.engine.delete_event_type(&member, copy.id).await.unwrap();
    assert!(matches!(h.engine.event_type(&member, copy.id).await, Err(EditError::NotFound { .. })));
    assert_eq!(h.engine.event_types_of(&member, owner).await.unwrap().len(), 2);
}

async fn everything_wrong_with_a_draft_is_said_at_once(h: &House) {
    let member = h.member(0);
    let mut draft = EventTypeDraft::new(Owner::User(member.user), " ");
    draft.slug = "No Slug".into();
    draft.assignment = Assignment::RoundRobin;
    draft.hosts = vec![make::host(member.user), make::host(member.user)];
    draft.hosts[1].weight = 0;
    draft.settings.seats = Some(Seats { count: 0, show_left: false, show_guests: false });
    draft.settings.redirect = Some("javascript:alert(1)".into());
    let Err(EditError::Invalid(invalid)) = h.engine.create_event_type(&member, &draft).await else {
        panic!("refused")
    };
    let fields: Vec<_> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["title", "slug", "hosts[1]", "hosts[1].weight", "seats", "redirect"]);
}

async fn an_address_is_used_once(h: &House) {
    let member = h.member(0);
    let draft = EventTypeDraft::new(Owner::User(member.user), "Intro");
    h.engine.create_event_type(&member, &draft).await.unwrap();
    let Err(EditError::Invalid(invalid)) = h.engine.create_event_type(&member, &draft).await else {
        panic!("refused")
    };
    assert_eq!(invalid.problems[0].field, "slug");
    let other = EventTypeDraft::new(Owner::User(h.users[1].id), "Intro");
    h.engine.create_event_type(&h.member(1), &other).await.unwrap();
}

async fn strangers_see_and_change_nothing(h: &House) {
    let event_type = h.single(|_| {}).await;
    let stranger = h.member(1);
    let draft = EventTypeDraft::from(&event_type);
    let seen = h.engine.event_type(&stranger, event_type.id).await;
    assert!(matches!(seen, Err(EditError::NotFound { .. })));
    let changed = h.engine.update_event_type(&stranger, event_type.id, &draft).await;
    assert!(matches!(changed, Err(EditError::NotFound { .. })));
    let mine = EventTypeDraft::new(Owner::User(h.users[0].id), "Theirs");
    let made = h.engine.create_event_type(&stranger, &mine).await;
    assert!(matches!(made, Err(EditError::Forbidden { .. })));
    h.engine.update_event_type(&h.admin(), event_type.id, &draft).await.unwrap();
}

async fn event_types_keep_the_order_given(h: &House) {
    let member = h.member(0);
    let owner = Owner::User(member.user);
    let mut ids = Vec::new();
    for title in ["One", "Two", "Three"] {
        let draft = EventTypeDraft::new(owner, title);
        ids.push(h.engine.create_event_type(&member, &draft).await.unwrap().id);
    }
    h.engine.reorder_event_types(&member, owner, &[ids[2], ids[0]]).await.unwrap();
    let now: Vec<_> =
        h.engine.event_types_of(&member, owner).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(now, [ids[2], ids[0], ids[1]]);
    let other = h.single(|_| {}).await;
    h.engine.delete_event_type(&member, other.id).await.unwrap();
    assert!(h.engine.reorder_event_types(&member, owner, &[other.id]).await.is_err());
}

async fn a_teams_event_type_has_hosts_of_the_team(h: &House) {
    let (lead, member) = (h.member(0), h.member(1));
    let team = h.engine.create_team(&lead, "Sales", "").await.unwrap();
    assert_eq!(team.slug.as_str(), "sales");
    let mut draft = EventTypeDraft::new(Owner::Team(team.id), "Demo");
    draft.hosts = vec![make::host(lead.user), make::host(member.user)];
    let Err(EditError::Invalid(invalid)) = h.engine.create_event_type(&lead, &draft).await else {
        panic!("refused")
    };
    assert_eq!(invalid.problems[0].field, "hosts[1]");
    h.engine.set_team_member(&lead, team.id, member.user, Some(Role::Member)).await.unwrap();
    let made = h.engine.create_event_type(&lead, &draft).await.unwrap();
    assert!(matches!(
        h.engine.update_event_type(&member, made.id, &draft).await,
        Err(EditError::NotFound { .. })
    ));
    assert_eq!(h.engine.hosted_event_types(&member).await.unwrap().len(), 1);
    let page = h.engine.profile_page(lead.organization, &make::slug("sales")).await.unwrap();
    assert_eq!((page.owner.name(), page.event_types.len()), ("Sales", 1));
    let last = h.engine.set_team_member(&lead, team.id, lead.user, None).await;
    assert!(matches!(last, Err(EditError::InUse { .. })));
    let taken = h.engine.create_team(&lead, "Anna", "anna").await;
    assert!(matches!(taken, Err(EditError::Invalid(_))), "a person has that address");
}

async fn pages_show_what_is_not_hidden(h: &House) {
    let shown = h.single(|_| {}).await;
    let hidden = h.event_type(Assignment::Single, 1, |event_type| event_type.hidden = true).await;
    let organization = shown.organization;
    let page = h.engine.profile_page(organization, &make::slug("anna")).await.unwrap();
    let ids: Vec<_> = page.event_types.iter().map(|one| one.id).collect();
    assert_eq!(ids, [shown.id]);
    let which = Which::Page { organization, owner: make::slug("anna"), slug: hidden.slug.clone() };
    let page = h.engine.event_type_page(&which).await.unwrap();
    assert_eq!((page.hosts[0].name.as_str(), page.zone.as_str()), ("anna", "UTC"));
    let nobody = h.engine.profile_page(organization, &make::slug("nobody")).await;
    assert!(matches!(nobody, Err(PageError::NotFound)));
}

async fn private_links_change_and_go(h: &House) {
    let event_type = h.single(|_| {}).await;
    let member = h.member(0);
    let past = PrivateLinkDraft { expires_at: Some(crate::house::at("11-22 09:00")), most_uses: Some(0) };
    let Err(EditError::Invalid(invalid)) = h.engine.create_private_link(&member, event_type.id, past).await
    else {
        panic!("refused")
    };
    assert_eq!(invalid.problems.len(), 2);
    let link =
        h.engine.create_private_link(&member, event_type.id, PrivateLinkDraft::default()).await.unwrap();
    let once = PrivateLinkDraft { expires_at: None, most_uses: Some(1) };
    let changed = h.engine.update_private_link(&member, event_type.id, link.id, once).await.unwrap();
    assert_eq!((changed.uid, changed.most_uses), (link.uid, Some(1)));
    h.engine.delete_private_link(&member, event_type.id, link.id).await.unwrap();
    assert!(h.engine.private_links(&member, event_type.id).await.unwrap().is_empty());
    let gone = h.engine.delete_private_link(&member, event_type.id, link.id).await;
    assert!(matches!(gone, Err(EditError::NotFound { .. })));
}

async fn schedules_are_kept_by_their_owner(h: &House) {
    let member = h.member(0);
    let first = h.engine.schedules_of(&member, member.user).await.unwrap().remove(0);
    assert!(first.is_default);
    let refused = h.engine.delete_schedule(&member, first.id).await;
    assert!(matches!(refused, Err(EditError::InUse { .. })));
    let draft = ScheduleDraft { name: "Other".into(), hours: first.hours.clone() };
    let other = h.engine.create_schedule(&member, member.user, &draft).await.unwrap();
    assert!(!other.is_default);
    h.engine.set_default_schedule(&member, other.id).await.unwrap();
    h.engine.delete_schedule(&member, first.id).await.unwrap();
    let stranger = h.member(1);
    assert!(matches!(h.engine.schedule(&stranger, other.id).await, Err(EditError::NotFound { .. })));
    assert!(h.engine.create_schedule(&stranger, member.user, &draft).await.is_err());
    let unnamed = ScheduleDraft { name: " ".into(), hours: first.hours };
    assert!(h.engine.update_schedule(&member, other.id, &unnamed).await.is_err());
}

async fn a_profile_changes_at_once_and_names_what_is_wrong(h: &House) {
    let event_type = h.single(|_| {}).await;
    let member = h.member(0);
    let bad = ProfileDraft {
        name: Some(" ".into()),
        username: Some("A B".into()),
        profile: Some(Profile { zone: "Mars".into(), brand: Some("red".into()), ..Profile::default() }),
    };
    let Err(EditError::Invalid(invalid)) = h.engine.update_profile(&member, member.user, &bad).await else {
        panic!("refused")
    };
    let fields: Vec<_> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["name", "username", "timeZone", "brandColor"]);
    let which = Which::Id(event_type.id);
    assert_eq!(h.engine.event_type_page(&which).await.unwrap().hosts[0].name, "anna");
    let good = ProfileDraft { name: Some("Anna B.".into()), ..ProfileDraft::default() };
    h.engine.update_profile(&member, member.user, &good).await.unwrap();
    assert_eq!(h.engine.event_type_page(&which).await.unwrap().hosts[0].name, "Anna B.");
    let taken = ProfileDraft { username: Some("ben".into()), ..ProfileDraft::default() };
    assert!(matches!(
        h.engine.update_profile(&member, member.user, &taken).await,
        Err(EditError::Invalid(_))
    ));
    let stranger = h.engine.update_profile(&h.member(1), member.user, &good).await;
    assert!(matches!(stranger, Err(EditError::NotFound { .. })));
}
