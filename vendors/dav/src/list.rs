//! The calendars of an account (DAV-04).

use kalends_app::kind::calendar::RemoteCalendar;
use kalends_app::{Error, RemoteId};
use kalends_domain::Zone;
use kalends_ical::Feed;
use url::Url;

use crate::multistatus::Item;
use crate::session::Depth;
use crate::xml::{CALDAV, DAV, ICAL};
use crate::{Account, body};

/// Calendars one account may have; more are not listed.
const MOST: usize = 1_000;

impl Account<'_> {
    /// Every collection that holds events, with what we may do there.
    pub async fn calendars(&self) -> Result<Vec<RemoteCalendar>, Error> {
        let default = self.default_calendar().await;
        let mut found: Vec<RemoteCalendar> = Vec::new();
        for home in &self.place.homes {
            let properties = body::propfind(&[
                "d:resourcetype",
                "d:displayname",
                "d:current-user-privilege-set",
                "c:supported-calendar-component-set",
                "c:calendar-timezone",
                "c:calendar-timezone-id",
                "i:calendar-color",
            ]);
            let listed = self.session.propfind("list_calendars", home, Depth::One, properties).await?;
            for item in listed.items.iter().filter(|item| holds_events(item)).take(MOST) {
                let url = self.session.follow(home, &item.href)?;
                let id = self.id(&url);
                if found.iter().all(|known| known.id != id) {
                    found.push(calendar(item, id, &url));
                }
            }
        }
        let primary = found
            .iter()
            .position(|calendar| default.as_ref().is_some_and(|default| calendar.id == *default))
            .or_else(|| found.iter().position(|calendar| calendar.writable));
        if let Some(calendar) = primary.and_then(|at| found.get_mut(at)) {
            calendar.primary = true;
        }
        Ok(found)
    }

    /// Where the server itself would put an invitation (RFC 6638 section 9.2); few say.
    async fn default_calendar(&self) -> Option<RemoteId> {
        let inbox = self.place.inbox.as_ref()?;
        let asked = body::propfind(&["c:schedule-default-calendar-URL"]);
        let found = self.session.propfind("default_calendar", inbox, Depth::Zero, asked).await.ok()?;
        let href = found.items.first()?.link(CALDAV, "schedule-default-calendar-URL")?;
        inbox.join(href).ok().map(|url| self.id(&url))
    }
}

fn holds_events(item: &Item) -> bool {
    let is_calendar =
        item.property(DAV, "resourcetype").is_some_and(|kind| kind.child(CALDAV, "calendar").is_some());
    // A server that does not say what goes in takes everything (RFC 4791 section 5.2.3).
    let takes_events = item.property(CALDAV, "supported-calendar-component-set").is_none_or(|set| {
        set.all(CALDAV, "comp").any(|c| c.attribute("name").is_some_and(|n| n.eq_ignore_ascii_case("VEVENT")))
    });
    is_calendar && takes_events
}

fn calendar(item: &Item, id: RemoteId, url: &Url) -> RemoteCalendar {
    let name = item.words(DAV, "displayname").map_or_else(|| last_segment(url), ToOwned::to_owned);
    RemoteCalendar {
        id,
        name,
        colour: item.words(ICAL, "calendar-color").and_then(colour),
        zone: zone(item).map(|zone| zone.name().to_owned()),
        writable: is_writable(item),
        primary: false,
    }
}

/// Without a word on privileges the server will tell when we write.
fn is_writable(item: &Item) -> bool {
    item.property(DAV, "current-user-privilege-set").is_none_or(|set| {
        set.all(DAV, "privilege").flat_map(|privilege| &privilege.children).any(|right| {
            right.space == DAV && matches!(right.name.as_str(), "all" | "write" | "write-content" | "bind")
        })
    })
}

fn zone(item: &Item) -> Option<Zone> {
    let named = item.words(CALDAV, "calendar-timezone-id").and_then(|id| Zone::parse(id).ok());
    named.or_else(|| Feed::zone(item.property(CALDAV, "calendar-timezone")?.text.as_bytes()))
}

/// `#rrggbb` out of `#rrggbbaa`.
fn colour(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?.get(..6)?;
    digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| format!("#{}", digits.to_ascii_lowercase()))
}

fn last_segment(url: &Url) -> String {
    let mut segments = url.path_segments().into_iter().flatten().rev();
    segments.find(|segment| !segment.is_empty()).unwrap_or("calendar").to_owned()
}
