//! Time lines: what was called for a booking, through an account, because of a notice.

use std::collections::{HashMap, hash_map::Entry};

use jiff::{SignedDuration, Timestamp};
use kalends_app::App;
use kalends_domain::{Id, Uid, people::Organization};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Flight, InboundEvent, Installation, LineOf, Mark, Recorded, Step},
};

use super::{
    Lost, PAGE,
    standing::{self, Standing},
};
use crate::{
    Engine, Member,
    book::{self, ChangeError},
    connect::{ConnectError, Outside},
};

/// One call to the outside, as pages and the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub id: Id<Flight>,
    /// When it began.
    pub at: Timestamp,
    /// The app's slug.
    pub app: String,
    /// The app's name.
    pub app_name: String,
    /// What was to be done, as the app calls it: `create_event`.
    pub operation: String,
    /// Through which account.
    pub installation: Option<Id<Installation>>,
    /// For which booking.
    pub booking: Option<Uid>,
    /// Because of which notice.
    pub notice: Option<Id<InboundEvent>>,
    /// The step it belongs to.
    pub step: Option<Step>,
    /// The method, or the protocol's name.
    pub method: String,
    /// To whom.
    pub host: String,
    /// The path, with whatever may be secret masked.
    pub path: String,
    /// The status, if there was an answer.
    pub status: Option<u32>,
    /// How long it took.
    pub millis: u32,
    /// `ok`, or an error's kind.
    pub outcome: String,
    /// What went wrong, in words; empty when nothing did.
    pub said: String,
    /// Which try, and of how many at most.
    pub attempt: (u32, u32),
    /// Which run of its step, and of how many.
    pub run: Option<(u32, u32)>,
    /// The provider wanted to hear nothing before.
    pub not_before: Option<Timestamp>,
    /// Whether its step can be done again.
    pub again: Again,
}

/// Whether the step of a call can be done again from where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// It went well.
    NotNeeded,
    /// Yes; and it is by itself at this instant, if it is.
    Yes {
        /// The next try.
        next_try: Option<Timestamp>,
    },
    /// No; why.
    No(String),
}

impl Call {
    /// It went well.
    pub fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }
}

/// A page of a time line, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLine {
    /// The calls.
    pub calls: Vec<Call>,
    /// Where the next page begins, if there is one.
    pub more: Option<Mark>,
    /// How long calls are kept.
    pub kept: SignedDuration,
    /// Calls that this server could not write down.
    pub lost: Option<Lost>,
}

impl Engine {
    /// What was called for a booking: for its hosts and those who manage.
    pub async fn calls_of_booking(
        &self,
        asker: &Member,
        uid: &Uid,
        before: Option<Mark>,
        most: u32,
    ) -> Result<TimeLine, ChangeError> {
        let mut tx = self.db.read().await?;
        let booking = book::seen(&mut tx, asker, uid).await?;
        Ok(self.line(&mut tx, booking.organization, LineOf::Booking(booking.id), before, most).await?)
    }

    /// What was called through an account: for whoever may change it, and those who manage.
    pub async fn calls_of_connection(
        &self,
        asker: &Member,
        id: Id<Installation>,
        before: Option<Mark>,
        most: u32,
    ) -> Result<TimeLine, ConnectError> {
        let of = self.looked_into(asker, id).await?.connection;
        let mut tx = self.db.read().await?;
        Ok(self.line(&mut tx, of.organization, LineOf::Connection(of.id), before, most).await?)
    }

    /// What was called because of a notice about an account.
    pub async fn calls_of_notice(
        &self,
        asker: &Member,
        id: Id<Installation>,
        notice: Id<InboundEvent>,
        before: Option<Mark>,
        most: u32,
    ) -> Result<TimeLine, ConnectError> {
        let of = self.looked_into(asker, id).await?.connection;
        let mut tx = self.db.read().await?;
        let event = tx.hooks().event(of.organization, notice).await?;
        event.filter(|event| event.connection == Some(of.id)).ok_or(ConnectError::NotFound)?;
        Ok(self.line(&mut tx, of.organization, LineOf::Notice(notice), before, most).await?)
    }

    async fn line(
        &self,
        tx: &mut Tx,
        organization: Id<Organization>,
        of: LineOf,
        before: Option<Mark>,
        most: u32,
    ) -> StoreResult<TimeLine> {
        let most = most.clamp(1, PAGE * 5);
        let mut rows = tx.flights().line(organization, of, before, most + 1).await?;
        let full = rows.len() > most as usize;
        rows.truncate(most as usize);
        let more = rows.last().filter(|_| full).map(Recorded::place);
        let mut known = HashMap::new();
        let mut calls = Vec::with_capacity(rows.len());
        for row in rows {
            let again = self.again(tx, &row.flight, &mut known).await?;
            calls.push(call(row, &self.outside, again));
        }
        Ok(TimeLine { calls, more, kept: self.outside.keeps_flights(), lost: self.outside.flights().lost() })
    }

    /// How its step stands is asked once for all calls of it.
    async fn again(
        &self,
        tx: &mut Tx,
        of: &Flight,
        known: &mut HashMap<Step, Standing>,
    ) -> StoreResult<Again> {
        if of.outcome == "ok" {
            return Ok(Again::NotNeeded);
        }
        let Some(step) = of.step else { return Ok(Again::No(standing::NO_STEP.to_owned())) };
        let standing = match known.entry(step) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(standing::of(self, tx, of.organization, step).await?),
        };
        Ok(match standing {
            Standing::Open { next_try } => Again::Yes { next_try: *next_try },
            Standing::Closed(why) => Again::No(why.clone()),
        })
    }
}

fn call(row: Recorded, outside: &Outside, again: Again) -> Call {
    let Recorded { id, flight, installation, uid } = row;
    let (host, path) = flight.url.split_at(flight.url.find('/').unwrap_or(flight.url.len()));
    let name = |app: &App| app.manifest().name.clone();
    Call {
        id,
        at: flight.at,
        app_name: outside.app(&flight.app).map_or_else(|| flight.app.clone(), name),
        app: flight.app,
        operation: flight.operation,
        installation,
        booking: uid,
        notice: flight.notice,
        step: flight.step,
        method: flight.method,
        host: host.to_owned(),
        path: path.to_owned(),
        status: flight.status,
        millis: flight.millis,
        outcome: flight.outcome,
        said: flight.detail,
        attempt: (flight.attempt, flight.attempts),
        run: flight.run,
        not_before: flight.not_before,
        again,
    }
}
