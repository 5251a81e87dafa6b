//! `/v2/event-types`.

use kalends_engine::event_types::EventTypeDraft;
use serde_json::{Value, json};

use crate::server::{Api, member};

checks!(
    an_event_type_is_made_shown_changed_and_deleted,
    rules_go_out_as_they_came_in,
    what_the_api_has_no_word_for_stays_when_it_changes_the_rest,
    only_what_is_not_hidden_is_on_a_page,
    one_event_type_is_found_by_its_slug,
    nobody_changes_another_s_event_types,
    every_wrong_rule_is_named,
    two_event_types_of_one_host_have_two_slugs,
    a_list_is_in_the_order_asked_for,
    a_list_needs_a_name_or_a_key,
);

async fn an_event_type_is_made_shown_changed_and_deleted(api: &Api) {
    let ask = json!({ "title": "Coffee", "slug": "coffee", "lengthInMinutes": 20, "description": "A chat." });
    let made = api.host().post("/v2/event-types", ask).await.made();
    assert_eq!((&made["title"], &made["slug"]), (&json!("Coffee"), &json!("coffee")));
    assert_eq!(made["lengthInMinutes"], 20);
    assert_eq!(made["ownerId"], api.host.number);
    assert_eq!(made["bookingUrl"], "https://book.example/ines/coffee");
    let path = format!("/v2/event-types/{}", made["id"]);
    assert_eq!(api.host().get(&path).await.ok(), made);

    let changed = api.host().patch(&path, json!({ "title": "Tea", "minimumBookingNotice": 90 })).await.ok();
    assert_eq!((&changed["title"], &changed["slug"]), (&json!("Tea"), &json!("coffee")));
    assert_eq!(changed["minimumBookingNotice"], 90);
    assert_eq!(changed["description"], "A chat.", "what is left out stays");

    let deleted = api.host().delete(&path).await.ok();
    assert_eq!(deleted, json!({ "id": made["id"], "lengthInMinutes": 20, "title": "Tea", "slug": "coffee" }));
    api.host().get(&path).await.refused(404, "event_type_not_found");
    api.host().delete(&path).await.refused(404, "event_type_not_found");
}

async fn rules_go_out_as_they_came_in(api: &Api) {
    let rules = json!({
        "lengthInMinutesOptions": [15, 30],
        "locations": [
            { "type": "address", "address": "Rua Augusta 1", "public": true },
            { "type": "link", "link": "https://meet.example/room", "public": false },
            { "type": "phone", "phone": "+351211234567", "public": false },
            { "type": "attendeeAddress" },
            { "type": "attendeePhone" },
        ],
        "slotInterval": 15,
        "minimumBookingNotice": 60,
        "beforeEventBuffer": 5,
        "afterEventBuffer": 10,
        "bookingLimitsCount": { "day": 2, "week": 5 },
        "bookingLimitsDuration": { "month": 600 },
        "bookingWindow": { "type": "businessDays", "value": 20, "rolling": true },
        "confirmationPolicy": { "type": "always", "blockUnconfirmedBookingsInBooker": true },
        "onlyShowFirstAvailableSlot": true,
        "offsetStart": 5,
        "customName": "{Event type title} with {Organiser}",
        "successRedirectUrl": "https://example.com/thanks",
        "disableGuests": true,
        "disableCancelling": { "disabled": true },
        "disableRescheduling": { "disabled": false, "minutesBefore": 60 },
    });
    let mut ask = json!({ "title": "All", "slug": "all", "lengthInMinutes": 30 });
    ask.as_object_mut().expect("parts").extend(rules.as_object().expect("parts").clone());
    let made = api.host().post("/v2/event-types", ask).await.made();
    for (field, value) in rules.as_object().expect("parts") {
        assert_eq!(&made[field], value, "{field}");
    }
    let series = json!({ "recurrence": { "interval": 1, "occurrences": 4, "frequency": "weekly" } });
    let made = api.host().patch(&format!("/v2/event-types/{}", made["id"]), series.clone()).await.ok();
    assert_eq!(made["recurrence"], series["recurrence"]);
}

