//! How a booking's event stands in its hosts' calendars.

use serde::{Deserialize, Serialize};

/// Who may read an event in a calendar that others can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// As the calendar has it.
    #[default]
    Usual,
    /// Its owner alone; others see that the time is taken.
    Private,
    /// Everybody who sees the calendar.
    Public,
}

/// A colour that every calendar has some word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "a colour says itself")]
pub enum Hue {
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Purple,
    Pink,
    Grey,
}

impl Hue {
    /// The one nearest to `#rrggbb`; none for what is no colour.
    pub fn nearest(hex: &str) -> Option<Self> {
        let digits = hex
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let number = i32::from_str_radix(digits, 16).ok()?;
        let (red, green, blue) = (number >> 16, (number >> 8) & 255, number & 255);
        let most = red.max(green).max(blue);
        let range = most - red.min(green).min(blue);
        // What is hardly coloured, or hardly lit, is grey to the eye.
        if range * 5 < most || most < 32 {
            return Some(Self::Grey);
        }
        let sixth = |one: i32, other: i32, from: i32| from + 60 * (one - other) / range;
        let angle = match most {
            _ if most == red => sixth(green, blue, 0),
            _ if most == green => sixth(blue, red, 120),
            _ => sixth(red, green, 240),
        };
        Some(match angle.rem_euclid(360) {
            15..42 => Self::Orange,
            42..70 => Self::Yellow,
            70..160 => Self::Green,
            160..195 => Self::Teal,
            195..255 => Self::Blue,
            255..295 => Self::Purple,
            295..345 => Self::Pink,
            _ => Self::Red,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_of_lists_is_the_nearest_that_calendars_know() {
        for (hex, hue) in [
            ("#d50000", Hue::Red),
            ("#FF0055", Hue::Pink),
            ("#f4511e", Hue::Red),
            ("#ff8800", Hue::Orange),
            ("#f6bf26", Hue::Yellow),
            ("#0b8043", Hue::Green),
            ("#009688", Hue::Teal),
            ("#3f51b5", Hue::Blue),
            ("#039be5", Hue::Blue),
            ("#8e24aa", Hue::Purple),
            ("#6a1b9a", Hue::Purple),
            ("#e91e8c", Hue::Pink),
            ("#616161", Hue::Grey),
            ("#000000", Hue::Grey),
            ("#ffffff", Hue::Grey),
        ] {
            assert_eq!(Hue::nearest(hex), Some(hue), "{hex}");
        }
        for wrong in ["", "red", "#fff", "#12345g", "#-12345", "112233"] {
            assert_eq!(Hue::nearest(wrong), None, "{wrong}");
        }
    }
}
