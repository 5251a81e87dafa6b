//! Which page of a list.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Typed;
use crate::Problem;

/// `take` rows after the first `skip`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// At most so many, 1 to 250.
    pub take: u32,
    /// Leaving out so many.
    pub skip: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { take: 100, skip: 0 }
    }
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::of(&Typed::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

impl Paging {
    fn of(asked: &Typed) -> Result<Self, Problem> {
        let number = |name: &'static str, default: u32| match asked.text(name) {
            None => Ok(default),
            Some(text) => text.parse::<u32>().map_err(|_| {
                Problem::bad_request("bad_paging", format!("`{name}` is a whole number, 0 or more."))
            }),
        };
        let Self { take, skip } = Self::default();
        let paging = Self { take: number("take", take)?, skip: number("skip", skip)? };
        if (1..=250).contains(&paging.take) {
            Ok(paging)
        } else {
            Err(Problem::bad_request("bad_paging", "`take` is between 1 and 250."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_bounds() {
        let of = |query: &str| Paging::of(&Typed::parse(query.as_bytes()));
        assert_eq!(of("").unwrap(), Paging { take: 100, skip: 0 });
        assert_eq!(of("take=5&skip=10").unwrap(), Paging { take: 5, skip: 10 });
        for bad in ["take=0", "take=251", "take=-1", "skip=x", "take=99999999999"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
