use kalends_app::{Kind, fake::Mirror, kind::calendar::Changes};
use kalends_domain::Span;
use serde_json::{Value, json};

use super::{World, draft, hour, id, of_hour, part, window};

async fn changes(world: &World, since: Option<&str>) -> Changes {
    part().changes(&world.cx, &id("main"), since, window()).await.expect("tells what changed")
}

/// Follows the calendar to where it is now.
async fn read(mirror: &mut Mirror, world: &World) {
    let since = mirror.cursor.take();
    let told = part().changes(&world.cx, &id("main"), since.as_deref(), window()).await;
    mirror.heed(match told {
        Err(error) if error.kind == Kind::CursorExpired => changes(world, None).await,
        told => told.expect("tells what changed"),
    });
}

/// A rule with occurrences at these hours.
fn series(world: &World, hours: &[i64]) -> String {
    let mut rule = hour("weekly", hours[0]);
    rule["type"] = "seriesMaster".into();
    let rule = world.server.mailbox.put_by_other("Calendar", &rule);
    for n in hours {
        let mut one = hour("weekly", *n);
        one["id"] = format!("{rule}occurrence-{n}").into();
        one["type"] = "occurrence".into();
        one["seriesMasterId"] = rule.clone().into();
        world.server.mailbox.put_by_other("Calendar", &one);
    }
    rule
}

