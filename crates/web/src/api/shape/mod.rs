//! The shapes of the v2 API: what comes in, what goes out, and the way between them and the domain.

pub mod account;
pub mod booking;
pub mod event_type;
pub mod question;
pub mod schedule;
pub mod slot;
pub mod user;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};

/// One thing wrong with what came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field, as the API calls it.
    pub field: String,
    /// What to do.
    pub fix: String,
}

impl Wrong {
    /// Names a field and what to do about it.
    pub fn new(field: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { field: field.into(), fix: fix.into() }
    }
}

/// A whole number that may come as `30`, `30.0` or `"30"`: clients of the v2 API send all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(value_type = u32)]
pub struct Whole(pub u32);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = Whole;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number from 0 to 4294967295")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
                u32::try_from(value)
                    .map(Whole)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
                u32::try_from(value)
                    .map(Whole)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked first"
            )]
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
                if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
                    Ok(Whole(value as u32))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(value), &self))
                }
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Whole, E> {
                value
                    .trim()
                    .parse()
                    .map(Whole)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// An instant as the API writes it: UTC with milliseconds.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Epoch seconds as the API writes them.
pub fn seconds(at: i64) -> String {
    instant(kalends_domain::span::instant(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_come_in_three_spellings() {
        let read = |text: &str| serde_json::from_str::<Whole>(text).map(|whole| whole.0).ok();
        assert_eq!(read("30"), Some(30));
        assert_eq!(read("30.0"), Some(30));
        assert_eq!(read("\"30\""), Some(30));
        for bad in ["-1", "30.5", "\"x\"", "1e99", "null", "[]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn instants_are_utc_with_milliseconds() {
        assert_eq!(seconds(1_800_000_000), "2027-01-15T08:00:00.000Z");
    }
}
