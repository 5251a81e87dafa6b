//! Event types: made, changed tab by tab, moved, hidden, deleted.

use http::StatusCode;
use kalends_domain::event_type::{
    BookingWindow, Choice, Confirmation, Location, Question, QuestionKind, Settings,
};

use super::{NASTY, after, is_harmless, notice, open};
use crate::{
    browser::{Browser, Seen},
    house::{Server, plain},
};

/// A tab, what is typed there, the field that will not do.
type Wrong = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// The event type's tab.
async fn tab(host: &mut Browser, number: i64, tab: &str) -> Seen {
    open(host, &format!("/event-types/{number}/{tab}")).await
}

#[tokio::test]
async fn an_event_type_is_made_with_a_name_and_a_length() {
    let server = Server::start().await;
    let mut host = server.host();
    let list = open(&mut host, "/event-types").await;
    let made = host.submit_to(&list, "/event-types", &[("title", NASTY), ("length", "25")]).await;
    let page = after(&mut host, &made).await;
    assert!(made.to().contains("/basics?did=made"), "{}", made.to());
    assert_eq!(page.values("#length", "value"), ["25"]);
    assert!(is_harmless(&page), "{}", page.text);
    assert!(is_harmless(&open(&mut host, "/event-types").await));
}

#[tokio::test]
async fn without_a_name_nothing_is_made_and_the_length_is_kept() {
    let server = Server::start().await;
    let mut host = server.host();
    let list = open(&mut host, "/event-types").await;
    let back = host.submit_to(&list, "/event-types", &[("title", " "), ("length", "25")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#errors a", "href"), ["#title"]);
    assert_eq!(back.values("#title", "aria-invalid"), ["true"]);
    assert_eq!(back.values("#length", "value"), ["25"]);
    assert!(back.texts("title")[0].starts_with("Error: "));
    assert_eq!(server.house.engine.hosted_event_types(&server.member()).await.unwrap(), []);
}

#[tokio::test]
async fn every_tab_saves_what_it_shows() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    for name in ["basics", "availability", "limits", "locations", "questions", "advanced"] {
        let path = format!("/event-types/{}/{name}", made.number);
        let page = tab(&mut host, made.number, name).await;
        let saved = host.submit_to(&page, &path, &[]).await;
        assert_eq!(saved.to(), format!("{path}?did=saved"));
        assert_eq!(notice(&after(&mut host, &saved).await), "Saved.");
    }
    let after = server.house.engine.event_type(&server.member(), made.id).await.unwrap();
    assert_eq!(after, made);
}

#[tokio::test]
async fn what_is_typed_on_each_tab_is_stored() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let changes: [(&str, &[(&str, &str)]); 5] = [
        ("basics", &[("slug", "talk"), ("description", "A first talk."), ("lengths", "60, 15")]),
        ("availability", &[("window", "business"), ("days", "10"), ("interval", "20")]),
        ("limits", &[("notice", "2"), ("notice-unit", "hours"), ("bookings-day", "3")]),
        ("locations", &[("link", ""), ("url", "https://meet.example/room"), ("in-person", "1")]),
        (
            "advanced",
            &[
                ("confirmation", "short"),
                ("short", "1"),
                ("short-unit", "days"),
                ("sharing", "seats"),
                ("seats", "4"),
            ],
        ),
    ];
    for (name, typed) in changes {
        let path = format!("/event-types/{}/{name}", made.number);
        let page = tab(&mut host, made.number, name).await;
        host.submit_to(&page, &path, typed).await.to();
    }
    let now = server.house.engine.event_type(&server.member(), made.id).await.unwrap();
    assert_eq!((now.slug.as_str(), now.description.as_str()), ("talk", "A first talk."));
    assert_eq!(now.settings.lengths.choices, [15, 30, 60]);
    assert_eq!(now.settings.window, BookingWindow::BusinessDays { days: 10 });
    assert_eq!((now.settings.interval, now.settings.notice), (Some(20), 120));
    assert_eq!(now.settings.limits.bookings[0].most, 3);
    assert_eq!(now.settings.confirmation, Confirmation::ShortNotice { minutes: 24 * 60 });
    assert_eq!(now.settings.seats.unwrap().count, 4);
    let link = Location::Link { url: "https://meet.example/room".into(), public: false, app: None };
    assert_eq!(now.settings.locations[1], link);
}

