//! What the engine refuses, as a client is told: one exhaustive match per kind of refusal.

use http::StatusCode;
use kalends_engine::{
    EditError, Invalid, PageError,
    book::{BookError, ChangeError},
    slots::SlotsError,
};

use crate::Problem;

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::fields(invalid.problems)
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            PageError::NotFound => Self::not_found(code, said),
            PageError::Link(_) => Self::gone(code, said),
            PageError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

impl From<SlotsError> for Problem {
    fn from(error: SlotsError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            SlotsError::NotFound => Self::not_found(code, said),
            SlotsError::Link(_) => Self::gone(code, said),
            SlotsError::Invalid(invalid) => invalid.into(),
            SlotsError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            BookError::NotFound => Self::not_found(code, said),
            BookError::Link(_) => Self::gone(code, said),
            BookError::Invalid(invalid) => invalid.into(),
            BookError::Taken | BookError::Full | BookError::AlreadyIn | BookError::Limit { .. } => {
                Self::conflict(code, said)
            }
            BookError::NotOffered
            | BookError::TooSoon { .. }
            | BookError::OutsideWindow
            | BookError::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, said),
            BookError::NoHosts | BookError::PaymentNotReady => Self::conflict(code, said),
            BookError::Withheld { .. } => Self::unavailable(code, said),
            BookError::Forbidden => Self::forbidden(code, said),
            BookError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            ChangeError::NotFound | ChangeError::NoSeat => Self::not_found(code, said),
            ChangeError::Policy { .. } | ChangeError::TooLate { .. } | ChangeError::Forbidden => {
                Self::forbidden(code, said)
            }
            ChangeError::Over | ChangeError::Refused(_) => Self::conflict(code, said),
            ChangeError::Time(error) => error.into(),
            ChangeError::Invalid(invalid) => invalid.into(),
            ChangeError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            EditError::NotFound { .. } => Self::not_found(code, said),
            EditError::Forbidden { .. } => Self::forbidden(code, said),
            EditError::Invalid(invalid) => invalid.into(),
            EditError::InUse { .. } => Self::conflict(code, said),
            EditError::Trouble(cause) => Self::internal(&cause),
        }
    }
}
