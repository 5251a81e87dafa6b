//! Every kind of work there is.

use jiff::Timestamp;
use kalends_domain::{
    Id, Span, Uid,
    booking::{Attendee, Booking, By, Message, State},
    event_type::{Answers, BookedLocation, EventType},
    people::{Organization, User},
};
use kalends_store::repo::{
    Calendar, Connection, Delivery, InboundEvent, Installation, OutsideChange, Reference,
};
use serde::{Deserialize, Serialize};

use super::{Failed, Job, Work, cleanup};
use crate::{calendar_changes, connect, hooks_in, notify, reconcile, sync};

/// Makes everything outside match the booking as it is when the job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    /// Whose booking.
    pub organization: Id<Organization>,
    /// Which booking.
    pub booking: Id<Booking>,
    /// Because of what a provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Id<InboundEvent>>,
}

impl Reconcile {
    /// For this booking.
    pub const fn of(booking: &Booking) -> Self {
        Self::new(booking.organization, booking.id)
    }

    /// For the booking with this id.
    pub const fn new(organization: Id<Organization>, booking: Id<Booking>) -> Self {
        Self { organization, booking, because: None }
    }
}

impl Job for Reconcile {
    const NAME: &'static str = "reconcile";
    const TRIES: u32 = 30;

    fn key(&self) -> String {
        self.booking.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        reconcile::run(&work.engine, self, work.tries).await
    }
}

/// Tells people what happened, once per recipient and revision: makes the deliveries, when the time for them is ripe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notify {
    /// What is told.
    pub message: Message,
    /// The booking as it was when this happened: later changes have mails of their own.
    pub told: Told,
    /// When it happened. A link that is being made is waited for, a few seconds from here.
    pub at: Timestamp,
    /// Only these attendees, by email, and the hosts; empty means everybody concerned.
    #[serde(default)]
    pub only: Vec<String>,
}

impl Notify {
    /// This message about a booking as it is now.
    pub fn of(booking: &Booking, message: Message, at: Timestamp) -> Self {
        Self { message, told: Told::of(booking), at, only: Vec::new() }
    }

    /// Told to these attendees and the hosts alone: a seat taken, or given back (then `booking` is as it was before).
    #[must_use]
    pub fn only(mut self, emails: Vec<String>) -> Self {
        self.only = emails;
        self
    }

    /// With the time it was moved from.
    #[must_use]
    pub const fn moved_from(mut self, previous: Span) -> Self {
        self.told.previous = Some(previous);
        self
    }

    /// With who changed it and why, in their words.
    #[must_use]
    pub fn because(mut self, by: By, reason: impl Into<String>) -> Self {
        self.told.by = Some(by);
        self.told.reason = reason.into();
        self
    }
}

impl Job for Notify {
    const NAME: &'static str = "notify";
    const TRIES: u32 = 12;

    fn key(&self) -> String {
        let (booking, revision) = (self.told.booking, self.told.revision);
        format!("{booking}:{revision}:{:?}:{}", self.message, self.only.join(","))
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        notify::plan::run(&work.engine, self).await
    }
}

/// A booking as mails tell of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Which booking.
    pub booking: Id<Booking>,
    /// Its uid.
    pub uid: Uid,
    /// Its revision: the iTIP SEQUENCE.
    pub revision: u32,
    /// What was booked.
    pub event_type: Id<EventType>,
    /// What it is called.
    pub title: String,
    /// When.
    pub span: Span,
    /// When it was before, where it was moved.
    pub previous: Option<Span>,
    /// The organizer's zone.
    pub zone: String,
    /// Where it stands.
    pub state: State,
    /// All hosts, the organizer first.
    pub hosts: Vec<Id<User>>,
    /// Who comes.
    pub attendees: Vec<Attendee>,
    /// Where it takes place.
    pub location: BookedLocation,
    /// What the booker answered.
    pub answers: Answers,
    /// What a guest wrote along.
    pub notes: String,
    /// Who changed it.
    pub by: Option<By>,
    /// Why, in their words.
    pub reason: String,
    /// When it last changed.
    pub stamp: Timestamp,
}

