//! A mail in parts.

use kalends_app::{
    fake::example,
    kind::{
        calendar::Person,
        messenger::{Message, Method},
    },
};
use rstest::rstest;

use crate::parts::{address, attached, headers, written};

#[rstest]
#[case("", "gus@example.com")]
#[case("Gus Guest", "Gus Guest <gus@example.com>")]
#[case("Grüße 東京", "Grüße 東京 <gus@example.com>")]
#[case("Guest, Gus", "\"Guest, Gus\" <gus@example.com>")]
#[case("Gus <eve@example.com>", "\"Gus <eve@example.com>\" <gus@example.com>")]
#[case(r#"Gus "the" \"#, r#""Gus \"the\" \\" <gus@example.com>"#)]
fn eml_02_a_name_stays_a_name(#[case] name: &str, #[case] text: &str) {
    let person = Person { name: name.into(), email: "gus@example.com".into() };
    assert_eq!(written(&person), text);
    assert_eq!(address(text), "gus@example.com");
}

#[test]
fn itip_01_an_invitation_is_the_first_to_go_along_and_says_what_it_asks() {
    let along = attached(&example::message());
    assert_eq!((along[0].name.as_str(), along.len()), ("invite.ics", 1));
    assert_eq!(along[0].media_type, "text/calendar; charset=utf-8; method=REQUEST");
    let mut off = example::message();
    off.invite.as_mut().expect("an invitation").method = Method::Cancel;
    assert!(attached(&off)[0].media_type.ends_with("method=CANCEL"));
}

#[test]
fn a_mail_says_that_a_machine_wrote_it_and_its_own_headers_go_along() {
    let mine = ("List-Unsubscribe".to_owned(), "<https://kalends.example/off>".to_owned());
    let all = headers(&Message { headers: vec![mine.clone()], ..example::message() });
    assert_eq!((all["Auto-Submitted"].as_str(), &all[&mine.0]), ("auto-generated", &mine.1));
}
