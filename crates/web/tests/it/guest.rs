//! What guests do: look, choose, book, move, cancel.

use http::StatusCode;
use jiff::SignedDuration;
use kalends_domain::event_type::{
    Confirmation, Frequency, Location, Policy, Question, QuestionKind, Recurrence, Seats, Settings,
};

use crate::{
    browser::{Browser, Seen},
    house::{Server, plain},
};

pub const TEN: &str = "2026-11-25T10:00:00+00:00";
pub const ELEVEN: &str = "2026-11-25T11:00:00+00:00";

fn query(start: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("start", start).finish()
}

/// Opens the form of a time: the first answer keeps it, the second shows the form.
pub async fn open_form(guest: &mut Browser, page: &str, start: &str) -> Seen {
    let kept = guest.get(&format!("{page}/book?{}", query(start))).await;
    let form = guest.follow(&kept).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    form
}

pub const ANSWERS: [(&str, &str); 3] =
    [("name", "Marta Hollweg"), ("email", "marta@hollweg.example"), ("go", "book")];

pub async fn book(guest: &mut Browser, page: &str, start: &str) -> String {
    let form = open_form(guest, page, start).await;
    let done = guest.submit(&form, &ANSWERS).await;
    let to = done.to();
    assert!(to.starts_with("/booking/"), "{to}");
    to.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_guest_looks_chooses_and_books_without_javascript() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();

    let profile = guest.get("/ines").await;
    assert_eq!(profile.texts("h1"), ["Inês Carvalho"]);
    assert_eq!(profile.values(".offer a", "href"), ["/ines/consultation"]);
    assert_eq!(profile.texts(".offer .aside"), ["Next: today, 11:00"]);

    let page = guest.get("/ines/consultation?date=2026-11-25").await;
    assert_eq!(page.texts("#day-name"), ["Wednesday 25\u{a0}November"]);
    let times = page.values(".slots button", "value");
    assert!(times.contains(&TEN.to_owned()), "{times:?}");

    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    assert!(
        form.texts("aside .fine").iter().any(|line| line.starts_with("Held for you until 09:05.")),
        "{}",
        form.text
    );
    let done = guest
        .submit(
            &form,
            &[
                ("name", "Marta Hollweg"),
                ("email", "Marta@Hollweg.example"),
                ("notes", "Cracks"),
                ("go", "book"),
            ],
        )
        .await;
    let booked = guest.follow(&done).await;
    assert_eq!(booked.texts("h1"), ["You’re booked, Marta"]);
    assert!(booked.text.contains("marta@hollweg.example"));
    assert!(booked.text.contains("Rua da Boavista 84"));

    let page = guest.get("/ines/consultation?date=2026-11-25").await;
    assert!(!page.values(".slots button", "value").contains(&TEN.to_owned()));
}

#[tokio::test]
async fn a_form_with_faults_comes_back_whole() {
    let server = Server::start().await;
    let question = Question {
        slug: "stage".into(),
        kind: QuestionKind::Radio,
        label: "Stage".into(),
        hint: String::new(),
        required: true,
        hidden: false,
        choices: vec![kalends_domain::event_type::Choice { value: "idea".into(), label: "An idea".into() }],
        min: None,
        max: None,
    };
    let settings = Settings {
        questions: vec![question],
        locations: vec![Location::GuestPhone, Location::GuestPlace],
        ..Settings::default()
    };
    server.offer("consultation", settings).await;
    let mut guest = server.guest();
    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    let answers = [
        ("name", ""),
        ("email", "marta@"),
        ("where", "0"),
        ("phone", "12"),
        ("guest", "x"),
        ("notes", "Kept"),
        ("go", "book"),
    ];
    let back = guest.submit(&form, &answers).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(back.texts("title")[0].starts_with("Error:"));
    assert_eq!(back.values("#errors a", "href"), ["#name", "#email", "#phone", "#q-stage", "#guest1"]);
    assert_eq!(back.values("#email", "value"), ["marta@"]);
    assert_eq!(back.texts("#notes"), ["Kept"]);
    let good = [
        ("name", "Marta"),
        ("email", "marta@hollweg.example"),
        ("phone", "+49 30 123456"),
        ("q-stage", "idea"),
        ("guest", "a@b.example"),
        ("go", "book"),
    ];
    let done = guest.submit(&back, &good).await;
    let booked = guest.follow(&done).await;
    assert!(booked.text.contains("+49 30 123456"), "{}", booked.text);
}

