//! Forms that name what is not offered, or not any more: said, never passed over, and nothing typed is lost.

use http::StatusCode;
use kalends_domain::event_type::{Frequency, Lengths, Location, Recurrence, Settings};

use crate::{
    browser::Seen,
    guest::{ANSWERS, TEN, open_form},
    house::Server,
};

async fn server() -> Server {
    let server = Server::start().await;
    let address = |text: &str| Location::InPerson { address: text.into(), public: true };
    let settings = Settings {
        lengths: Lengths { usual: 30, choices: vec![30, 60] },
        locations: vec![address("Rua da Boavista 84"), address("Rua do Ouro 7")],
        recurrence: Some(Recurrence { every: Frequency::Weekly, interval: 1, most: 3 }),
        ..Settings::default()
    };
    server.offer("consultation", settings).await;
    server
}

async fn sent(server: &Server, stray: (&str, &str)) -> Seen {
    let mut guest = server.guest();
    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    let mut answers = ANSWERS.to_vec();
    answers.extend([stray, ("notes", "Kept")]);
    guest.submit(&form, &answers).await
}

#[tokio::test]
async fn what_is_not_offered_is_said_and_all_that_was_typed_stays() {
    for (stray, said) in [
        (("duration", "45"), "The length you chose"),
        (("duration", "long"), "The length you chose"),
        (("where", "9"), "The place you chose"),
        (("where", "-1"), "The place you chose"),
        (("times", "many"), "no number of times"),
    ] {
        // Each form keeps its time, so each has a server of its own.
        let back = sent(&server().await, stray).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{stray:?}");
        assert!(back.text.contains(said) && back.text.contains("Nothing is booked yet"), "{}", back.text);
        assert_eq!(back.values("#name", "value"), ["Marta Hollweg"]);
        assert_eq!(back.texts("#notes"), ["Kept"]);
        let chosen = back.values(&format!("input[name={}][type=hidden]", stray.0), "value");
        assert_eq!(chosen, Vec::<String>::new(), "{stray:?}");
    }
}

#[tokio::test]
async fn the_form_that_comes_back_is_taken_as_it_stands_now() {
    let server = server().await;
    let back = sent(&server, ("duration", "45")).await;
    let done = server.guest().submit(&back, &ANSWERS).await;
    assert!(done.to().starts_with("/booking/"), "{}", done.text);
}
