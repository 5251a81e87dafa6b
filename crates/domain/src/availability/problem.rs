//! Schedule problems as files: one question in JSON, for trying the rules out.

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    Ask, Block, Busy, Counted, DateHours, HostTimes, Hours, Offer, Schedule, Timing, WallTime, Weekday,
    WeeklyHours, set,
};
use crate::{
    Span, Zone,
    event_type::{Assignment, BookingWindow, Limits},
    span,
};

/// A question read from a file, holding what an [`Ask`] borrows.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its name.
    pub id: String,
    /// The clock during the question.
    pub now: i64,
    /// The guest's zone.
    pub booker: Zone,
    /// The span asked for.
    pub window: Span,
    /// Length, steps and buffers.
    pub timing: Timing,
    /// How hosts are chosen.
    pub assignment: Assignment,
    /// Who.
    pub hosts: Vec<ProblemHost>,
    limits: Limits,
}

/// One host of a problem.
#[derive(Debug, Clone)]
pub struct ProblemHost {
    /// The number the file calls them by.
    pub id: i64,
    /// Their hours.
    pub schedule: Schedule,
    /// Must be free for every slot.
    pub fixed: bool,
    /// What takes their time; the source is the row's place in the file.
    pub busy: Vec<Block>,
}

/// A file that is no problem: which field, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct ProblemError {
    /// A path into the file: `hosts[0].busy[3]`.
    pub field: String,
    /// What is wrong and how to mend it.
    pub fix: String,
}

type Read<T> = Result<T, ProblemError>;

fn wrong<T>(field: impl Into<String>, fix: impl Into<String>) -> Read<T> {
    Err(ProblemError { field: field.into(), fix: fix.into() })
}

/// The file's own shape. Texts are read by us, so that an error can name its field.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    id: String,
    now: String,
    booker: String,
    window: FileWindow,
    event: FileEvent,
    hosts: Vec<FileHost>,
}

#[derive(Debug, Deserialize)]
struct FileWindow {
    start: String,
    end: String,
}

#[derive(Debug, Deserialize)]
struct FileEvent {
    length: i64,
    interval: Option<i64>,
    #[serde(default)]
    notice: i64,
    #[serde(default)]
    offset: i64,
    #[serde(default)]
    before: i64,
    #[serde(default)]
    after: i64,
    scheduling: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileHost {
    #[serde(default)]
    id: i64,
    time_zone: String,
    fixed: Option<bool>,
    #[serde(default)]
    weekly: Vec<FileWeekly>,
    #[serde(default)]
    overrides: Vec<FileOverride>,
    #[serde(default)]
    busy: Vec<[i64; 4]>,
}

#[derive(Debug, Deserialize)]
struct FileWeekly {
    days: Vec<i64>,
    start: String,
    end: String,
}

#[derive(Debug, Deserialize)]
struct FileOverride {
    date: String,
    start: String,
    end: String,
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(File::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Problem {
    fn read(file: File) -> Read<Self> {
        let event = &file.event;
        let window = Span {
            start: instant("window.start", &file.window.start)?,
            end: instant("window.end", &file.window.end)?,
        };
        if window.is_empty() {
            return wrong("window.end", "must lie after window.start");
        }
        if window.len() > super::ask::LONGEST {
            return wrong(
                "window.end",
                "lies more than ten years after window.start; ask for less at a time",
            );
        }
        let mut timing = Timing::of(minutes("event.length", event.length, 1)?);
        timing.interval = event.interval.map(|value| minutes("event.interval", value, 1)).transpose()?;
        timing.notice = minutes("event.notice", event.notice, 0)?;
        timing.offset = minutes("event.offset", event.offset, 0)?;
        timing.before = minutes("event.before", event.before, 0)?;
        timing.after = minutes("event.after", event.after, 0)?;
        let assignment = match event.scheduling.as_deref() {
            None => Assignment::Single,
            Some("ROUND_ROBIN") => Assignment::RoundRobin,
            Some("COLLECTIVE") => Assignment::Collective,
            Some(_) => return wrong("event.scheduling", "write null, \"ROUND_ROBIN\" or \"COLLECTIVE\""),
        };
        let hosts = file.hosts.into_iter().enumerate().map(|(at, host)| host.read(&format!("hosts[{at}]")));
        Ok(Self {
            now: instant("now", &file.now)?,
            booker: zone("booker", &file.booker)?,
            hosts: hosts.collect::<Read<_>>()?,
            id: file.id,
            window,
            timing,
            assignment,
            limits: Limits::default(),
        })
    }

    /// The hosts' times, to be lent to [`Problem::ask`].
    pub fn host_times(&self) -> Vec<HostTimes<'_>> {
        let times = self.hosts.iter().map(|host| HostTimes {
            schedule: &host.schedule,
            travel: &[],
            away: &[],
            busy: Busy::Rows(&host.busy),
            fixed: host.fixed,
        });
        times.collect()
    }

    /// The question.
    pub fn ask<'a>(&'a self, hosts: &'a [HostTimes<'a>]) -> Ask<'a> {
        let (limits, zone) = (&self.limits, &self.booker);
        Ask {
            window: self.window,
            now: self.now,
            booker: &self.booker,
            timing: self.timing,
            assignment: self.assignment,
            hosts,
            ahead: &BookingWindow::Unlimited,
            counted: Counted { limits, booked: &[], zone, week_start: Weekday::Monday },
            seated: &[],
            ignoring: &[],
            offer: Offer::All,
        }
    }
}

