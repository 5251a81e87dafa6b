//! Every guest page, drawn from samples and read as a browser and a screen reader would.

use askama::Template;
use kalends_domain::event_type::{FieldProblem, LinkRefused, Settings};
use kalends_engine::connect::Apps;

use super::{
    booking::{BookingPage, JoinPart, News, Seen},
    cancel::CancelView,
    event::{EventView, Look, host_face},
    form::{Chosen, FormView},
    gone::GoneView,
    parts::Notice,
    profile::ProfileView,
    reschedule::RescheduleView,
    samples::{self as sample, NASTY, at, face, frame, now},
    visit::Visit,
};
use crate::{extract::Typed, html};

fn chosen() -> Chosen {
    Chosen { start: at("2027-03-11T09:30:00Z"), minutes: 45, until: Some(at("2027-03-09T14:20:00Z")) }
}

fn draw(name: &str, page: &impl Template) -> scraper::Html {
    html::sound(name, &page.render().unwrap())
}

fn event(look: &Look) -> scraper::Html {
    let page = sample::page(Settings::default());
    let (face, host) = (face("Europe/Berlin"), host_face(&page, now()));
    draw("event", &EventView::of(frame(), &page, &Visit::default(), &face, &host, look))
}

fn form(settings: Settings, typed: &Typed) -> FormView {
    let page = sample::page(settings);
    let host = host_face(&page, now());
    FormView::of(frame(), &page, &Visit::of(typed), (&face("Europe/Berlin"), &host), &chosen(), typed)
}

#[test]
fn event_pages_of_every_sort_are_sound() {
    for (name, page) in sample::pages() {
        let host = host_face(&page, now());
        for (state, look) in [("", sample::look()), ("-empty", sample::empty())] {
            let view = EventView::of(frame(), &page, &Visit::default(), &face("Europe/Berlin"), &host, &look);
            let drawn = draw(&format!("event-{name}{state}"), &view);
            assert_eq!(html::texts(&drawn, "h1"), ["Project consultation"]);
        }
    }
}

#[test]
fn a_day_with_times_is_a_button_named_in_full() {
    let drawn = event(&sample::look());
    let labels = html::attributes(&drawn, "button.day", "aria-label");
    assert!(labels.contains(&"Thursday 11 March, 8 times".to_owned()), "{labels:?}");
    assert_eq!(html::attributes(&drawn, "button[aria-pressed=true]", "value"), ["2027-03-11"]);
    assert_eq!(html::texts(&drawn, ".times h3"), ["Morning", "Afternoon"]);
    assert!(
        html::texts(&drawn, ".reader .fine").iter().any(|note| note.contains("Lisbon, one hour behind you"))
    );
}

#[test]
fn an_empty_month_leads_to_the_next_free_day() {
    let drawn = event(&sample::empty());
    assert_eq!(html::texts(&drawn, ".times h2"), ["No times left in March"]);
    assert_eq!(html::attributes(&drawn, ".times button", "value"), ["2027-04-01"]);
    assert!(html::texts(&drawn, ".notice strong")[0].contains("calendar of Inês"));
}

#[test]
fn a_form_that_comes_back_keeps_every_answer_and_leads_to_each_fault() {
    let mut typed = Typed::from([
        ("name", "Marta"),
        ("email", "marta@"),
        ("guest", "a@b.c"),
        ("guest", "d"),
        ("where", "1"),
        ("phone", "+43 1"),
    ]);
    for question in sample::questions() {
        let value = if question.kind.chooses() { "drawings-exist" } else { "true" };
        typed.set(&format!("q-{}", question.slug), value);
    }
    let problem = |field: &str, fix: &str| FieldProblem { field: field.into(), fix: fix.into() };
    let problems = [
        problem("email", "Mend the address."),
        problem("radio", "Choose one."),
        problem("guests", "“d” is no address."),
    ];
    let drawn = draw("form-errors", &form(sample::full(), &typed).with_problems(&problems));
    assert!(html::texts(&drawn, "title")[0].starts_with("Error:"));
    assert_eq!(html::attributes(&drawn, "#errors a", "href"), ["#email", "#q-radio", "#guests"]);
    assert_eq!(html::attributes(&drawn, "#email", "value"), ["marta@"]);
    assert_eq!(html::attributes(&drawn, "input[name=guest]", "value"), ["a@b.c", "d"]);
    assert_eq!(html::attributes(&drawn, "[name=where]", "value"), ["1"]);
    assert_eq!(html::attributes(&drawn, "[name='q-radio'][checked]", "value"), ["drawings-exist"]);
    assert_eq!(html::attributes(&drawn, "[name='q-checkbox'][checked]", "value"), ["drawings-exist"]);
    assert_eq!(html::attributes(&drawn, "[name='q-select'] [selected]", "value"), ["drawings-exist"]);
    assert_eq!(html::texts(&drawn, "#q-textarea"), ["true"]);
}

