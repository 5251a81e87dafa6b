//! A zone's offsets over a stretch of time, laid out flat for the engine.

use jiff::civil::Date;

use super::Zone;

/// A stretch in which the offset does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// First second of it.
    pub start: i64,
    /// First second after it.
    pub end: i64,
    /// Seconds east of UTC.
    pub offset: i64,
}

/// All offsets of a zone within a window; outside it the nearest one goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets(Vec<Piece>);

impl Offsets {
    /// Reads a zone's rules once for a window.
    pub fn over(zone: &Zone, start: i64, end: i64) -> Self {
        let mut pieces = vec![Piece { start: i64::MIN, end: i64::MAX, offset: zone.offset(start) }];
        for change in zone.rules().following(crate::span::instant(start)) {
            let at = change.timestamp().as_second();
            if at >= end {
                break;
            }
            let offset = i64::from(change.offset().seconds());
            if let Some(last) = pieces.last_mut()
                && last.offset != offset
            {
                last.end = at;
                pieces.push(Piece { start: at, end: i64::MAX, offset });
            }
        }
        Self(pieces)
    }

    /// The stretches, in order, without holes.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The stretch an instant lies in.
    pub fn at(&self, at: i64) -> Piece {
        let after = self.0.partition_point(|piece| piece.start <= at);
        self.0[after.saturating_sub(1)]
    }

    /// What a clock on the wall shows at an instant, counted in seconds as if it were UTC.
    pub fn wall(&self, at: i64) -> i64 {
        at.saturating_add(self.at(at).offset)
    }

    /// The local date at an instant, as days since 1970-01-01.
    pub fn day(&self, at: i64) -> i64 {
        self.wall(at).div_euclid(86_400)
    }

    /// When an instant's wall time was skipped: the same wall time read by the clock before the change.
    pub(crate) fn moved_forward(&self, wall: i64) -> Option<i64> {
        self.0.windows(2).find_map(|pair| {
            let change = pair[0].end;
            let skipped = change + pair[0].offset <= wall && wall < change + pair[1].offset;
            skipped.then_some(wall - pair[0].offset)
        })
    }
}

/// A date as days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i64 {
    // Howard Hinnant's days-from-civil, on the proleptic Gregorian calendar.
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after 1970-01-01, clamped to the calendar's years.
pub(crate) fn date_of(day: i64) -> Date {
    crate::span::instant(day.saturating_mul(86_400)).to_zoned(jiff::tz::TimeZone::UTC).date()
}
