//! How well a connection is, and what an answer or a failure makes of it.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Error, Kind};

/// An outage shorter than this is not worth a word: retries bridge it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// A healthy connection is written down again only after this long.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// How well a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It answers.
    Connected,
    /// It has not answered for a while; it is tried again by itself.
    Degraded,
    /// It refuses us: its owner must connect again.
    NeedsReconnect,
    /// Its owner took it away at the provider.
    Revoked,
}

impl State {
    /// As it is stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Revoked => "revoked",
        }
    }

    /// The state of this word; one we do not know is looked at by its owner.
    pub fn parse(text: &str) -> Self {
        [Self::Connected, Self::Degraded, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == text)
            .unwrap_or(Self::NeedsReconnect)
    }

    /// True while calls are worth making.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Connected | Self::Degraded)
    }
}

/// How well a connection is, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How well.
    pub state: State,
    /// Since then.
    pub since: Timestamp,
    /// Why, in words fit for its owner; empty while all is well.
    pub cause: String,
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
}

impl Health {
    /// Just connected.
    pub const fn fresh(now: Timestamp) -> Self {
        Self { state: State::Connected, since: now, cause: String::new(), answered_at: Some(now) }
    }

    /// What one more call makes of it; `None` when there is nothing to write down.
    pub fn after(&self, call: Result<(), &Error>, now: Timestamp) -> Option<Self> {
        match call {
            Ok(()) => self.answered(now),
            Err(error) if refuses(error) => self.turned(State::NeedsReconnect, error.to_string(), now),
            Err(error) if out(error) => {
                let quiet = self.answered_at.is_none_or(|last| now.duration_since(last) >= PATIENCE);
                let already = self.state != State::Connected;
                if quiet && !already { self.turned(State::Degraded, error.to_string(), now) } else { None }
            }
            // An answer we did not like is an answer.
            Err(_) => self.answered(now),
        }
    }

    fn answered(&self, now: Timestamp) -> Option<Self> {
        let stale = self.answered_at.is_none_or(|last| now.duration_since(last) >= STALE);
        match self.state {
            State::Connected if !stale => None,
            State::Connected => Some(Self { answered_at: Some(now), ..self.clone() }),
            _ => Some(Self::fresh(now)),
        }
    }

    fn turned(&self, state: State, cause: String, now: Timestamp) -> Option<Self> {
        (self.state != state || self.cause != cause).then(|| Self {
            state,
            since: if self.state == state { self.since } else { now },
            cause,
            answered_at: self.answered_at,
        })
    }
}

fn refuses(error: &Error) -> bool {
    error.kind.needs_owner() || error.kind == Kind::AuthExpired
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
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn down() -> Error {
        Error::new(Kind::Down, "no answer")
    }

    #[test]
    fn a_refused_credential_needs_its_owner_at_once() {
        let refused = Error::new(Kind::AuthRevoked, "the password is wrong");
        let health = Health::fresh(at(0)).after(Err(&refused), at(1)).unwrap();
        assert_eq!(health.state, State::NeedsReconnect);
        assert_eq!(health.cause, "the password is wrong");
        assert_eq!(health.since, at(1));
    }

    #[test]
    fn a_short_outage_is_not_worth_a_word_and_a_long_one_is() {
        let health = Health::fresh(at(0));
        assert_eq!(health.after(Err(&down()), at(9)), None);
        let degraded = health.after(Err(&down()), at(10)).unwrap();
        assert_eq!(degraded.state, State::Degraded);
        assert_eq!(degraded.after(Err(&down()), at(20)), None, "since when it is out does not move");
    }

    #[test]
    fn an_answer_heals() {
        let degraded = Health::fresh(at(0)).after(Err(&down()), at(10)).unwrap();
        assert_eq!(degraded.after(Ok(()), at(12)), Some(Health::fresh(at(12))));
        let missing = Error::new(Kind::NotFound, "no such event");
        assert_eq!(degraded.after(Err(&missing), at(12)).unwrap().state, State::Connected);
    }

    #[test]
    fn a_healthy_connection_is_not_written_at_every_call() {
        let health = Health::fresh(at(0));
        assert_eq!(health.after(Ok(()), at(4)), None);
        assert_eq!(health.after(Ok(()), at(5)).unwrap().answered_at, Some(at(5)));
    }

    #[test]
    fn an_unknown_word_is_never_healthy() {
        assert_eq!(State::parse("fine"), State::NeedsReconnect);
        assert_eq!(State::parse("connected"), State::Connected);
    }
}
