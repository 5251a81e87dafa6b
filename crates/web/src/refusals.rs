//! What the engine refuses, as a client is told: one exhaustive match per kind of refusal.

use http::StatusCode;
use kalends_app::Kind;
use kalends_domain::event_type::FieldProblem;
use kalends_engine::{
    EditError, Invalid, PageError, Trouble,
    book::{BookError, ChangeError},
    connect::ConnectError,
    flights::ReplayError,
    reconcile::JoinError,
    sign_in::{SignInError, TooMany},
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
            BookError::Series { why, .. } => Self { title: said.into(), ..Self::from(*why) },
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
            ChangeError::Over => Self::conflict(code, said),
            ChangeError::Refused(refused) => {
                let title = format!("This booking is {}: it cannot be {}.", refused.state, refused.event);
                Self::conflict(code, title)
            }
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
            EditError::NotFound { what } => Self::not_found(absent(what), said),
            EditError::Forbidden { .. } => Self::forbidden(code, said),
            EditError::Invalid(invalid) => invalid.into(),
            EditError::InUse { .. } => Self::conflict(code, said),
            EditError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

/// The code of a kind of thing that is not there.
fn absent(what: &str) -> &'static str {
    match what {
        "event type" => "event_type_not_found",
        "page" => "page_not_found",
        "private link" => "private_link_not_found",
        "schedule" => "schedule_not_found",
        "user" => "user_not_found",
        _ => "not_found",
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let said = error.to_string();
        match error {
            ReplayError::NotFound => Self::not_found("flight_not_found", said),
            ReplayError::Cannot(why) => {
                Self::conflict("not_replayable", "There is nothing to do again.").say(why)
            }
            ReplayError::Booking(error) => error.into(),
            ReplayError::Connection(error) => error.into(),
            ReplayError::Trouble(cause) => Self::internal(&cause),
        }
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        Self::internal(&trouble)
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        let said = error.to_string();
        match error {
            JoinError::NotFound => Self::not_found("booking_not_found", said),
            JoinError::NotOn | JoinError::Over => Self::conflict("booking_not_on", said),
            JoinError::Closed(_) => Self::conflict("room_closed", said),
            JoinError::NotReady => Self::unavailable("link_not_ready", said),
            // An app's own words are for the host's pages; a guest can only wait or ask.
            JoinError::App(cause) => {
                tracing::warn!(error = %cause, "a room could not be opened");
                Self::unavailable("room_unreachable", "The room does not answer right now.")
                    .say("Try again in a minute, or write to your host.")
            }
            JoinError::Store(cause) => Self::internal(&cause),
        }
    }
}

impl From<TooMany> for Problem {
    fn from(too_many: TooMany) -> Self {
        let seconds = u64::try_from(too_many.wait.as_secs()).unwrap_or(1).max(1);
        Self { title: too_many.to_string().into(), detail: String::new(), ..Self::too_many(seconds) }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            SignInError::Store(cause) => Self::internal(&cause),
            SignInError::Invalid(invalid) => invalid.into(),
            SignInError::TooMany(too_many) => too_many.into(),
            SignInError::Wrong => Self::new(StatusCode::UNAUTHORIZED, code, said),
            SignInError::LinkOver => Self::gone(code, said),
            SignInError::AlreadySetUp => Self::conflict(code, said),
            SignInError::NotFound { .. } => Self::not_found(code, said),
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        let (code, said) = (error.code(), error.to_string());
        match error {
            ConnectError::NoSuchApp | ConnectError::NotFound => Self::not_found(code, said),
            ConnectError::Forbidden => Self::forbidden(code, said),
            ConnectError::Invalid(invalid) => invalid.into(),
            ConnectError::Needs { .. } | ConnectError::NeededBy { .. } | ConnectError::ThereAgain { .. } => {
                Self::new(StatusCode::CONFLICT, code, said)
            }
            ConnectError::Probe(error) => match typed_wrong(&error) {
                Some(field) => Self::fields(vec![field]),
                None => Self::new(StatusCode::BAD_GATEWAY, code, said),
            },
            ConnectError::Unfinished(_) => Self::conflict(code, said),
            ConnectError::Store(cause) => Self::internal(&cause),
        }
    }
}

/// What an app found wrong with a field before it called anybody, such as what cannot be an address.
fn typed_wrong(error: &kalends_app::Error) -> Option<FieldProblem> {
    let (field, fix) = error.message().split_once(": ")?;
    let named = !field.is_empty() && field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let typed = named && error.kind == Kind::Invalid && error.http_status().is_none();
    typed.then(|| FieldProblem { field: field.to_owned(), fix: fix.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_never_reaches_a_client() {
        let trouble = Trouble::Unreadable { what: "schedule", why: "secret row 7".into() };
        let problem = Problem::from(BookError::Trouble(trouble));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            !serde_json::to_string(&crate::api::refused::Trouble::from(&problem)).unwrap().contains("secret")
        );
    }

    #[test]
    fn a_full_disk_is_said_plainly_and_is_nobodys_mistake() {
        let full = || kalends_store::Error::Full;
        for problem in [
            Problem::internal(&full()),
            Problem::from(BookError::from(full())),
            Problem::from(ChangeError::from(full())),
            Problem::from(ConnectError::from(full())),
            Problem::from(SignInError::from(full())),
        ] {
            assert_eq!((problem.status.as_u16(), problem.code), (507, "disk_full"));
            assert!(problem.detail.starts_with("Nothing was changed."), "{}", problem.detail);
        }
    }

    #[test]
    fn a_field_an_app_cannot_use_is_the_askers_and_a_providers_no_is_not() {
        let probe =
            |kind, said: &str| Problem::from(ConnectError::Probe(kalends_app::Error::new(kind, said)));
        let problem = probe(Kind::Invalid, "server: type an address such as https://dav.example.com");
        assert_eq!((problem.status.as_u16(), problem.fields[0].field.as_str()), (422, "server"));
        for (kind, said) in [(Kind::Down, "server: no answer"), (Kind::Invalid, "Their words: no")] {
            assert_eq!(probe(kind, said).code, "app_refused");
        }
    }

    #[test]
    fn an_error_keeps_its_code_and_its_words() {
        let problem = Problem::from(BookError::Taken);
        assert_eq!((problem.status, problem.code), (StatusCode::CONFLICT, "slot_taken"));
        assert!(problem.title.starts_with("That time was just taken."));
        let problem = Problem::from(ChangeError::Time(BookError::Full));
        assert_eq!(problem.code, "slot_full");
        let invalid = Invalid::one("email", "Write it in full.");
        let problem = Problem::from(EditError::Invalid(invalid));
        assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem.fields[0].field, "email");
    }
}
