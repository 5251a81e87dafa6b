//! Notices of a whole account, connected server to server with an app of its own at Zoom: its own address, its own token.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use kalends_app::hook::signature;
use kalends_domain::Id;
use kalends_store::{repo::Installation, sql};
use serde_json::json;

use super::World;

const OWN: &str = "the secret token of the account's own app";

impl World {
    /// A server with a whole account, whose own app at Zoom signs with another token than the registration's.
    async fn of_account(token: &str) -> Self {
        let mut world = Self::before().await;
        // Hosts of a whole account are known there by their email (ZOOM-01).
        let renamed = world.server.house.test.db.write(|tx| {
            let query = sql("UPDATE users SET email = $1").bind("host@example.com");
            Box::pin(async move { tx.run(query).await.map(drop) })
        });
        renamed.await.map_err(|error: kalends_store::Error| error).unwrap();
        let id = world.account(token).await;
        world.path = world.own_path(id).await;
        world
    }

    /// Connects the whole account of the organization, for everybody.
    async fn account(&self, token: &str) -> Id<Installation> {
        let client = self.zoom.oauth().unwrap().client();
        let secret = client.proof.as_ref().map(|proof| proof.hidden().expose().to_owned()).unwrap();
        let form = [
            ("grant", "account_credentials"),
            ("account_id", "abc"),
            ("client_id", &client.id),
            ("client_secret", &secret),
            ("webhook_secret", token),
            ("member", "host@example.com"),
        ];
        let form = form.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let there = self.engine().connections(&self.server.member()).await.unwrap();
        let there = there.iter().find(|one| one.settings["grant"] == "account_credentials");
        let member = self.server.member();
        match there {
            None => self.engine().connect(&member, "zoom", &form).await.unwrap(),
            Some(there) => {
                self.engine().reconnect(&member, there.id, &form).await.unwrap();
                there.id
            }
        }
    }

    async fn own_path(&self, id: Id<Installation>) -> String {
        let view = self.engine().connection(&self.server.member(), id).await.unwrap();
        view.notices.unwrap().strip_prefix("https://book.example").unwrap().to_owned()
    }
}

#[tokio::test]
async fn zoom_11_zoom_12_an_account_of_its_own_is_told_at_its_own_address_with_its_own_token() {
    let world = World::of_account(OWN).await;
    let payload = json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw" });
    let asked = world.signed_at(world.now(), "endpoint.url_validation", &payload, OWN);
    let (status, answer) = world.post(&asked).await;
    assert_eq!(status, StatusCode::OK);
    let encrypted = signature::hmac_hex(OWN.as_bytes(), &[b"qgg8vlvZRS6UYooatFL8Aw"]);
    assert!(answer.contains(&encrypted), "{answer}");
    // The registration's token is not believed here, nor this one there.
    let foreign = world.notice("endpoint.url_validation", &payload);
    assert_eq!(world.post(&foreign).await.0, StatusCode::UNAUTHORIZED);
    let view = world.engine().registration_of(&world.server.member(), "zoom").await.unwrap();
    let shared = view.notices.unwrap().strip_prefix("https://book.example").unwrap().to_owned();
    assert_ne!(shared, world.path);
    let elsewhere = World { path: shared, ..world };
    assert_eq!(elsewhere.post(&asked).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere.heard().await, 0);
}

#[tokio::test]
async fn zoom_13_zoom_14_a_meeting_of_a_whole_account_deleted_there_is_made_anew_once() {
    let world = World::of_account(OWN).await;
    let booking = world.book(24).await;
    let (id, _) = world.meeting().await;
    let path = format!("/meetings/{id}?schedule_for_reminder=false&cancel_meeting_reminder=false");
    world.there(Method::DELETE, &path, None).await;
    world.server.house.test.clock.advance(SignedDuration::from_secs(1));
    let object = json!({ "id": id.parse::<u64>().unwrap(), "uuid": "/x==" });
    let payload = json!({ "account_id": "A", "object": object });
    let told = world.signed_at(world.now(), "meeting.deleted", &payload, OWN);
    for _ in 0..2 {
        assert_eq!(world.post(&told).await.0, StatusCode::ACCEPTED);
        world.settle().await;
    }
    let (anew, meeting) = world.meeting().await;
    assert_ne!(anew, id);
    assert_eq!(world.stored(&booking).await.location.url(), meeting["join_url"].as_str());
    assert_eq!(world.heard().await, 1);
}

#[tokio::test]
async fn inb_07_a_new_token_of_an_account_is_believed_beside_the_old_one_until_that_is_dropped() {
    let world = World::of_account(OWN).await;
    let id = world.account("another token").await;
    let payload = json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw" });
    let asked = |token: &str| world.signed_at(world.now(), "endpoint.url_validation", &payload, token);
    assert_eq!(world.post(&asked("another token")).await.0, StatusCode::OK);
    assert_eq!(world.post(&asked(OWN)).await.0, StatusCode::OK);
    let member = world.server.member();
    assert!(world.engine().connection(&member, id).await.unwrap().has_old_secret);
    world.engine().drop_old_hook_secret(&member, id).await.unwrap();
    assert_eq!(world.post(&asked(OWN)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.post(&asked("another token")).await.0, StatusCode::OK);
    let page = world.server.host().get("/apps/installed").await;
    assert!(page.text.contains(&world.path) && page.text.contains("Address for notices"));
    assert!(!page.text.contains("another token") && !page.text.contains("Drop the old secret"));
}

/// OAU-16: nobody granted anything, so nothing is given back, and the page says so.
#[tokio::test]
async fn a_whole_account_is_told_where_its_key_is_taken_back_and_zoom_is_not_asked_to() {
    let world = World::of_account(OWN).await;
    let mut host = world.server.host();
    let id = world.engine().connections(&world.server.member()).await.unwrap()[0].id;
    let page = host.get(&format!("/apps/installed/{id}/remove")).await;
    assert!(!page.text.contains("access is given back"), "{}", page.text);
    assert!(page.text.contains("Client secret: this server forgets it"), "{}", page.text);
    let links = page.values("main a[rel=noreferrer]", "href");
    assert_eq!(links, ["https://marketplace.zoom.us/user/build"]);
    let path = format!("/apps/installed/{id}/remove");
    let done = host.submit_to(&page, &path, &[("do", "good")]).await;
    let after = host.get(&done.to()).await;
    assert!(after.text.contains("goes on working there until you take it back"), "{}", after.text);
    let asked = world.zoom.bench().seen();
    assert!(asked.iter().all(|request| request.url.path() != "/oauth/revoke"), "nothing was granted");
}

#[tokio::test]
async fn whoever_signed_in_is_told_that_access_is_given_back() {
    let world = World::new().await;
    let mut host = world.server.host();
    let id = world.engine().connections(&world.server.member()).await.unwrap()[0].id;
    let page = host.get(&format!("/apps/installed/{id}/remove")).await;
    assert!(page.text.contains("access is given back at Zoom"), "{}", page.text);
    assert!(!page.text.contains("this server forgets it"), "{}", page.text);
    host.submit_to(&page, &format!("/apps/installed/{id}/remove"), &[("do", "good")]).await;
    let asked = world.zoom.bench().seen();
    assert_eq!(asked.iter().filter(|request| request.url.path() == "/oauth/revoke").count(), 1);
}
