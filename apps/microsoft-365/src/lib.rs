//! Calendars of Microsoft 365 and Outlook.com, by Microsoft Graph.

mod api;
mod changes;
mod events;
mod fake;
mod hook;
mod times;
mod watch;

use std::sync::Arc;

use kalends_app::{
    App, Calendar, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;
use vendor_microsoft::Graph;

/// The app.
pub static APP: App = App {
    slug: "microsoft-365",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || {
        vec![
            Part::Calendar(Arc::new(Microsoft365)),
            Part::Watch(Arc::new(watch::Subscriptions)),
            Part::Hook(Arc::new(hook::Notices)),
        ]
    },
    judge: vendor_microsoft::judge,
    fake: || Arc::new(fake::server()),
};

struct Microsoft365;

impl Calendar for Microsoft365 {
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
        let graph = Graph::of(cx)?;
        let owner: api::User = graph.read("read_owner", api::me(&graph)?).await?;
        if api::calendars(&graph).await?.is_empty() {
            let message =
                "the sign-in works, but the account has no calendar: open Outlook once, then connect again";
            return Err(Error::new(Kind::NotFound, message));
        }
        Ok(owner.probe())
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        let all = api::calendars(&Graph::of(cx)?).await?;
        Ok(all.into_iter().map(api::Listed::calendar).collect())
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let graph = Graph::of(cx)?;
        let mut all = Vec::new();
        for calendar in of {
            all.extend(times::busy(&graph, calendar, within).await?);
        }
        Ok(all)
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        events::create(&Graph::of(cx)?, into, event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        events::update(&Graph::of(cx)?, written, event).await
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        events::delete(&Graph::of(cx)?, written).await
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        let found = events::find(&Graph::of(cx)?, into, uid).await?;
        Ok(found.as_ref().map(events::written))
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let graph = Graph::of(cx)?;
        match since {
            Some(cursor) => changes::since(&graph, of, cursor, within).await,
            None => changes::all(&graph, of, within).await,
        }
    }
}

#[cfg(test)]
mod tests;
