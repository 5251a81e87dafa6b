//! What became of a booking outside, in words for its hosts, and the buttons that mend it.

use std::collections::{HashMap, hash_map::Entry};

use jiff::Timestamp;
use kalends_domain::{Id, Uid, booking::Booking, people::User};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Delivery, Following, Health, Installation, Reference, Sent, Step},
};

use super::ROOM;
use crate::{
    Engine, Member,
    book::{self, ChangeError},
    connect::{Installed, Outside},
    notify::{self, Topic},
};

/// One thing outside, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What it is.
    pub what: What,
    /// Whose: a host's name, or a recipient's address.
    pub whose: String,
    /// How it stands.
    pub progress: Progress,
    /// In a few words.
    pub words: String,
    /// What went wrong last, in the app's words; empty when nothing did.
    pub detail: String,
    /// Tries that failed.
    pub tries: u32,
    /// When it is tried again by itself.
    pub next_try: Option<Timestamp>,
    /// What mends it, if somebody must.
    pub fix: Option<Fix>,
    /// What is done again; none where there is nothing yet that could be.
    pub step: Option<Step>,
}

/// What stands outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A room.
    Room,
    /// An event in a calendar.
    Event,
    /// A mail.
    Mail,
}

/// How a thing outside stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// As it should be.
    Done,
    /// It was taken away, as it should be.
    Gone,
    /// It is being done, or tried again by itself.
    Waiting,
    /// It stays as it is until somebody mends it.
    Stuck,
}

/// What mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Connect this account again.
    Reconnect(Id<Installation>),
    /// Connect a mail server.
    ConnectMail,
    /// Do it again: [`Engine::try_outside_again`].
    TryAgain,
}

impl Engine {
    /// What became of one booking outside: rooms and events, then mails, oldest first.
    pub async fn happened_outside(&self, asker: &Member, uid: &Uid) -> Result<Vec<Happening>, ChangeError> {
        let mut tx = self.db.read().await?;
        let booking = book::seen(&mut tx, asker, uid).await?;
        let mut all =
            self.of(&mut tx, std::slice::from_ref(&booking)).await?.remove(&booking.id).unwrap_or_default();
        let deliveries = tx.deliveries().of_booking(&booking).await?;
        drop(tx);
        let can_send = notify::can_send(self, booking.organization).await?;
        all.extend(deliveries.iter().map(|one| mail(one, can_send)));
        Ok(all)
    }

    /// Rooms and events of many bookings, for a list: nothing is asked for each.
    pub async fn outside_of(
        &self,
        asker: &Member,
        bookings: &[Booking],
    ) -> Result<HashMap<Id<Booking>, Vec<Happening>>, ChangeError> {
        let mut tx = self.db.read().await?;
        let own: Vec<Booking> =
            bookings.iter().filter(|one| one.organization == asker.organization).cloned().collect();
        Ok(self.of(&mut tx, &own).await?)
    }

    async fn of(
        &self,
        tx: &mut Tx,
        bookings: &[Booking],
    ) -> StoreResult<HashMap<Id<Booking>, Vec<Happening>>> {
        let rows = tx.references().of_bookings(bookings).await?;
        let hosts: Vec<Id<User>> = rows.iter().map(|row| row.wanted.host).collect();
        let hosts = tx.people().many(&hosts).await?;
        let mut known: HashMap<Id<Installation>, Option<Installed>> = HashMap::new();
        let mut all: HashMap<Id<Booking>, Vec<Happening>> = HashMap::new();
        for row in rows {
            let id = row.wanted.installation;
            let installed = match known.entry(id) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => place.insert(Installed::get(tx, &self.outside, id).await?),
            };
            let installed = installed.as_ref();
            let app = self.outside.app(&row.wanted.app);
            let name = app.map_or_else(|| row.wanted.app.clone(), |app| app.manifest().name.clone());
            let whose = hosts.iter().find(|host| host.id == row.wanted.host).map(|host| host.name.clone());
            let happening = tie(&row, installed, &name, whose.unwrap_or_default());
            all.entry(row.booking).or_default().push(happening);
        }
        for booking in bookings {
            let ties = all.entry(booking.id).or_default();
            let Some(nobody) = nobody_makes(booking, ties, &self.outside) else { continue };
            let accounts =
                Installed::usable_by(tx, &self.outside, booking.organization, &booking.hosts).await?;
            if !booking.location.apps().any(|app| accounts.iter().any(|one| one.app.slug == app)) {
                ties.insert(0, nobody);
            }
        }
        Ok(all)
    }
}

