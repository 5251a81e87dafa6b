//! What is asked about busy times, and how they are written.

use kalends_domain::{Id, Span, zone::Zone};
use kalends_engine::connect::{Calendar, CalendarBusy, ConnectionView};
use serde::Deserialize;
use utoipa::IntoParams;

use super::shape::{Wrong, account::BusyOut, booking::read_instant, seconds};
use crate::extract::Typed;

/// So many days at once.
const MOST_DAYS: i64 = 366;
/// So many calendars at once.
const MOST: usize = 50;

/// Which times of which calendars.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, whose calendars come as a list in brackets")]
pub(super) struct BusyQuery {
    /// First day, or an instant.
    date_from: String,
    /// Last day (included), or an instant.
    date_to: String,
    /// The zone days are cut in; the user's when absent.
    time_zone: Option<String>,
    /// The same, as it was called before.
    logged_in_users_tz: Option<String>,
    /// The number of the account.
    credential_id: Option<i64>,
    /// The calendar's name over there.
    external_id: Option<String>,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Ask {
    /// Accounts and names of calendars.
    pub wanted: Vec<(i64, String)>,
    /// From when to when.
    pub window: Span,
}

/// Reads the query; everything that will not do is named.
pub(super) fn read(query: &str, usual: &str) -> Result<Ask, Vec<Wrong>> {
    let asked = Typed::parse(query.as_bytes());
    let mut wrong = Vec::new();
    let name = asked.text("timeZone").or_else(|| asked.text("loggedInUsersTz")).unwrap_or(usual);
    let zone = Zone::parse(name).unwrap_or_else(|problem| {
        wrong.push(Wrong::new("timeZone", problem.to_string()));
        Zone::utc()
    });
    let mut bound = |field: &'static str, end: bool| match asked.text(field) {
        None => {
            wrong.push(Wrong::new(field, "is missing"));
            0
        }
        Some(text) => edge(text, &zone, end).unwrap_or_else(|| {
            wrong.push(Wrong::new(field, "give a day such as 2050-09-05, or an instant"));
            0
        }),
    };
    let window = Span::new(bound("dateFrom", false), bound("dateTo", true));
    if wrong.is_empty() && window.is_empty() {
        wrong.push(Wrong::new("dateTo", "is before dateFrom"));
    }
    if wrong.is_empty() && window.end - window.start > MOST_DAYS * 86_400 {
        wrong.push(Wrong::new("dateTo", format!("ask for at most {MOST_DAYS} days at once")));
    }
    let wanted = calendars(&asked, &mut wrong);
    if wrong.is_empty() { Ok(Ask { wanted, window }) } else { Err(wrong) }
}

fn edge(text: &str, zone: &Zone, end: bool) -> Option<i64> {
    if let Ok(day) = text.parse::<jiff::civil::Date>()
        && !text.contains('T')
    {
        let day = if end { day.tomorrow().ok()? } else { day };
        return Some(zone.midnight(day));
    }
    read_instant(text).map(jiff::Timestamp::as_second)
}

/// `calendarsToLoad[0][credentialId]=…&calendarsToLoad[0][externalId]=…`, or the two names alone.
fn calendars(asked: &Typed, wrong: &mut Vec<Wrong>) -> Vec<(i64, String)> {
    let at = |place: &str, name: &str| match place {
        "" => name.to_owned(),
        place => format!("calendarsToLoad[{place}][{name}]"),
    };
    let mut places: Vec<&str> = asked
        .iter()
        .filter_map(|(name, _)| {
            name.strip_prefix("calendarsToLoad[")?.split_once(']').map(|(place, _)| place)
        })
        .collect();
    if asked.has("credentialId") || asked.has("externalId") || places.is_empty() {
        places.push("");
    }
    places.sort_unstable();
    places.dedup();
    if places.len() > MOST {
        wrong.push(Wrong::new("calendarsToLoad", format!("ask for at most {MOST} calendars at once")));
        return Vec::new();
    }
    let mut wanted = Vec::new();
    for place in places {
        let (number, name) = (at(place, "credentialId"), at(place, "externalId"));
        match (asked.text(&number).map(str::parse), asked.text(&name)) {
            (Some(Ok(account)), Some(calendar)) => wanted.push((account, calendar.to_owned())),
            (None | Some(Err(_)), _) => wrong.push(Wrong::new(number, "give the account's number")),
            (_, None) => wrong.push(Wrong::new(name, "name the calendar as /v2/calendars does")),
        }
    }
    wanted
}

