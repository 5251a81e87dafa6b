//! Guests who come too late: the time is taken, over, or the link is used.

use std::thread;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};

use crate::host::{GUEST, Host, filled, some_time};
use crate::trial;
use crate::visitor::{Page, Visitor};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("races::of_two_tabs_with_the_same_time_one_books_it", &[], two_tabs),
        trial("races::a_time_that_another_open_form_keeps_is_not_offered_twice", &[], kept),
        trial("races::a_time_that_begins_while_the_form_is_open", &[], too_late),
        trial("races::a_private_link_for_one_booking_used_twice", &[], link_twice),
    ]
}

fn two_tabs() -> Result<()> {
    let host = Host::on("two-tabs", "")?;
    host.offer()?;
    let start = some_time(&host.guest()?)?;
    let base = host.server.address()?;
    let tab = |_: u8| Visitor::new(base)?.post("/hanna/call/book", &filled(&start));
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| tab(1));
        (tab(0), other.join())
    });
    let mut pages = [one?, other.map_err(|_| anyhow::anyhow!("the other tab fell over"))??];
    pages.sort_by_key(|page| page.status);
    let [booked, back] = &pages;
    ensure!(booked.status == 303 && booked.onward.starts_with("/booking/"), "{booked:?}");
    ensure!(back.status == 409, "{back:?}");
    at_the_times(back, &start)
}

/// What a guest is shown whose time is gone: other times, a word about it, and all they typed.
fn at_the_times(page: &Page, gone: &str) -> Result<()> {
    let hidden = page.hidden();
    for (name, typed) in GUEST {
        ensure!(
            hidden.iter().any(|(known, value)| known == name && value == typed),
            "{name} is lost: {hidden:?}"
        );
    }
    ensure!(page.text.contains("id=\"errors\""), "nobody says why: {}", page.text);
    ensure!(!page.times()?.contains(&gone.parse()?), "the time is still offered");
    Ok(())
}

fn kept() -> Result<()> {
    let host = Host::on("kept", "")?;
    host.offer()?;
    let (first, second) = (host.guest()?, host.guest()?);
    let start = some_time(&first)?;
    let form = format!("/hanna/call/book?zone=UTC&start={start}");
    let onward = first.get(&form)?.onward;
    let open = first.get(&onward)?;
    ensure!(open.status == 200, "the form does not open: {open:?}");
    let back = second.get(&form)?;
    ensure!(back.status == 409 && back.text.contains("id=\"errors\""), "{back:?}");
    ensure!(!back.times()?.contains(&start.parse()?), "{start} is still offered");
    let hidden = open.hidden();
    let hidden: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ensure!(hidden.iter().any(|(name, _)| *name == "hold"), "nothing is kept: {hidden:?}");
    let booked = first.post("/hanna/call/book", &[&hidden[..], &GUEST].concat())?;
    ensure!(booked.status == 303 && booked.onward.starts_with("/booking/"), "{booked:?}");
    Ok(())
}

fn too_late() -> Result<()> {
    let host = Host::on("too-late", "")?;
    host.offer()?;
    #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
    let begun = (Timestamp::now() - SignedDuration::from_mins(1)).to_string();
    let page = host.guest()?.post("/hanna/call/book", &filled(&begun))?;
    ensure!((400..500).contains(&page.status), "{page:?}");
    at_the_times(&page, &begun)
}

fn link_twice() -> Result<()> {
    let host = Host::on("link-twice", "")?;
    let number = host.offer()?;
    let path = format!("event-types/{number}/private-links");
    let (status, said) = host.api(Method::POST, &path, "2024-06-14", &json!({ "maxUsageCount": 1 }))?;
    ensure!(status == 201, "{said}");
    let link = said["data"]["bookingUrl"].as_str().context("no address")?.to_owned();
    let guest = host.guest()?;
    let start = some_time(&guest)?;
    ensure!(guest.get(&link)?.status == 200, "{link} does not open");
    let booked = guest.post(&format!("{link}/book"), &filled(&start))?;
    ensure!(booked.status == 303, "{booked:?}");
    for page in [guest.get(&link)?, guest.post(&format!("{link}/book"), &filled(&start))?] {
        ensure!(page.status == 410 && page.words().contains("This link has been used"), "{page:?}");
    }
    let (_, all) = host.api(Method::GET, "bookings", "2024-08-13", &Value::Null)?;
    ensure!(all["data"].as_array().is_some_and(|all| all.len() == 1), "{all}");
    Ok(())
}
