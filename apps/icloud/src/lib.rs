//! Calendars on iCloud: CalDAV on one of many servers, with a password made for us alone.

mod fake;
mod password;
mod way;

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Calendar, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;

use crate::way::Way;

/// The app.
pub static APP: App = App {
    slug: "icloud",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Calendar(Arc::new(ICloud))],
    judge: vendor_dav::judge,
    fake: || Arc::new(fake::Cloud::default()),
};

/// It pushes to nobody but Apple's own devices, so it is asked, but not more often than this (ICL-04).
const PAUSE: SignedDuration = SignedDuration::from_mins(2);

struct ICloud;

// Each call takes the way found before; where the account has moved, it is looked for once and the call made there.
impl Calendar for ICloud {
    type Error = Error;

    const CAN: CalendarCan = CalendarCan {
        writes: true,
        incremental: true,
        guarded: true,
        names_busy: true,
        invites: false,
        keeps: Keeps { private: true, public: true, reminders: 5, ..Keeps::NOTHING },
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let account = way::discover(cx).await?;
        if account.calendars().await?.is_empty() {
            let message =
                "the sign-in works, but there is no calendar for events: make one in the Calendar app first";
            return Err(Error::new(Kind::NotFound, message));
        }
        account.probe()
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.calendars().await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.busy(of, within).await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.create(into, event).await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.update(written, event).await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.delete(written).await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.find(into, uid).await;
            if !way.leads_elsewhere(&answer).await? {
                return answer;
            }
        }
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let mut way = Way::open(cx).await?;
        loop {
            let answer = way.account.changes(of, since, within).await;
            if !way.leads_elsewhere(&answer).await? {
                let quiet_until = cx.now.checked_add(PAUSE).ok();
                return answer.map(|changes| Changes { quiet_until, ..changes });
            }
        }
    }
}

#[cfg(test)]
mod tests;