#[tokio::test]
async fn guests_are_added_and_removed_without_javascript() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    let one = guest.submit(&form, &[("name", "Marta"), ("add", "guest")]).await;
    assert_eq!(one.values("input[name=guest]", "value"), [""]);
    assert_eq!(one.values("#name", "value"), ["Marta"]);
    let none = guest.submit(&one, &[("remove", "1")]).await;
    assert_eq!(none.values("input[name=guest]", "value").len(), 0);
}

#[tokio::test]
async fn a_slot_that_was_just_taken_leads_back_to_the_times_with_every_answer() {
    let server = Server::start().await;
    server.offer("consultation", Settings { hold: 0, ..plain() }).await;
    let (mut first, mut second) = (server.guest(), server.guest());
    let path = format!("/ines/consultation/book?{}", query(TEN));
    let (slow, fast) = (second.get(&path).await, first.get(&path).await);
    first.submit(&fast, &ANSWERS).await.to();

    let back = second
        .submit(&slow, &[("name", "Ben"), ("email", "ben@example.org"), ("notes", "Mine"), ("go", "book")])
        .await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    assert_eq!(back.texts(".notice strong"), ["That time was just taken."]);
    assert_eq!(back.values("input[type=hidden][name=notes]", "value"), ["Mine"]);
    assert!(!back.values(".slots button", "value").contains(&TEN.to_owned()));
    let month = second.submit(&back, &[("month", "2026-12")]).await;
    assert_eq!(month.texts("#month-name"), ["December 2026"]);
    let form = second.submit(&month, &[("start", ELEVEN)]).await;
    assert_eq!(form.values("#email", "value"), ["ben@example.org"]);
    assert_eq!(form.texts("#notes"), ["Mine"]);
    let done = second.submit(&form, &[("go", "book")]).await;
    assert_eq!(second.follow(&done).await.texts("h1"), ["You’re booked, Ben"]);
}

#[tokio::test]
async fn a_form_sent_twice_books_once() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    let once = guest.submit(&form, &ANSWERS).await.to();
    let twice = guest.submit(&form, &ANSWERS).await.to();
    assert_eq!(once, twice);
}

#[tokio::test]
async fn a_kept_time_is_kept_for_its_guest_alone() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let (mut one, mut other) = (server.guest(), server.guest());
    let form = open_form(&mut one, "/ines/consultation", TEN).await;
    let refused = other.get(&format!("/ines/consultation/book?{}", query(TEN))).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let back = form.values("aside a", "href");
    let times = one.get(&back[0]).await;
    assert!(
        times.values(".slots button", "value").contains(&TEN.to_owned()),
        "their own hold does not block them"
    );
    server.house.test.clock.advance(SignedDuration::from_mins(6));
    let free = other.get(&format!("/ines/consultation/book?{}", query(TEN))).await;
    assert!(free.to().contains("hold="), "the hold is over");
}

#[tokio::test]
async fn a_browser_that_looks_ahead_keeps_nothing() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let times = guest.get("/ines/consultation?date=2026-11-25").await;
    assert!(times.values(".slots button", "formaction").iter().all(|to| to == "/ines/consultation/book"));
    let unheld = guest.get("/ines/consultation/book").await;
    assert_eq!(unheld.to(), "/ines/consultation");
}

