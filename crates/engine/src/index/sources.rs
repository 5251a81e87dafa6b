//! Where a block comes from: a small number in the engine, a row in words.

use kalends_domain::{Id, availability::Source};
use kalends_store::repo::Owner;

/// What takes a host's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taker {
    /// A booking or somebody's hold.
    Claim(Owner),
    /// Events of an outside calendar, by its place among the host's calendars.
    Calendar(usize),
}

/// The number of a row: the last bits of its id, which are chance.
///
/// Two rows of one host share a number once in millions. Then a slot may be shown that cannot be booked: the
/// claim, which knows whole ids, decides.
pub(crate) const fn source_of<T>(id: Id<T>) -> Source {
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    let low = id.uuid().as_u128() as u32;
    low
}

/// The number of a claim's owner.
pub(crate) const fn source_of_owner(owner: Owner) -> Source {
    match owner {
        Owner::Booking(id) => source_of(id),
        Owner::Hold(id) => source_of(id),
    }
}
