//! Slots as they go out: written straight into the answer, for a busy page asks for hundreds at a time.

use kalends_domain::{span::instant, zone::Zone};
use kalends_engine::slots::{Offer, Slots};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq, SerializeStruct},
};

/// The slots by date, in the zone asked for.
pub(super) struct Days {
    pub slots: Slots,
    pub zone: Zone,
    /// With the end of each slot.
    pub ends: bool,
}

struct Day<'a> {
    offers: &'a [Offer],
    of: &'a Days,
}

struct Slot<'a> {
    offer: &'a Offer,
    of: &'a Days,
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut days = serializer.serialize_map(Some(self.slots.days.len()))?;
        for (day, offers) in &self.slots.days {
            days.serialize_entry(day, &Day { offers, of: self })?;
        }
        days.end()
    }
}

impl Serialize for Day<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut slots = serializer.serialize_seq(Some(self.offers.len()))?;
        for offer in self.offers {
            slots.serialize_element(&Slot { offer, of: self.of })?;
        }
        slots.end()
    }
}

impl Serialize for Slot<'_> {
    /// The fields of [`SlotOut`](crate::api::shape::slot::SlotOut).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { offer, of } = self;
        let fields = 1 + usize::from(of.ends) + if offer.seats.is_some() { 3 } else { 0 };
        let mut slot = serializer.serialize_struct("SlotOut", fields)?;
        let start = offer.start.as_second();
        slot.serialize_field("start", Local::at(start, &of.zone).as_str())?;
        if of.ends {
            let end = start + i64::from(of.slots.minutes) * 60;
            slot.serialize_field("end", Local::at(end, &of.zone).as_str())?;
        }
        if let Some(seats) = offer.seats {
            slot.serialize_field("seatsBooked", &(seats.count - seats.left))?;
            slot.serialize_field("seatsRemaining", &seats.left)?;
            slot.serialize_field("seatsTotal", &seats.count)?;
        }
        slot.end()
    }
}

/// `2050-09-05T09:00:00.000+02:00`; `Z` where the zone is at UTC.
struct Local {
    text: [u8; 29],
    length: usize,
}

impl Local {
    fn at(at: i64, zone: &Zone) -> Self {
        let offset = zone.offset(at);
        let wall = jiff::tz::TimeZone::UTC.to_datetime(instant(at + offset));
        let mut text = *b"0000-00-00T00:00:00.000+00:00";
        let year = wall.year().unsigned_abs();
        put(&mut text[0..2], year / 100);
        put(&mut text[2..4], year % 100);
        put(&mut text[5..7], wall.month().unsigned_abs());
        put(&mut text[8..10], wall.day().unsigned_abs());
        put(&mut text[11..13], wall.hour().unsigned_abs());
        put(&mut text[14..16], wall.minute().unsigned_abs());
        put(&mut text[17..19], wall.second().unsigned_abs());
        if offset == 0 {
            text[23] = b'Z';
            return Self { text, length: 24 };
        }
        if offset < 0 {
            text[23] = b'-';
        }
        let minutes = offset.unsigned_abs() / 60;
        put(&mut text[24..26], minutes / 60);
        put(&mut text[27..29], minutes % 60);
        Self { text, length: 29 }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

/// Two digits.
fn put(place: &mut [u8], number: impl Into<u64>) {
    let number = number.into();
    for (place, digit) in place.iter_mut().zip([number / 10 % 10, number % 10]) {
        *place = b'0' + u8::try_from(digit).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_the_offset_of_their_zone() {
        let write = |name: &str| Local::at(1_800_000_000, &Zone::parse(name).unwrap()).as_str().to_owned();
        assert_eq!(write("UTC"), "2027-01-15T08:00:00.000Z");
        assert_eq!(write("Europe/Rome"), "2027-01-15T09:00:00.000+01:00");
        assert_eq!(write("Asia/Kolkata"), "2027-01-15T13:30:00.000+05:30");
        assert_eq!(write("America/St_Johns"), "2027-01-15T04:30:00.000-03:30");
        let late = Local::at(4_102_444_799, &Zone::utc());
        assert_eq!(late.as_str(), "2099-12-31T23:59:59.000Z");
    }
}
