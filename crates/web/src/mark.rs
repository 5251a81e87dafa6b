//! Places in time lines, as addresses and clients carry them: `microseconds-id`.

use jiff::Timestamp;
use kalends_domain::Id;

/// The text of a place.
pub fn write<T>(at: Timestamp, id: Id<T>) -> String {
    format!("{}-{id}", at.as_microsecond())
}

/// The place of a text, if it is one.
pub fn read<T>(text: &str) -> Option<(Timestamp, Id<T>)> {
    let (at, id) = text.split_once('-')?;
    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is() {
        let (at, id) =
            (Timestamp::from_microsecond(1_800_000_000_000_001).unwrap(), Id::<u8>::new(Uuid::from_u128(7)));
        assert_eq!(read(&write(at, id)), Some((at, id)));
        for wrong in ["", "-", "7", "x-00000000-0000-0000-0000-000000000007", "99999999999999999999-7"] {
            assert_eq!(read::<u8>(wrong), None, "{wrong}");
        }
    }
}
