//! Where a block comes from: a small number in memory, a row in words.

use std::{collections::HashMap, sync::Mutex};

use kalends_domain::{Id, availability::Source, booking::Booking};
use kalends_store::repo::Owner;

/// What takes a host's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Taker {
    /// A booking or somebody's hold.
    Claim(Owner),
    /// Events of an outside calendar.
    Calendar(Id<Calendar>),
}

/// Gives each taker a number, the same for all hosts.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Taker, Source>,
    takers: Vec<Taker>,
}

impl Sources {
    /// The taker's number; a new one where it has none.
    pub fn number(&self, taker: Taker) -> Source {
        let mut known = self.lock();
        if let Some(number) = known.numbers.get(&taker) {
            return *number;
        }
        let number = Source::try_from(known.takers.len()).unwrap_or(Source::MAX);
        known.numbers.insert(taker, number);
        known.takers.push(taker);
        number
    }

    /// The taker's number, if it was ever given one: else nothing in memory comes from it.
    pub fn known(&self, taker: &Taker) -> Option<Source> {
        self.lock().numbers.get(taker).copied()
    }

    /// Who has this number.
    pub fn taker(&self, number: Source) -> Option<Taker> {
        let known = self.lock();
        known.takers.get(usize::try_from(number).ok()?).cloned()
    }

    /// How many numbers are given out.
    pub fn len(&self) -> usize {
        self.lock().takers.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
