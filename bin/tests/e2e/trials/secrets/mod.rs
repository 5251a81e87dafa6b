//! Secrets are put in at every place where one can enter, everything goes well and then wrong, the log says all it can, and
//! nothing that was written anywhere tells one of them (ALL-08).

mod apps;
mod house;
mod looks;
mod people;
mod settings;

use std::env;
use std::process::Command;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

pub use self::house::House;
use serde_json::json;

use crate::http::until;
use crate::provider::Mood;
use crate::{Need, trial};

/// Fewer would mean that a place was forgotten.
const AT_LEAST: usize = 40;

pub fn trials() -> Vec<Trial> {
    let postgres = [Need::Postgres];
    vec![
        trial("secrets::none_of_those_planted_everywhere_is_told_anywhere", &[], || {
            let mut house = House::furnish("secrets", None)?;
            tell_everything(&mut house)?;
            let database = house.files()?;
            house.ends(database)
        }),
        trial("secrets::none_stands_in_a_dump_of_postgresql", &postgres, || {
            let server = env::var("KALENDS_TEST_POSTGRES")?;
            let name = format!("secrets_{}", std::process::id());
            let sql = |text: &str| Command::new("psql").args(["-q", &server, "-c", text]).status();
            ensure!(sql(&format!("CREATE DATABASE {name}"))?.success(), "no database");
            let mut url = url::Url::parse(&server)?;
            url.set_path(&name);
            let done = House::furnish("secrets-postgres", Some(url.as_str())).and_then(|mut house| {
                tell_everything(&mut house)?;
                let dump = Command::new("pg_dump").arg(url.as_str()).output()?;
                ensure!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
                house.ends(vec![("the dump".into(), dump.stdout)])
            });
            sql(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
            done
        }),
        trial("secrets::settings_that_are_wrong_are_refused_without_them", &[], settings::refused),
    ]
}

impl House {
    /// A server with an account of each kind, where calls have failed and notices came, and a booking they failed for.
    pub fn in_trouble() -> Result<(Self, String)> {
        let mut house = Self::furnish("troubles", None)?;
        apps::register(&mut house)?;
        apps::sign_in(&mut house)?;
        apps::type_in(&mut house)?;
        people::book(&mut house)?;
        apps::tell_us(&mut house)?;
        house.providers.values().for_each(|provider| provider.mood(Mood::Refuses(400)));
        let number =
            people::offer(&mut house, "refused", &json!([{ "type": "integration", "integration": "zoom" }]))?;
        let uid = people::booked(&mut house, number)?;
        until("failed step on the booking's page", || {
            Ok(house.browser.get(&format!("/bookings/{uid}"))?.text.contains("Try again").then_some(()))
        })?;
        Ok((house, uid))
    }
}

/// All that can happen to a secret: taken, used, refused, lost, said back.
fn tell_everything(house: &mut House) -> Result<()> {
    people::forget_and_remember(house)?;
    apps::register(house)?;
    apps::sign_in(house)?;
    apps::type_in(house)?;
    people::book(house)?;
    apps::tell_us(house)?;
    apps::whole_account(house)?;
    looks::around(house)?;
    apps::fall_out(house)?;
    looks::around(house)?;
    looks::by_command(house)?;
    ensure!(house.secrets.len() >= AT_LEAST, "only {} secrets were planted", house.secrets.len());
    Ok(())
}