/// What is told of a booking whose place is an app's room that nothing outside stands for.
fn nobody_makes(booking: &Booking, ties: &[Happening], outside: &Outside) -> Option<Happening> {
    let app = booking.location.made_by()?;
    let waits = booking.state.is_confirmed() && booking.location.url().is_none();
    if !waits || ties.iter().any(|tie| tie.what == What::Room) {
        return None;
    }
    let name = outside.app(app).map_or(app, |app| app.manifest().name.as_str());
    Some(Happening {
        what: What::Room,
        whose: String::new(),
        progress: Progress::Stuck,
        words: format!("{name} has made no link"),
        detail: format!("No {name} account is connected. Connect one, then try again."),
        tries: 0,
        next_try: None,
        fix: Some(Fix::TryAgain),
        step: None,
    })
}

fn tie(row: &Reference, installed: Option<&Installed>, app: &str, whose: String) -> Happening {
    let what = if row.wanted.kind == ROOM { What::Room } else { What::Event };
    let broken = installed.is_none_or(|one| one.connection.health == Health::NeedsReconnect);
    let progress = match row.following {
        Following::Done if row.desired_present => Progress::Done,
        Following::Done => Progress::Gone,
        Following::Waiting | Following::Failing => Progress::Waiting,
        Following::GivenUp => Progress::Stuck,
    };
    let passed = row.detail.get("passed").filter(|_| !row.desired_present);
    let words = match (what, progress) {
        (What::Room, Progress::Gone) if passed.is_some() => {
            format!("{app} made no room; the next app was asked")
        }
        (What::Room, _) if passed.is_some() => {
            format!("{app} was passed over; what it left is being removed")
        }
        (What::Room, Progress::Done) => format!("{app} link"),
        (_, Progress::Done) => app.to_owned(),
        (_, Progress::Gone) => format!("Removed from {app}"),
        (What::Room, Progress::Waiting) => format!("{app} is making the link"),
        (_, Progress::Waiting) if row.desired_present => format!("{app} is being written"),
        (_, Progress::Waiting) => format!("{app}: being removed"),
        (What::Room, Progress::Stuck) => format!("{app} has made no link"),
        (_, Progress::Stuck) if row.desired_present => format!("{app}: not written"),
        (_, Progress::Stuck) => format!("{app}: not removed"),
    };
    let fix = match installed {
        _ if progress != Progress::Stuck => None,
        Some(one) if broken => Some(Fix::Reconnect(one.installation.id)),
        _ => Some(Fix::TryAgain),
    };
    Happening {
        what,
        whose,
        progress,
        words,
        detail: if progress == Progress::Done {
            String::new()
        } else {
            let why = passed.and_then(|passed| passed.get("why")?.as_str().map(str::to_owned));
            why.or_else(|| row.last_error.clone()).unwrap_or_default()
        },
        tries: row.tries,
        next_try: row.next_try_at,
        fix,
        step: Some(Step::Reference(row.id)),
    }
}

fn mail(of: &Delivery, can_send: bool) -> Happening {
    let subject = notify::returned::subject(Topic::parse(&of.what.message));
    let (progress, words) = match of.sent {
        Sent::Done if of.delivered_at.is_some() => (Progress::Done, format!("{subject} delivered")),
        Sent::Done => (Progress::Done, format!("{subject} sent")),
        Sent::Waiting if of.tries == 0 => (Progress::Waiting, format!("{subject} is being sent")),
        Sent::Waiting | Sent::Trying => (Progress::Waiting, format!("{subject} is tried again")),
        Sent::Failed => (Progress::Stuck, format!("{subject} not sent")),
        Sent::Bounced | Sent::Refused => (Progress::Stuck, format!("{subject} came back")),
        Sent::Complained => (Progress::Stuck, format!("{subject} called spam")),
    };
    let reason = of.last_error.as_deref().unwrap_or_default();
    let detail = match of.sent {
        Sent::Refused => format!("This address takes no mails, so nothing is sent there again. {reason}"),
        Sent::Complained => {
            format!("Whoever got it called it spam, so nothing is sent there again. {reason}")
        }
        _ => reason.to_owned(),
    };
    let fix = match of.sent {
        // To an address that takes no mails nothing is sent again.
        Sent::Failed | Sent::Bounced if can_send => Some(Fix::TryAgain),
        Sent::Failed | Sent::Bounced => Some(Fix::ConnectMail),
        _ => None,
    };
    // What went out and came back took no failed try of ours.
    let tries = if of.returned_at.is_some() { 0 } else { of.tries };
    Happening {
        what: What::Mail,
        whose: of.what.recipient.clone(),
        progress,
        words,
        tries,
        next_try: of.next_try_at,
        fix,
        step: Some(Step::Delivery(of.id)),
        detail,
    }
}