#[tokio::test(start_paused = true)]
async fn msg_18_a_forgotten_cursor_asks_for_a_new_start() {
    let world = World::new();
    let cursor = changes(&world, None).await.cursor.expect("a cursor");
    world.server.mailbox.forget_cursors();
    let error = part().changes(&world.cx, &id("main"), Some(&cursor), window()).await.expect_err("410");
    assert_eq!(error.kind, Kind::CursorExpired);
    assert!(changes(&world, None).await.full);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn msg_18_a_410_without_a_word_is_a_lost_cursor_too() {
    let world = World::new();
    let cursor = changes(&world, None).await.cursor.expect("a cursor");
    world.server.mailbox.bench().next([kalends_app::fake::Fault::Status(410, vec![])]);
    let error = part().changes(&world.cx, &id("main"), Some(&cursor), window()).await.expect_err("410");
    assert_eq!(error.kind, Kind::CursorExpired);
}

#[tokio::test(start_paused = true)]
async fn msg_18_another_time_than_the_cursors_needs_a_new_round() {
    let world = World::new();
    let cursor = changes(&world, None).await.cursor.expect("a cursor");
    let later = Span::new(window().start, window().end + 30 * 86_400);
    let error = part().changes(&world.cx, &id("main"), Some(&cursor), later).await.expect_err("not covered");
    assert_eq!(error.kind, Kind::CursorExpired);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_leads_elsewhere_does_not_get_the_token() {
    let world = World::new();
    let seen = world.server.mailbox.bench().seen().len();
    let cursor = "0 9999999999 https://evil.example.test/v1.0/me/calendarView/delta()?$deltatoken=1";
    let error = part().changes(&world.cx, &id("main"), Some(cursor), window()).await.expect_err("refused");
    assert_eq!((error.kind, world.server.mailbox.bench().seen().len()), (Kind::CursorExpired, seen));
}

#[tokio::test(start_paused = true)]
async fn msg_18_a_booking_moved_out_of_the_view_is_not_taken_for_deleted() {
    let world = World::new();
    let ours = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let theirs = world.server.mailbox.put_by_other("Calendar", &hour("theirs", 12));
    let cursor = changes(&world, None).await.cursor;
    let far = 500 * 24;
    world.server.mailbox.change_by_other(ours.id.as_str(), &hour("Introduction", far));
    world.server.mailbox.change_by_other(&theirs, &hour("theirs", far));
    // Graph also calls removed what was never in view.
    let stranger = world.server.mailbox.put_by_other("Calendar", &hour("stranger", far));

    let told = changes(&world, cursor.as_deref()).await;
    let moved: Vec<_> = told.upserts.iter().map(|e| (e.uid.as_str(), e.span, e.busy.len())).collect();
    assert_eq!(moved, [("kalends-booking", Some(of_hour(far)), 0)]);
    let mut removed: Vec<&str> = told.removed.iter().map(kalends_app::RemoteId::as_str).collect();
    removed.sort_unstable();
    let mut expected = [theirs.as_str(), stranger.as_str()];
    expected.sort_unstable();
    assert_eq!(removed, expected);

    world.server.mailbox.remove_by_other(ours.id.as_str());
    let told = changes(&world, told.cursor.as_deref()).await;
    assert_eq!((told.upserts, told.removed), (vec![], vec![ours.id]));
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn rec_05_occurrences_come_and_go_with_their_series() {
    let world = World::new();
    let mut mirror = Mirror::default();
    read(&mut mirror, &world).await;
    let rule = series(&world, &[10, 34, 58]);
    read(&mut mirror, &world).await;
    assert_eq!(mirror.busy(), [of_hour(10), of_hour(34), of_hour(58)]);

    // One is moved: it becomes an exception.
    let mut moved = hour("weekly", 40);
    moved["type"] = "exception".into();
    world.server.mailbox.change_by_other(&format!("{rule}occurrence-34"), &moved);
    read(&mut mirror, &world).await;
    assert_eq!(mirror.busy(), [of_hour(10), of_hour(40), of_hour(58)]);

    // Only the rule is told to have changed: it is free time now.
    world.server.mailbox.change_by_other(&rule, &json!({ "showAs": "free" }));
    read(&mut mirror, &world).await;
    assert_eq!(mirror.busy(), [of_hour(40)], "the exception has a word of its own");

    world.server.mailbox.remove_by_other(&rule);
    read(&mut mirror, &world).await;
    assert_eq!(mirror.busy(), []);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn msg_19_rules_that_a_round_leaves_out_are_read_in_batches_of_twenty() {
    let world = World::new();
    let rules: Vec<String> = (0..45).map(|n| series(&world, &[n * 2])).collect();
    let cursor = changes(&world, None).await.cursor;
    for (n, rule) in (0..).zip(&rules) {
        world
            .server
            .mailbox
            .change_by_other(&format!("{rule}occurrence-{}", n * 2), &hour("weekly", n * 2 + 1));
    }
    let told = changes(&world, cursor.as_deref()).await;
    assert_eq!((told.upserts.len(), world.server.mailbox.bench().count("read_rules")), (45, 3));
    assert!(told.upserts.iter().all(|event| event.busy.len() == 1 && event.span.is_none()));
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn fb_03_a_booking_its_owner_declines_is_told() {
    let world = World::new();
    let ours = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let cursor = changes(&world, None).await.cursor;
    let declined = json!({ "responseStatus": { "response": "declined" } });
    world.server.mailbox.change_by_other(ours.id.as_str(), &declined);
    let told = changes(&world, cursor.as_deref()).await;
    assert!(told.upserts[0].declined && told.upserts[0].busy.is_empty(), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_look_at_20_000_events_and_one_call_for_one_change_after_it() {
    let world = World::new();
    for n in 0..20_000 {
        world.server.mailbox.put_by_other("Calendar", &hour("theirs", n % 700));
    }
    let all = changes(&world, None).await;
    assert_eq!(all.upserts.len(), 20_000);
    let before = world.server.mailbox.bench().seen().len();
    world.server.mailbox.put_by_other("Calendar", &hour("one more", 3));
    let one = changes(&world, all.cursor.as_deref()).await;
    assert_eq!((one.upserts.len(), world.server.mailbox.bench().seen().len() - before), (1, 1));
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_cannot_search_by_time_and_mark_together_is_asked_for_the_mark_alone() {
    let world = World::where_some(|request| {
        let both = request.url.query().is_some_and(|query| query.contains("end%2FdateTime"));
        let body = json!({ "error": { "code": "ErrorInvalidRestriction", "message": "…" } });
        both.then(|| kalends_app::fake::answer(request, 400, &[], body.to_string()))
    });
    part().create(&world.cx, &id("main"), &draft(600 * 24)).await.expect("creates");
    let all = changes(&world, None).await;
    assert_eq!(all.upserts.iter().map(|event| event.uid.as_str()).collect::<Vec<_>>(), ["kalends-booking"]);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn the_mirror_equals_the_mailbox_after_a_thousand_edits() {
    let world = World::new();
    let mut mirror = Mirror::default();
    let mut dice = fastrand::Rng::with_seed(7);
    let mut ids: Vec<String> = Vec::new();
    for edit in 0..1_000 {
        let at = dice.i64(0..900); // beyond the view, too
        let which = dice.usize(..1_000);
        match dice.u8(..10) {
            0..4 => ids.push(world.server.mailbox.put_by_other("Calendar", &hour("theirs", at))),
            4..7 if !ids.is_empty() => {
                world.server.mailbox.change_by_other(&ids[which % ids.len()], &hour("moved", at));
            }
            7 if !ids.is_empty() => {
                let shows = ["free", "busy", "tentative", "oof"][which % 4];
                let shows: Value = json!({ "showAs": shows });
                world.server.mailbox.change_by_other(&ids[which % ids.len()], &shows);
            }
            8 if !ids.is_empty() => {
                let gone = ids.swap_remove(which % ids.len());
                world.server.mailbox.remove_by_other(&gone);
            }
            9 if edit % 7 == 0 => world.server.mailbox.forget_cursors(),
            _ => {}
        }
        // Notices get lost and come twice: the mirror looks now and then.
        if dice.u8(..5) == 0 {
            read(&mut mirror, &world).await;
        }
    }
    read(&mut mirror, &world).await;
    assert_eq!(mirror.busy(), world.busy("main").await);
    world.understood();
}
