//! Calendars at Google.

mod busy;
mod calendars;
mod changes;
mod draft;
mod fake;
mod push;
mod series;
mod write;

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Calendar, Cx, Error, Part, RemoteId, Watch,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
        watch::{Channel, Wish},
    },
};
use kalends_domain::Span;

/// The app.
pub static APP: App = App {
    slug: "google-calendar",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || {
        vec![
            Part::Calendar(Arc::new(GoogleCalendar)),
            Part::Watch(Arc::new(GoogleCalendar)),
            Part::Hook(Arc::new(push::Notices)),
        ]
    },
    judge: vendor_google::judge,
    fake: || Arc::new(fake::google()),
};

struct GoogleCalendar;

impl Calendar for GoogleCalendar {
    type Error = Error;

    const CAN: CalendarCan = CalendarCan {
        writes: true,
        incremental: true,
        guarded: true,
        names_busy: false,
        invites: false,
        keeps: Keeps { colour: true, private: true, public: true, guests: true, reminders: draft::REMINDERS },
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        calendars::probe(cx).await
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        calendars::all(cx).await
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        busy::ask(cx, of, within).await
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        write::create(cx, into.as_str(), event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        into: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        write::update(cx, into.as_str(), written, event).await
    }

    async fn delete(&self, cx: &Cx, from: &RemoteId, written: &Written) -> Result<(), Error> {
        write::delete(cx, from.as_str(), written).await
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        write::find(cx, into.as_str(), uid).await
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        changes::read(cx, of.as_str(), since, within).await
    }
}

impl Watch for GoogleCalendar {
    type Error = Error;

    /// Google's own channels live a week where nobody asks for less.
    const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

    async fn watch(&self, cx: &Cx, of: &RemoteId, wish: &Wish) -> Result<Channel, Error> {
        push::watch(cx, of.as_str(), wish).await
    }

    async fn renew(&self, cx: &Cx, channel: &Channel, wish: &Wish) -> Result<Channel, Error> {
        push::renew(cx, channel, wish).await
    }

    async fn unwatch(&self, cx: &Cx, channel: &Channel) -> Result<(), Error> {
        push::stop(cx, channel).await
    }
}

#[cfg(test)]
mod tests;