#[tokio::test]
async fn what_will_not_do_is_said_at_its_field_and_kept() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let wrong: [Wrong; 8] = [
        ("basics", &[("length", "half an hour")], "length"),
        ("basics", &[("slug", "Not An Address!")], "slug"),
        ("availability", &[("window", "days"), ("days", "0")], "window"),
        ("limits", &[("notice", "soon")], "notice"),
        ("limits", &[("bookings-day", "0")], "limits"),
        ("locations", &[("link", ""), ("url", "http://meet.example")], "url"),
        ("advanced", &[("sharing", "seats"), ("seats", "0")], "seats"),
        ("advanced", &[("colour", "red")], "colour"),
    ];
    for (name, typed, field) in wrong {
        let path = format!("/event-types/{}/{name}", made.number);
        let page = tab(&mut host, made.number, name).await;
        let back = host.submit_to(&page, &path, typed).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(back.values("#errors a", "href"), [format!("#{field}")], "{field}");
        assert_eq!(back.texts(&format!("[id='{field}-problem']")).len(), 1, "{field}");
        let (last, value) = typed[typed.len() - 1];
        assert_eq!(back.values(&format!("[name='{last}']"), "value"), [value], "{field}");
    }
    assert_eq!(server.house.engine.event_type(&server.member(), made.id).await.unwrap(), made);
}

#[tokio::test]
async fn questions_are_added_moved_removed_and_only_then_saved() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/questions", made.number);
    let page = tab(&mut host, made.number, "questions").await;
    let page = host.submit_to(&page, &path, &[("add", "1")]).await;
    let page = host.submit_to(&page, &path, &[("q0-label", "Stage"), ("add", "1")]).await;
    let typed = [("q1-label", "Budget"), ("q1-kind", "number"), ("up", "1")];
    let page = host.submit_to(&page, &path, &typed).await;
    assert_eq!(notice(&page), "Not saved yet.");
    assert_eq!(page.values("#q0-label", "value"), ["Budget"]);
    assert_eq!(page.values("#q1-label", "value"), ["Stage"]);
    assert!(
        server
            .house
            .engine
            .event_type(&server.member(), made.id)
            .await
            .unwrap()
            .settings
            .questions
            .is_empty()
    );

    let page = host.submit_to(&page, &path, &[("remove", "1")]).await;
    host.submit_to(&page, &path, &[]).await.to();
    let now = server.house.engine.event_type(&server.member(), made.id).await.unwrap();
    let asked: Vec<_> = now.settings.questions.iter().map(|one| (one.label.as_str(), one.kind)).collect();
    assert_eq!(asked, [("Budget", QuestionKind::Number)]);
}

#[tokio::test]
async fn a_choice_keeps_the_value_programs_know_it_by() {
    let server = Server::start().await;
    let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
    let question = Question {
        slug: "stage".into(),
        kind: QuestionKind::Radio,
        label: "Stage".into(),
        hint: String::new(),
        required: false,
        hidden: false,
        choices: vec![choice("idea", "Still an idea"), choice("site", "Work has started")],
        min: None,
        max: None,
    };
    let made = server.offer("consultation", Settings { questions: vec![question], ..plain() }).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/questions", made.number);
    let page = tab(&mut host, made.number, "questions").await;
    assert_eq!(page.texts("#q0-choices"), ["Still an idea\nWork has started"]);
    let typed = [("q0-choices", "Work has started\nDone")];
    host.submit_to(&page, &path, &typed).await.to();
    let now = server.house.engine.event_type(&server.member(), made.id).await.unwrap();
    let choices = &now.settings.questions[0].choices;
    assert_eq!(*choices, [choice("site", "Work has started"), choice("Done", "Done")]);
}

