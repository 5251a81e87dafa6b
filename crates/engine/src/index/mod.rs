//! Hosts' time, event types and what is booked of them, in memory: what slots are answered from.
//!
//! Each value is read when it is first asked for and forgotten when a commit changes it, here or on another
//! node. Notices are taken in before every answer, so that whoever booked sees it at once.

mod host;
mod kept;
mod load;
mod offering;
mod sources;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use kalends_domain::{
    Id, Span,
    event_type::EventType,
    people::{Organization, Slug, User},
};
use kalends_store::{Change, Db};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use self::kept::{Began, Kept};
pub(crate) use self::{
    host::{CalendarTrust, Habits, HostTime},
    load::person,
    offering::{Bookable, Counted, Offering, Tally},
    sources::{Taker, source_of, source_of_owner},
};
use crate::{
    Trouble,
    api_keys::{KeyName, KnownKey},
};

/// Days before today that are kept.
const BEHIND: i64 = 3 * 86_400;
/// Days ahead of today that are kept; a question beyond is answered from the database.
const AHEAD: i64 = 400 * 86_400;

/// Seconds before and after now that a limit may count, or a page with seats may show.
const COUNTED: (i64, i64) = (370 * 86_400, 800 * 86_400);

/// What something is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// For whoever looks, and the next who does.
    Page,
    /// For one booking: the next look will find it changed.
    Booking,
    /// For one start that is about to be claimed: what takes the hosts' time is left to the claim, unless it is known.
    Start,
}

/// API keys kept at most.
const MOST_KEYS: usize = 1000;

/// Everything kept.
pub(crate) struct Memory {
    db: Db,
    notices: Mutex<Receiver<Change>>,
    hosts: Kept<Id<User>, HostTime>,
    habits: Kept<Id<User>, Habits>,
    offerings: Kept<Id<EventType>, Offering>,
    tallies: Kept<Id<EventType>, Tally>,
    numbers: Kept<i64, Id<EventType>>,
    pages: Kept<Address, Id<EventType>>,
    keys: Kept<KeyName, KnownKey>,
}

/// An event type's address: organization, owner's and own part.
pub(crate) type Address = (Id<Organization>, Slug, Slug);

impl Memory {
    /// Nothing is read before it is asked for.
    pub fn new(db: &Db) -> Self {
        Self {
            db: db.clone(),
            notices: Mutex::new(db.changes()),
            hosts: Kept::new(),
            habits: Kept::new(),
            offerings: Kept::new(),
            tallies: Kept::new(),
            numbers: Kept::new(),
            pages: Kept::new(),
            keys: Kept::new(),
        }
    }

    /// An API key that was good a moment ago.
    pub fn key(&self, name: &KeyName) -> Option<Arc<KnownKey>> {
        self.hear();
        self.keys.get(name).filter(|known| known.holds(self.db.now()))
    }

    /// Call before reading a key from the database.
    pub fn key_begins(&self) -> Began {
        self.keys.begin()
    }

    /// Remembers a good key.
    pub fn keep_key(&self, name: KeyName, known: KnownKey, began: Began) {
        if self.keys.len() >= MOST_KEYS {
            self.keys.clear();
        }
        self.keys.put(name, Arc::new(known), began);
    }

    /// The time of these hosts within a window, in their order: at most one round of queries for all of them.
    ///
    /// For a page everything usual is read and kept; for a booking only what was asked for, where nothing is kept; for a
    /// start nothing at all.
    pub async fn times(
        &self,
        hosts: &[Id<User>],
        window: Span,
        purpose: Purpose,
    ) -> Result<Vec<Arc<HostTime>>, Trouble> {
        self.hear();
        let now = self.db.now().as_second();
        let mut found: HashMap<Id<User>, Arc<HostTime>> = HashMap::with_capacity(hosts.len());
        let mut missing = Vec::new();
        for host in hosts {
            match self.hosts.get(host).filter(|time| time.serves(window, now)) {
                Some(time) => drop(found.insert(*host, time)),
                None => missing.push(*host),
            }
        }
        if !missing.is_empty() {
            let usual = Span::new(now - BEHIND, now + AHEAD);
            let keep = purpose == Purpose::Page && usual.contains(window);
            let began = self.hosts.begin();
            let missing = self.habits(&missing).await?;
            let read = if purpose == Purpose::Start {
                load::unread(missing, window)
            } else {
                load::hosts(&self.db, &missing, if keep { usual } else { window }).await?
            };
            for (host, time) in read {
                let time = Arc::new(time);
                if keep {
                    self.hosts.put(host, Arc::clone(&time), began);
                }
                found.insert(host, time);
            }
        }
        Ok(hosts.iter().filter_map(|host| found.get(host).cloned()).collect())
    }

