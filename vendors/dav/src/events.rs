//! What others have in a calendar: busy times, and what changed (DAV-05, DAV-06).

use std::collections::BTreeMap;

use kalends_app::kind::calendar::{Busy, Changes, RemoteEvent};
use kalends_app::{Error, Kind, RemoteId};
use kalends_domain::Span;
use kalends_ical::Feed;
use url::Url;

use crate::multistatus::{Item, Multistatus};
use crate::objects::is_unsupported;
use crate::session::Depth;
use crate::xml::{CALDAV, DAV, SERVER};
use crate::{Account, body, people};

/// Servers disagree on whole days and floating times at the edges of a window; two days are more than any zone.
const MARGIN: i64 = 2 * 86_400;
/// Objects fetched at once.
const BATCH: usize = 50;
/// Pages of one sync.
const PAGES: usize = 200;

impl Account<'_> {
    /// What blocks these calendars within the window. Rules are expanded here, not on the server: many expand wrongly.
    pub async fn busy(&self, of: &[RemoteId], within: Span) -> Result<Vec<Busy>, Error> {
        let owner = self.owner();
        let mut all = Vec::new();
        for calendar in of {
            let url = self.address(calendar)?;
            for feed in self.feeds(&url, within).await? {
                let busy = feed.busy(&owner, within);
                report(&url, &busy);
                all.extend(busy.times.into_iter().map(|time| Busy {
                    span: time.span,
                    uid: Some(time.uid).filter(|uid| !uid.is_empty()),
                    tentative: time.tentative,
                }));
            }
        }
        Ok(all)
    }

    async fn feeds(&self, calendar: &Url, within: Span) -> Result<Vec<Feed>, Error> {
        let wide = within.widened(MARGIN, MARGIN);
        match self.in_time(calendar, wide.start, Some(wide.end)).await {
            Ok(items) => Ok(items.iter().filter_map(feed).collect()),
            // Someone may let us see when they are busy but not with what.
            Err(error) if is_unsupported(&error) => {
                self.free_busy(calendar, within, error).await.map(|feed| vec![feed])
            }
            Err(error) => Err(error),
        }
    }

    async fn free_busy(&self, calendar: &Url, within: Span, refusal: Error) -> Result<Feed, Error> {
        let query = body::free_busy(within.widened(MARGIN, MARGIN));
        let response = match self.session.ask("read_free_busy", "REPORT", calendar, Depth::One, query).await {
            Ok(response) => response,
            Err(error) if is_unsupported(&error) => return Err(refusal),
            Err(error) => return Err(error),
        };
        Feed::read(&response.body).map_err(|error| Error::new(Kind::Malformed, error.to_string()))
    }

    /// What changed since the cursor, by the best means the server has: its own record of changes, else one mark for
    /// the whole calendar, else everything each time.
    pub async fn changes(&self, of: &RemoteId, since: Option<&str>, within: Span) -> Result<Changes, Error> {
        let calendar = self.address(of)?;
        match self.named_changes(&calendar, since, within).await {
            // Someone may let us see when they are busy but not with what: that is told whole, each time.
            Err(error) if error.kind == Kind::PolicyDenied => {
                let feed = self.free_busy(&calendar, within, error).await?;
                Ok(Changes::nameless(&people::times(&feed, &self.owner(), within)))
            }
            other => other,
        }
    }

    async fn named_changes(
        &self,
        calendar: &Url,
        since: Option<&str>,
        within: Span,
    ) -> Result<Changes, Error> {
        match since.map(Cursor::read).transpose()? {
            Some(Cursor::Sync(token)) => self.since(calendar, &token, within).await,
            Some(Cursor::Tag(tag)) => {
                let now = self.cursor(calendar).await?;
                if now == Some(Cursor::Tag(tag)) {
                    return Ok(Changes { cursor: now.map(|now| now.text()), ..Changes::default() });
                }
                self.all(calendar, now, within).await
            }
            None => {
                let now = self.cursor(calendar).await?;
                self.all(calendar, now, within).await
            }
        }
    }

    /// The objects that touch a time, as the server searches them.
    async fn in_time(&self, calendar: &Url, from: i64, until: Option<i64>) -> Result<Vec<Item>, Error> {
        match self.session.report("read_events", calendar, Depth::One, body::in_time(from, until)).await {
            Ok(found) => Ok(found.items),
            // One endless rule makes some servers search for ever (REC-04), and a calendar can be too large for one
            // answer: neither may hide it, so it is read piece by piece. If that fails, too, the first failure stands.
            Err(error) if error.kind == Kind::Down || is_too_large(&error) => {
                self.piece_by_piece(calendar).await.map_err(|_| error)
            }
            Err(error) => Err(error),
        }
    }

    async fn piece_by_piece(&self, calendar: &Url) -> Result<Vec<Item>, Error> {
        let asked = body::propfind(&["d:getetag"]);
        let names = self.session.propfind("list_events", calendar, Depth::One, asked).await?;
        let mut paths = Vec::new();
        for item in &names.items {
            let url = self.session.follow(calendar, &item.href)?;
            if !same_place(&url, calendar) {
                paths.push(url);
            }
        }
        let mut items = Vec::new();
        for batch in paths.chunks(BATCH) {
            let asked = body::multiget(batch.iter().map(Url::path));
            items.extend(self.session.report("read_events", calendar, Depth::One, asked).await?.items);
        }
        Ok(items)
    }

    /// Where the calendar stands, asked before it is read: what changes meanwhile is reported twice, not missed.
    async fn cursor(&self, calendar: &Url) -> Result<Option<Cursor>, Error> {
        let asked = body::propfind(&["d:sync-token", "s:getctag"]);
        let found = self.session.propfind("read_cursor", calendar, Depth::Zero, asked).await?;
        let Some(item) = found.items.first() else { return Ok(None) };
        let sync = item.words(DAV, "sync-token").map(|token| Cursor::Sync(token.to_owned()));
        Ok(sync.or_else(|| item.words(SERVER, "getctag").map(|tag| Cursor::Tag(tag.to_owned()))))
    }

    /// Every event from the window's start on, the far future too: a booking there must not look deleted.
    async fn all(&self, calendar: &Url, cursor: Option<Cursor>, within: Span) -> Result<Changes, Error> {
        let items = self.in_time(calendar, within.start.saturating_sub(MARGIN), None).await?;
        let upserts =
            items.iter().map(|item| self.event(calendar, item, within)).collect::<Result<Vec<_>, _>>()?;
        Ok(Changes {
            upserts: upserts.into_iter().flatten().collect(),
            removed: vec![],
            cursor: cursor.map(|cursor| cursor.text()),
            full: true,
            quiet_until: None,
        })
    }

    /// RFC 6578: what changed, page by page, then the bodies of what is still there.
    async fn since(&self, calendar: &Url, token: &str, within: Span) -> Result<Changes, Error> {
        let mut token = token.to_owned();
        let mut fates: BTreeMap<Url, Fate> = BTreeMap::new();
        for _ in 0..PAGES {
            let page = self.page(calendar, &token).await?;
            let more = self.sort(calendar, &page, &mut fates)?;
            let next = page.sync_token.ok_or_else(|| {
                Error::new(Kind::Malformed, "the server reports changes without saying where they end")
            })?;
            // More to come after the same place again: what is beyond would never be heard of (ALL-11).
            if more && next == token {
                break;
            }
            token = next;
            if !more {
                return self.fetch(calendar, &fates, token, within).await;
            }
        }
        Err(Error::new(Kind::CursorExpired, "the server reports changes without end"))
    }

    async fn page(&self, calendar: &Url, token: &str) -> Result<Multistatus, Error> {
        match self.session.report("sync", calendar, Depth::Zero, body::sync(token)).await {
            // RFC 6578 asks for depth 0; a server of its drafts takes only 1.
            Err(error) if error.http_status() == Some(400) && error.kind == Kind::Invalid => {
                self.session.report("sync", calendar, Depth::One, body::sync(token)).await
            }
            other => other,
        }
    }

    /// Sorts one page, later words over earlier ones; true when the server cut it short (507 for the calendar).
    fn sort(
        &self,
        calendar: &Url,
        page: &Multistatus,
        fates: &mut BTreeMap<Url, Fate>,
    ) -> Result<bool, Error> {
        let mut more = false;
        for item in &page.items {
            let url = self.session.follow(calendar, &item.href)?;
            if same_place(&url, calendar) {
                more |= item.status == Some(507);
            } else {
                fates.insert(url, if item.is_missing() { Fate::Gone } else { Fate::Changed });
            }
        }
        Ok(more)
    }

    async fn fetch(
        &self,
        calendar: &Url,
        fates: &BTreeMap<Url, Fate>,
        token: String,
        within: Span,
    ) -> Result<Changes, Error> {
        let of = |fate: Fate| fates.iter().filter(move |(_, is)| **is == fate).map(|(url, _)| url);
        let mut changes = Changes {
            removed: of(Fate::Gone).map(|url| self.id(url)).collect(),
            cursor: Some(Cursor::Sync(token).text()),
            ..Changes::default()
        };
        for batch in of(Fate::Changed).collect::<Vec<_>>().chunks(BATCH) {
            let asked = body::multiget(batch.iter().map(|url| url.path()));
            let found = self.session.report("read_changed", calendar, Depth::One, asked).await?;
            for item in &found.items {
                if item.is_missing() {
                    // Gone between the two questions.
                    let url = self.session.follow(calendar, &item.href)?;
                    changes.removed.push(self.id(&url));
                } else {
                    changes.upserts.extend(self.event(calendar, item, within)?);
                }
            }
        }
        Ok(changes)
    }

    /// One object as the mirror keeps it; `None` when it holds no event.
    fn event(&self, calendar: &Url, item: &Item, within: Span) -> Result<Option<RemoteEvent>, Error> {
        let url = self.session.follow(calendar, &item.href)?;
        let Some(feed) = feed(item) else { return Ok(None) };
        let Some(uid) = feed.uids().next().map(ToOwned::to_owned) else { return Ok(None) };
        let owner = self.owner();
        let busy = feed.busy(&owner, within);
        report(calendar, &busy);
        let found = feed.find(&uid, owner.zone());
        let declined = feed.declined(&uid, &owner);
        Ok(Some(RemoteEvent {
            id: self.id(&url),
            uid,
            etag: item.words(DAV, "getetag").map(ToOwned::to_owned),
            sequence: found.as_ref().map_or(0, |found| found.sequence),
            span: found.as_ref().filter(|found| found.once).map(|found| found.span),
            cancelled: found.is_some_and(|found| found.cancelled),
            declined,
            tentative: !busy.times.is_empty() && busy.times.iter().all(|time| time.tentative),
            unexpanded: busy.problems.iter().any(kalends_ical::Problem::blocks),
            busy: busy.merged(),
        }))
    }
}