/// TZ-06: the zone is in the address, changeable and searchable without JavaScript.
#[tokio::test]
async fn times_are_shown_in_the_zone_of_the_address() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let tokyo = guest.get("/ines/consultation?date=2026-11-25&zone=Asia/Tokyo&hours=12").await;
    assert!(tokyo.texts(".slots button").contains(&"6:00 pm".to_owned()));
    assert_eq!(tokyo.values("#zone [selected]", "value"), ["Asia/Tokyo"]);
    let found = guest.get("/ines/consultation?zone=UTC&find=new+york").await;
    assert_eq!(found.values("#zone [selected]", "value"), ["America/New_York"]);
    let lost = guest.get("/ines/consultation?zone=UTC&find=nowhereville").await;
    assert!(lost.text.contains("No time zone matches “nowhereville”"));
    let odd = guest.get("/ines/consultation?zone=Mars&month=99&date=never&duration=7&hours=25&hold=..").await;
    assert_eq!(odd.status, StatusCode::OK);
}

#[tokio::test]
async fn a_guest_moves_a_booking_and_cancels_it_with_a_reason() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let booking = book(&mut guest, "/ines/consultation", TEN).await;

    let times = guest.get(&format!("{booking}/reschedule")).await;
    assert_eq!(times.texts(".kv dd"), ["Wed 25 November, 10:00"]);
    assert_eq!(times.values(".was", "value"), ["2026-11-25"]);
    let chosen = guest.get(&format!("{booking}/reschedule?date=2026-11-25&{}", query(ELEVEN))).await;
    assert_eq!(chosen.texts(".kv dd"), ["Wed 25 November, 10:00", "Wed 25 November, 11:00"]);
    let moved = guest.post(&format!("{booking}/reschedule"), &[("start", ELEVEN), ("why", "Train")]).await;
    let page = guest.follow(&moved).await;
    assert_eq!(page.texts("h1"), ["Your booking is moved, Marta"]);
    assert!(page.texts(".h2")[0].starts_with("11:00 to 11:30"), "{:?}", page.texts(".h2"));

    let ask = guest.get(&format!("{booking}/cancel")).await;
    assert_eq!(ask.texts("h1"), ["Cancel this booking?"]);
    let done = guest.submit(&ask, &[("why", "need"), ("note", "Sorry")]).await;
    let page = guest.follow(&done).await;
    assert_eq!(page.texts("h1"), ["This booking is cancelled"]);
    assert!(page.text.contains("I no longer need it. Sorry"));
    assert_eq!(page.values("a[href$='/cancel']", "href").len(), 0);
    let again = guest.get(&format!("{booking}/cancel")).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn moving_into_a_taken_slot_leaves_the_booking_where_it_is() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let (mut one, mut other) = (server.guest(), server.guest());
    let booking = book(&mut one, "/ines/consultation", TEN).await;
    book(&mut other, "/ines/consultation", ELEVEN).await;
    let back = one.post(&format!("{booking}/reschedule"), &[("start", ELEVEN), ("why", "Train")]).await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    assert_eq!(back.texts("#why"), ["Train"]);
    assert!(one.get(&booking).await.texts(".h2")[0].starts_with("10:00"));
    let unchosen = one.post(&format!("{booking}/reschedule"), &[("why", "Train")]).await;
    assert_eq!(unchosen.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_hosts_policy_binds_guests() {
    let server = Server::start().await;
    let policy = Policy { cancel: false, reschedule: true, until: 0, reason_required: true };
    server.offer("consultation", Settings { policy, ..plain() }).await;
    let mut guest = server.guest();
    let booking = book(&mut guest, "/ines/consultation", TEN).await;
    let refused = guest.get(&format!("{booking}/cancel")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.texts(".notice strong")[0].contains("cannot be cancelled online"));
    let refused = guest.post(&format!("{booking}/cancel"), &[("why", "time")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let back = guest.post(&format!("{booking}/reschedule"), &[("start", ELEVEN)]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.values("#why", "aria-invalid"), ["true"]);
}

#[tokio::test]
async fn a_request_waits_for_the_hosts_word() {
    let server = Server::start().await;
    server.offer("consultation", Settings { confirmation: Confirmation::Always, ..plain() }).await;
    let (mut guest, mut host) = (server.guest(), server.host());
    let booking = book(&mut guest, "/ines/consultation", TEN).await;
    assert_eq!(guest.get(&booking).await.texts("h1"), ["Not confirmed yet"]);
    let uid = booking.rsplit('/').next().unwrap();

    let asked = guest.get(&format!("/bookings/{uid}/confirm")).await;
    assert_eq!(asked.to(), format!("/login?next=%2Fbookings%2F{uid}%2Fconfirm"));
    let ask = host.get(&format!("/bookings/{uid}/confirm")).await;
    assert_eq!(ask.texts("h1"), ["Accept this booking?"]);
    assert_eq!(
        guest.get(&booking).await.texts("h1"),
        ["Not confirmed yet"],
        "opening the link decides nothing"
    );
    host.submit(&ask, &[("answer", "accept")]).await.to();
    assert_eq!(guest.get(&booking).await.texts("h1"), ["Your booking"]);
}

#[tokio::test]
async fn a_declined_request_says_so_with_the_hosts_words() {
    let server = Server::start().await;
    server.offer("consultation", Settings { confirmation: Confirmation::Always, ..plain() }).await;
    let (mut guest, mut host) = (server.guest(), server.host());
    let booking = book(&mut guest, "/ines/consultation", TEN).await;
    let uid = booking.rsplit('/').next().unwrap();
    let ask = host.get(&format!("/bookings/{uid}/decline")).await;
    host.submit(&ask, &[("note", "Away that day"), ("answer", "decline")]).await.to();
    let page = guest.get(&booking).await;
    assert_eq!(page.texts("h1"), ["This request was declined"]);
    assert!(page.text.contains("Away that day"));
}

#[tokio::test]
async fn what_was_typed_while_the_database_went_away_is_sent_again_with_one_button() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let form = open_form(&mut guest, "/ines/consultation", TEN).await;
    server.house.test.db.close().await;
    let away =
        guest.submit(&form, &[("name", "Ben"), ("email", "ben@example.org"), ("notes", "A \"b\" <c>")]).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.texts("h1"), ["The server cannot reach its data right now."]);
    assert_eq!(away.texts("dl.kv dd"), ["Ben", "ben@example.org", "A \"b\" <c>"]);
    assert_eq!(away.values("form [name=notes]", "value"), ["A \"b\" <c>"]);
    assert_eq!(away.values("form [name=attempt]", "value"), form.values("form [name=attempt]", "value"));
    assert_eq!(away.values("form", "action"), ["/ines/consultation/book"]);
    assert_eq!(away.texts(".mono")[0].len(), 22, "the log calls the request by this name");
    let looked = guest.get("/ines/consultation?zone=Europe%2FParis").await;
    assert_eq!(looked.values("a.primary", "href"), ["/ines/consultation?zone=Europe%2FParis"]);
}

#[tokio::test]
async fn a_zone_nobody_knows_is_said_so_and_not_passed_over() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let page = server.guest().get("/ines/consultation?zone=Europe%2FNowhere").await;
    assert_eq!(page.status, StatusCode::OK);
    let hint = page.texts("#find-hint");
    assert!(hint[0].starts_with("No time zone matches “Europe/Nowhere”."), "{hint:?}");
    let page = server.guest().get("/ines/consultation?zone=W.+Europe+Standard+Time").await;
    assert_eq!(page.texts("#find-hint"), ["Such as Tokyo or UTC+9."], "a Windows name is known (TZ-03)");
}

