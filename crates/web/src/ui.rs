//! Icons and initials.

use std::{collections::HashMap, fmt, sync::LazyLock};

use crate::assets;

/// The symbols of `icons.svg`: name → (attributes, drawing).
static SYMBOLS: LazyLock<HashMap<String, (String, String)>> = LazyLock::new(|| {
    let sprite = assets::text("icons.svg").unwrap_or_default();
    sprite
        .split("<symbol id=\"")
        .skip(1)
        .filter_map(|part| {
            let (name, rest) = part.split_once('"')?;
            let (attributes, rest) = rest.split_once('>')?;
            let (drawing, _) = rest.split_once("</symbol>")?;
            Some((name.to_owned(), (attributes.trim().to_owned(), drawing.to_owned())))
        })
        .collect()
});

/// An icon written into the page, so that it costs no request.
#[derive(Debug, Clone, Copy)]
pub struct Icon {
    name: &'static str,
    size: u8,
    class: &'static str,
}

/// The icon `i-{name}` at `size` pixels, hidden from screen readers: words stand beside it.
pub fn icon(name: &'static str, size: u8) -> Icon {
    Icon { name, size, class: "" }
}

impl Icon {
    /// With a class, such as `flip` for arrows that follow the reading direction.
    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}

impl askama::filters::HtmlSafe for Icon {}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((attributes, drawing)) = SYMBOLS.get(&format!("i-{}", self.name)) else { return Ok(()) };
        let Self { size, class, .. } = self;
        f.write_str("<svg")?;
        if !class.is_empty() {
            write!(f, " class=\"{class}\"")?;
        }
        write!(f, " width=\"{size}\" height=\"{size}\" {attributes} aria-hidden=\"true\">{drawing}</svg>")
    }
}

/// Up to two letters that stand for a name.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// An address as people read it, without `https://`.
pub fn without_scheme(address: &str) -> String {
    address.split_once("://").map_or(address, |(_, rest)| rest).to_owned()
}

/// Words, and what stands between backticks among them: whether it is code, and the text.
pub fn spans(text: &str) -> Vec<(bool, &str)> {
    text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_set_code_apart() {
        assert_eq!(spans("Send `take`."), [(false, "Send "), (true, "take"), (false, ".")]);
        assert_eq!(without_scheme("https://meet.example.com/ines"), "meet.example.com/ines");
    }

    #[test]
    fn every_icon_of_the_sprite_can_be_drawn() {
        assert!(SYMBOLS.len() > 40);
        let drawn = icon("chev-end", 20).class("flip").to_string();
        assert!(
            drawn.starts_with("<svg class=\"flip\" width=\"20\" height=\"20\" viewBox=\"0 0 24 24\""),
            "{drawn}"
        );
        assert!(drawn.contains("<path"));
    }

    #[test]
    fn initials_are_of_the_first_and_last_name() {
        assert_eq!(initials("Inês de Carvalho"), "IC");
        assert_eq!(initials("madonna"), "M");
        assert_eq!(initials("  "), "");
    }
}