impl Told {
    /// The booking as it is now.
    pub fn of(booking: &Booking) -> Self {
        let (by, reason) = match &booking.state {
            State::Cancelled { by, reason, .. } => (Some(*by), reason.clone()),
            State::Rejected { reason, .. } => (Some(By::Host), reason.clone()),
            _ => (None, String::new()),
        };
        Self {
            organization: booking.organization,
            booking: booking.id,
            uid: booking.uid.clone(),
            revision: booking.revision,
            event_type: booking.event_type,
            title: booking.title.clone(),
            span: booking.span,
            previous: None,
            zone: booking.zone.clone(),
            state: booking.state.clone(),
            hosts: booking.hosts.clone(),
            attendees: booking.attendees.clone(),
            location: booking.location.clone(),
            answers: booking.answers.clone(),
            notes: booking.notes.clone(),
            by,
            reason,
            stamp: booking.updated_at,
        }
    }
}

/// Sends one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliver {
    /// Whose delivery.
    pub organization: Id<Organization>,
    /// The delivery's row.
    pub delivery: Id<Delivery>,
}

impl Job for Deliver {
    const NAME: &'static str = "deliver";
    const TRIES: u32 = 16;

    fn key(&self) -> String {
        self.delivery.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        Box::pin(notify::deliver::run(&work.engine, self, work.tries)).await
    }
}

/// A mail that concerns an account, not a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letters {
    /// How to set a new password. The link itself is made when the mail is, so that no job holds one.
    PasswordReset {
        /// Who asked.
        user: Id<User>,
    },
    /// How to prove an address.
    VerifyEmail {
        /// Whose address.
        user: Id<User>,
    },
    /// How to take another email for an account.
    NewEmail {
        /// Who asked.
        user: Id<User>,
        /// Which, and where the link goes.
        email: String,
    },
    /// An account has another email now.
    EmailChanged {
        /// Whose.
        user: Id<User>,
        /// The one before, which is told.
        before: String,
    },
    /// A sign-in at a provider has ended and must be done again.
    SignInEnded {
        /// Who can do that.
        user: Id<User>,
        /// Whose sign-in.
        connection: Id<Connection>,
    },
    /// A provider does not take our registration.
    RegistrationRefused {
        /// The administrator who is told.
        user: Id<User>,
        /// At which app's provider.
        app: String,
    },
    /// A mail to a guest came back.
    MailReturned {
        /// Where it belongs.
        organization: Id<Organization>,
        /// The mail.
        delivery: Id<Delivery>,
        /// Who is told.
        host: Id<User>,
    },
    /// An event of a booking was changed in a calendar, and its host is asked what becomes of the booking.
    CalendarChange {
        /// What was seen.
        change: Id<OutsideChange>,
        /// The mail's own name: another change of the same event is another question.
        question: Uid,
        /// Where it belongs.
        organization: Id<Organization>,
    },
}

impl Job for Letters {
    const NAME: &'static str = "letter";
    const TRIES: u32 = 6;

    fn key(&self) -> String {
        match self {
            Self::PasswordReset { user } => format!("password_reset:{user}"),
            Self::VerifyEmail { user } => format!("verify_email:{user}"),
            Self::NewEmail { user, email } => format!("new_email:{user}:{email}"),
            Self::EmailChanged { user, before } => format!("email_changed:{user}:{before}"),
            Self::SignInEnded { user, connection } => format!("sign_in_ended:{user}:{connection}"),
            Self::RegistrationRefused { user, app } => format!("registration_refused:{user}:{app}"),
            Self::MailReturned { delivery, host, .. } => format!("mail_returned:{delivery}:{host}"),
            Self::CalendarChange { question, .. } => format!("calendar_change:{question}"),
        }
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        match self {
            Self::PasswordReset { .. }
            | Self::VerifyEmail { .. }
            | Self::NewEmail { .. }
            | Self::EmailChanged { .. } => crate::sign_in::reset::send(&work.engine, self).await,
            Self::SignInEnded { user, connection } => {
                Box::pin(connect::letters::sign_in_ended(&work.engine, *user, *connection)).await
            }
            Self::RegistrationRefused { user, app } => {
                connect::letters::registration_refused(&work.engine, *user, app).await
            }
            Self::MailReturned { organization, delivery, host } => {
                Box::pin(notify::returned::tell(&work.engine, *organization, *delivery, *host)).await
            }
            Self::CalendarChange { organization, change, question } => {
                Box::pin(calendar_changes::tell(&work.engine, *organization, *change, question)).await
            }
        }
    }
}

