//! A mail as text.

use bytes::Bytes;
use kalends_app::{
    Error, Kind,
    kind::{
        calendar::Person,
        messenger::{File, Invite, Message, Method},
    },
};

use crate::Mail;

fn person(name: &str, email: &str) -> Person {
    Person { name: name.into(), email: email.into() }
}

fn message() -> Message {
    Message {
        from: None,
        to: vec![person("Gus Guest", "guest@example.com")],
        reply_to: Some(person("Hanna Host", "host@example.com")),
        subject: "Introduction".into(),
        text: "See you on Monday.\n".into(),
        html: None,
        invite: None,
        files: vec![],
        message_id: "b1.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    }
}

fn compose(message: &Message) -> Result<String, Error> {
    let sender = person("Büro, Beispiel", "bookings@example.com");
    let mail = Mail::compose(message, &sender, "2027-03-01T08:00:00Z".parse().expect("an instant"))?;
    Ok(mail.text)
}

fn invited(method: Method) -> Message {
    let ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n".into();
    let html = Some("<p>Grüße</p>".into());
    Message { html, invite: Some(Invite { method, ics }), ..message() }
}

#[test]
fn itip_01_an_invitation_stands_among_the_alternatives_and_as_a_file() {
    let text = compose(&invited(Method::Request)).expect("composes");
    let order = [
        "Content-Type: multipart/mixed;",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
        "Content-Disposition: attachment; filename=\"invite.ics\"",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|part| text.find(part)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}\n{text}");
    assert!(places.is_sorted(), "{text}");
    assert!(compose(&invited(Method::Cancel)).expect("composes").contains("text/calendar; method=CANCEL"));
}

#[test]
fn eml_03_a_mail_says_who_it_is_and_that_a_machine_sent_it() {
    let text = compose(&message()).expect("composes");
    for header in [
        "Message-ID: <b1.confirmed.guest.0@kalends.example>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Reply-To: \"Hanna Host\" <host@example.com>\r\n",
        "Date: Mon, 01 Mar 2027 08:00:00 +0000\r\n",
    ] {
        assert!(text.contains(header), "{header:?} is missing in\n{text}");
    }
}

#[test]
fn eml_03_the_same_message_is_the_same_mail_byte_for_byte() {
    assert_eq!(compose(&invited(Method::Request)), compose(&invited(Method::Request)));
}

#[test]
fn eml_02_names_beyond_ascii_are_encoded() {
    let text = compose(&Message { subject: "Grüße 🎉".into(), ..message() }).expect("composes");
    let head = text.split("\r\n\r\n").next().expect("a head");
    assert!(head.is_ascii());
    assert!(head.contains("Subject: =?utf-8?b?") && head.contains("From: =?utf-8?b?"), "{head}");
    assert!(head.contains("<bookings@example.com>"), "{head}");
}

#[test]
fn eml_02_no_text_can_end_its_part() {
    let first = compose(&message()).expect("composes");
    let at = first.find("boundary=\"").expect("a boundary") + 10;
    let boundary = first[at..].split('"').next().expect("ends");
    // A guest who has seen one mail writes its boundary into the next.
    let forged = format!("--{boundary}\r\nContent-Type: text/html\r\n\r\nforged");
    let second = compose(&Message { text: forged, ..message() }).expect("composes");
    let at = second.find("boundary=\"").expect("a boundary") + 10;
    assert_ne!(second[at..].split('"').next(), Some(boundary));
}

#[test]
fn eml_02_what_cannot_be_an_address_is_refused_by_field() {
    for odd in [
        "",
        "guest",
        "guest@",
        "@example.com",
        "a@b@c",
        "guest@example.com, x@example.com",
        "<g@example.com>",
    ] {
        let error = compose(&Message { to: vec![person("Gus", odd)], ..message() }).expect_err(odd);
        assert_eq!(error.kind, Kind::Invalid, "{odd:?}");
        assert!(error.message().starts_with("to: "), "{odd:?}: {error}");
    }
}

#[test]
fn a_message_id_is_taken_as_it_is_or_refused() {
    for odd in ["", "no-host", "a@", "@b", "a@b@c", "a b@c", "<a@b>", "ä@b"] {
        let error = compose(&Message { message_id: odd.into(), ..message() }).expect_err(odd);
        assert!(error.message().starts_with("message_id: "), "{odd:?}: {error}");
    }
}

#[test]
fn a_file_goes_along() {
    let file = File {
        name: "agenda.pdf".into(),
        media_type: "application/pdf".into(),
        body: Bytes::from_static(b"%PDF"),
    };
    let text = compose(&Message { files: vec![file], ..message() }).expect("composes");
    assert!(
        text.contains("Content-Type: application/pdf") && text.contains("filename=\"agenda.pdf\""),
        "{text}"
    );
}

#[test]
fn no_line_is_longer_than_a_mail_server_takes() {
    let long = "x".repeat(5_000);
    let text = compose(&Message { text: long.clone(), html: Some(long), ..invited(Method::Request) })
        .expect("composes");
    assert!(text.lines().all(|line| line.len() <= 998));
}