#[tokio::test]
async fn seats_are_counted_down_and_each_guest_sees_only_themselves() {
    let server = Server::start().await;
    let seats = Seats { count: 2, show_left: true, show_guests: false };
    server.offer("workshop", Settings { seats: Some(seats), ..plain() }).await;
    let (mut one, mut other) = (server.guest(), server.guest());
    let first = book(&mut one, "/ines/workshop", TEN).await;
    let page = other.get("/ines/workshop?date=2026-11-25").await;
    let slot = page.texts(".slots button").into_iter().find(|text| text.starts_with("10:00")).unwrap();
    assert!(slot.contains("1 of 2 left"), "{slot}");
    let form = open_form(&mut other, "/ines/workshop", TEN).await;
    let done = other.submit(&form, &[("name", "Ben"), ("email", "ben@example.org"), ("go", "book")]).await;
    let second = other.follow(&done).await;
    assert!(!second.text.contains("Marta"), "{}", second.text);
    let cancel = one.get(&format!("{first}/cancel")).await;
    one.submit(&cancel, &[("why", "time")]).await.to();
    let page = other.get(&done.to()).await;
    assert_eq!(page.texts("h1"), ["You’re booked, Ben"], "one seat less is not the end of the others");
}

#[tokio::test]
async fn a_series_is_booked_whole() {
    let server = Server::start().await;
    let series = Recurrence { every: Frequency::Weekly, interval: 1, most: 4 };
    server.offer("lessons", Settings { recurrence: Some(series), ..plain() }).await;
    let mut guest = server.guest();
    let page = guest.get("/ines/lessons?date=2026-11-25&times=3").await;
    assert_eq!(page.values("#times", "value"), ["3"]);
    let kept = guest.get(&format!("/ines/lessons/book?times=3&{}", query(TEN))).await;
    let form = guest.follow(&kept).await;
    let done = guest.submit(&form, &ANSWERS).await;
    let booked = guest.follow(&done).await;
    let lines = booked.texts(".rows li");
    assert_eq!(
        lines,
        ["Wednesday 25 November, 10:00", "Wednesday 2 December, 10:00", "Wednesday 9 December, 10:00"]
    );
}