/// Brings the mirror of one calendar up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncCalendar {
    /// Whose calendar.
    pub organization: Id<Organization>,
    /// The mirror's row.
    pub calendar: Id<Calendar>,
    /// Because of what a provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Id<InboundEvent>>,
}

impl SyncCalendar {
    /// Reads this one.
    pub const fn new(organization: Id<Organization>, calendar: Id<Calendar>) -> Self {
        Self { organization, calendar, because: None }
    }
}

impl Job for SyncCalendar {
    const NAME: &'static str = "sync_calendar";
    const TRIES: u32 = 1; // the schedule comes back by itself

    fn key(&self) -> String {
        self.calendar.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        sync::run(&work.engine, self).await
    }
}

/// Heeds what was done in a calendar to one event of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heed {
    /// Whose event.
    pub organization: Id<Organization>,
    /// The tie to it.
    pub reference: Id<Reference>,
}

impl Job for Heed {
    const NAME: &'static str = "heed";
    const TRIES: u32 = 20;

    fn key(&self) -> String {
        self.reference.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        calendar_changes::run(&work.engine, self, work.tries).await
    }
}

/// Opens, renews or closes the channel by which one calendar tells of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchCalendar {
    /// Whose calendar.
    pub organization: Id<Organization>,
    /// The mirror's row.
    pub calendar: Id<Calendar>,
    /// Because of what a provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Id<InboundEvent>>,
}

impl WatchCalendar {
    /// Looks after this one’s channel.
    pub const fn new(organization: Id<Organization>, calendar: Id<Calendar>) -> Self {
        Self { organization, calendar, because: None }
    }
}

impl Job for WatchCalendar {
    const NAME: &'static str = "watch_calendar";
    const TRIES: u32 = 1; // the schedule comes back by itself

    fn key(&self) -> String {
        self.calendar.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        sync::watch(&work.engine, self).await
    }
}

/// Applies something a provider told us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyInbound {
    /// Whose event.
    pub organization: Id<Organization>,
    /// The event's row.
    pub event: Id<InboundEvent>,
}

impl Job for ApplyInbound {
    const NAME: &'static str = "apply_inbound";
    const TRIES: u32 = 10;

    fn key(&self) -> String {
        self.event.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        hooks_in::run(&work.engine, self, work.tries).await
    }
}

/// Gives back holds and unpaid bookings whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpireHolds {}

impl Job for ExpireHolds {
    const NAME: &'static str = "expire_holds";
    const TRIES: u32 = 1;

    fn key(&self) -> String {
        String::from("all")
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        cleanup::expire(&work.engine).await.map_err(Failed::from)
    }
}

/// Closes rooms of one account that no booking wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRooms {
    /// Whose account.
    pub organization: Id<Organization>,
    /// Which account.
    pub installation: Id<Installation>,
}

impl Job for SweepRooms {
    const NAME: &'static str = "sweep_rooms";
    const TRIES: u32 = 1; // the schedule comes back by itself

    fn key(&self) -> String {
        self.installation.to_string()
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        reconcile::sweep::run(&work.engine, self).await
    }
}

/// Renews sign-ins at providers that were not used for a day (OAU-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewSignIns {}

impl Job for RenewSignIns {
    const NAME: &'static str = "renew_sign_ins";
    const TRIES: u32 = 1; // the schedule comes back by itself

    fn key(&self) -> String {
        String::from("all")
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        work.engine.renew_idle().await.map_err(Failed::from)
    }
}

/// Throws away what is over: sessions, used tokens, finished jobs, old records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Housekeeping {}

impl Job for Housekeeping {
    const NAME: &'static str = "housekeeping";
    const TRIES: u32 = 1;

    fn key(&self) -> String {
        String::from("all")
    }

    async fn run(&self, work: &Work) -> Result<(), Failed> {
        cleanup::sweep(&work.engine).await?;
        cleanup::repair(&work.engine).await?;
        reconcile::sweep::enqueue(&work.engine).await.map_err(Failed::from)
    }
}
