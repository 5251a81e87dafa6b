//! Calendars on Exchange servers of one's own, by Exchange Web Services.

mod autodiscover;
mod availability;
mod changes;
mod discover;
mod error;
mod fake;
mod folders;
mod items;
mod ntlm;
mod session;
mod soap;
mod write;

use std::sync::Arc;

use kalends_app::{
    App, Calendar, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;

use crate::session::{FOUND, Session};

/// The app.
pub static APP: App = App {
    slug: "exchange",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Calendar(Arc::new(Exchange))],
    judge: error::judge,
    fake: || Arc::new(fake::Server::default()),
};

struct Exchange;

impl Calendar for Exchange {
    type Error = Error;

    const CAN: CalendarCan = CalendarCan {
        writes: true,
        incremental: true,
        guarded: true,
        names_busy: true,
        invites: false,
        keeps: Keeps { colour: true, private: true, reminders: 1, ..Keeps::NOTHING },
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let session = Session::at(cx, discover::place(cx).await?);
        let place = serde_json::to_value(session.place())
            .map_err(|error| Error::new(Kind::Invalid, format!("what was found cannot be kept: {error}")))?;
        Ok(Probe {
            found: serde_json::Map::from_iter([(FOUND.to_owned(), place)]),
            ..Probe::of(session::email(cx)?)
        })
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        folders::all(&Session::open(cx).await?).await
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let session = Session::open(cx).await?;
        let mut all = Vec::new();
        for calendar in of {
            if let Some(address) = folders::person(calendar) {
                all.extend(availability::busy(&session, address, within).await?);
                continue;
            }
            let items = items::in_time(&session, calendar.as_str(), within).await?;
            all.extend(items.iter().filter_map(|item| {
                let span = item.blocks().filter(|span| span.overlaps(within))?;
                Some(Busy { span, uid: Some(item.name().to_owned()), tentative: item.tentative })
            }));
        }
        Ok(all)
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        write::create(&Session::open(cx).await?, into, event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        write::update(&Session::open(cx).await?, written, event).await
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        write::delete(&Session::open(cx).await?, written).await
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        write::find(&Session::open(cx).await?, into, uid).await
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let session = Session::open(cx).await?;
        match folders::person(of) {
            Some(address) => availability::changes(&session, address, within).await,
            None => changes::since(&session, of.as_str(), since, within).await,
        }
    }
}

#[cfg(test)]
mod tests;