#[tokio::test]
async fn the_join_door_leads_into_the_room_only_while_the_booking_stands() {
    let server = Server::start().await;
    let location =
        Location::Link { url: "https://meet.example/room?pass=1".into(), public: false, app: None };
    server.offer("call", Settings { locations: vec![location], ..Settings::default() }).await;
    let mut guest = server.guest();
    let booking = book(&mut guest, "/ines/call", TEN).await;
    let uid = booking.rsplit('/').next().unwrap();
    let room = guest.get(&format!("/join/{uid}")).await;
    assert_eq!(
        (room.to().as_str(), room.header("referrer-policy")),
        ("https://meet.example/room?pass=1", "no-referrer")
    );
    guest.post(&format!("{booking}/cancel"), &[("why", "time")]).await.to();
    assert_eq!(guest.get(&format!("/join/{uid}")).await.to(), booking);
}

#[tokio::test]
async fn a_booking_is_taken_along_as_a_calendar_file_while_it_stands() {
    let server = Server::start().await;
    server.offer("consultation", plain()).await;
    let mut guest = server.guest();
    let booking = book(&mut guest, "/ines/consultation", TEN).await;
    let file = guest.get(&format!("{booking}/calendar.ics")).await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    let uid = booking.rsplit('/').next().unwrap();
    assert!(
        file.text.contains(&format!("UID:{uid}\r\n")) && file.text.contains("METHOD:PUBLISH"),
        "{}",
        file.text
    );
    guest.post(&format!("{booking}/cancel"), &[("why", "time")]).await.to();
    assert_eq!(guest.get(&format!("{booking}/calendar.ics")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_teams_page_shows_its_people_and_books_them() {
    let server = Server::start().await;
    let team = server.team("studio").await;
    let mut guest = server.guest();
    let page = guest.get("/team/studio").await;
    assert_eq!(page.texts("h1"), ["studio"]);
    assert_eq!(page.values(".rows.ruled a", "href"), ["/ines"]);
    assert_eq!(page.values(".offer a", "href"), [format!("/team/studio/{}", team.slug)]);
    book(&mut guest, &format!("/team/studio/{}", team.slug), TEN).await;
}

#[tokio::test]
async fn what_is_not_there_is_said_kindly() {
    let server = Server::start().await;
    let mut guest = server.guest();
    for path in [
        "/nobody",
        "/ines/nothing",
        "/ines/nothing/book",
        "/booking/nothing",
        "/no/such/path/here",
        "/Ines%00",
        "/d/a%2Fb",
    ] {
        let page = guest.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page.texts("h1").len(), 1, "{path}: {}", page.text);
    }
    assert_eq!(guest.get("/ines").await.texts("h2"), ["Nothing to book here yet"]);
}
