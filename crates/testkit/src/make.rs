//! People, event types and bookings as tests need them: plain values, to be changed where a test cares.

use jiff::Timestamp;
use kalends_domain::{
    Clock, Id, Ids, Span, Zone,
    booking::{Attendee, Booking, Marks, State},
    event_type::{Answers, Assignment, BookedLocation, EventType, Host, Owner, Settings},
    people::{Organization, Profile, Role, Slug, Team, User},
};

use kalends_engine::{Member, book::Booker};

use crate::TestDb;

/// Who books: `name@guests.example.com`, in UTC.
pub fn booker(name: &str) -> Booker {
    Booker {
        name: name.to_owned(),
        email: format!("{name}@guests.example.com"),
        zone: "UTC".into(),
        locale: String::new(),
        phone: None,
    }
}

/// A slug.
///
/// # Panics
/// When the text is none.
pub fn slug(text: &str) -> Slug {
    match Slug::parse(text) {
        Ok(slug) => slug,
        Err(error) => panic!("{error}"),
    }
}

/// An organization of this slug.
pub fn organization(ids: &Ids, name: &str) -> Organization {
    Organization { id: ids.id(), slug: slug(name), name: name.to_owned() }
}

/// A user of this name: `name@example.com`, verified, a member.
pub fn user(ids: &Ids, of: Id<Organization>, name: &str, now: Timestamp) -> User {
    User {
        id: ids.id(),
        number: ids.number(),
        organization: of,
        email: format!("{name}@example.com"),
        email_verified_at: Some(now),
        name: name.to_owned(),
        username: slug(name),
        role: Role::Member,
        profile: Profile::default(),
        default_schedule: None,
        disabled_at: None,
        created_at: now,
    }
}

/// A team of this slug.
pub fn team(ids: &Ids, of: Id<Organization>, name: &str) -> Team {
    Team { id: ids.id(), organization: of, slug: slug(name), name: name.to_owned() }
}

/// A host with the usual share.
pub const fn host(user: Id<User>) -> Host {
    Host { user, fixed: false, priority: 2, weight: 100, schedule: None }
}

/// Half an hour with these hosts, the first of them its owner.
///
/// # Panics
/// Without a host.
pub fn event_type(ids: &Ids, name: &str, hosts: &[&User]) -> EventType {
    let Some(owner) = hosts.first() else { panic!("an event type has a host") };
    EventType {
        id: ids.id(),
        number: ids.number(),
        organization: owner.organization,
        owner: Owner::User(owner.id),
        slug: slug(name),
        title: name.to_owned(),
        description: String::new(),
        hidden: false,
        position: 0,
        schedule: None,
        assignment: if hosts.len() == 1 { Assignment::Single } else { Assignment::RoundRobin },
        hosts: hosts.iter().map(|user| host(user.id)).collect(),
        settings: Settings::default(),
    }
}

/// A user as they act.
pub const fn member(user: &User) -> Member {
    Member { user: user.id, organization: user.organization, role: user.role }
}

/// A guest of this name.
pub fn guest(name: &str) -> Attendee {
    Attendee {
        seat: None,
        name: name.to_owned(),
        email: format!("{name}@guests.example.com"),
        zone: "Europe/Vienna".into(),
        locale: "en".into(),
        phone: None,
        extra: false,
        absent: false,
    }
}

/// A confirmed booking of an event type with its first host and one guest.
///
/// # Panics
/// When the event type has no host.
pub fn booking(ids: &Ids, of: &EventType, span: Span, now: Timestamp) -> Booking {
    let Some(host) = of.hosts.first() else { panic!("an event type has a host") };
    Booking {
        id: ids.id(),
        number: ids.number(),
        uid: ids.uid(),
        organization: of.organization,
        event_type: of.id,
        title: of.title.clone(),
        span,
        zone: "UTC".into(),
        wall: Zone::utc().wall(span.start),
        state: State::Confirmed { since: now, paid: false },
        revision: 0,
        host: host.user,
        hosts: vec![host.user],
        attendees: vec![guest("gus")],
        location: BookedLocation::Unspecified,
        answers: Answers::new(),
        notes: String::new(),
        metadata: std::collections::BTreeMap::new(),
        series: None,
        marks: Marks::default(),
        created_at: now,
        updated_at: now,
    }
}

impl TestDb {
    /// Stores an organization and a user in it for each name.
    ///
    /// # Panics
    /// When they cannot be stored.
    pub async fn people(&self, names: &[&str]) -> Vec<User> {
        let of = organization(&self.ids, "default");
        let now = self.clock.now();
        let users: Vec<User> = names.iter().map(|name| user(&self.ids, of.id, name, now)).collect();
        let stored = users.clone();
        let done: Result<(), kalends_store::Error> = self
            .db
            .write(move |tx| {
                let (of, users) = (of.clone(), stored.clone());
                Box::pin(async move {
                    tx.people().add_organization(&of).await?;
                    for user in &users {
                        tx.people().add(user).await?;
                    }
                    Ok(())
                })
            })
            .await;
        assert!(done.is_ok(), "people could not be stored: {done:?}");
        users
    }

    /// Stores an event type.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn offer(&self, event_type: &EventType) {
        let stored = event_type.clone();
        let done: Result<(), kalends_store::Error> = self
            .db
            .write(move |tx| {
                let stored = stored.clone();
                Box::pin(async move { tx.event_types().add(&stored).await })
            })
            .await;
        assert!(done.is_ok(), "an event type could not be stored: {done:?}");
    }

    /// A booking as it is stored now.
    ///
    /// # Panics
    /// When it is not.
    pub async fn now(&self, booking: &Booking) -> Booking {
        let stored = async { self.db.read().await?.bookings().get(booking.id).await };
        match stored.await {
            Ok(Some(stored)) => stored,
            other => panic!("there is no such booking: {other:?}"),
        }
    }
}
