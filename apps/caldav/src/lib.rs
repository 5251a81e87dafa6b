//! Calendars on any CalDAV server.

mod fake;

use std::sync::Arc;

use kalends_app::{
    App, Calendar, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;
use vendor_dav::{Account, At, person};

/// The app.
pub static APP: App = App {
    slug: "caldav",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Calendar(Arc::new(CalDav))],
    judge: vendor_dav::judge,
    fake: || Arc::new(fake::Server::default()),
};

/// The setting with people and rooms whose busy times are read, too.
const OTHERS: &str = "others";

struct CalDav;

impl CalDav {
    async fn open<'a>(&self, cx: &'a Cx) -> Result<Account<'a>, Error> {
        let (server, user) = (vendor_dav::text(cx, "server")?, vendor_dav::text(cx, "username")?);
        Account::open(cx, At::Typed(server), user, cx.secret("password")?).await
    }

    async fn discover<'a>(&self, cx: &'a Cx) -> Result<Account<'a>, Error> {
        let (server, user) = (vendor_dav::text(cx, "server")?, vendor_dav::text(cx, "username")?);
        Account::discover(cx, At::Typed(server), user, cx.secret("password")?).await
    }
}

impl Calendar for CalDav {
    type Error = Error;

    const CAN: CalendarCan = CalendarCan {
        writes: true,
        incremental: true,
        guarded: true,
        names_busy: true,
        invites: false,
        keeps: Keeps { colour: true, private: true, public: true, reminders: 5, ..Keeps::NOTHING },
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let account = self.discover(cx).await?;
        if account.calendars().await?.is_empty() {
            let message =
                "the sign-in works, but the account has no calendar for events: make one there first";
            return Err(Error::new(Kind::NotFound, message));
        }
        account.people(cx, OTHERS)?;
        account.probe()
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        let mut account = self.open(cx).await?;
        let mut calendars = match account.calendars().await {
            // The account moved to another address on its server: look where it is now.
            Err(error) if error.is_missing() => {
                account = self.discover(cx).await?;
                account.calendars().await?
            }
            other => other?,
        };
        calendars.extend(account.people(cx, OTHERS)?);
        Ok(calendars)
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let account = self.open(cx).await?;
        let (people, own): (Vec<RemoteId>, Vec<RemoteId>) =
            of.iter().cloned().partition(|id| person(id).is_some());
        let mut busy = account.busy(&own, within).await?;
        for address in people.iter().filter_map(person) {
            busy.extend(account.busy_of(address, within).await?);
        }
        Ok(busy)
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        self.open(cx).await?.create(into, event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        self.open(cx).await?.update(written, event).await
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        self.open(cx).await?.delete(written).await
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        self.open(cx).await?.find(into, uid).await
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let account = self.open(cx).await?;
        match person(of) {
            Some(address) => account.changes_of(address, within).await,
            None => account.changes(of, since, within).await,
        }
    }
}

#[cfg(test)]
mod tests;