#[test]
fn what_a_guest_types_is_never_markup() {
    let mut typed = Typed::from([
        ("name", NASTY),
        ("email", NASTY),
        ("notes", NASTY),
        ("guest", NASTY),
        ("attempt", NASTY),
    ]);
    for question in sample::questions() {
        typed.set(&format!("q-{}", question.slug), NASTY);
    }
    let problem = FieldProblem { field: "name".into(), fix: NASTY.into() };
    draw("form-notice", &form(sample::full(), &typed).with_notice(Notice::fail(NASTY)));
    let drawn = draw("form-nasty", &form(sample::full(), &typed).with_problems(&[problem]));
    assert_eq!(html::count(&drawn, "script"), 1, "only our own");
    assert_eq!(html::count(&drawn, "[onmouseover]"), 0);
    assert_eq!(html::attributes(&drawn, "#name", "value"), [NASTY]);
    assert_eq!(html::texts(&drawn, "#notes"), [NASTY]);
}

#[test]
fn bookings_in_every_state_are_sound() {
    for (name, view) in sample::bookings() {
        for news in [News::Booked, News::Moved, News::Nothing] {
            let seen = Seen { view: &view, seat: None, apps: &Apps::default(), now: now() };
            let drawn = draw(
                &format!("booking-{name}-{news:?}"),
                &BookingPage::of(frame(), &seen, &face("Europe/Berlin"), news),
            );
            assert_eq!(html::count(&drawn, "script"), 1, "only our own");
            let live = ["pending", "ready", "requested", "unpaid"].contains(&name);
            assert_eq!(html::count(&drawn, "a[href$='/cancel']"), usize::from(live), "{name}");
            assert_eq!(
                html::count(&drawn, "a[href$='.ics']"),
                usize::from(["pending", "ready"].contains(&name)),
                "{name}"
            );
            assert!(!drawn.html().contains("secret"), "a room's pass stays behind our own door");
        }
    }
}

#[test]
fn a_pending_link_is_asked_for_again_and_a_ready_one_is_not() {
    for (name, view) in sample::bookings().into_iter().take(2) {
        let seen = Seen { view: &view, seat: None, apps: &Apps::default(), now: now() };
        let part = JoinPart { join: seen.join().unwrap() }.render().unwrap();
        assert_eq!(part.contains("data-pending"), name == "pending", "{part}");
        assert_eq!(part.contains("/join/2Vx9pQeRk8sT0aBcDeFgHi"), name == "ready", "{part}");
    }
}

#[test]
fn moving_and_cancelling_say_what_happens() {
    let (_, view) = sample::bookings().remove(0);
    let seen = Seen { view: &view, seat: None, apps: &Apps::default(), now: now() };
    let berlin = face("Europe/Berlin");
    let start = at("2027-03-11T08:00:00Z");
    let drawn =
        draw("reschedule", &RescheduleView::of(frame(), &seen, &berlin, &sample::look(), Some(start)));
    assert_eq!(html::texts(&drawn, ".kv dd"), ["Thu 11 March, 10:30", "Thu 11 March, 09:00"]);
    assert_eq!(html::count(&drawn, ".was"), 1);
    draw("reschedule-empty", &RescheduleView::of(frame(), &seen, &berlin, &sample::empty(), None));
    let typed = Typed::from([("why", "need"), ("note", NASTY)]);
    let drawn = draw("cancel", &CancelView::of(frame(), &seen, &berlin, &face("Europe/Lisbon"), &typed));
    assert_eq!(html::texts(&drawn, "#note"), [NASTY]);
    assert!(html::texts(&drawn, ".lede")[0].starts_with("Inês and your guest are told"));
}

#[test]
fn a_hosts_page_and_a_used_link_are_sound() {
    let next = vec!["Next: today, 16:15".to_owned(), String::new()];
    let lisbon = face("Europe/Lisbon");
    let drawn = draw("profile", &ProfileView::of(frame(), &sample::profile(), Some(&lisbon), &lisbon, &next));
    assert_eq!(html::attributes(&drawn, ".offer a", "href"), ["/ines/consultation", "/ines/consultation"]);
    assert!(html::texts(&drawn, ".chip")[0].contains("Lisbon, now 14:05"));
    for refused in [LinkRefused::Expired, LinkRefused::UsedUp] {
        draw("gone", &GoneView::link(frame(), refused));
    }
}