    /// What is known of these hosts beside what takes their time.
    async fn habits(&self, hosts: &[Id<User>]) -> Result<Vec<(Id<User>, Arc<Habits>)>, Trouble> {
        let kept = |host: &Id<User>| self.habits.get(host).map(|habits| (*host, habits));
        let mut found: Vec<_> = hosts.iter().filter_map(kept).collect();
        if found.len() < hosts.len() {
            let known: HashSet<_> = found.iter().map(|(host, _)| *host).collect();
            let missing: Vec<_> = hosts.iter().copied().filter(|host| !known.contains(host)).collect();
            let began = self.habits.begin();
            for (host, habits) in load::habits(&self.db, &missing).await? {
                let habits = Arc::new(habits);
                self.habits.put(host, Arc::clone(&habits), began);
                found.push((host, habits));
            }
        }
        Ok(found)
    }

    /// The event type with this id, if it can be booked.
    pub async fn offering(&self, id: Id<EventType>) -> Result<Option<Arc<Offering>>, Trouble> {
        self.hear();
        if let Some(kept) = self.offerings.get(&id) {
            return Ok(Some(kept));
        }
        let began = self.offerings.begin();
        let Some(read) = load::offering(&self.db, id).await? else { return Ok(None) };
        let read = Arc::new(read);
        self.offerings.put(id, Arc::clone(&read), began);
        Ok(Some(read))
    }

    /// The event type with this number.
    pub async fn by_number(&self, number: i64) -> Result<Option<Arc<Offering>>, Trouble> {
        self.hear();
        if let Some(id) = self.numbers.get(&number) {
            return self.offering(*id).await;
        }
        let began = self.numbers.begin();
        let Some(id) = load::numbered(&self.db, number).await? else { return Ok(None) };
        self.numbers.put(number, Arc::new(id), began);
        self.offering(id).await
    }

    /// The event type at this address.
    pub async fn at(&self, address: Address) -> Result<Option<Arc<Offering>>, Trouble> {
        self.hear();
        if let Some(id) = self.pages.get(&address) {
            return self.offering(*id).await;
        }
        let began = self.pages.begin();
        let Some(id) = load::addressed(&self.db, &address).await? else { return Ok(None) };
        self.pages.put(address, Arc::new(id), began);
        self.offering(id).await
    }

    /// What is booked of an event type: for a page all that a limit may count, for one booking what lies around it.
    pub async fn tally(
        &self,
        offering: &Offering,
        window: Span,
        purpose: Purpose,
    ) -> Result<Arc<Tally>, Trouble> {
        self.hear();
        let id = offering.event_type.id;
        let now = self.db.now();
        if let Some(kept) = self.tallies.get(&id).filter(|kept| now.as_second() < kept.good_until) {
            return Ok(kept);
        }
        if purpose != Purpose::Page {
            return Ok(Arc::new(load::tally(&self.db, offering, window).await?));
        }
        let began = self.tallies.begin();
        let window = Span::new(now.as_second() - COUNTED.0, now.as_second() + COUNTED.1);
        let read = Arc::new(load::tally(&self.db, offering, window).await?);
        self.tallies.put(id, Arc::clone(&read), began);
        Ok(read)
    }

    /// Takes in what was committed since the last time.
    pub fn hear(&self) {
        loop {
            let notice = self.notices.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
            match notice {
                Ok(change) => self.forget(change),
                // Too many came at once: which ones is lost, so nothing kept can be relied on.
                Err(TryRecvError::Lagged(_)) => self.forget(Change::Everything),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Forgets everything: what was read may rest on rules that are no longer in force.
    pub fn forget_all(&self) {
        self.forget(Change::Everything);
    }

    fn forget(&self, change: Change) {
        match change {
            Change::Claims(user) => {
                self.hosts.drop_key(&user);
                self.tallies.drop_where(|_, tally| tally.hosts.contains(&user));
            }
            Change::HostTimes(user) => self.forget_times(user),
            Change::User(user) => {
                self.forget_times(user);
                self.offerings.drop_where(|_, offering| offering.concerns(user));
                self.keys.drop_where(|_, known| known.user.id == user);
                self.pages.clear();
            }
            Change::EventType(id) => {
                self.offerings.drop_key(&id);
                self.tallies.drop_key(&id);
                self.pages.clear();
            }
            Change::Organization(_) => {
                self.offerings.clear();
                self.pages.clear();
            }
            Change::Everything => {
                self.hosts.clear();
                self.habits.clear();
                self.offerings.clear();
                self.tallies.clear();
                self.numbers.clear();
                self.pages.clear();
                self.keys.clear();
            }
            Change::Jobs => {}
        }
    }

    fn forget_times(&self, user: Id<User>) {
        self.habits.drop_key(&user);
        self.hosts.drop_key(&user);
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("hosts", &self.hosts.len())
            .field("offerings", &self.offerings.len())
            .finish_non_exhaustive()
    }
}
