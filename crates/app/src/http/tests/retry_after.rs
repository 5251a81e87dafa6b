use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::{super::retry_after, begin};

fn read(value: &[u8], now: Timestamp) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_bytes(value).ok()?);
    retry_after::read(&headers, now)
}

#[rstest]
#[case("0", Some(0))]
#[case("120", Some(120))]
#[case(" 120 ", Some(120))]
#[case("Mon, 01 Mar 2027 08:02:00 GMT", Some(120))]
#[case("Monday, 01-Mar-27 08:02:00 GMT", Some(120))]
#[case("Mon Mar  1 08:02:00 2027", Some(120))]
#[case("Mon, 01 Mar 2027 07:00:00 GMT", Some(0))]
#[case("Thu, 01 Jan 1970 00:00:00 GMT", Some(0))]
#[case("86400", Some(86_400))]
#[case("86401", Some(86_400))]
#[case("99999999999999999999999999", Some(86_400))]
#[case("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400))]
#[case("", None)]
#[case("-5", None)]
#[case("1.5", None)]
#[case("soon", None)]
#[case("Mon, 99 Foo 2027 08:02:00 GMT", None)]
fn all_04_both_forms_are_read_and_nonsense_is_nothing(#[case] value: &str, #[case] seconds: Option<u64>) {
    assert_eq!(read(value.as_bytes(), begin()), seconds.map(Duration::from_secs), "{value:?}");
}

#[test]
fn all_04_no_header_is_no_wait() {
    assert_eq!(retry_after::read(&HeaderMap::new(), begin()), None);
}

proptest! {
    #[test]
    fn all_04_nothing_makes_the_decoder_panic_or_wait_more_than_a_day(value: Vec<u8>, second in -377_705_023_201_i64..=253_402_207_200) {
        let now = Timestamp::from_second(second).expect("in range");
        prop_assert!(read(&value, now).unwrap_or_default() <= retry_after::LONGEST);
    }

    #[test]
    fn all_04_any_number_is_itself_or_a_day(seconds: u64) {
        let wait = read(seconds.to_string().as_bytes(), begin());
        prop_assert_eq!(wait, Some(Duration::from_secs(seconds.min(86_400))));
    }
}
