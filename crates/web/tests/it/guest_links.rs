//! Places whose link the guest gives: offered by the host, checked by the app's pattern, shown everywhere.

use kalends_app::App;
use kalends_domain::event_type::{BookedLocation, Location, Settings};

use crate::{
    browser::{Browser, Seen},
    guest::{ANSWERS, open_form},
    house::Server,
};

const TEN: &str = "2026-11-25T10:00:00+00:00";

macro_rules! app {
    ($name:ident, $slug:literal, $title:literal, $asks:literal) => {
        static $name: App = App::of_data(
            $slug,
            concat!(
                "slug = \"",
                $slug,
                "\"\nname = \"",
                $title,
                r#""
tagline = "Birds."
description = "Give a link."
kinds = ["location"]
categories = ["chat"]
publisher = "Kalends"
may = ["Put links into bookings"]

[location]
label = "Your loft"
hint = "It stands on the ring."
asks = "#,
                $asks,
                "\nplaceholder = \"https://",
                $slug,
                ".example/ines\"\nlinks = [\"https://",
                $slug,
                ".example/{loft}\"]\n"
            ),
            "<svg/>",
        );
    };
}

app!(PIGEON, "pigeon", "Pigeon Post", "\"guest\"");
app!(RAVEN, "raven", "Raven", "[\"host\", \"guest\"]");

async fn server() -> Server {
    let server = Server::start_with_apps(&[&PIGEON, &RAVEN]).await;
    for app in ["pigeon", "raven"] {
        server.house.engine.connect(&server.member(), app, &[].into()).await.unwrap();
    }
    server
}

fn link(app: &str) -> Location {
    Location::GuestLink { app: app.into() }
}

/// A guest's answers, with these besides.
fn filled<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    ANSWERS.into_iter().chain(more.iter().copied()).collect()
}

async fn form(guest: &mut Browser) -> Seen {
    open_form(guest, "/ines/call", TEN).await
}

#[tokio::test]
async fn a_host_offers_it_with_a_box_and_no_link() {
    let server = server().await;
    let made = server.offer("call", Settings::default()).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/locations", made.number);
    let page = host.get(&path).await;
    assert!(page.values("[name=room-pigeon]", "name").is_empty(), "hosts have no link there");
    assert_eq!(page.values("[name=room-raven]", "name"), ["room-raven"]);
    let ticked = [("guest-link-pigeon", "1"), ("guest-link-raven", "2")];
    host.submit_to(&page, &path, &ticked).await.to();
    let stored = server.house.engine.event_type(&server.member(), made.id).await.unwrap().settings.locations;
    assert_eq!(stored, [link("pigeon"), link("raven")]);
    let page = host.get(&path).await;
    assert_eq!(page.values("[name=guest-link-pigeon][checked]", "value"), ["1"]);
}

#[tokio::test]
async fn a_guest_gives_a_link_that_fits_or_hears_how_it_looks() {
    let server = server().await;
    server.offer("call", Settings { locations: vec![link("pigeon")], ..Settings::default() }).await;
    let mut guest = server.guest();
    let event = guest.get("/ines/call").await;
    assert!(event.text.contains("Pigeon Post"), "by its own name");
    let page = form(&mut guest).await;
    assert_eq!(page.texts("label[for=link]"), ["Your loft"]);
    assert!(page.texts("#link-hint")[0].contains("https://pigeon.example/ines"));
    for wrong in ["", "gus", "https://evil.example/gus", "javascript:alert(1)", "http://pigeon.example/gus"] {
        let refused = guest.submit(&page, &filled(&[("link", wrong)])).await;
        assert_eq!(refused.status, 422, "{wrong}");
        let said = refused.texts("#link-err");
        assert!(said[0].contains("https://pigeon.example/ines"), "{wrong}: {said:?}");
        assert_eq!(refused.values("#link", "value"), [wrong], "what was typed is kept");
    }
    let done = guest.submit(&page, &filled(&[("link", "pigeon.example/gus")])).await;
    let booking = guest.follow(&done).await;
    let facts = booking.texts("dd").join(" ");
    assert!(facts.contains("Pigeon Post: https://pigeon.example/gus"), "{facts}");
    let path = done.to();
    let path = path.split('?').next().unwrap();
    let file = guest.get(&format!("{path}/calendar.ics")).await.text.replace("\r\n ", "");
    assert!(file.contains("LOCATION:https://pigeon.example/gus"), "{file}");
    assert!(file.contains("Pigeon Post: https://pigeon.example/gus"), "{file}");
}

#[tokio::test]
async fn one_field_serves_whichever_of_several_places_is_chosen() {
    let server = server().await;
    let locations = vec![Location::GuestPhone, link("pigeon"), link("raven")];
    server.offer("call", Settings { locations, ..Settings::default() }).await;
    let mut guest = server.guest();
    let page = form(&mut guest).await;
    assert_eq!(page.values("[data-asks=link]", "value"), ["1", "2"]);
    assert_eq!(page.values(".only-link input", "name"), ["link"]);
    let hint = page.texts("#link-hint").remove(0);
    assert!(
        hint.contains("Pigeon Post: https://pigeon.example/ines") && hint.contains("Raven: https://raven"),
        "{hint}"
    );
    let other = [("where", "2"), ("link", "https://pigeon.example/gus")];
    let refused = guest.submit(&page, &filled(&other)).await;
    assert!(refused.texts("#link-err")[0].contains("raven.example"), "checked by the one that was chosen");
    let done = guest.submit(&page, &filled(&[("where", "2"), ("link", "https://raven.example/gus")])).await;
    let to = done.to();
    let uid = kalends_domain::Uid::parse(to.split(['/', '?']).nth(2).unwrap()).unwrap();
    let view = server.house.engine.booking(&uid).await.unwrap();
    let url = "https://raven.example/gus".to_owned();
    assert_eq!(view.booking.location, BookedLocation::Link { url, app: Some("raven".into()) });
}
