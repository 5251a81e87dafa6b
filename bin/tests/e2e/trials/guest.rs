//! A guest's whole journey: book, move, call off, in every way a guest may come.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::browser::play;
use crate::server::Server;
use crate::{Need, trial};

const NEEDS: &[Need] = &[Need::Browser];
/// The promise for the page with the times: everything it loads.
const HEAVIEST: u64 = 100 * 1024;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("guest::books_moves_and_cancels_at_a_desk", NEEDS, || journey("desk", &json!({}))),
        trial("guest::books_moves_and_cancels_in_the_dark", NEEDS, || {
            journey("dark", &json!({ "scheme": "dark" }))
        }),
        trial("guest::books_moves_and_cancels_without_javascript", NEEDS, || {
            journey("no-script", &json!({ "js": false }))
        }),
        trial("guest::books_moves_and_cancels_by_keyboard_alone", NEEDS, || {
            journey("keyboard", &json!({ "keyboard": true }))
        }),
        trial("guest::books_moves_and_cancels_on_a_phone_of_320_pixels", NEEDS, || {
            journey("phone", &json!({ "width": 320, "height": 640, "touch": true }))
        }),
    ]
}

fn journey(name: &str, kind: &Value) -> Result<()> {
    let server = Server::demo(name)?;
    let mut with = json!({ "name": name, "path": "/ines/consultation" });
    if let (Some(with), Some(kind)) = (with.as_object_mut(), kind.as_object()) {
        with.extend(kind.clone());
    }
    let found = play("journey", server.address()?, &with)?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    ensure!(found["weight"].as_u64().is_some_and(|bytes| bytes <= HEAVIEST), "too heavy: {found:#}");
    ensure!(found["start"] != found["moved"], "nothing moved: {found:#}");
    Ok(())
}
