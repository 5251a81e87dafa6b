//! A calendar that is only ever read, whatever it says of itself.

use std::sync::Arc;

use kalends_app::{
    App, Calendar, Cx, Declared, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
    no_opinion,
};
use kalends_domain::Span;

use crate::toy::Provider;

pub static BOARD: App = App {
    slug: "board",
    manifest: Declared::new(
        r#"
slug = "board"
name = "Board"
tagline = "To be read."
description = "For tests."
kinds = ["calendar"]
categories = ["calendar"]
publisher = "Kalends"
may = ["Be read"]
"#,
    ),
    icon: "<svg/>",
    parts: || vec![Part::Calendar(Arc::new(Board))],
    judge: no_opinion,
    fake: || Arc::new(Provider::default()),
};

struct Board;

fn never() -> Error {
    Error::new(Kind::Invalid, "a board is not written on")
}

impl Calendar for Board {
    type Error = Error;
    const CAN: CalendarCan = CalendarCan {
        writes: false,
        incremental: false,
        guarded: false,
        names_busy: false,
        invites: false,
        keeps: Keeps::NOTHING,
    };

    async fn probe(&self, _: &Cx) -> Result<Probe, Error> {
        Ok(Probe::of("the board"))
    }

    async fn calendars(&self, _: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        let id = RemoteId::new("board");
        Ok(vec![RemoteCalendar {
            id,
            name: "Board".into(),
            colour: None,
            zone: None,
            writable: true,
            primary: true,
        }])
    }

    async fn busy(&self, _: &Cx, _: &[RemoteId], _: Span) -> Result<Vec<Busy>, Error> {
        Ok(vec![])
    }

    async fn create(&self, _: &Cx, _: &RemoteId, _: &Draft) -> Result<Written, Error> {
        Err(never())
    }

    async fn update(&self, _: &Cx, _: &RemoteId, _: &Written, _: &Draft) -> Result<Written, Error> {
        Err(never())
    }

    async fn delete(&self, _: &Cx, _: &RemoteId, _: &Written) -> Result<(), Error> {
        Err(never())
    }

    async fn find(&self, _: &Cx, _: &RemoteId, _: &str) -> Result<Option<Written>, Error> {
        Err(never())
    }

    async fn changes(&self, _: &Cx, _: &RemoteId, _: Option<&str>, _: Span) -> Result<Changes, Error> {
        Ok(Changes { full: true, ..Changes::default() })
    }
}