impl FileHost {
    fn read(self, field: &str) -> Read<ProblemHost> {
        let zone = zone(&format!("{field}.timeZone"), &self.time_zone)?;
        let mut week: [Vec<Span>; 7] = Default::default();
        for (at, rule) in self.weekly.iter().enumerate() {
            let field = format!("{field}.weekly[{at}]");
            let hours = hours(&field, &rule.start, &rule.end)?;
            for day in &rule.days {
                let Some(of_day) = usize::try_from(*day).ok().and_then(|day| week.get_mut(day)) else {
                    return wrong(format!("{field}.days"), format!("{day} is no day; write 0 (Sunday) to 6"));
                };
                of_day.push(hours);
            }
        }
        let mut dates: Vec<(Date, Vec<Span>)> = Vec::new();
        for (at, one) in self.overrides.iter().enumerate() {
            let field = format!("{field}.overrides[{at}]");
            let Ok(date) = one.date.parse::<Date>() else {
                return wrong(
                    format!("{field}.date"),
                    format!("`{}` is no date; write YYYY-MM-DD", short(&one.date)),
                );
            };
            let hours = hours(&field, &one.start, &one.end)?;
            match dates.iter_mut().find(|(known, _)| *known == date) {
                Some((_, all)) => all.push(hours),
                None => dates.push((date, vec![hours])),
            }
        }
        let weekly = Weekday::ALL.into_iter().zip(week).flat_map(|(day, spans)| {
            let rule = move |one: Hours| WeeklyHours { days: vec![day], start: one.start, end: one.end };
            joined(spans).into_iter().map(rule)
        });
        let overrides = dates.into_iter().map(|(date, spans)| DateHours { date, hours: joined(spans) });
        let schedule = Schedule::new(zone, weekly.collect(), overrides.collect()).map_err(|problem| {
            ProblemError { field: format!("{field}.{}", problem.field), fix: problem.fix }
        })?;
        let mut busy = Vec::with_capacity(self.busy.len());
        for (at, row) in self.busy.iter().enumerate() {
            busy.push(block(&format!("{field}.busy[{at}]"), *row, at)?);
        }
        Ok(ProblemHost { id: self.id, schedule, fixed: self.fixed.unwrap_or(true), busy })
    }
}

