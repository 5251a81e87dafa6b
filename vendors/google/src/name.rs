//! The names our events have at Google (GCAL-08, GCAL-09).

/// Google's alphabet for event ids: base32hex, small.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// The private property that holds the booking's uid.
pub const UID: &str = "kalendsUid";
/// The private property that holds the booking's revision.
pub const REVISION: &str = "kalendsRevision";
/// The private property that tells what was last written.
pub const PRINT: &str = "kalendsPrint";

/// The id of a booking's event, the same for every try: a second insert meets the first one's event.
pub fn event(uid: &str) -> String {
    let mut id = String::with_capacity(uid.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in uid.bytes() {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            id.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        id.push(letter(held << (5 - bits)));
    }
    // Google wants five characters at least.
    while id.len() < 5 {
        id.push('0');
    }
    id
}

fn letter(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcal_08_ids_are_base32hex_as_rfc_4648_has_it() {
        for (uid, id) in [("foobar", "cpnmuoj1e8"), ("fooba", "cpnmuoj1"), ("foob", "cpnmuog")] {
            assert_eq!(event(uid), id);
        }
    }

    proptest::proptest! {
        #[test]
        fn gcal_08_an_id_has_googles_alphabet_and_length(uid in "[0-9A-Za-z-]{1,64}") {
            let id = event(&uid);
            assert!((5..=1024).contains(&id.len()));
            assert!(id.bytes().all(|byte| ALPHABET.contains(&byte)));
        }

        #[test]
        fn gcal_08_two_bookings_never_have_one_id(one in "[0-9A-Za-z]{22}", other in "[0-9A-Za-z]{22}") {
            assert_eq!(one == other, event(&one) == event(&other));
        }
    }
}