/// Reads an object's body. One that cannot be read is left out and said so; the calendar goes on.
fn feed(item: &Item) -> Option<Feed> {
    let data = item.property(CALDAV, "calendar-data")?;
    match Feed::read(data.text.as_bytes()) {
        Ok(feed) => Some(feed),
        Err(error) => {
            tracing::warn!(%error, "an object in a calendar cannot be read");
            None
        }
    }
}

/// Counts what was not understood; titles are not among it (FB-08).
fn report(calendar: &Url, busy: &kalends_ical::Busy) {
    for (problem, times) in busy.counted() {
        tracing::warn!(host = calendar.host_str(), times, "{problem}");
    }
}

/// Paths compared as their bytes mean, for servers encode them as they like (DAV-03).
fn same_place(one: &Url, other: &Url) -> bool {
    let plain = |url: &Url| percent_decoded(url.path().trim_end_matches('/'));
    one.origin() == other.origin() && plain(one) == plain(other)
}

fn percent_decoded(path: &str) -> Vec<u8> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = path
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(hex.unwrap_or(byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    out
}

/// The server's answer was cut off for its size: it did answer, and nothing in it was looked at.
fn is_too_large(error: &Error) -> bool {
    error.kind == Kind::Malformed && error.http_status() == Some(207)
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Changed,
    Gone,
}

/// Where we left off, as it is kept: which means, then the server's own word.
#[derive(Debug, PartialEq, Eq)]
enum Cursor {
    Sync(String),
    Tag(String),
}

impl Cursor {
    fn read(text: &str) -> Result<Self, Error> {
        match text.split_once(' ') {
            Some(("sync", token)) => Ok(Self::Sync(token.to_owned())),
            Some(("tag", tag)) => Ok(Self::Tag(tag.to_owned())),
            _ => Err(Error::new(Kind::CursorExpired, "where we left off cannot be read")),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Sync(token) => format!("sync {token}"),
            Self::Tag(tag) => format!("tag {tag}"),
        }
    }
}