/// GCAL-26: an event's alerts are set in the editor.
async fn what_the_api_has_no_word_for_stays_when_it_changes_the_rest(api: &Api) {
    let number = api.event_type(json!({})).await;
    let engine = &api.house.engine;
    let owner = member(&api.host);
    let of = || async { engine.event_type_numbered(&owner, number).await.expect("is there") };
    let before = of().await;
    let mut draft = EventTypeDraft::from(&before);
    draft.settings.reminders = Some(vec![60, 10]);
    engine.update_event_type(&owner, before.id, &draft).await.expect("saved");
    api.host().patch(&format!("/v2/event-types/{number}"), json!({ "title": "Another" })).await.ok();
    let after = of().await;
    assert_eq!((after.title.as_str(), after.settings.reminders), ("Another", Some(vec![60, 10])));
}

async fn only_what_is_not_hidden_is_on_a_page(api: &Api) {
    api.event_type(json!({ "slug": "open" })).await;
    api.event_type(json!({ "slug": "hidden", "hidden": true })).await;
    let slugs = |list: Value| -> Vec<String> {
        let list = list.as_array().cloned().expect("a list");
        list.iter().filter_map(|one| one["slug"].as_str().map(str::to_owned)).collect()
    };
    let shown = slugs(api.guest().get("/v2/event-types?username=ines").await.ok());
    assert!(shown.contains(&"open".to_owned()) && !shown.contains(&"hidden".to_owned()), "{shown:?}");
    let own = slugs(api.host().get("/v2/event-types").await.ok());
    assert!(own.contains(&"open".to_owned()) && own.contains(&"hidden".to_owned()), "{own:?}");
}

async fn one_event_type_is_found_by_its_slug(api: &Api) {
    let number = api.event_type(json!({ "slug": "open" })).await;
    api.event_type(json!({ "slug": "other" })).await;
    let found = api.guest().get("/v2/event-types?username=ines&eventSlug=open").await.ok();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["id"], number);
    let none = api.guest().get("/v2/event-types?username=ines&eventSlug=nothing").await.ok();
    assert_eq!(none, json!([]));
    api.guest().get("/v2/event-types?username=nobody").await.refused(404, "page_not_found");
}

async fn nobody_changes_another_s_event_types(api: &Api) {
    let number = api.event_type(json!({})).await;
    let (_, bea) = api.colleague("bea").await;
    let bea = api.with_key(&bea);
    let path = format!("/v2/event-types/{number}");
    assert!([403, 404].contains(&bea.get(&path).await.status));
    assert!([403, 404].contains(&bea.patch(&path, json!({ "title": "Mine" })).await.status));
    assert!([403, 404].contains(&bea.delete(&path).await.status));
    assert_eq!(api.host().get(&path).await.ok()["title"], "Half an hour");
    api.host().get("/v2/event-types/not-a-number").await.refused(404, "event_type_not_found");
}

