//! Our own events on the server: written under fixed names, never twice (DAV-07, ALL-07).

use http::{Method, StatusCode};
use kalends_app::kind::calendar::{Draft, Written};
use kalends_app::{Error, Kind, RemoteId, Request, Response};
use kalends_domain::Zone;
use kalends_ical::Feed;
use url::Url;

use crate::draft::meeting;
use crate::session::Depth;
use crate::xml::{CALDAV, DAV};
use crate::{Account, body};

const CALENDAR: &str = "text/calendar; charset=utf-8";

impl Account<'_> {
    /// Writes a new event as `{uid}.ics`.
    pub async fn create(&self, into: &RemoteId, draft: &Draft) -> Result<Written, Error> {
        let url = self.object(into, &draft.uid)?;
        let text = meeting(draft)?.object();
        // Once: a second try would meet the first one's event and could not tell it from a stranger's.
        let request = Request::new("create_event", Method::PUT, url.clone())
            .once()
            .header("if-none-match", "*")?
            .body(CALENDAR, text);
        match self.session.send(request).await {
            Ok(response) => self.written(url, &response).await,
            Err(error) if error.kind == Kind::Conflict => {
                // Nothing under this name: then the server has the uid elsewhere.
                let ours = self.ours(&url, draft, error.clone()).await;
                ours.map_err(|found| if found.is_missing() { error } else { found })
            }
            Err(error) => Err(error),
        }
    }

    /// Makes an event of ours say this instead, unless somebody changed it since.
    pub async fn update(&self, written: &Written, draft: &Draft) -> Result<Written, Error> {
        let url = self.address(&written.id)?;
        // A weak etag cannot guard a write (RFC 9110 section 13.1.1); then it only has to be there.
        let guard = written.etag.as_deref().filter(|etag| !etag.starts_with("W/")).unwrap_or("*");
        let request = Request::new("update_event", Method::PUT, url.clone())
            .once()
            .header("if-match", guard)?
            .body(CALENDAR, meeting(draft)?.object());
        match self.session.send(request).await {
            Ok(response) => self.written(url, &response).await,
            Err(error) if error.kind == Kind::Conflict => self.ours(&url, draft, error).await,
            Err(error) => Err(error),
        }
    }

    /// Takes an event of ours away, whatever became of it.
    pub async fn delete(&self, written: &Written) -> Result<(), Error> {
        let url = self.address(&written.id)?;
        self.session.send(Request::new("delete_event", Method::DELETE, url)).await.map(|_| ())
    }

    /// Looks for our event: under its own name, then by its uid, for servers and people move things.
    pub async fn find(&self, into: &RemoteId, uid: &str) -> Result<Option<Written>, Error> {
        let url = self.object(into, uid)?;
        match self.session.send(Request::get("find_event", url.clone())).await {
            Ok(response) => return self.written(url, &response).await.map(Some),
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
        let calendar = self.address(into)?;
        let found = match self.session.report("find_event", &calendar, Depth::One, body::with_uid(uid)).await
        {
            Ok(found) => found,
            // A server without this search has just said that the name is free.
            Err(error) if is_unsupported(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        // Some servers match parts of a uid, some answer everything: read what they send.
        let item = found.items.iter().find(|item| {
            let data = item.property(CALDAV, "calendar-data").map(|data| Feed::read(data.text.as_bytes()));
            matches!(data, Some(Ok(feed)) if feed.uids().any(|found| found == uid))
        });
        item.map(|item| {
            let url = self.session.follow(&calendar, &item.href)?;
            let etag = item.words(DAV, "getetag").map(ToOwned::to_owned);
            Ok(Written { id: self.id(&url), etag })
        })
        .transpose()
    }

    /// After a refusal: is what stands there what we meant to write? Then it was our own earlier try.
    async fn ours(&self, url: &Url, draft: &Draft, refusal: Error) -> Result<Written, Error> {
        let response = match self.session.send(Request::get("compare_event", url.clone())).await {
            Ok(response) => response,
            // `If-Match` fails on what is gone, too.
            Err(error) if error.is_missing() => return Err(error),
            Err(_) => return Err(refusal),
        };
        let meant = meeting(draft)?.object();
        let zone = Zone::parse(&draft.zone).unwrap_or_else(|_| Zone::utc());
        let said = |body: &[u8]| Feed::read(body).ok().and_then(|feed| feed.find(&draft.uid, &zone));
        let theirs = said(&response.body);
        if theirs.is_some() && theirs == said(meant.as_bytes()) {
            self.written(url.clone(), &response).await
        } else {
            Err(refusal)
        }
    }

    /// `{calendar}/{uid}.ics`
    fn object(&self, calendar: &RemoteId, uid: &str) -> Result<Url, Error> {
        let mut url = self.address(calendar)?;
        let none =
            |()| Error::new(Kind::Invalid, "the calendar's address is none: connect the account again");
        url.path_segments_mut().map_err(none)?.pop_if_empty().push(&format!("{uid}.ics"));
        Ok(url)
    }

    /// What a write left, asking for its etag where the server did not say (DAV-07).
    async fn written(&self, url: Url, response: &Response) -> Result<Written, Error> {
        let mut etag = response.header("etag").map(ToOwned::to_owned);
        if etag.is_none() && response.status != StatusCode::NOT_MODIFIED {
            let asked = body::propfind(&["d:getetag"]);
            let found = self.session.propfind("read_etag", &url, Depth::Zero, asked).await;
            // The event is written; a missing etag only means a later write is less guarded.
            etag = found.ok().and_then(|found| Some(found.items.first()?.words(DAV, "getetag")?.to_owned()));
        }
        Ok(Written { id: self.id(&url), etag })
    }
}

/// The server knows no such request.
pub(crate) fn is_unsupported(error: &Error) -> bool {
    matches!(error.http_status(), Some(400 | 403 | 405 | 415 | 501))
}