#[tokio::test]
async fn a_question_that_chooses_needs_options() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/questions", made.number);
    let page = tab(&mut host, made.number, "questions").await;
    let page = host.submit_to(&page, &path, &[("add", "1")]).await;
    let back = host.submit_to(&page, &path, &[("q0-label", "Stage"), ("q0-kind", "radio")]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#errors a", "href")[0], "#q0-label");
    assert_eq!(back.values("#q0-label", "value"), ["Stage"]);
    assert_eq!(back.values("#q0-kind [selected]", "value"), ["radio"]);
}

#[tokio::test]
async fn the_list_hides_duplicates_moves_and_deletes() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let list = open(&mut host, "/event-types").await;
    let act = format!("/event-types/{}/do", made.number);
    let done = host.submit_to(&list, &act, &[("do", "duplicate")]).await;
    let list = after(&mut host, &done).await;
    assert_eq!(list.values(".switch", "aria-checked"), ["true", "false"]);

    let show = format!("/event-types/{}/show", made.number);
    let done = host.submit_to(&list, &show, &[("shown", "no")]).await;
    let list = after(&mut host, &done).await;
    assert_eq!(list.values(".switch", "aria-checked"), ["false", "false"]);
    assert_eq!(server.guest().get("/ines").await.values(".offer a", "href").len(), 0);

    let done = host.submit_to(&list, &act, &[("do", "down")]).await;
    let list = after(&mut host, &done).await;
    assert_eq!(list.texts(".rows .chip"), ["/ines/consultation-copy", "/ines/consultation"]);

    let sure = host.submit_to(&list, &act, &[("do", "delete")]).await;
    let page = open(&mut host, sure.to().split('#').next().unwrap()).await;
    let delete = format!("/event-types/{}/delete", made.number);
    let done = host.submit_to(&page, &delete, &[]).await;
    let list = after(&mut host, &done).await;
    assert_eq!(list.texts(".rows .chip"), ["/ines/consultation-copy"]);
}

#[tokio::test]
async fn a_private_link_is_made_books_and_is_removed() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let page = tab(&mut host, made.number, "advanced").await;
    let links = format!("/event-types/{}/links", made.number);
    let done = host.submit_to(&page, &links, &[("uses", "2"), ("expires", "2026-12-01")]).await;
    let page = after(&mut host, &done).await;
    let address = page.values("[data-copy]", "data-copy").remove(0);
    let path = address.strip_prefix("http://book.example").unwrap();
    open(&mut server.guest(), path).await;

    let remove = page.values("form[action$='/remove']", "action").remove(0);
    host.submit_to(&page, &remove, &[]).await.to();
    assert_eq!(server.guest().get(path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_last_day_that_is_none_makes_no_link() {
    let server = Server::start().await;
    let made = server.offer("consultation", plain()).await;
    let mut host = server.host();
    let page = tab(&mut host, made.number, "advanced").await;
    let links = format!("/event-types/{}/links", made.number);
    for typed in [[("uses", "2"), ("expires", "soon")], [("uses", "many"), ("expires", "")]] {
        let back = host.submit_to(&page, &links, &typed).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed:?}");
    }
    assert_eq!(server.house.engine.private_links(&server.member(), made.id).await.unwrap(), []);
}

#[tokio::test]
async fn a_missing_time_is_explained() {
    let server = Server::start().await;
    let made = server.offer("consultation", Settings::default()).await;
    let mut host = server.host();
    let path = format!("/event-types/{}/why", made.number);
    let free = open(&mut host, &format!("{path}?at=2026-11-25T10:00")).await;
    assert_eq!(free.texts(".chip.ok").len(), 1, "{}", free.text);
    let night = open(&mut host, &format!("{path}?at=2026-11-25T03:00")).await;
    assert_eq!(night.texts(".chip.off").len(), 1, "{}", night.text);
    let odd = open(&mut host, &format!("{path}?at=%3Cscript%3Ealert(1)%3C/script%3E")).await;
    assert_eq!(odd.texts("#at-problem"), ["Choose a day and a time."]);
    assert!(is_harmless(&odd));
}
