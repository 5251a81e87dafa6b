//! What a guest has chosen so far, as the address says it.

use jiff::{Timestamp, civil::Date};
use kalends_domain::{Uid, Zone, people::Hours};

use crate::{extract::Typed, when::Face};

/// The guest's choices. What cannot be read counts as not chosen: an address is typed by people, too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Visit {
    /// Their zone.
    pub zone: Option<Zone>,
    /// 12 or 24 hours.
    pub hours: Option<Hours>,
    /// The month looked at, by its first day.
    pub month: Option<Date>,
    /// The day chosen.
    pub date: Option<Date>,
    /// Minutes, where the event type offers several lengths.
    pub minutes: Option<u32>,
    /// Which place, by its number in the list.
    pub place: Option<usize>,
    /// How many bookings of a series.
    pub times: Option<u32>,
    /// The time chosen.
    pub start: Option<Timestamp>,
    /// The time kept while they type.
    pub hold: Option<Uid>,
}

impl Visit {
    /// Reads a query or a form.
    pub fn of(asked: &Typed) -> Self {
        let date = |name| asked.text(name).and_then(|text| text.parse::<Date>().ok());
        let month = asked.text("month").and_then(|text| format!("{text}-01").parse::<Date>().ok());
        Self {
            zone: asked.text("zone").or(asked.text("timeZone")).and_then(|name| Zone::parse(name).ok()),
            hours: match asked.get("hours") {
                "12" => Some(Hours::Twelve),
                "24" => Some(Hours::TwentyFour),
                _ => None,
            },
            // A day that was shown stays chosen, until another month is asked for.
            date: date("date").or_else(|| if month.is_none() { date("shown") } else { None }),
            month,
            minutes: asked.text("duration").and_then(|text| text.parse().ok()),
            place: asked.text("where").and_then(|text| text.parse().ok()),
            times: asked.text("times").and_then(|text| text.parse().ok()),
            start: asked.text("start").and_then(|text| text.parse().ok()),
            hold: asked.text("hold").and_then(Uid::parse),
        }
    }

    /// How the guest reads times; as the host does until they say otherwise.
    pub fn face(&self, host: &Face) -> Face {
        Face::new(
            self.zone.clone().unwrap_or_else(|| host.zone.clone()),
            self.hours.unwrap_or(host.hours),
            host.now.timestamp(),
        )
    }

    /// The choices that go from page to page, for a link or hidden fields; without time and hold.
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut push = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        push("zone", self.zone.as_ref().map(|zone| zone.name().to_owned()));
        push("hours", self.hours.map(hours_value));
        push("duration", self.minutes.map(|minutes| minutes.to_string()));
        push("where", self.place.map(|place| place.to_string()));
        push("times", self.times.map(|times| times.to_string()));
        pairs
    }
}

/// As the address says it.
pub fn hours_value(hours: Hours) -> String {
    match hours {
        Hours::Twelve => "12".into(),
        Hours::TwentyFour => "24".into(),
    }
}

/// `path?a=1&b=2`, or the path alone.
pub fn link(path: &str, pairs: &[(&'static str, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Visit {
        Visit::of(&Typed::parse(query.as_bytes()))
    }

    #[test]
    fn what_cannot_be_read_is_not_chosen() {
        let odd =
            of("zone=Mars&hours=13&month=2027-13&date=2027-02-30&duration=-5&start=soon&hold=a/b&where=x");
        assert_eq!(odd, Visit::default());
    }

    #[test]
    fn a_shown_day_gives_way_to_another_month() {
        assert_eq!(of("shown=2027-03-11&zone=UTC").date, Some(Date::constant(2027, 3, 11)));
        assert_eq!(of("shown=2027-03-11&month=2027-04").date, None);
        assert_eq!(of("shown=2027-03-11&date=2027-03-12").date, Some(Date::constant(2027, 3, 12)));
    }

    /// TZ-06: a shared link keeps the zone.
    #[test]
    fn choices_travel_in_the_address() {
        let visit = of("zone=Asia%2FCalcutta&hours=12&duration=45&where=1");
        let address = link("/ines/intro", &visit.carried());
        assert_eq!(address, "/ines/intro?zone=Asia%2FKolkata&hours=12&duration=45&where=1");
        assert_eq!(of(address.split_once('?').unwrap().1), visit);
    }
}