/// The calendars that are meant; one that is not there, or not read, is named.
pub(super) fn chosen<'a>(ask: &Ask, accounts: &'a [ConnectionView]) -> Result<Vec<&'a Calendar>, Vec<Wrong>> {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (account, name) in &ask.wanted {
        let account = accounts.iter().find(|one| one.number == *account);
        let calendar = account.and_then(|one| one.calendars.iter().find(|one| one.remote_id == *name));
        match calendar {
            Some(calendar) if calendar.blocks => found.push(calendar),
            Some(calendar) => {
                let fix = format!(
                    "“{}” is not selected, so its times are not read; POST /v2/selected-calendars first",
                    calendar.name
                );
                wrong.push(Wrong::new("externalId", fix));
            }
            None if account.is_some() => {
                wrong.push(Wrong::new("externalId", "names no calendar of this account"));
            }
            None => wrong.push(Wrong::new("credentialId", "is no account of yours")),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// One busy time.
pub(super) fn out(one: &CalendarBusy, of: &[&Calendar]) -> BusyOut {
    let named = |id: Id<Calendar>| of.iter().find(|calendar| calendar.id == id).map(|one| one.name.clone());
    BusyOut { start: seconds(one.span.start), end: seconds(one.span.end), source: named(one.calendar) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(query: &str) -> Vec<String> {
        read(query, "UTC").unwrap_err().into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn calendars_come_as_a_list_in_brackets_or_alone() {
        let days = "dateFrom=2026-11-24&dateTo=2026-11-24";
        let listed = "calendarsToLoad[0][credentialId]=7&calendarsToLoad[0][externalId]=a%40b&calendarsToLoad[1][credentialId]=8&calendarsToLoad[1][externalId]=c";
        let ask = read(&format!("{days}&{listed}"), "UTC").unwrap();
        assert_eq!(ask.wanted, [(7, "a@b".to_owned()), (8, "c".to_owned())]);
        let ask = read(&format!("{days}&credentialId=7&externalId=a"), "UTC").unwrap();
        assert_eq!(ask.wanted, [(7, "a".to_owned())]);
        assert_eq!(wrong(days), ["credentialId"]);
        assert_eq!(
            wrong(&format!("{days}&calendarsToLoad[0][credentialId]=7")),
            ["calendarsToLoad[0][externalId]"]
        );
    }

    #[test]
    fn days_are_cut_in_the_zone_and_the_last_one_counts() {
        let query =
            "dateFrom=2026-11-24&dateTo=2026-11-24&timeZone=Europe/Vienna&credentialId=7&externalId=a";
        let ask = read(query, "UTC").unwrap();
        assert_eq!(seconds(ask.window.start), "2026-11-23T23:00:00.000Z");
        assert_eq!(seconds(ask.window.end), "2026-11-24T23:00:00.000Z");
    }

    #[test]
    fn everything_wrong_is_named() {
        assert_eq!(wrong("credentialId=x&externalId=a"), ["dateFrom", "dateTo", "credentialId"]);
        let calendar = "credentialId=7&externalId=a";
        assert_eq!(wrong(&format!("dateFrom=2026-11-24&dateTo=2026-11-20&{calendar}")), ["dateTo"]);
        assert_eq!(wrong(&format!("dateFrom=2020-11-24&dateTo=2026-11-20&{calendar}")), ["dateTo"]);
        assert_eq!(
            wrong(&format!("dateFrom=soon&dateTo=2026-11-20&timeZone=Mars&{calendar}")),
            ["timeZone", "dateFrom"]
        );
    }
}
