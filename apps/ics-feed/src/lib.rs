//! Calendars that are only an address: read, never written.

mod address;
mod cursor;
mod events;
mod fake;
mod read;

use std::sync::Arc;

use kalends_app::{
    App, Calendar, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
    no_opinion,
};
use kalends_domain::{Span, Zone};

use crate::cursor::Cursor;
use crate::read::Answer;

/// The app.
pub static APP: App = App {
    slug: "ics-feed",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Calendar(Arc::new(IcsFeed))],
    judge: no_opinion,
    fake: || Arc::new(fake::Publisher::default()),
};

/// The one calendar of a feed.
const FEED: &str = "feed";

struct IcsFeed;

impl Calendar for IcsFeed {
    type Error = Error;

    const CAN: CalendarCan = CalendarCan {
        writes: false,
        incremental: false,
        guarded: false,
        names_busy: true,
        invites: false,
        keeps: Keeps::NOTHING,
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let calendar = self.calendar(cx).await?;
        Ok(Probe { zone: calendar.zone, ..Probe::of(calendar.name) })
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        Ok(vec![self.calendar(cx).await?])
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        of.iter().try_for_each(known)?;
        if of.is_empty() {
            return Ok(vec![]);
        }
        Ok(events::busy(&read::anew(cx).await?.feed, &owner(cx), within))
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        known(of)?;
        let since = since.map(Cursor::parse).transpose()?;
        if let Some(cursor) = since.as_ref().filter(|cursor| cursor.is_young(cx.now)) {
            return cursor.nothing_new(); // ICS-01: never asked more often than every five minutes
        }
        match read::since(cx, since).await? {
            Answer::Same(cursor) => cursor.nothing_new(),
            Answer::New(read) => Ok(Changes {
                upserts: events::all(&read.feed, &owner(cx), within),
                removed: vec![],
                cursor: Some(read.cursor.text()?),
                full: true,
                quiet_until: read.cursor.quiet_until(),
            }),
        }
    }

    async fn create(&self, _: &Cx, _: &RemoteId, _: &Draft) -> Result<Written, Error> {
        Err(read_only())
    }

    async fn update(&self, _: &Cx, _: &RemoteId, _: &Written, _: &Draft) -> Result<Written, Error> {
        Err(read_only())
    }

    async fn delete(&self, _: &Cx, _: &RemoteId, _: &Written) -> Result<(), Error> {
        Err(read_only())
    }

    async fn find(&self, _: &Cx, _: &RemoteId, _: &str) -> Result<Option<Written>, Error> {
        Err(read_only())
    }
}

impl IcsFeed {
    /// The feed as a calendar, under the name its owner gave it, else its own, else its host's.
    async fn calendar(&self, cx: &Cx) -> Result<RemoteCalendar, Error> {
        let read = read::anew(cx).await?;
        let about = read.feed.about();
        let named = cx.setting("name").map(ToOwned::to_owned).or_else(|| about.name.clone());
        Ok(RemoteCalendar {
            id: RemoteId::new(FEED),
            name: named.unwrap_or(read.host),
            colour: None,
            zone: about.zone.as_ref().map(|zone| zone.name().to_owned()),
            writable: false,
            primary: true,
        })
    }
}

/// Whose days the events without a zone are in. A feed names no owner, so nobody's "no" frees a time (FB-03).
fn owner(cx: &Cx) -> kalends_ical::Owner {
    kalends_ical::Owner::new([""; 0], Zone::parse(&cx.zone).unwrap_or_else(|_| Zone::utc()))
}

fn known(of: &RemoteId) -> Result<(), Error> {
    if of.as_str() == FEED {
        Ok(())
    } else {
        Err(Error::new(Kind::NotFound, "a calendar by address is the only one of its account"))
    }
}

fn read_only() -> Error {
    Error::new(Kind::PolicyDenied, "a calendar by address can only be read: choose another one for bookings")
}

#[cfg(test)]
mod tests;
