//! Calendars over the small protocol.

use kalends_app::{
    Calendar, Cx, Error, Kind, RemoteId, Request,
    kind::{
        Probe,
        calendar::{Busy, CalendarCan, Changes, Draft, Keeps, RemoteCalendar, Written},
    },
};
use kalends_domain::Span;
use serde::Serialize;
use url::Url;

use super::{Known, Page};

/// The app's side of a small calendar protocol, for every app of a test whose provider speaks it.
pub struct Client;

pub(super) fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    cx.endpoints.get("api")?.join(path).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
}

async fn put(
    cx: &Cx,
    op: &'static str,
    path: &str,
    header: (&'static str, &str),
    draft: &Draft,
) -> Result<Written, Error> {
    let request = Request::new(op, http::Method::PUT, url(cx, path)?).once().header(header.0, header.1)?;
    cx.http.send(request.body("application/json", body(draft)?)).await?.json()
}

pub(super) fn body<T: Serialize>(of: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(of).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
}

impl Calendar for Client {
    type Error = Error;
    const CAN: CalendarCan = CalendarCan {
        incremental: true,
        guarded: true,
        names_busy: true,
        writes: true,
        invites: false,
        keeps: Keeps::NOTHING,
    };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let known: Known = cx.http.send(Request::get("probe", url(cx, "probe")?)).await?.json()?;
        Ok(Probe { found: known.found, ..Probe::of(known.account) })
    }

    async fn calendars(&self, cx: &Cx) -> Result<Vec<RemoteCalendar>, Error> {
        cx.http.send(Request::get("calendars", url(cx, "calendars")?)).await?.json()
    }

    async fn busy(&self, cx: &Cx, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let mut all = Vec::new();
        for calendar in of {
            for event in Calendar::changes(self, cx, calendar, None, within).await?.upserts {
                let uid = Some(event.uid).filter(|uid| !uid.is_empty());
                let spans = event.busy.into_iter().filter(|span| span.overlaps(within));
                all.extend(spans.map(|span| Busy { span, uid: uid.clone(), tentative: event.tentative }));
            }
        }
        Ok(all)
    }

    async fn create(&self, cx: &Cx, into: &RemoteId, event: &Draft) -> Result<Written, Error> {
        put(cx, "create", &format!("events/{into}/{}", event.uid), ("if-none-match", "*"), event).await
    }

    async fn update(
        &self,
        cx: &Cx,
        _: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> Result<Written, Error> {
        let etag = written.etag.clone().unwrap_or_default();
        put(cx, "update", &format!("events/{}", written.id), ("if-match", &etag), event).await
    }

    async fn delete(&self, cx: &Cx, _: &RemoteId, written: &Written) -> Result<(), Error> {
        let url = url(cx, &format!("events/{}", written.id))?;
        cx.http.send(Request::new("delete", http::Method::DELETE, url).once()).await.map(drop)
    }

    async fn find(&self, cx: &Cx, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        match cx.http.send(Request::get("find", url(cx, &format!("events/{into}/{uid}"))?)).await {
            Ok(response) => response.json().map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        let mut all = Changes::default();
        let mut page = String::new();
        loop {
            let mut url = url(cx, &format!("changes/{of}"))?;
            url.query_pairs_mut()
                .append_pair("since", since.unwrap_or_default())
                .append_pair("from", &within.start.to_string())
                .append_pair("page", &page);
            let answer: Page = match cx.http.send(Request::get("changes", url)).await {
                Err(error) if error.kind == Kind::Gone => {
                    return Err(Error::new(Kind::CursorExpired, "the cursor is too old"));
                }
                answer => answer?.json()?,
            };
            all.upserts.extend(answer.upserts);
            all.removed.extend(answer.removed);
            all.full |= answer.full;
            all.cursor = answer.cursor;
            match answer.next {
                Some(next) if next != page => page = next,
                _ => return Ok(all),
            }
        }
    }
}
