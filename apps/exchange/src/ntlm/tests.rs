use kalends_app::fake::Same;
use proptest::prelude::*;

use super::*;
use crate::fake::acceptor::{Acceptor, Verdict};

fn ntlm(user: &str, domain: &str, password: &str) -> Ntlm {
    Ntlm {
        user: user.into(),
        domain: domain.into(),
        password: Secret::new(password),
        host: "mail.example.test".into(),
        now: Timestamp::UNIX_EPOCH,
        chance: Arc::new(Same(0x11)),
    }
}

fn asked(header: &str) -> Response {
    Response {
        status: http::StatusCode::UNAUTHORIZED,
        headers: [(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_str(header).unwrap())]
            .into_iter()
            .collect(),
        body: Vec::new().into(),
        url: url::Url::parse("https://mail.example.test/").unwrap(),
    }
}

/// One sign-in before an acceptor that knows `host` of `EXAMPLE` with the password `right`.
fn verdict(by: &Ntlm, timed: bool, ours: Option<&[u8]>, theirs: Option<&[u8]>) -> Verdict {
    let acceptor = Acceptor {
        user: "host",
        domain: "EXAMPLE",
        password: "right",
        timed,
        binding: binding::token(theirs),
    };
    let hello = by.hello().unwrap();
    let challenge = acceptor.challenge(&hello).unwrap();
    let answer = by.answer(&asked(&challenge), ours).unwrap();
    acceptor.judge(&hello, &challenge, &answer)
}

#[test]
fn ews_04_an_acceptor_takes_the_right_password_and_no_other() {
    for timed in [true, false] {
        assert_eq!(verdict(&ntlm("host", "EXAMPLE", "right"), timed, None, None), Verdict::Welcome);
        assert_eq!(verdict(&ntlm("HOST", "EXAMPLE", "right"), timed, None, None), Verdict::Welcome);
        assert_eq!(verdict(&ntlm("host", "EXAMPLE", "wrong"), timed, None, None), Verdict::WrongPassword);
        assert_eq!(verdict(&ntlm("guest", "EXAMPLE", "right"), timed, None, None), Verdict::Stranger);
    }
}

#[test]
fn ews_04_a_sign_in_is_bound_to_the_certificate_it_was_made_for() {
    let host = ntlm("host", "EXAMPLE", "right");
    assert_eq!(verdict(&host, true, Some(b"one"), Some(b"one")), Verdict::Welcome);
    assert_eq!(verdict(&host, true, Some(b"one"), Some(b"other")), Verdict::OtherConnection);
    assert_eq!(verdict(&host, true, None, Some(b"one")), Verdict::OtherConnection);
}

#[test]
fn ews_04_one_changed_bit_anywhere_is_noticed() {
    let host = ntlm("host", "EXAMPLE", "right");
    let acceptor = Acceptor {
        user: "host",
        domain: "EXAMPLE",
        password: "right",
        timed: true,
        binding: binding::token(None),
    };
    let hello = host.hello().unwrap();
    let challenge = acceptor.challenge(&hello).unwrap();
    let answer = host.answer(&asked(&challenge), None).unwrap();
    let bytes = BASE64_STANDARD.decode(answer.strip_prefix("NTLM ").unwrap()).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_ne!(acceptor.judge(&hello, &challenge, &header(&changed)), Verdict::Welcome, "byte {at}");
    }
}

#[test]
fn a_server_that_does_not_offer_it_is_told_from_a_wrong_password() {
    for offer in ["Basic realm=\"x\"", "NTLM", "Negotiate TlRMTVNTUAAC"] {
        let error = ntlm("host", "", "right").answer(&asked(offer), None).unwrap_err();
        assert!(error.message().contains("NTLM"), "{offer}: {error}");
    }
}

#[test]
fn a_domain_is_taken_off_the_name() {
    assert_eq!(parted("EXAMPLE\\host"), ("EXAMPLE", "host"));
    assert_eq!(parted("host@example.com"), ("", "host@example.com"));
}

proptest! {
    #[test]
    fn all_10_no_challenge_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "\\PC{0,40}") {
        let host = ntlm("host", "EXAMPLE", "right");
        let start = [b"NTLMSSP\0\x02\0\0\0".as_slice(), &bytes].concat();
        for header in [header(&bytes), header(&start)] {
            let _ = host.answer(&asked(&header), None); // whatever it says, it says it
        }
        if let Ok(value) = http::HeaderValue::from_str(&text) {
            let mut response = asked("x");
            response.headers.insert(http::header::WWW_AUTHENTICATE, value);
            let _ = host.answer(&response, None); // whatever it says, it says it
        }
    }
}
