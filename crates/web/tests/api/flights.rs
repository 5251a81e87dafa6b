//! The flight recorder over the API: pages by cursor, what cannot be read, whose it is, and replays that say why not.

use kalends_domain::Id;
use kalends_store::repo::{Delivery, Flight, Step};
use serde_json::{Value, json};

use crate::server::{Api, text};

checks![
    a_bookings_calls_are_told_page_by_page,
    a_call_that_went_well_or_has_no_step_is_not_replayed,
    a_failed_step_is_replayed,
    what_is_not_there_or_not_theirs_is_not_found,
    what_cannot_be_read_is_named,
    connections_are_listed,
];

/// A booking for which calls were made: the oldest first, ended like this, as a step or not.
async fn called(api: &Api, ends: &[(&str, bool)]) -> (String, Vec<Value>) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, "2026-11-25T10:00:00Z").await;
    let uid = text(&booked["uid"]);
    let (named, now) = (uid.clone(), api.house.engine.now());
    let ends: Vec<(String, bool)> = ends.iter().map(|(end, step)| ((*end).to_owned(), *step)).collect();
    let stored = api.house.test.db.write(move |tx| {
        let (named, ends) = (named.clone(), ends.clone());
        Box::pin(async move {
            let uid = kalends_domain::Uid::parse(&named).ok_or(kalends_store::Error::Missing("uid"))?;
            let booking =
                tx.bookings().by_uid(&uid).await?.ok_or(kalends_store::Error::Missing("booking"))?;
            let delivery: Option<Id<Delivery>> = tx
                .deliveries()
                .add(&kalends_store::repo::NewDelivery {
                    organization: booking.organization,
                    booking: Some(booking.id),
                    message: "confirmed".into(),
                    revision: 9,
                    channel: "mail".into(),
                    recipient: "gus@example.com".into(),
                    part: String::new(),
                    detail: json!({}),
                })
                .await?;
            let flights: Vec<Flight> = ends
                .iter()
                .zip(1_i64..)
                .map(|((end, step), second)| Flight {
                    organization: booking.organization,
                    at: now + jiff::SignedDuration::from_secs(second),
                    app: "smtp".into(),
                    operation: "send".into(),
                    connection: None,
                    booking: Some(booking.id),
                    notice: None,
                    step: delivery.filter(|_| *step).map(Step::Delivery),
                    run: Some((1, 16)),
                    method: "SMTP".into(),
                    url: "mail.example.com".into(),
                    status: None,
                    millis: 12,
                    attempt: 1,
                    attempts: 1,
                    not_before: None,
                    outcome: end.clone(),
                    detail: String::new(),
                })
                .collect();
            tx.flights().add(&flights).await
        })
    });
    let stored: kalends_store::Result<()> = stored.await;
    stored.expect("stored");
    let calls = api.host().get(&format!("/v2/bookings/{uid}/flights")).await.ok();
    (uid, calls.as_array().expect("a list").clone())
}

async fn a_bookings_calls_are_told_page_by_page(api: &Api) {
    let (uid, whole) = called(api, &[("provider_down", true), ("provider_down", true), ("ok", true)]).await;
    assert_eq!((whole.len(), text(&whole[0]["outcome"])), (3, "ok".to_owned()), "newest first");
    let first = &whole[2];
    assert_eq!(
        (&first["bookingUid"], &first["host"], &first["method"], &first["durationMs"]),
        (&json!(uid), &json!("mail.example.com"), &json!("SMTP"), &json!(12))
    );
    assert_eq!((&first["attempt"], &first["run"], &first["runs"]), (&json!(1), &json!(1), &json!(16)));
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.host().get(&format!("/v2/bookings/{uid}/flights?take=2&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        paged.extend(page.body["data"].as_array().expect("a list").iter().cloned());
        let pagination = &page.body["pagination"];
        assert_eq!(pagination["itemsPerPage"], 2);
        assert_eq!(pagination["hasNextPage"].as_bool(), Some(!pagination["nextCursor"].is_null()));
        match pagination["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(paged, whole);
}

async fn a_call_that_went_well_or_has_no_step_is_not_replayed(api: &Api) {
    let (uid, calls) = called(api, &[("provider_down", false), ("ok", true)]).await;
    for call in calls {
        assert_eq!(call["replay"]["possible"], false);
        let path = format!("/v2/bookings/{uid}/flights/{}/replay", text(&call["id"]));
        let error = api.host().post(&path, json!({})).await.refused(409, "not_replayable");
        assert!(!text(&error["detail"]).is_empty());
    }
}

async fn a_failed_step_is_replayed(api: &Api) {
    let (uid, calls) = called(api, &[("provider_down", true)]).await;
    assert_eq!(calls[0]["replay"], json!({ "possible": true }));
    let path = format!("/v2/bookings/{uid}/flights/{}/replay", text(&calls[0]["id"]));
    let said = api.host().post(&path, json!({})).await;
    assert_eq!((said.status, said.body), (200, json!({ "status": "success" })));
    let mut tx = api.house.test.db.read().await.expect("a look");
    assert!(tx.jobs().next_at().await.expect("jobs").is_some_and(|at| at <= api.house.engine.now()));
}

async fn what_is_not_there_or_not_theirs_is_not_found(api: &Api) {
    let (uid, calls) = called(api, &[("provider_down", true)]).await;
    let path = format!("/v2/bookings/{uid}/flights");
    let replay = format!("{path}/{}/replay", text(&calls[0]["id"]));
    api.guest().get(&path).await.refused(401, "bad_api_key");
    let (_, key) = api.colleague("jonas").await;
    api.with_key(&key).get(&path).await.refused(404, "booking_not_found");
    api.with_key(&key).post(&replay, json!({})).await.refused(404, "booking_not_found");
    api.host().get("/v2/bookings/nobodys/flights").await.refused(404, "booking_not_found");
    for flight in ["x", "00000000-0000-7000-8000-000000000007"] {
        let path = format!("{path}/{flight}/replay");
        api.host().post(&path, json!({})).await.refused(404, "flight_not_found");
    }
    for id in ["x", "00000000-0000-7000-8000-000000000007"] {
        for part in ["flights", "notices", "notices/x/flights"] {
            let path = format!("/v2/connections/{id}/{part}");
            api.host().get(&path).await.refused(404, "connection_not_found");
        }
    }
}

async fn what_cannot_be_read_is_named(api: &Api) {
    let (uid, _) = called(api, &[]).await;
    let ask = async |query: &str| api.host().get(&format!("/v2/bookings/{uid}/flights?{query}")).await;
    for (query, field) in
        [("take=0", "take"), ("take=251", "take"), ("take=x", "take"), ("cursor=x", "cursor")]
    {
        assert_eq!(ask(query).await.wrong(400), [field], "{query}");
    }
}

async fn connections_are_listed(api: &Api) {
    assert_eq!(api.host().get("/v2/connections").await.ok(), json!([]));
    api.guest().get("/v2/connections").await.refused(401, "bad_api_key");
}