async fn every_wrong_rule_is_named(api: &Api) {
    let wrong = json!({
        "title": "Odd",
        "slug": "odd",
        "lengthInMinutes": 0,
        "locations": [{ "type": "address" }],
        "bookingFields": [{ "type": "mood", "slug": "mood", "label": "Mood" }],
        "bookingWindow": { "type": "range", "value": 3 },
        "requiresBookerEmailVerification": true,
    });
    let fields = api.host().post("/v2/event-types", wrong).await.wrong(400);
    let expected = [
        "locations[0].address",
        "bookingFields[0].type",
        "bookingWindow.value",
        "requiresBookerEmailVerification",
        "lengthInMinutes",
    ];
    assert_eq!(fields, expected);
    let typed = json!({ "title": "Odd", "slug": "odd", "lengthInMinutes": "half", "locations": "here" });
    assert_eq!(api.host().post("/v2/event-types", typed).await.wrong(400), ["lengthInMinutes"]);
    let typed = json!({ "title": "Odd", "slug": "odd", "locations": [{ "type": "phone", "public": "yes" }] });
    assert_eq!(api.host().post("/v2/event-types", typed).await.wrong(400), ["locations[0].public"]);
    let of = |part: Value| {
        let mut ask = json!({ "title": "Odd", "slug": "odd", "lengthInMinutes": 30 });
        ask.as_object_mut().expect("parts").extend(part.as_object().expect("a part").clone());
        async move { api.host().post("/v2/event-types", ask).await }
    };
    let after = of(json!({ "beforeEventBuffer": 5, "afterEventBuffer": 1441 })).await;
    assert_eq!(after.wrong(400), ["afterEventBuffer"]);
    let minutes = of(json!({ "bookingLimitsDuration": { "day": 0 } })).await;
    assert_eq!(minutes.wrong(400), ["bookingLimitsDuration"]);
    let colour = of(json!({ "color": { "lightThemeHex": "red", "darkThemeHex": "red" } })).await;
    assert_eq!(colour.wrong(422), ["color.lightThemeHex"]);
    let redirect = of(json!({ "successRedirectUrl": "javascript:alert(1)" })).await;
    assert_eq!(redirect.wrong(422), ["successRedirectUrl"]);
    let room = of(json!({ "locations": [{ "type": "integration", "integration": "carrier-pigeon" }] })).await;
    assert_eq!(room.wrong(400), ["locations[0].integration"]);
    let foreign = json!({ "title": "Odd", "slug": "odd", "lengthInMinutes": 30, "scheduleId": 4711 });
    assert_eq!(api.host().post("/v2/event-types", foreign).await.wrong(400), ["scheduleId"]);
    assert_eq!(api.host().post("/v2/event-types", json!({ "slug": "x" })).await.wrong(422), ["title"]);
}

async fn two_event_types_of_one_host_have_two_slugs(api: &Api) {
    api.event_type(json!({})).await;
    let again = json!({ "title": "Again", "slug": "half-an-hour", "lengthInMinutes": 30 });
    assert_eq!(api.host().post("/v2/event-types", again).await.wrong(422), ["slug"]);
}

async fn a_list_is_in_the_order_asked_for(api: &Api) {
    for slug in ["earlier", "later"] {
        let ask = json!({ "title": slug, "slug": slug, "lengthInMinutes": 20 });
        api.host().post("/v2/event-types", ask).await.made();
    }
    let two = |all: &Value| -> Vec<String> {
        let slugs = all.as_array().into_iter().flatten().filter_map(|one| one["slug"].as_str());
        slugs.filter(|slug| ["earlier", "later"].contains(slug)).map(str::to_owned).collect()
    };
    let up = api.host().get("/v2/event-types?sortCreatedAt=asc").await.ok();
    assert_eq!(two(&up), ["earlier", "later"]);
    let down = api.host().get("/v2/event-types?sortCreatedAt=desc").await.ok();
    assert_eq!(two(&down), ["later", "earlier"]);
    for (query, field) in [("sortCreatedAt=up", "sortCreatedAt"), ("usernames=ines,bea", "usernames")] {
        let refused = api.host().get(&format!("/v2/event-types?{query}")).await;
        assert_eq!(refused.wrong(400), [field]);
    }
    let groups = api.host().get("/v2/slots?usernames=ines,bea&start=2030-09-05&end=2030-09-06").await;
    assert!(groups.wrong(400).contains(&"usernames".to_owned()), "never somebody else's times instead");
}

async fn a_list_needs_a_name_or_a_key(api: &Api) {
    assert_eq!(api.guest().get("/v2/event-types").await.wrong(400), ["username"]);
}