/// `[start, end, ownBefore, ownAfter]`; -1 marks an outside block.
fn block(field: &str, [start, end, before, after]: [i64; 4], at: usize) -> Read<Block> {
    let within = |at: i64| span::instant(at).as_second() == at;
    if !within(start) || !within(end) {
        return wrong(field, "start and end are epoch seconds");
    }
    let own = |value: i64| match value {
        _ if before == -1 => Some(0),
        _ => u32::try_from(value).ok().filter(|value| *value <= MOST_MINUTES).map(|value| value * 60),
    };
    match (own(before), own(after), u32::try_from(at)) {
        (Some(before), Some(after), Ok(source)) => {
            Ok(Block { span: Span { start, end }, before, after, source })
        }
        _ => wrong(field, "own buffers are minutes, or -1 for an outside block"),
    }
}

fn zone(field: &str, name: &str) -> Read<Zone> {
    Zone::parse(name).or_else(|unknown| {
        wrong(
            field,
            format!("`{}` is not a known time zone; write an IANA name such as Europe/Vienna", unknown.name),
        )
    })
}

fn instant(field: &str, text: &str) -> Read<i64> {
    match text.parse::<Timestamp>() {
        // Far from the ends of the calendar, where adding to a time would leave it.
        Ok(at) if (1900..2200).contains(&at.to_zoned(jiff::tz::TimeZone::UTC).year()) => Ok(at.as_second()),
        Ok(_) => wrong(field, "the year is between 1900 and 2199"),
        Err(_) => wrong(field, format!("`{}` is no instant; write 2027-03-01T09:00:00Z", short(text))),
    }
}

const MOST_MINUTES: u32 = 366 * 24 * 60;

fn minutes(field: &str, value: i64, least: u32) -> Read<u32> {
    let minutes = u32::try_from(value).ok().filter(|value| (least..=MOST_MINUTES).contains(value));
    minutes.map_or_else(
        || wrong(field, format!("{value} is no number of minutes from {least} to {MOST_MINUTES}")),
        Ok,
    )
}

/// Hours of a day in minutes; 23:59 stands for the end of the day, equal times for none.
fn hours(field: &str, start: &str, end: &str) -> Read<Span> {
    let read = |name: &str, text: &str| {
        text.parse::<WallTime>()
            .or_else(|problem| wrong(format!("{field}.{name}"), problem.fix))
            .map(|time| i64::from(time.minutes()))
    };
    let (start, end) = (read("start", start)?, read("end", end)?);
    let last_minute = i64::from(WallTime::END.minutes()) - 1;
    let end = if end == last_minute { last_minute + 1 } else { end };
    if end < start {
        return wrong(
            format!("{field}.end"),
            "lies before its start; hours past midnight go to the next day",
        );
    }
    Ok(Span { start, end })
}

fn joined(mut spans: Vec<Span>) -> Vec<Hours> {
    set::merge(&mut spans);
    let time = |minutes: i64| u16::try_from(minutes).ok().and_then(WallTime::from_minutes);
    spans.into_iter().filter_map(|span| Some(Hours::new(time(span.start)?, time(span.end)?))).collect()
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_buffers_of_an_outside_block_count_as_none() {
        let outside = block("row", [60, 120, -1, 30], 7).unwrap();
        assert_eq!((outside.before, outside.after, outside.source), (0, 0, 7));
        let booking = block("row", [60, 120, 5, 30], 0).unwrap();
        assert_eq!((booking.before, booking.after), (300, 1_800));
        assert_eq!(block("row", [60, 120, 5, -1], 0).unwrap_err().field, "row");
        assert_eq!(block("row", [i64::MAX, 120, 0, 0], 0).unwrap_err().field, "row");
    }

    #[test]
    fn the_last_minute_stands_for_midnight_and_equal_times_for_nothing() {
        assert_eq!(hours("h", "10:00", "23:59"), Ok(Span { start: 600, end: 1_440 }));
        assert!(joined(vec![hours("h", "10:00", "10:00").unwrap()]).is_empty());
        assert_eq!(hours("h", "10:00", "09:00").unwrap_err().field, "h.end");
    }
}
