//! Pages of an answer, followed to the last one and no further than makes sense (ALL-11).

use std::collections::HashSet;

use kalends_app::{Error, Kind};

/// The most pages of one answer.
const MOST: usize = 400;

/// Where a reader of pages is.
#[derive(Debug, Default)]
pub struct Pages {
    seen: HashSet<String>,
}

impl Pages {
    /// The token of the next page, if there is one. A page that comes again, or pages without end, are malformed.
    pub fn next(&mut self, token: Option<String>) -> Result<Option<String>, Error> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if !self.seen.insert(token.clone()) {
            return Err(Error::new(Kind::Malformed, "Google sends the same page again and again"));
        }
        if self.seen.len() >= MOST {
            return Err(Error::new(Kind::Malformed, "Google sends pages without end"));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_11_a_page_that_comes_again_ends_the_reading() {
        let mut pages = Pages::default();
        assert_eq!(pages.next(Some("a".into())).unwrap().as_deref(), Some("a"));
        assert_eq!(pages.next(Some("b".into())).unwrap().as_deref(), Some("b"));
        assert_eq!(pages.next(Some("a".into())).unwrap_err().kind, Kind::Malformed);
    }

    #[test]
    fn all_11_pages_without_end_are_given_up() {
        let mut pages = Pages::default();
        let error = (0..).find_map(|n| pages.next(Some(n.to_string())).err()).unwrap();
        assert_eq!(error.kind, Kind::Malformed);
    }

    #[test]
    fn no_token_is_the_last_page() {
        assert_eq!(Pages::default().next(None).unwrap(), None);
        assert_eq!(Pages::default().next(Some(String::new())).unwrap(), None);
    }
}
