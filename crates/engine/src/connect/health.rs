//! What an answer or a failure makes of a connection's health.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Error, Kind};
use kalends_store::repo::{Connection, Health};

/// An outage shorter than this is not worth a word: retries bridge it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// A healthy connection is written down again only after this long.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// The health after one more call, and why; `None` when there is nothing to write down.
///
/// While it is connected, `checked_at` is when it last answered.
pub(crate) fn after(of: &Connection, call: Result<(), &Error>, now: Timestamp) -> Option<(Health, String)> {
    let quiet = |patience| of.checked_at.is_none_or(|last| now.duration_since(last) >= patience);
    match call {
        Err(error) if refuses(error) => {
            let cause = error.to_string();
            let known = of.health == Health::NeedsReconnect && of.cause == cause;
            (!known).then_some((Health::NeedsReconnect, cause))
        }
        Err(error) if out(error) => {
            (of.health == Health::Connected && quiet(PATIENCE)).then(|| (Health::Degraded, error.to_string()))
        }
        // An answer we did not like is an answer.
        Ok(()) | Err(_) => {
            (of.health != Health::Connected || quiet(STALE)).then(|| (Health::Connected, String::new()))
        }
    }
}

/// True while calls are worth making: what needs its owner is left alone until they came.
pub(crate) const fn is_usable(health: Health) -> bool {
    matches!(health, Health::Connected | Health::Degraded)
}

/// What a policy forbids in one place (a calendar that is read-only by now) says nothing of the account.
const fn refuses(error: &Error) -> bool {
    matches!(error.kind, Kind::AuthRevoked | Kind::AuthExpired | Kind::ScopeMissing { .. })
}

fn out(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Down
            | Kind::UnknownOutcome
            | Kind::Malformed
            | Kind::RateLimited { .. }
            | Kind::QuotaExhausted { .. }
    )
}

#[cfg(test)]
mod tests {
    use kalends_domain::Id;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn connection(health: Health, checked: i64) -> Connection {
        let id = uuid::Uuid::nil();
        Connection {
            id: Id::new(id),
            number: 7,
            organization: Id::new(id),
            installation: Id::new(id),
            account: "ines".into(),
            health,
            since: at(0),
            cause: String::new(),
            checked_at: Some(at(checked)),
            silent_until: None,
        }
    }

    fn down() -> Error {
        Error::new(Kind::Down, "no answer")
    }

    #[test]
    fn a_refused_credential_needs_its_owner_at_once_and_is_said_once() {
        let refused = Error::new(Kind::AuthRevoked, "the password is wrong");
        let mut account = connection(Health::Connected, 0);
        let (health, cause) = after(&account, Err(&refused), at(1)).unwrap();
        assert_eq!((health, cause.as_str()), (Health::NeedsReconnect, "the password is wrong"));
        account.health = health;
        account.cause = cause;
        assert_eq!(after(&account, Err(&refused), at(2)), None);
    }

    #[test]
    fn a_short_outage_is_not_worth_a_word_and_a_long_one_is() {
        let account = connection(Health::Connected, 0);
        assert_eq!(after(&account, Err(&down()), at(9)), None);
        assert_eq!(after(&account, Err(&down()), at(10)).unwrap().0, Health::Degraded);
        assert_eq!(after(&connection(Health::Degraded, 10), Err(&down()), at(30)), None);
    }

    #[test]
    fn an_answer_heals() {
        for broken in [Health::Degraded, Health::NeedsReconnect] {
            assert_eq!(
                after(&connection(broken, 10), Ok(()), at(11)),
                Some((Health::Connected, String::new()))
            );
        }
        for kind in [Kind::NotFound, Kind::PolicyDenied] {
            let no = Error::new(kind, "not here");
            let (health, _) = after(&connection(Health::Degraded, 10), Err(&no), at(11)).unwrap();
            assert_eq!(health, Health::Connected);
        }
    }

    #[test]
    fn a_healthy_connection_is_not_written_at_every_call() {
        let account = connection(Health::Connected, 0);
        assert_eq!(after(&account, Ok(()), at(4)), None);
        assert!(after(&account, Ok(()), at(5)).is_some());
    }
}
